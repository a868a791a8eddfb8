"""A course, its sections and members, and the activities with their windows in time."""

import secrets
import zoneinfo
from decimal import Decimal
from typing import ClassVar, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now

from courses.names import why_reserved
from courses.querysets import (
    ActivityQuerySet,
    AuditEntryQuerySet,
    CourseQuerySet,
    ExtensionQuerySet,
    MembershipQuerySet,
    SectionOverrideQuerySet,
    SectionQuerySet,
)

# Without letters and digits that look alike: codes are read aloud and copied from a board.
JOIN_CODE_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"


def new_join_code() -> str:
    """Draw a join code: eight symbols, about 39 bits."""
    return "".join(secrets.choice(JOIN_CODE_ALPHABET) for _ in range(8))


def validate_time_zone(name: str) -> None:
    """Refuse what is no IANA time zone."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(f"{name} is no time zone. Use a name such as Europe/Madrid or UTC.")


class Role(models.TextChoices):
    """What a member of a course is there for."""

    STUDENT = "student", "student"
    ASSISTANT = "assistant", "assistant"
    INSTRUCTOR = "instructor", "instructor"


STAFF_ROLES = (Role.ASSISTANT, Role.INSTRUCTOR)


class Course(models.Model):
    """What is taught to one class; deadlines are read in its time zone."""

    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    join_code = models.CharField(max_length=16, unique=True, default=new_join_code)
    is_open = models.BooleanField("can be joined by code", default=True)
    topics = models.JSONField(
        default=dict, blank=True, help_text="Topic id to its title, in order, from the course pack."
    )
    topic_notes = models.JSONField(
        default=dict, blank=True, help_text="Topic id to a few sentences about it, from the course pack."
    )
    bases = models.JSONField(
        default=list, blank=True, help_text="Images that proofs of questions may build from, from the course pack."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[CourseQuerySet[Self]] = CourseQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["title", "pk"]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        """Refuse a short name that an address of the site has already."""
        if why := why_reserved(self.slug):
            raise ValidationError({"slug": f"The short name {why}."})

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The time zone in which the course's times are shown and entered."""
        return zoneinfo.ZoneInfo(self.time_zone)


class Section(models.Model):
    """A part of the class, such as a lab group."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="sections")
    name = models.CharField(max_length=100)

    objects: ClassVar[SectionQuerySet[Self]] = SectionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["course", "name"], name="section_once_per_course")]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """Somebody's place in a course. Leaving makes it inactive: work handed in stays."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role, default=Role.STUDENT)
    section = models.ForeignKey(Section, models.SET_NULL, null=True, blank=True, related_name="memberships")
    active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[MembershipQuerySet[Self]] = MembershipQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["course", "role", "user__email"]
        constraints = [
            models.UniqueConstraint(fields=["course", "user"], name="one_membership_per_course"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]
        indexes = [models.Index(fields=["user", "active"], name="membership_of_user")]

    def __str__(self) -> str:
        return f"{self.user} in {self.course} as {self.role}"


class ActivityKind(models.TextChoices):
    """What an activity is."""

    QUIZ = "quiz", "quiz"
    LAB = "lab", "lab"


class Activity(models.Model):
    """Something to do for points, with its window in time; a quiz or a lab hangs on each."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="activities")
    kind = models.CharField(max_length=8, choices=ActivityKind)
    slug = models.SlugField()
    title = models.CharField(max_length=200)
    summary = models.CharField(max_length=500, blank=True)
    position = models.PositiveIntegerField(default=0)
    part = models.CharField(max_length=200, blank=True, help_text="The part of the course that it belongs to.")
    max_points = models.DecimalField(
        max_digits=8, decimal_places=2, default=Decimal(0), validators=[MinValueValidator(0)]
    )
    minutes = models.PositiveIntegerField(default=0, help_text="How long it takes, as an estimate.")
    topics = models.JSONField(default=list, blank=True)
    published = models.BooleanField(default=False)
    opens_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    closes_at = models.DateTimeField(null=True, blank=True)
    late_percent_per_day = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(100)],
        help_text="Taken off for each started day after the due time.",
    )
    late_grace_minutes = models.PositiveSmallIntegerField(
        default=0, help_text="Work that is no later than this counts as in time."
    )
    late_floor_percent = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(100)], help_text="Late work keeps at least this share of its points."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[ActivityQuerySet[Self]] = ActivityQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["course", "position", "pk"]
        verbose_name_plural = "activities"
        constraints = [
            models.UniqueConstraint(fields=["course", "slug"], name="activity_slug_once_per_course"),
            models.CheckConstraint(condition=models.Q(kind__in=ActivityKind.values), name="activity_kind_known"),
            models.CheckConstraint(
                condition=models.Q(late_percent_per_day__lte=100), name="activity_late_percent_at_most_100"
            ),
            models.CheckConstraint(
                condition=models.Q(late_floor_percent__lte=100), name="activity_late_floor_at_most_100"
            ),
            models.CheckConstraint(
                condition=models.Q(closes_at__isnull=True)
                | models.Q(due_at__isnull=True)
                | models.Q(closes_at__gte=models.F("due_at")),
                name="activity_closes_after_due",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        """Refuse a window that closes before it is due."""
        if self.due_at and self.closes_at and self.closes_at < self.due_at:
            raise ValidationError({"closes_at": "An activity cannot close before it is due."})
        if self.opens_at and self.due_at and self.opens_at >= self.due_at:
            raise ValidationError({"due_at": "An activity cannot be due before it opens."})
        if self.opens_at and self.closes_at and self.opens_at >= self.closes_at:
            raise ValidationError({"closes_at": "An activity cannot close before it opens."})


class Extension(models.Model):
    """More time or more tries for one person in one activity."""

    activity = models.ForeignKey(Activity, models.CASCADE, related_name="extensions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="extensions")
    opens_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    closes_at = models.DateTimeField(null=True, blank=True)
    extra_attempts = models.PositiveSmallIntegerField(default=0)
    extra_time_percent = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(400)])
    extra_minutes = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=300)
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    granted_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[ExtensionQuerySet[Self]] = ExtensionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-granted_at"]
        constraints = [models.UniqueConstraint(fields=["activity", "user"], name="one_extension_per_activity")]

    def __str__(self) -> str:
        return f"{self.activity} for {self.user}"


class SectionOverride(models.Model):
    """Other times for one section in one activity; an empty time is the activity's own. Extensions come on top."""

    activity = models.ForeignKey(Activity, models.CASCADE, related_name="section_overrides")
    section = models.ForeignKey(Section, models.CASCADE, related_name="overrides")
    opens_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    closes_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    granted_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[SectionOverrideQuerySet[Self]] = SectionOverrideQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["activity", "section"]
        constraints = [
            models.UniqueConstraint(fields=["activity", "section"], name="one_override_per_section_and_activity")
        ]

    def __str__(self) -> str:
        return f"{self.activity} for {self.section}"


class AuditEntry(models.Model):
    """What somebody who runs a course did that changes grades or rules; only ever added."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="audit_entries")
    activity = models.ForeignKey(Activity, models.SET_NULL, null=True, blank=True, related_name="audit_entries")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    action = models.CharField(max_length=40, help_text="A stable code, such as regrade_applied.")
    summary = models.CharField(max_length=500, help_text="What was done, in a sentence.")
    detail = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField(db_default=Now())

    objects: ClassVar[AuditEntryQuerySet[Self]] = AuditEntryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name_plural = "audit entries"
        indexes = [models.Index(fields=["course", "-at"], name="audit_of_course")]

    def __str__(self) -> str:
        return self.summary

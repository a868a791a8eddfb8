"""One score per person and activity, the evidence behind it, and the outbox of changes."""

from decimal import Decimal
from typing import ClassVar, Self

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone

from courses.models import Activity, Course
from gradebook.querysets import EvidenceQuerySet, GradeEventQuerySet, ScoreQuerySet


class Score(models.Model):
    """What counts for one person in one activity. An override stands beside what was earned, never over it."""

    activity = models.ForeignKey(Activity, models.CASCADE, related_name="scores")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="scores")
    raw_points = models.DecimalField(
        max_digits=8, decimal_places=2, null=True, blank=True, help_text="Earned, before lateness."
    )
    late_factor = models.DecimalField(max_digits=5, decimal_places=4, default=Decimal(1))
    points = models.DecimalField(
        max_digits=8, decimal_places=2, null=True, blank=True, help_text="Earned, lateness counted."
    )
    max_points = models.DecimalField(max_digits=8, decimal_places=2, validators=[MinValueValidator(0)])
    source_kind = models.CharField(max_length=20, blank=True, help_text="What earned it: submission or attempt.")
    source_id = models.BigIntegerField(null=True, blank=True)
    override_points = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    override_reason = models.CharField(max_length=300, blank=True)
    override_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    override_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[ScoreQuerySet[Self]] = ScoreQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["activity", "user"]
        constraints = [
            models.UniqueConstraint(fields=["activity", "user"], name="one_score_per_activity"),
            models.CheckConstraint(
                condition=models.Q(override_points__isnull=True)
                | (models.Q(override_by__isnull=False) & ~models.Q(override_reason="")),
                name="score_override_has_author_and_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.final_points} of {self.max_points} in {self.activity}"

    @property
    def final_points(self) -> Decimal | None:
        """The points that count: the override's where there is one; None when nothing was earned yet."""
        return self.points if self.override_points is None else self.override_points


class Evidence(models.Model):
    """How somebody did on one topic in one piece of work."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="evidence")
    activity = models.ForeignKey(Activity, models.CASCADE, related_name="evidence")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="evidence")
    topic = models.CharField(max_length=64)
    points = models.DecimalField(max_digits=8, decimal_places=2)
    max_points = models.DecimalField(max_digits=8, decimal_places=2)
    source_kind = models.CharField(max_length=20)
    source_id = models.BigIntegerField()
    at = models.DateTimeField(
        default=timezone.now, help_text="When the work was first graded; grading it again leaves this as it is."
    )

    objects: ClassVar[EvidenceQuerySet[Self]] = EvidenceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["topic", "at"]
        verbose_name_plural = "evidence"
        constraints = [
            models.UniqueConstraint(
                fields=["source_kind", "source_id", "topic"], name="evidence_once_per_source_and_topic"
            )
        ]
        indexes = [models.Index(fields=["course", "user", "topic"], name="evidence_of_person")]

    def __str__(self) -> str:
        return f"{self.user} on {self.topic}: {self.points} of {self.max_points}"


class GradeEvent(models.Model):
    """The outbox: a row for each change of a score, read in order by portal, LMS and webhooks, by cursor (`pk`)."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="grade_events")
    activity = models.ForeignKey(Activity, models.CASCADE, related_name="grade_events")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="grade_events")
    points = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    max_points = models.DecimalField(max_digits=8, decimal_places=2)
    cause = models.CharField(max_length=20, help_text="earned, override or override_cleared")
    at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[GradeEventQuerySet[Self]] = GradeEventQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.user}: {self.points} of {self.max_points} in {self.activity}"

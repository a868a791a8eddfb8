"""Course files on their way into a course: what was brought, what it would change, and what became of it."""

from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from authoring import kept_models  # noqa: F401 - Django finds models by this module
from authoring.querysets import CourseImportQuerySet
from courses.models import Course


class Source(models.TextChoices):
    """Where course files come from."""

    ZIP = "zip", "a zip file"
    GIT = "git", "a git repository"


class ImportState(models.TextChoices):
    """Where an import stands."""

    WAITING = "waiting", "waiting to be read"
    READING = "reading", "being read"
    SEEN = "seen", "waiting for confirmation"
    CONFIRMED = "confirmed", "waiting to be applied"
    APPLYING = "applying", "being applied"
    APPLIED = "applied", "applied"
    SAME = "same", "nothing to change"
    REFUSED = "refused", "has errors"
    DROPPED = "dropped", "thrown away"
    EXPIRED = "expired", "expired"
    FAILED = "failed", "failed"


UNDER_WAY = (ImportState.WAITING, ImportState.READING, ImportState.CONFIRMED, ImportState.APPLYING)
"""A worker has it, or will have it."""


class CourseImport(models.Model):
    """One pack that somebody brought for a course, or for a new one. Only its author confirms it."""

    course = models.ForeignKey(Course, models.CASCADE, null=True, blank=True, related_name="imports")
    slug = models.CharField(max_length=64, blank=True, help_text="The course's short name; of a new one, the pack's.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    source = models.CharField(max_length=4, choices=Source)
    name = models.CharField(max_length=300, help_text="The zip's name, or the repository's address.")
    ref = models.CharField(max_length=200, blank=True, help_text="Branch, tag or commit that was asked for.")
    commit = models.CharField(max_length=64, blank=True)
    folder = models.CharField(max_length=200, blank=True, help_text="Where in it the pack is.")
    publish_new = models.BooleanField(default=False)
    state = models.CharField(max_length=12, choices=ImportState, default=ImportState.WAITING)
    stored = models.CharField(max_length=200, blank=True, help_text="Where the files are kept until they are applied.")
    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 over the pack's paths and contents.")
    file_count = models.PositiveIntegerField(default=0)
    pack_slug = models.CharField(max_length=64, blank=True, help_text="What the pack itself calls the course.")
    problems = models.JSONField(default=list, help_text="What its author has to mend: file, line, column, message.")
    changes = models.JSONField(default=list, help_text="What it changes, or would change.")
    unchanged = models.JSONField(default=dict, help_text="How many questions, quizzes and labs stay as they are.")
    seen = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 over files, course and difference: what is confirmed."
    )
    changed_meanwhile = models.BooleanField(default=False, help_text="The course changed before this was applied.")
    why = models.CharField(max_length=500, blank=True, help_text="In a sentence: why it ended as it did.")
    holder = models.CharField(max_length=32, blank=True, help_text="Drawn by the worker that has it.")
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(help_text="Until when it can be confirmed.")
    ended_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[CourseImportQuerySet[Self]] = CourseImportQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ImportState.values), name="import_state_known"),
            models.CheckConstraint(condition=Q(source__in=Source.values), name="import_source_known"),
        ]
        indexes = [
            models.Index(fields=["course", "-asked_at"], name="import_of_course"),
            models.Index(fields=["state", "asked_at"], name="import_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.get_state_display()}"

    @property
    def waits_since(self) -> datetime:
        """Since when it waits for a worker, where it does."""
        return self.confirmed_at if self.state == ImportState.CONFIRMED and self.confirmed_at else self.asked_at

    @property
    def is_under_way(self) -> bool:
        """Whether a worker has it, or will have it."""
        return self.state in UNDER_WAY

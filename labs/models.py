"""A lab and its versions, what is handed in, what happened to it, and who grades."""

import functools
import json
import secrets
from decimal import Decimal
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from courses.models import Activity, Course
from graders.plan import LabPlan
from labs import console_models  # noqa: F401 - Django finds an app's models by this module
from labs.querysets import (
    LabQuerySet,
    LabVersionQuerySet,
    SubmissionEventQuerySet,
    SubmissionQuerySet,
    WorkerHeartbeatQuerySet,
)
from labs.states import FINISHED, WAITING, State


class Scoring(models.TextChoices):
    """Which of several graded tries counts."""

    BEST = "best", "the best try counts"
    LAST = "last", "the last try counts"


class Via(models.TextChoices):
    """By which door a submission came in."""

    PORTAL = "portal", "portal"
    API = "api", "API"
    REGRADE = "regrade", "regrade"


class WorkerKind(models.TextChoices):
    """What a worker is for."""

    GRADING = "grading", "grading"
    CONSOLES = "consoles", "consoles"


class Priority(models.IntegerChoices):
    """What is graded before what."""

    TRY = 0, "a try"
    REGRADE = 1, "a regrade, when no try waits"


class Lab(models.Model):
    """What an activity of kind lab is about; its content stands in versions."""

    activity = models.OneToOneField(Activity, models.CASCADE, related_name="lab")
    current_version = models.ForeignKey(
        "LabVersion", models.SET_NULL, null=True, blank=True, related_name="+", help_text="What new tries start with."
    )
    attempts_allowed = models.PositiveIntegerField(null=True, blank=True, help_text="Empty means as many as they like.")
    scoring = models.CharField(max_length=4, choices=Scoring, default=Scoring.BEST)

    objects: ClassVar[LabQuerySet[Self]] = LabQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["activity"]
        constraints = [
            models.CheckConstraint(condition=Q(scoring__in=Scoring.values), name="lab_scoring_known"),
            models.CheckConstraint(
                condition=Q(attempts_allowed__isnull=True) | Q(attempts_allowed__gte=1), name="lab_allows_a_try"
            ),
        ]

    def __str__(self) -> str:
        return self.activity.title


class LabVersion(models.Model):
    """A lab as it was at one time: what is handed in against it is graded with it, whatever comes later."""

    lab = models.ForeignKey(Lab, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, help_text="SHA-256 over plan, readme and starter files.")
    plan = models.JSONField(help_text="graders.plan.LabPlan as JSON, base images resolved.")
    readme = models.TextField(blank=True)
    starter = models.JSONField(default=dict, help_text="Path to text, for each starter file.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[LabVersionQuerySet[Self]] = LabVersionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["lab", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["lab", "number"], name="lab_version_number_once"),
            models.UniqueConstraint(fields=["lab", "digest"], name="lab_version_content_once"),
        ]

    def __str__(self) -> str:
        return f"{self.lab}, version {self.number}"

    @property
    def lab_plan(self) -> LabPlan:
        """The plan, ready to grade with."""
        return _plan_of(json.dumps(self.plan))


@functools.lru_cache(maxsize=32)
def _plan_of(stored: str) -> LabPlan:
    """Plans are frozen, and to check one again for each submission takes as long as to store the submission."""
    return LabPlan.model_validate(json.loads(stored))


def new_key() -> str:
    """Draw the part of a submission's storage folder that nobody can guess: 128 bits."""
    return secrets.token_hex(16)


def new_seed() -> int:
    """Draw the seed of a submission's random values; small enough for any JSON reader."""
    return secrets.randbits(48)


class Submission(models.Model):
    """One try at a lab, or the regrade of one: the row is also its place in the queue.

    `attempt` counts how often a worker has taken it; whoever writes a result must name the attempt that it belongs to.
    """

    lab = models.ForeignKey(Lab, models.CASCADE, related_name="submissions")
    version = models.ForeignKey(LabVersion, models.RESTRICT, related_name="submissions")
    course = models.ForeignKey(Course, models.CASCADE, related_name="submissions")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="submissions")
    number = models.PositiveIntegerField(help_text="Which try of this author in this lab, from 1.")
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    via = models.CharField(max_length=8, choices=Via, default=Via.PORTAL)
    tryout = models.BooleanField(default=False, help_text="By course staff: outside limits, windows and gradebook.")
    counts_as_try = models.BooleanField(default=True, help_text="Cleared when staff gives the try back.")

    # A regrade is a row of its own, so that the earlier result stands until the new one is there, and stays on record.
    regrade_of = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="regrades")
    generation = models.PositiveIntegerField(default=0, help_text="0 for the try itself, then 1 for each regrade.")
    is_current = models.BooleanField(default=True, help_text="Holds the result that stands for this try.")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", help_text="Of a regrade."
    )

    key = models.CharField(max_length=32, unique=True, default=new_key, editable=False)
    files_name = models.CharField(max_length=200, help_text="The canonical tar in storage.")
    observed_name = models.CharField(
        max_length=200, blank=True, help_text="What was there when a console was handed in, in storage."
    )
    digest = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField(default=0)
    seed = models.BigIntegerField(default=new_seed)

    handed_in_at = models.DateTimeField(default=timezone.now)
    late_factor = models.DecimalField(max_digits=5, decimal_places=4, default=Decimal(1))

    # The queue. Lower turns go first within a course; see labs/queue.py.
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.TRY)
    turn = models.PositiveBigIntegerField(default=0)
    queued_at = models.DateTimeField(default=timezone.now)
    available_at = models.DateTimeField(default=timezone.now, help_text="Held back until then after a loss.")
    attempt = models.PositiveIntegerField(default=0)
    losses = models.PositiveSmallIntegerField(default=0, help_text="Workers or engines lost while grading it.")
    trouble = models.TextField(blank=True, help_text="Why it was lost last, for staff.")
    worker = models.CharField(max_length=200, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    event_count = models.PositiveIntegerField(default=0)

    finished_at = models.DateTimeField(null=True, blank=True)
    grading_seconds = models.FloatField(null=True, blank=True)
    score = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    max_score = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    checks_passed = models.PositiveSmallIntegerField(default=0)
    checks_total = models.PositiveSmallIntegerField(default=0)
    report_name = models.CharField(max_length=200, blank=True)
    log_name = models.CharField(max_length=200, blank=True)

    already_waiting = False
    """Set on what `submit` returns when the same files were waiting already: nothing new was handed in."""

    objects: ClassVar[SubmissionQuerySet[Self]] = SubmissionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="submission_state_known"),
            models.CheckConstraint(
                condition=(Q(state=State.RUNNING) & Q(lease_expires_at__isnull=False) & ~Q(worker=""))
                | (~Q(state=State.RUNNING) & Q(lease_expires_at__isnull=True)),
                name="submission_leased_while_running",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.GRADED)
                | Q(score__gte=0, score__lte=F("max_score"), finished_at__isnull=False),
                name="submission_graded_with_score",
            ),
            models.CheckConstraint(
                condition=Q(state__in=WAITING, finished_at__isnull=True)
                | Q(state__in=FINISHED, finished_at__isnull=False),
                name="submission_finished_at_its_end",
            ),
            models.CheckConstraint(
                condition=Q(late_factor__gte=0, late_factor__lte=1), name="submission_late_factor_is_a_share"
            ),
            models.CheckConstraint(
                condition=Q(generation=0, regrade_of__isnull=True) | Q(generation__gt=0, regrade_of__isnull=False),
                name="submission_regrades_name_their_try",
            ),
            models.UniqueConstraint(fields=["lab", "author", "number", "generation"], name="submission_numbered_once"),
            models.UniqueConstraint(
                fields=["lab", "author", "number"],
                condition=Q(is_current=True),
                name="submission_one_result_per_try",
            ),
            models.UniqueConstraint(
                fields=["regrade_of"], condition=Q(state__in=WAITING), name="submission_one_regrade_at_a_time"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "priority", "course", "turn", "id"], name="submission_queue"),
            models.Index(fields=["state", "lease_expires_at"], name="submission_leases"),
            models.Index(fields=["author", "handed_in_at"], name="submission_of_author"),
            models.Index(fields=["state", "finished_at"], name="submission_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.lab}, try {self.number} by {self.author}"

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        return self.state in FINISHED

    @property
    def is_late(self) -> bool:
        """Whether it was handed in after the due time, at a cost."""
        return self.late_factor < 1

    @property
    def counted_score(self) -> Decimal | None:
        """The score with lateness counted, in the lab version's own points."""
        return None if self.score is None else self.score * self.late_factor


class SubmissionEvent(models.Model):
    """Something that happened to a submission; `sequence` runs from 1 without gaps, over all attempts."""

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="events")
    attempt = models.PositiveIntegerField()
    sequence = models.PositiveIntegerField()
    kind = models.CharField(max_length=20)
    data = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[SubmissionEventQuerySet[Self]] = SubmissionEventQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["submission", "sequence"]
        constraints = [models.UniqueConstraint(fields=["submission", "sequence"], name="submission_event_once")]

    def __str__(self) -> str:
        return f"{self.submission_id}/{self.sequence}: {self.kind}"


class CourseLane(models.Model):
    """A course's place in the round that the queue makes over courses, and how far its students' turns have come."""

    course = models.OneToOneField(Course, models.CASCADE, primary_key=True, related_name="lane")
    turn = models.PositiveBigIntegerField(default=0, help_text="The highest turn taken so far.")
    served_at = models.DateTimeField(default=timezone.now, help_text="When a worker last took something from it.")

    class Meta:
        indexes = [models.Index(fields=["served_at"], name="lane_round")]

    def __str__(self) -> str:
        return f"{self.course}: turn {self.turn}"


class WorkerHeartbeat(models.Model):
    """A worker as last heard of, and the state of its engine, reported apart."""

    kind = models.CharField(max_length=10, choices=WorkerKind, default=WorkerKind.GRADING)
    worker = models.CharField(max_length=200, unique=True)
    version = models.CharField(max_length=40, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    engine_url = models.CharField(max_length=300, blank=True)
    engine_name = models.CharField(max_length=200, blank=True)
    engine_ok = models.BooleanField(default=False)
    engine_message = models.TextField(blank=True, help_text="What is wrong with the engine.")
    engine_seen_at = models.DateTimeField(null=True, blank=True)
    safe = models.BooleanField(default=False, help_text="Every required protection of the engine holds.")
    safety_message = models.TextField(blank=True, help_text="Which protection does not hold.")
    safety_checked_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[WorkerHeartbeatQuerySet[Self]] = WorkerHeartbeatQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["worker"]
        indexes = [models.Index(fields=["seen_at"], name="heartbeat_seen")]

    def __str__(self) -> str:
        return self.worker

"""Banks of questions, quizzes made from them, and attempts, which keep the versions they started with."""

from decimal import Decimal
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from courses.models import Activity, Course
from gradebook.services import rounded
from quizzes import file_models, marking_models, proof_models, rule_models  # noqa: F401 - Django finds models by this module
from quizzes.querysets import (
    AnswerQuerySet,
    AttemptQuerySet,
    AttemptQuestionQuerySet,
    QuestionQuerySet,
    QuestionVersionQuerySet,
    QuizQuerySet,
    QuizVersionQuerySet,
)
from quizzes.specs import QuizSpec
from quizzes.stored import question_of, quiz_of
from quizzes.types.base import QuestionType


class Question(models.Model):
    """A question of a course's banks, by the id its author gave it. Its content is in its versions."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="questions")
    slug = models.SlugField(max_length=64)
    current_version = models.ForeignKey(
        "QuestionVersion", models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    retired = models.BooleanField(default=False, help_text="No longer in the banks: draws leave it out.")

    objects: ClassVar[QuestionQuerySet[Self]] = QuestionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["course", "slug"]
        constraints = [models.UniqueConstraint(fields=["course", "slug"], name="question_slug_once_per_course")]

    def __str__(self) -> str:
        return self.slug


class QuestionVersion(models.Model):
    """What a question said at a time; never changed, since attempts refer to it."""

    question = models.ForeignKey(Question, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the spec.")
    kind = models.CharField(max_length=40)
    spec = models.JSONField()
    topics = models.JSONField(default=list)
    tags = models.JSONField(default=list, blank=True)
    difficulty = models.PositiveSmallIntegerField(default=2)
    points = models.DecimalField(max_digits=8, decimal_places=2, default=Decimal(1))
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[QuestionVersionQuerySet[Self]] = QuestionVersionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["question", "number"]
        constraints = [
            models.UniqueConstraint(fields=["question", "number"], name="question_version_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="question_version_number_from_1"),
        ]

    def __str__(self) -> str:
        return f"{self.question} v{self.number}"

    @property
    def content(self) -> QuestionType:
        """The question itself, which reads and judges answers."""
        return question_of(self.digest, self.spec)


class Quiz(models.Model):
    """The quiz that hangs on an activity."""

    activity = models.OneToOneField(Activity, models.CASCADE, related_name="quiz")
    current_version = models.ForeignKey(
        "QuizVersion", models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    access_code = models.CharField(max_length=40, blank=True, help_text="Asked for when a try is started.")
    allowed_addresses = models.JSONField(
        default=list, blank=True, help_text="Networks (10.0.0.0/8) from which it can be taken; empty for all."
    )
    paused_at = models.DateTimeField(null=True, blank=True, help_text="Since when the clock stands still.")

    objects: ClassVar[QuizQuerySet[Self]] = QuizQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name_plural = "quizzes"

    def __str__(self) -> str:
        return str(self.activity)


class QuizVersion(models.Model):
    """A quiz's settings and what it asks, at a time; never changed."""

    quiz = models.ForeignKey(Quiz, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the spec.")
    spec = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[QuizVersionQuerySet[Self]] = QuizVersionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["quiz", "number"]
        constraints = [
            models.UniqueConstraint(fields=["quiz", "number"], name="quiz_version_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="quiz_version_number_from_1"),
        ]

    def __str__(self) -> str:
        return f"{self.quiz} v{self.number}"

    @property
    def settings(self) -> QuizSpec:
        """Title, rules and items."""
        return quiz_of(self.digest, self.spec)


class AttemptState(models.TextChoices):
    """Where an attempt stands."""

    OPEN = "OPEN", "under way"
    CLOSED = "CLOSED", "handed in"


MOVES: dict[AttemptState, frozenset[AttemptState]] = {
    AttemptState.OPEN: frozenset({AttemptState.CLOSED}),
    AttemptState.CLOSED: frozenset(),
}
"""The moves an attempt can make."""


class ClosedBy(models.TextChoices):
    """What ended an attempt."""

    STUDENT = "student", "handed in"
    TIME = "time", "time was up"


class Attempt(models.Model):
    """One student's try at a quiz, with the version, questions and option orders it started with."""

    quiz = models.ForeignKey(Quiz, models.CASCADE, related_name="attempts")
    version = models.ForeignKey(QuizVersion, models.PROTECT, related_name="attempts")
    student = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="attempts")
    number = models.PositiveIntegerField(help_text="The student's first try is 1.")
    state = models.CharField(max_length=8, choices=AttemptState, default=AttemptState.OPEN)
    is_tryout = models.BooleanField(default=False, help_text="Taken by course staff: it counts nowhere.")
    started_at = models.DateTimeField()
    closes_at = models.DateTimeField(null=True, blank=True, help_text="When its time is up; empty without a limit.")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=8, choices=ClosedBy, blank=True)
    close_tried_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the sweeper last tried to close it."
    )
    late_factor = models.DecimalField(max_digits=5, decimal_places=4, default=Decimal(1))
    page_reached = models.PositiveSmallIntegerField(
        default=1, help_text="The furthest page seen: where there is no way back, the only one to answer."
    )
    page_turned_at = models.DateTimeField(null=True, blank=True, help_text="When the furthest page was turned to.")
    address = models.GenericIPAddressField(null=True, blank=True, help_text="Where it was started from.")
    awaits_marks = models.BooleanField(default=False, help_text="Somebody has to mark answers: the score will change.")
    score = models.DecimalField(
        max_digits=8, decimal_places=2, null=True, blank=True, help_text="Points earned, before lateness."
    )
    max_score = models.DecimalField(max_digits=8, decimal_places=2, help_text="Of the questions that count.")
    worth = models.DecimalField(
        max_digits=8,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="Of all questions asked, where some were dropped since; else empty.",
    )

    objects: ClassVar[AttemptQuerySet[Self]] = AttemptQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["quiz", "student", "number"]
        constraints = [
            models.UniqueConstraint(fields=["quiz", "student", "number"], name="attempt_number_once"),
            models.UniqueConstraint(
                fields=["quiz", "student"], condition=Q(state="OPEN"), name="attempt_one_open_at_a_time"
            ),
            models.CheckConstraint(condition=Q(state__in=AttemptState.values), name="attempt_state_known"),
            models.CheckConstraint(
                condition=Q(state="OPEN", closed_at__isnull=True, closed_by="", score__isnull=True)
                | Q(state="CLOSED", closed_at__isnull=False, closed_by__in=ClosedBy.values, score__isnull=False),
                name="attempt_closed_is_scored_and_dated",
            ),
            models.CheckConstraint(
                condition=Q(score__isnull=True) | Q(score__gte=0, score__lte=F("max_score")),
                name="attempt_score_in_range",
            ),
            models.CheckConstraint(
                condition=Q(late_factor__gte=0, late_factor__lte=1), name="attempt_late_factor_in_range"
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="attempt_number_from_1"),
        ]
        indexes = [
            models.Index(fields=["closes_at"], condition=Q(state="OPEN"), name="attempt_open_by_time"),
            models.Index(fields=["student", "state"], name="attempt_of_student"),
        ]

    def __str__(self) -> str:
        return f"{self.student}, try {self.number} at {self.quiz}"

    @property
    def is_open(self) -> bool:
        """Whether it is still under way."""
        return self.state == AttemptState.OPEN

    @property
    def points_after_lateness(self) -> Decimal | None:
        """What the score is worth when lateness is counted; None while it is under way."""
        return None if self.score is None else rounded(self.score * self.late_factor)


class AttemptQuestion(models.Model):
    """One question of an attempt, with the answer as it stands; `Answer` keeps every revision."""

    attempt = models.ForeignKey(Attempt, models.CASCADE, related_name="questions")
    position = models.PositiveSmallIntegerField(help_text="From 1.")
    question_version = models.ForeignKey(QuestionVersion, models.PROTECT, related_name="attempt_questions")
    seed = models.BigIntegerField(null=True, blank=True, help_text="Which variant; empty for a question without.")
    variant = models.JSONField(
        null=True, blank=True, help_text="The variant's own spec, so that it never changes under a student."
    )
    option_order = models.JSONField(default=list, blank=True)
    max_points = models.DecimalField(max_digits=8, decimal_places=2)
    value = models.JSONField(null=True, blank=True, help_text="The answer; empty while there is none.")
    revision = models.PositiveIntegerField(default=0, help_text="How often the answer was saved.")
    saved_at = models.DateTimeField(null=True, blank=True)
    flagged = models.BooleanField(default=False, help_text="Marked by the student to come back to.")
    checked_at = models.DateTimeField(
        null=True, blank=True, help_text="When the student asked for the feedback in practice: the answer is final."
    )
    is_final = models.BooleanField(
        default=False, help_text="Its attempt was closed: set with the points, so that no save can slip in between."
    )
    awaits_mark = models.BooleanField(default=False, help_text="Handed in, and to be marked by somebody.")
    points = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)

    objects: ClassVar[AttemptQuestionQuerySet[Self]] = AttemptQuestionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["attempt", "position"]
        constraints = [
            models.UniqueConstraint(fields=["attempt", "position"], name="attempt_question_position_once"),
            models.UniqueConstraint(fields=["attempt", "question_version"], name="attempt_question_asked_once"),
            models.CheckConstraint(condition=Q(position__gte=1), name="attempt_question_position_from_1"),
            models.CheckConstraint(
                condition=Q(points__isnull=True) | Q(points__gte=0, points__lte=F("max_points")),
                name="attempt_question_points_in_range",
            ),
            models.CheckConstraint(
                condition=Q(revision=0, saved_at__isnull=True) | Q(revision__gt=0, saved_at__isnull=False),
                name="attempt_question_saved_is_dated",
            ),
        ]

    def __str__(self) -> str:
        return f"question {self.position} of {self.attempt}"

    @property
    def content(self) -> QuestionType:
        """The question as this student got it: its variant where it varies."""
        if self.variant is None:
            return self.question_version.content
        return question_of(f"{self.question_version.digest}/{self.seed}", self.variant)


class Answer(models.Model):
    """One saved revision of an answer; only ever added."""

    attempt_question = models.ForeignKey(AttemptQuestion, models.CASCADE, related_name="answers")
    revision = models.PositiveIntegerField()
    value = models.JSONField(null=True, blank=True)
    saved_at = models.DateTimeField()
    client = models.CharField(max_length=40, blank=True, help_text="The page that sent it, by an id it drew itself.")

    objects: ClassVar[AnswerQuerySet[Self]] = AnswerQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["attempt_question", "revision"]
        constraints = [
            models.UniqueConstraint(fields=["attempt_question", "revision"], name="answer_revision_once"),
            models.CheckConstraint(condition=Q(revision__gte=1), name="answer_revision_from_1"),
        ]

    def __str__(self) -> str:
        return f"revision {self.revision} of {self.attempt_question}"

"""What instructors do to a quiz while it runs and after: pauses, and rules that change how answers are scored."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from quizzes.querysets import PauseQuerySet, RegradeMoveQuerySet, RegradeQuerySet, ScoringRuleQuerySet


class Pause(models.Model):
    """A time in which a quiz's clock stood still for everybody."""

    quiz = models.ForeignKey("quizzes.Quiz", models.CASCADE, related_name="pauses")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300, blank=True, help_text="Shown to students.")

    objects: ClassVar[PauseQuerySet[Self]] = PauseQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["quiz", "began_at"]
        constraints = [
            models.UniqueConstraint(fields=["quiz"], condition=Q(ended_at=None), name="pause_one_at_a_time"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("began_at")), name="pause_ends_after_it_began"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quiz} paused at {self.began_at}"


class RegradeState(models.TextChoices):
    """Where a regrade stands."""

    DRAFT = "draft", "to be looked at"
    APPLIED = "applied", "applied"
    UNDONE = "undone", "undone"


class Regrade(models.Model):
    """A change of how a quiz is scored: drawn up, looked at, applied, and undone if need be."""

    quiz = models.ForeignKey("quizzes.Quiz", models.CASCADE, related_name="regrades")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=RegradeState, default=RegradeState.DRAFT)
    reason = models.CharField(max_length=300, blank=True)
    changes = models.JSONField(help_text="The rules it sets, by question slug; null takes a rule away.")
    created_at = models.DateTimeField(auto_now_add=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[RegradeQuerySet[Self]] = RegradeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=RegradeState.values), name="regrade_state_known"),
        ]

    def __str__(self) -> str:
        return f"regrade {self.pk} of {self.quiz}"


class RegradeMove(models.Model):
    """How one attempt moved when a regrade was applied: all that undoing it needs."""

    regrade = models.ForeignKey(Regrade, models.CASCADE, related_name="moves")
    attempt = models.ForeignKey("quizzes.Attempt", models.CASCADE, related_name="moves")
    before = models.DecimalField(max_digits=8, decimal_places=2)
    after = models.DecimalField(max_digits=8, decimal_places=2)
    before_max = models.DecimalField(max_digits=8, decimal_places=2)
    after_max = models.DecimalField(max_digits=8, decimal_places=2)
    questions = models.JSONField(default=list, help_text="[position, points before, after, out of before, after].")

    objects: ClassVar[RegradeMoveQuerySet[Self]] = RegradeMoveQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["regrade", "attempt"]
        constraints = [models.UniqueConstraint(fields=["regrade", "attempt"], name="regrade_moves_attempt_once")]

    def __str__(self) -> str:
        return f"{self.attempt}: {self.before} to {self.after}"


class RuleKind(models.TextChoices):
    """What a rule does to a question's score."""

    KEY = "key", "another key"
    DROP = "drop", "dropped"
    FULL = "full", "full marks for all"


class ScoringRule(models.Model):
    """How a quiz scores one question in place of the question's own key: for attempts handed in and to come."""

    quiz = models.ForeignKey("quizzes.Quiz", models.CASCADE, related_name="scoring_rules")
    question = models.ForeignKey("quizzes.Question", models.CASCADE, related_name="scoring_rules")
    kind = models.CharField(max_length=8, choices=RuleKind)
    detail = models.JSONField(default=dict, blank=True, help_text="For another key: the fields of the spec it sets.")
    regrade = models.ForeignKey(Regrade, models.CASCADE, related_name="rules")

    objects: ClassVar[ScoringRuleQuerySet[Self]] = ScoringRuleQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["quiz", "question"]
        constraints = [
            models.UniqueConstraint(fields=["quiz", "question"], name="scoring_rule_one_per_question"),
            models.CheckConstraint(condition=Q(kind__in=RuleKind.values), name="scoring_rule_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.question}: {self.get_kind_display()}"

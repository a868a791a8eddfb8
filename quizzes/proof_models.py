"""Proofs: jobs for an engine, and what came of them. They belong to a content, which a digest names."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from courses.models import Course
from quizzes.querysets import ProofQuerySet


class ProofState(models.TextChoices):
    """Where a proof stands."""

    WAITING = "waiting", "waiting for an engine"
    RUNNING = "running", "being carried out"
    PROVEN = "proven", "proven"
    CONTRADICTED = "contradicted", "contradicted"
    NOT_RUN = "not_run", "not run"


ENDED = (ProofState.PROVEN, ProofState.CONTRADICTED, ProofState.NOT_RUN)


class Proof(models.Model):
    """One run of a question's proof. Of those of a digest that ended, the newest counts."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="proofs")
    question_digest = models.CharField(max_length=64, help_text="The content that it is about.")
    state = models.CharField(max_length=12, choices=ProofState, default=ProofState.WAITING)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    holder = models.CharField(max_length=32, blank=True, help_text="Drawn by the worker that carries it out.")
    worker = models.CharField(max_length=200, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    done = models.PositiveSmallIntegerField(default=0, help_text="Seeds carried out up to now.")
    of = models.PositiveSmallIntegerField(default=1, help_text="Seeds to carry out.")
    ended_at = models.DateTimeField(null=True, blank=True)
    engine = models.CharField(max_length=60, blank=True, help_text="The engine's version.")
    why = models.CharField(max_length=500, blank=True, help_text="In a sentence: what contradicts, or what failed.")
    seen = models.JSONField(default=list, help_text="By seed: the key, what was seen, and the terminal's output.")

    objects: ClassVar[ProofQuerySet[Self]] = ProofQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ProofState.values), name="proof_state_known"),
            models.UniqueConstraint(
                fields=["course", "question_digest"],
                condition=Q(state__in=["waiting", "running"]),
                name="proof_one_under_way",
            ),
        ]
        indexes = [models.Index(fields=["course", "question_digest", "-asked_at"], name="proof_of_content")]

    def __str__(self) -> str:
        return f"proof of {self.question_digest[:12]}: {self.state}"

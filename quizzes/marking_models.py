"""What people gave for answers that no machine can judge."""

from decimal import Decimal
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from quizzes.querysets import MarkQuerySet


class Mark(models.Model):
    """The points somebody gave an answer, by the question's rubric; the newest is the one that counts."""

    attempt_question = models.ForeignKey("quizzes.AttemptQuestion", models.CASCADE, related_name="marks")
    points = models.DecimalField(max_digits=8, decimal_places=2)
    rubric = models.JSONField(default=dict, blank=True, help_text="Points given by criterion id.")
    comment = models.TextField(blank=True, max_length=4000, help_text="For the student.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    is_current = models.BooleanField(default=True)

    objects: ClassVar[MarkQuerySet[Self]] = MarkQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["attempt_question", "at"]
        constraints = [
            models.UniqueConstraint(
                fields=["attempt_question"], condition=Q(is_current=True), name="mark_one_current_per_answer"
            ),
            models.CheckConstraint(condition=Q(points__gte=Decimal(0)), name="mark_points_from_0"),
        ]

    def __str__(self) -> str:
        return f"{self.points} for {self.attempt_question}"

"""What students answered where nothing is chosen from a list: the answers given most often, counted by the database."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Avg, Count, F, FloatField
from django.db.models.functions import Cast, NullIf

from quizzes.models import AttemptQuestion, Question, QuestionVersion, Quiz
from quizzes.stored import question_of
from quizzes.types.base import QuestionType, Value

MOST_SHOWN = 10
_LONGEST = 200


@dataclass(frozen=True, kw_only=True)
class AnswerCount:
    """An answer in words, how many tries gave it, and which share of the points it earned."""

    text: str
    tries: int
    share: float | None


def frequent_answers(question: Question, quiz: Quiz) -> list[AnswerCount]:
    """The answers that most tries at the quiz gave, whichever try counts; try-outs aside. Two queries.

    None for questions that people mark, whose answers are long and each its own.
    """
    version = question.current_version
    if version is None or version.content.needs_person:
        return []
    rows = list(
        AttemptQuestion.objects.filter(
            attempt__quiz=quiz,
            attempt__state="CLOSED",
            attempt__is_tryout=False,
            question_version__question=question,
            value__isnull=False,
        )
        .order_by()
        .values_list("value", "variant", "seed", "question_version_id")
        .annotate(
            tries=Count("pk"),
            share=Avg(
                Cast("points", FloatField()) / NullIf(Cast(F("max_points"), FloatField()), 0.0),
                output_field=FloatField(),
            ),
        )
        .order_by("-tries", "share")[:MOST_SHOWN]
    )
    versions = QuestionVersion.objects.in_bulk({row[3] for row in rows})
    return [
        AnswerCount(text=_said(_asked(versions[version_id], variant, seed), value), tries=tries, share=share)
        for value, variant, seed, version_id, tries, share in rows
    ]


def _asked(version: QuestionVersion, variant: dict[str, Any] | None, seed: int | None) -> QuestionType:
    return version.content if variant is None else question_of(f"{version.digest}/{seed}", variant)


def _said(content: QuestionType, value: Value | None) -> str:
    text = " ".join(content.show_value(value).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"

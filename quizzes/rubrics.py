"""What an answer is marked by: the criteria of its question, and the steps in which points are given for each."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from gradebook.services import rounded
from quizzes.types.base import QuestionType
from quizzes.types.rubric import Criterion, Rubric

_QUARTERS = 4


@dataclass(frozen=True, kw_only=True)
class Step:
    """Points that one key gives, and what they stand for where the author says so."""

    points: Decimal
    text: str = ""


def rubric_of(content: QuestionType) -> Rubric | None:
    """The rubric of a question; None where its author gave none and answers are marked as a whole."""
    rubric = getattr(content, "rubric", None)
    return rubric if isinstance(rubric, Rubric) else None


def steps_of(criterion: Criterion) -> tuple[Step, ...]:
    """The steps of a criterion from nothing up: its author's levels, or quarters of its points."""
    if criterion.levels:
        named = {level.points: Step(points=level.points, text=level.text) for level in criterion.levels}
        named.setdefault(Decimal(0), Step(points=Decimal(0)))
        return tuple(named[points] for points in sorted(named))
    return quarters_of(criterion.points)


def quarters_of(points: Decimal) -> tuple[Step, ...]:
    """Nothing, a quarter, a half, three quarters, all."""
    amounts = (rounded(points * step / _QUARTERS) for step in range(_QUARTERS + 1))
    return tuple(Step(points=amount) for amount in dict.fromkeys(amounts))


def points_by(rubric: Rubric, given: Mapping[str, Decimal], possible: Decimal) -> Decimal:
    """What points for each criterion come to of `possible`: all criteria in full are all of it, whatever their sum."""
    full = sum((Fraction(one.points) for one in rubric.criteria), Fraction(0))
    exact = sum((Fraction(given[one.id]) for one in rubric.criteria), Fraction(0)) / full * Fraction(possible)
    return rounded(Decimal(exact.numerator) / Decimal(exact.denominator))


def given_by(rubric: Rubric, stored: Mapping[str, Any]) -> tuple[tuple[str, Decimal, Decimal], ...]:
    """Title, points given and points possible of each criterion that a stored mark speaks of."""
    return tuple((one.title, Decimal(str(stored[one.id])), one.points) for one in rubric.criteria if one.id in stored)

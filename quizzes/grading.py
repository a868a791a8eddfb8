"""Scores a whole attempt. Pure: the same answers to the same versions give the same points."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal, Protocol, TypeVar

from gradebook.services import TopicEvidence
from quizzes.types.base import QuestionType, Value


@dataclass(frozen=True, kw_only=True)
class Response:
    """A question as it was asked, and what was answered."""

    question: QuestionType
    value: Value | None
    max_points: Decimal


@dataclass(frozen=True, kw_only=True)
class Result:
    """The points of each response in order, their sum, and the evidence per topic."""

    points: tuple[Decimal, ...]
    score: Decimal
    evidence: tuple[TopicEvidence, ...]


def score_responses(responses: Sequence[Response]) -> Result:
    """Judge every response. A question counts in full on each of its topics."""
    points = tuple(
        response.question.score_or_nothing(response.value).points_of(response.max_points) for response in responses
    )
    return Result(points=points, score=sum(points, Decimal(0)), evidence=_evidence(responses, points))


def _evidence(responses: Sequence[Response], points: Sequence[Decimal]) -> tuple[TopicEvidence, ...]:
    by_topic: dict[str, tuple[Decimal, Decimal]] = {}
    for response, earned in zip(responses, points, strict=True):
        for topic in response.question.topics:
            so_far, possible = by_topic.get(topic, (Decimal(0), Decimal(0)))
            by_topic[topic] = (so_far + earned, possible + response.max_points)
    return tuple(
        TopicEvidence(topic=topic, points=earned, max_points=possible)
        for topic, (earned, possible) in sorted(by_topic.items())
    )


class ClosedTry(Protocol):
    """What choosing among tries looks at."""

    number: int
    score: Decimal | None
    max_score: Decimal
    late_factor: Decimal


T = TypeVar("T", bound=ClosedTry)


def counting_try(tries: Iterable[T], *, scoring: Literal["best", "last", "first", "average"]) -> T:
    """The try that counts: the last one, or the one with the largest share after lateness, the earliest of equals."""
    listed = sorted(tries, key=lambda one: one.number)
    if scoring == "last":
        return listed[-1]
    return max(listed, key=_share)


def _share(one: ClosedTry) -> Fraction:
    if not one.max_score:
        return Fraction(0)
    return Fraction(one.score or 0) * Fraction(one.late_factor) / Fraction(one.max_score)

"""Scores a whole attempt. Pure: the same answers to the same versions by the same rules give the same points."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Generic, Literal, Protocol, TypeVar

from gradebook.services import TopicEvidence, rounded
from quizzes.rules import NO_RULES, Change, Rules
from quizzes.types.base import QuestionType, Scored, Value

Scoring = Literal["best", "last", "first", "average"]


@dataclass(frozen=True, kw_only=True)
class Response:
    """A question as it was asked, and what was answered.

    `mark` is what a person gave, for questions that need one. `family` and `seed` say where a variant comes from; only
    a rule with another key looks at them.
    """

    question: QuestionType
    value: Value | None
    max_points: Decimal
    mark: Decimal | None = None
    family: QuestionType | None = None
    seed: int | None = None


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What one response earns. `points` is None where the question was dropped: it counts on neither side.

    `awaits_mark`: a person has to read the answer; until then `points` is what is sure.
    """

    points: Decimal | None
    awaits_mark: bool = False


@dataclass(frozen=True, kw_only=True)
class Result:
    """The judgements in order; the points earned of those that count; what all questions asked are worth; evidence."""

    judged: tuple[Judged, ...]
    score: Decimal
    max_score: Decimal
    worth: Decimal
    evidence: tuple[TopicEvidence, ...]

    @property
    def points(self) -> tuple[Decimal | None, ...]:
        """The points of each response; None where it was dropped."""
        return tuple(one.points for one in self.judged)

    @property
    def awaits_marks(self) -> bool:
        """Whether a person has to mark something: the score can still rise."""
        return any(one.awaits_mark for one in self.judged)


def best_of(questions: Sequence[QuestionType], value: Value | None) -> Scored:
    """Judge by each key and take the judgement that earns most, the first of equals."""
    return max((question.score_or_nothing(value) for question in questions), key=lambda scored: scored.fraction)


def judge(response: Response, rules: Rules = NO_RULES) -> Judged:
    """Judge one response by the rule for its question, the mark that somebody gave, or its key."""
    question, rule = response.question, rules.of(response.question)
    if rule is not None and rule.change is Change.DROP:
        return Judged(points=None)
    if rule is not None and rule.change is Change.FULL:
        return Judged(points=response.max_points)
    if question.needs_person and response.value is not None:
        if response.mark is not None:
            return Judged(points=min(response.mark, response.max_points))
        return Judged(points=question.score(response.value).points_of(response.max_points), awaits_mark=True)
    keys = rules.judges(question, family=response.family, seed=response.seed)
    return Judged(points=best_of(keys, response.value).points_of(response.max_points))


def score_responses(responses: Sequence[Response], rules: Rules = NO_RULES) -> Result:
    """Judge every response. A question counts in full on each of its topics."""
    judged = tuple(judge(response, rules) for response in responses)
    counted = [one for one, verdict in zip(responses, judged, strict=True) if verdict.points is not None]
    return Result(
        judged=judged,
        score=sum((verdict.points for verdict in judged if verdict.points is not None), Decimal(0)),
        max_score=sum((one.max_points for one in counted), Decimal(0)),
        worth=sum((one.max_points for one in responses), Decimal(0)),
        evidence=evidence_of(
            Shown(
                topics=one.question.topics,
                points=verdict.points,
                max_points=one.max_points,
                given=(rule := rules.of(one.question)) is not None and rule.change is Change.FULL,
                awaits_mark=verdict.awaits_mark,
            )
            for one, verdict in zip(responses, judged, strict=True)
        ),
    )


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a question of an attempt shows about its topics. `given`: full marks for all, which show nothing."""

    topics: Sequence[str]
    points: Decimal | None
    max_points: Decimal
    given: bool = False
    awaits_mark: bool = False


def evidence_of(shown: Iterable[Shown]) -> tuple[TopicEvidence, ...]:
    """Add up points by topic. What was dropped, given to all, or waits for a mark is no evidence."""
    by_topic: dict[str, tuple[Decimal, Decimal]] = {}
    for one in shown:
        if one.points is None or one.given or one.awaits_mark:
            continue
        for topic in one.topics:
            so_far, possible = by_topic.get(topic, (Decimal(0), Decimal(0)))
            by_topic[topic] = (so_far + one.points, possible + one.max_points)
    return tuple(
        TopicEvidence(topic=topic, points=earned, max_points=possible)
        for topic, (earned, possible) in sorted(by_topic.items())
    )


class ClosedTry(Protocol):
    """What choosing among tries looks at. `worth` is what it was out of before questions were dropped, if any were."""

    @property
    def number(self) -> int: ...  # noqa: D102 - as Attempt has it
    @property
    def score(self) -> Decimal | None: ...  # noqa: D102
    @property
    def max_score(self) -> Decimal: ...  # noqa: D102
    @property
    def worth(self) -> Decimal | None: ...  # noqa: D102
    @property
    def late_factor(self) -> Decimal: ...  # noqa: D102


T = TypeVar("T", bound=ClosedTry)


def counting_try(tries: Iterable[T], *, scoring: Scoring) -> T:
    """The try that counts: the first, the last, or the one with the largest share after lateness, the earliest of
    equals. For the average, the last: it brought the average about.
    """
    listed = sorted(tries, key=lambda one: one.number)
    match scoring:
        case "first":
            return listed[0]
        case "last" | "average":
            return listed[-1]
        case "best":
            return max(listed, key=_share)


@dataclass(frozen=True, kw_only=True)
class Standing(Generic[T]):
    """What somebody's tries come to, for the gradebook; `source` is the try that brought it about."""

    points: Decimal
    max_points: Decimal
    late_factor: Decimal
    source: T


def standing_of(tries: Iterable[T], *, scoring: Scoring) -> Standing[T]:
    """What counts by the quiz's rule. Needs at least one try.

    A dropped question leaves the share that was earned of the rest: the gradebook has that share of what the whole
    attempt was worth, so that everybody can still reach the quiz's points. An average is one of the shares after
    lateness.
    """
    listed = list(tries)
    source = counting_try(listed, scoring=scoring)
    worth = source.max_score if source.worth is None else source.worth
    if scoring == "average":
        mean = sum((_share(one) for one in listed), Fraction(0)) / len(listed)
        return Standing(points=_points(mean, worth), max_points=worth, late_factor=Decimal(1), source=source)
    if source.worth is None:
        return Standing(
            points=source.score or Decimal(0), max_points=worth, late_factor=source.late_factor, source=source
        )
    earned = Fraction(source.score or 0) / Fraction(source.max_score) if source.max_score else Fraction(0)
    return Standing(points=_points(earned, worth), max_points=worth, late_factor=source.late_factor, source=source)


def _points(share: Fraction, worth: Decimal) -> Decimal:
    exact = share * Fraction(worth)
    return rounded(Decimal(exact.numerator) / Decimal(exact.denominator))


def _share(one: ClosedTry) -> Fraction:
    if not one.max_score:
        return Fraction(0)
    return Fraction(one.score or 0) * Fraction(one.late_factor) / Fraction(one.max_score)

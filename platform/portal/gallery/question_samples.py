"""Each kind of question for the gallery, unanswered, answered and reviewed, made from the kind's own samples."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from typing import Any

from quizzes.showing import ShownQuestion, ask, review_of
from quizzes.types import REGISTRY
from quizzes.types.base import QuestionType, Sample, Value


@dataclass(frozen=True, kw_only=True)
class QuestionState:
    """A question as a page shows it in one state; `mode` is answer or review."""

    title: str
    mode: str
    question: ShownQuestion

    @property
    def value(self) -> Value | str | None:
        """What the template is given as the answer, as the pages of a quiz give it."""
        return self.question.value_text if self.mode == "review" else self.question.value


@dataclass(frozen=True, kw_only=True)
class KindStates:
    """A kind in every state that its samples offer."""

    kind: str
    states: tuple[QuestionState, ...]


def _first(samples: list[Sample], spec: dict[str, Any], *, least: Fraction, most: Fraction) -> Sample | None:
    accepted = [one for one in samples if one.fraction is not None and least <= one.fraction <= most]
    return next((one for one in accepted if one.spec == spec), next(iter(accepted), None))


def _states(samples: list[Sample], positions: Iterator[int]) -> Iterator[QuestionState]:
    spec = samples[0].spec
    question = REGISTRY.question(spec | {"explanation": "What *everybody* is told, with `code`."})

    def asked(value: Value | None, of: QuestionType = question) -> ShownQuestion:
        return ask(of, position=next(positions), option_order=(), max_points=of.points, value=value)

    def reviewed(value: Value | None, of: QuestionType = question, *, with_keys: bool = True) -> ShownQuestion:
        return review_of(
            of,
            position=next(positions),
            option_order=(),
            max_points=of.points,
            value=value,
            points=of.score_or_nothing(value).points_of(of.points),
            with_scores=with_keys,
            with_keys=with_keys,
        )

    yield QuestionState(title="Unanswered", mode="answer", question=asked(None))
    whole = _first(samples, spec, least=Fraction(1), most=Fraction(1))
    partly = _first(samples, spec, least=Fraction(1, 1000), most=Fraction(999, 1000))
    wrong = _first(samples, spec, least=Fraction(0), most=Fraction(0))
    given = whole or wrong
    if given:
        answer = question.parse(given.raw)
        yield QuestionState(title="Answered", mode="answer", question=asked(answer))
        yield QuestionState(title="Handed in", mode="review", question=reviewed(answer, with_keys=False))
    judged = (
        {"Marked by a person": wrong}
        if question.needs_person
        else {"Right": whole, "Partly right": partly, "Wrong": wrong}
    )
    for title, sample in judged.items():
        if sample is not None:
            of = REGISTRY.question(sample.spec | {"explanation": question.explanation})
            yield QuestionState(title=title, mode="review", question=reviewed(of.parse(sample.raw), of))
    yield QuestionState(title="Reviewed without an answer", mode="review", question=reviewed(None))


def question_samples() -> dict[str, Any]:
    """What portal/question_gallery.html shows: `kinds`, each with its states."""
    positions = count(1)
    return {
        "kinds": [
            KindStates(kind=kind, states=tuple(_states(REGISTRY.get(kind).samples(), positions))) for kind in REGISTRY
        ]
    }

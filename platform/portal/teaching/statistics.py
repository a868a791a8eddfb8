"""A quiz's statistics as its page shows them: the questions in the order asked for, and the pictures."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from quizzes.analysis.figures import QuestionFigures, QuizFigures
from quizzes.pictures import OptionLine, Picture, Series, Spot, TimeBox, histogram, option_lines, scatter, time_boxes

GROUPS = ("weakest fifth", "second", "middle", "fourth", "strongest fifth")
_LAST = float("inf")
_TONES = {"bad": 0, "warn": 1, "note": 2, "": 3}


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A column that the table can be sorted by."""

    name: str
    word: str
    is_number: bool = True


HEADINGS = (
    Heading(name="number", word="Question", is_number=False),
    Heading(name="facility", word="Facility"),
    Heading(name="discrimination", word="Discrimination"),
    Heading(name="omitted", word="Left out"),
    Heading(name="time", word="Time"),
    Heading(name="flags", word="To look at", is_number=False),
)


def _or_last(value: float | None) -> float:
    return _LAST if value is None else value


_KEYS: dict[str, Callable[[QuestionFigures], Any]] = {
    "number": lambda one: one.number,
    "facility": lambda one: _or_last(one.facility.value),
    "discrimination": lambda one: _or_last(one.discrimination.value),
    "omitted": lambda one: -one.omitted_share,
    "time": lambda one: -one.times.middle if one.times else _LAST,
    "flags": lambda one: _TONES[one.worst],
}
"""What is worth a look comes first: hard, not telling, left out, slow, flagged."""


def in_order(figures: QuizFigures, by: str) -> tuple[str, list[QuestionFigures]]:
    """The questions sorted by a column, and its name; by their number where there is no such column."""
    name = by if by in _KEYS else "number"
    return name, sorted(figures.questions, key=lambda one: (_KEYS[name](one), one.number))


def pictures_of(figures: QuizFigures) -> dict[str, Picture]:
    """The pictures of a quiz, by what they show; those without anything to show are left out."""
    spots = [
        Spot(
            label=str(one.number),
            name=one.asked.title,
            facility=one.facility.value,
            discrimination=one.discrimination.value,
            flagged=one.worst in {"bad", "warn"},
        )
        for one in figures.questions
        if one.facility.value is not None and one.discrimination.value is not None
    ]
    boxes = [
        TimeBox(
            label=str(one.number),
            name=one.asked.title,
            low=one.times.low,
            middle=one.times.middle,
            high=one.times.high,
        )
        for one in figures.questions
        if one.times
    ]
    found = {"scores": histogram(title="Scores", series=[Series(name="Students", shares=figures.shares)])}
    if spots:
        found["questions"] = scatter(spots=spots)
    if boxes:
        found["times"] = time_boxes(boxes=boxes)
    return found


def options_picture(question: QuestionFigures) -> Picture | None:
    """Which options each fifth of the class chose; None without options, or where too few answered to see anything."""
    if not question.options or question.asked.by_parts or not question.discrimination.known:
        return None
    return option_lines(
        groups=GROUPS,
        lines=[
            OptionLine(
                label=option.label,
                name=option.text,
                right=option.right,
                shares=[
                    chosen / there if there else None
                    for chosen, there in zip(option.by_group, option.there, strict=True)
                ],
            )
            for option in question.options
        ],
    )

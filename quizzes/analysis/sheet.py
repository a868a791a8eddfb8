"""The answers of a class as columns of numbers, one column a question: what the figures are computed from."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

MOST_OPTIONS = 60
"""Chosen options are bits of one number."""
EVERY_OPTION = (1 << MOST_OPTIONS) - 1
"""All bits."""


@dataclass(frozen=True, kw_only=True)
class OptionAsked:
    """One option of a question, and whether the key has it."""

    id: str
    text: str
    right: bool


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question as the analysis needs it.

    `one_answer` says that exactly one option is to be chosen, `by_parts` that options are a part's choices.
    """

    pk: int
    slug: str
    kind: str
    title: str
    options: tuple[OptionAsked, ...] = ()
    one_answer: bool = False
    by_parts: bool = False
    varies: bool = False
    dropped: bool = False
    full_marks: bool = False


@dataclass(kw_only=True)
class Column:
    """One question's answers, cell by cell; a cell belongs to the try with that number.

    `chosen` holds the options as bits, -1 where nothing was answered, and `offered` those that there were to choose
    from: versions may differ in them. `seconds` is -1 where no time is known.
    `variants` holds places in `seeds` (a seed that makes the variant) and in `variant_options`, or -1 for a question
    that does not vary. Answers that wait to be marked are only counted.
    """

    tries: "array[int]" = field(default_factory=lambda: array("l"))
    points: "array[float]" = field(default_factory=lambda: array("d"))
    possible: "array[float]" = field(default_factory=lambda: array("d"))
    chosen: "array[int]" = field(default_factory=lambda: array("q"))
    offered: "array[int]" = field(default_factory=lambda: array("q"))
    seconds: "array[float]" = field(default_factory=lambda: array("d"))
    variants: "array[int]" = field(default_factory=lambda: array("l"))
    seeds: list[int] = field(default_factory=list)
    variant_options: list[tuple[OptionAsked, ...]] = field(default_factory=list)
    waiting: int = 0

    def add(
        self,
        *,
        number: int,
        points: float,
        possible: float,
        chosen: int,
        offered: int = EVERY_OPTION,
        seconds: float = -1,
        variant: int = -1,
    ) -> int:
        """Add a cell, and return its place."""
        self.tries.append(number)
        self.points.append(points)
        self.possible.append(possible)
        self.chosen.append(chosen)
        self.offered.append(offered)
        self.seconds.append(seconds)
        self.variants.append(variant)
        return len(self.tries) - 1


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A class's answers to a quiz: how many tries count, and a column for each question."""

    tries: int
    asked: Sequence[Asked]
    columns: Sequence[Column]


def totals(sheet: Sheet) -> tuple[list[float], list[float]]:
    """The points that each try earned, and could have earned, in the questions that count and are marked."""
    earned, possible = [0.0] * sheet.tries, [0.0] * sheet.tries
    for asked, column in zip(sheet.asked, sheet.columns, strict=True):
        if asked.dropped:
            continue
        for number, points, out_of in zip(column.tries, column.points, column.possible, strict=True):
            earned[number] += points
            possible[number] += out_of
    return earned, possible

"""A quiz's statistics as CSV, safe to open in a spreadsheet: one line a question, then one for each of its options."""

import csv
from collections.abc import Iterator
from typing import Any

from gradebook.export import Echo, safe_cell
from quizzes.analysis.figures import QuizFigures
from quizzes.analysis.formulas import GROUPS

_HEADER = (
    "number",
    "question",
    "kind",
    "text",
    "option",
    "right",
    "tries",
    "facility",
    "discrimination",
    "left out",
    "seconds, lower quartile",
    "seconds, median",
    "seconds, upper quartile",
    *(f"fifth {rank}" for rank in range(1, GROUPS + 1)),
    "to look at",
)


def statistics_csv(figures: QuizFigures) -> Iterator[str]:
    """The lines of the file. The fifths (1 has the lowest scores) count tries, or those that chose the option."""
    writer = csv.writer(Echo())
    yield writer.writerow(_HEADER)
    for one in figures.questions:
        times = (one.times.low, one.times.middle, one.times.high) if one.times else (None, None, None)
        yield _line(
            writer,
            one.number,
            one.asked.slug,
            one.asked.kind,
            one.asked.title,
            None,
            None,
            one.tries,
            _rounded(one.facility.value),
            _rounded(one.discrimination.value),
            one.omitted,
            *(_rounded(seconds, 1) for seconds in times),
            *one.by_group,
            " ".join(flag.text for flag in one.flags),
        )
        for option in one.options:
            right = "yes" if option.right else "no"
            blank = (None,) * 6
            yield _line(
                writer,
                one.number,
                one.asked.slug,
                one.asked.kind,
                option.text,
                option.label,
                right,
                option.chosen,
                *blank,
                *option.by_group,
                None,
            )


def _line(writer: Any, *cells: object) -> str:
    return str(writer.writerow([safe_cell(cell) for cell in cells]))


def _rounded(value: float | None, places: int = 4) -> float | None:
    return None if value is None else round(value, places)

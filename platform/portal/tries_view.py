"""Somebody's tries at a lab: the list, and the small line of their scores."""

from collections.abc import Sequence
from dataclasses import dataclass

from labs.models import Submission

_WIDTH = 200
_HEIGHT = 40


@dataclass(frozen=True, kw_only=True)
class SparkPoint:
    """A graded try in the small line; `here` is the one that the page is about."""

    x: float
    y: float
    here: bool


def spark(tries: Sequence[Submission], here: Submission | None = None) -> list[SparkPoint]:
    """The line of graded tries, oldest first; empty for fewer than two, which make no line."""
    graded = sorted((one for one in tries if one.score is not None and one.max_score), key=lambda one: one.number)
    if len(graded) <= 1:
        return []
    step = _WIDTH / (len(graded) - 1)
    return [
        SparkPoint(
            x=round(position * step, 1),
            y=round(_HEIGHT * (1 - float(one.score or 0) / float(one.max_score or 1)), 1),
            here=here is not None and one.number == here.number,
        )
        for position, one in enumerate(graded)
    ]

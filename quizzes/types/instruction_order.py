"""Brings instructions into one order where theirs makes no difference, so that two orders of the same become equal."""

from collections.abc import Sequence
from heapq import heapify, heappop, heappush

from quizzes.types.instruction_meaning import Step

_SAME_KEYWORD = frozenset({"ENV", "EXPOSE", "LABEL", "VOLUME"})
"""Of these, neighbours may change places wherever they stand."""
_ABOUT_THE_CONTAINER = frozenset({"CMD", "ENTRYPOINT", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "STOPSIGNAL"})
"""They say how a container starts or what is told of the image: no step of the build depends on them."""


def in_one_order(steps: Sequence[Step], *, any_order: bool) -> list[Step]:
    """The steps in the least order (by meaning) that says the same.

    Without `any_order`, only neighbouring ENVs, LABELs, EXPOSEs and VOLUMEs change places with their like. With it,
    instructions that no other depends on also do: those about the container that is started, with all but FROM, and
    ENVs with those that do not use what they set. This is the lexicographic normal form of a trace (Mazurkiewicz).
    """
    waits = [
        {before for before in range(position) if not _may_swap(steps[before], step, any_order=any_order)}
        for position, step in enumerate(steps)
    ]
    ready = [(repr(step.meaning), position) for position, step in enumerate(steps) if not waits[position]]
    heapify(ready)
    ordered: list[Step] = []
    while ready:
        _, done = heappop(ready)
        ordered.append(steps[done])
        for position in range(done + 1, len(steps)):
            if done in waits[position]:
                waits[position].discard(done)
                if not waits[position]:
                    heappush(ready, (repr(steps[position].meaning), position))
    return ordered


def _may_swap(one: Step, other: Step, *, any_order: bool) -> bool:
    if one.sets & other.uses or other.sets & one.uses or one.sets & other.sets:
        return False
    if one.keyword == other.keyword:
        return one.keyword in _SAME_KEYWORD
    if not any_order or "FROM" in {one.keyword, other.keyword}:
        return False
    if "SHELL" in {one.keyword, other.keyword}:
        return bool({one.keyword, other.keyword} & {"EXPOSE", "LABEL", "MAINTAINER", "STOPSIGNAL"})
    if one.keyword in _ABOUT_THE_CONTAINER or other.keyword in _ABOUT_THE_CONTAINER:
        return True
    return {one.keyword, other.keyword} in ({"ENV", "WORKDIR"}, {"ENV", "USER"})

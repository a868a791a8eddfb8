"""Chooses which questions an attempt asks. Pure: the same random source gives the same questions."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from quizzes.specs import Draw, Listed, QuizSpec


class CannotDraw(Exception):
    """The banks do not hold what the quiz asks for; `item` is the position of the item that cannot be met."""

    def __init__(self, item: int, message: str) -> None:
        super().__init__(message)
        self.item = item
        self.message = message


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A question that may be asked, by what draws look at; `version` is the primary key of its current version."""

    version: int
    slug: str
    kind: str
    topics: Sequence[str]
    difficulty: int
    points: Decimal


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A question to ask, and for how many points."""

    version: int
    points: Decimal


def draw_questions(
    spec: QuizSpec, *, listed: Mapping[str, Candidate], pool: Sequence[Candidate], rng: random.Random
) -> list[Drawn]:
    """Choose the questions in the order of the items, or shuffled where the quiz says so.

    `listed` holds the questions that the quiz names, by slug; `pool` those that draws may pick. Draws that overlap
    share the pool without getting in each other's way, as long as any sharing is possible. Raises CannotDraw.
    """
    named = {item.question for item in spec.listed}
    free = [candidate for candidate in pool if candidate.slug not in named]
    picks = _picks(spec, free, rng)
    drawn: list[Drawn] = []
    for position, item in enumerate(spec.items):
        if isinstance(item, Listed):
            if item.question not in listed:
                raise CannotDraw(position, f"there is no question `{item.question}` in the banks")
            question = listed[item.question]
            drawn.append(Drawn(version=question.version, points=item.points or question.points))
        else:
            drawn.extend(Drawn(version=pick.version, points=item.points) for pick in picks[position])
    if spec.shuffle_questions:
        rng.shuffle(drawn)
    return drawn


def _picks(spec: QuizSpec, free: Sequence[Candidate], rng: random.Random) -> dict[int, list[Candidate]]:
    """Fill every slot of every draw with a candidate of its own; by the draw's position."""
    slots = [
        (position, item) for position, item in enumerate(spec.items) if isinstance(item, Draw) for _ in range(item.draw)
    ]
    fitting: list[list[int]] = []
    for _, item in slots:
        fits = [index for index, candidate in enumerate(free) if _fits(item, candidate)]
        rng.shuffle(fits)
        fitting.append(fits)
    matching = _Matching(fitting)
    for slot, (position, item) in enumerate(slots):
        if not matching.place(slot, set()):
            fit = len(fitting[slot])
            reason = (
                f"the banks hold {fit} that fit and are not listed" if fit < item.draw else "other draws need them too"
            )
            raise CannotDraw(position, f"this draws {item.draw}, and {reason}")
    picks: dict[int, list[Candidate]] = {position: [] for position, _ in slots}
    for index, slot in matching.slot_of.items():
        picks[slots[slot][0]].append(free[index])
    return picks


def _fits(draw: Draw, candidate: Candidate) -> bool:
    return draw.takes(topics=candidate.topics, kind=candidate.kind, difficulty=candidate.difficulty)


class _Matching:
    """Gives each slot a candidate of its own, moving earlier slots to others where that makes room."""

    def __init__(self, fitting: Sequence[Sequence[int]]) -> None:
        self._fitting = fitting
        self.slot_of: dict[int, int] = {}

    def place(self, slot: int, tried: set[int]) -> bool:
        """Find a candidate for the slot; False when there is none however the others move (augmenting paths)."""
        for index in self._fitting[slot]:
            if index not in self.slot_of:
                self.slot_of[index] = slot
                return True
        for index in self._fitting[slot]:
            if index in tried:
                continue
            tried.add(index)
            if self.place(self.slot_of[index], tried):
                self.slot_of[index] = slot
                return True
        return False

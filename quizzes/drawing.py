"""Chooses which questions an attempt asks. Pure: the same random source gives the same questions.

What a student has seen in earlier tries comes last: draws use as many unseen questions as any sharing of them allows,
and then those seen least often.
"""

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
    tags: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A question to ask, and for how many points."""

    version: int
    points: Decimal


def draw_questions(
    spec: QuizSpec,
    *,
    listed: Mapping[str, Candidate],
    pool: Sequence[Candidate],
    rng: random.Random,
    seen: Mapping[str, int] | None = None,
) -> list[Drawn]:
    """Choose the questions in the order of the items, or shuffled where the quiz says so.

    `listed` holds the questions that the quiz names, by slug; `pool` those that draws may pick; `seen` how often the
    student was asked a question before, by slug. Draws that overlap share the pool without getting in each other's way,
    as long as any sharing is possible. Raises CannotDraw.
    """
    named = {item.question for item in spec.listed}
    free = [candidate for candidate in pool if candidate.slug not in named]
    picks = _picks(spec, free, seen or {}, rng)
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


def _picks(
    spec: QuizSpec, free: Sequence[Candidate], seen: Mapping[str, int], rng: random.Random
) -> dict[int, list[Candidate]]:
    """Fill every draw with candidates of its own; by the draw's position.

    Candidates come one by one, the least seen first, and each is taken when the others can move so that it fits. Sets
    of candidates that fit together are the independent sets of a matroid (a transversal one), for which this greedy
    order gives the best sum there is: no other choice uses more that is unseen.
    """
    draws = {position: item for position, item in enumerate(spec.items) if isinstance(item, Draw)}
    order = list(free)
    rng.shuffle(order)
    order.sort(key=lambda candidate: seen.get(candidate.slug, 0))
    seats = _Seats({position: draw.draw for position, draw in draws.items()})
    fitting = dict.fromkeys(draws, 0)
    for candidate in order:
        fits = [position for position, draw in draws.items() if _fits(draw, candidate)]
        for position in fits:
            fitting[position] += 1
        rng.shuffle(fits)
        seats.offer(candidate, fits)
    _require_full(draws, seats, fitting)
    picks = {position: [candidate for candidate, _ in taken] for position, taken in seats.taken.items()}
    for picked in picks.values():
        rng.shuffle(picked)
    return picks


def _fits(draw: Draw, candidate: Candidate) -> bool:
    return draw.takes(
        topics=candidate.topics, kind=candidate.kind, difficulty=candidate.difficulty, tags=candidate.tags
    )


def _require_full(draws: Mapping[int, Draw], seats: "_Seats", fitting: Mapping[int, int]) -> None:
    for position, draw in draws.items():
        if fitting[position] < draw.draw:
            raise CannotDraw(
                position, f"this draws {draw.draw}, and the banks hold {fitting[position]} that fit and are not listed"
            )
    for position, draw in draws.items():
        if seats.room[position]:
            raise CannotDraw(position, f"this draws {draw.draw}, and other draws need them too")


class _Seats:
    """The places of the draws. A candidate that has one keeps one, though maybe another draw's (augmenting paths)."""

    def __init__(self, room: Mapping[int, int]) -> None:
        self.room = dict(room)
        self.taken: dict[int, list[tuple[Candidate, Sequence[int]]]] = {position: [] for position in room}
        self._closed: set[int] = set()

    def offer(self, candidate: Candidate, fits: Sequence[int]) -> bool:
        """Take the candidate in if there is a way; False when there is none however the others move."""
        visited: set[int] = set()
        if self._place((candidate, fits), visited):
            return True
        # Draws from which no way leads to room: none ever will, since room only shrinks. Not searched again.
        self._closed |= visited
        return False

    def _place(self, seeker: tuple[Candidate, Sequence[int]], visited: set[int]) -> bool:
        _, fits = seeker
        for position in fits:
            if self.room[position]:
                self.room[position] -= 1
                self.taken[position].append(seeker)
                return True
        for position in fits:
            if position in visited or position in self._closed:
                continue
            visited.add(position)
            for number, settled in enumerate(self.taken[position]):
                if self._place(settled, visited):
                    # `settled` has a place elsewhere now, so its old one is the seeker's.
                    self.taken[position][number] = seeker
                    return True
        return False

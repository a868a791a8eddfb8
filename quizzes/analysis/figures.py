"""What is known about a quiz and its questions: computed from a sheet, without database or clock."""

import string
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from quizzes.analysis import formulas
from quizzes.analysis.formulas import GROUPS, Figure, known, unknown
from quizzes.analysis.sheet import Asked, Column, OptionAsked, Sheet, totals

FEW_TRIES = 10
"""With fewer, a correlation says more about chance than about the question: it is not shown."""
_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class Flag:
    """Something to look at, in words. `code` is stable; `tone` is bad, warn or note."""

    code: str
    tone: str
    text: str


@dataclass(frozen=True, kw_only=True)
class OptionCount:
    """How often an option was chosen, and by whom: the weakest fifth of the class first.

    `there` counts those who had it to choose from: versions of a question may differ in their options.
    """

    label: str
    text: str
    right: bool
    chosen: int
    by_group: tuple[int, ...]
    there: tuple[int, ...]
    tries: int


@dataclass(frozen=True, kw_only=True)
class VariantFigures:
    """How one variant went; `seed` makes it. Options are counted only where there are several tries."""

    seed: int
    tries: int
    facility: float
    omitted: int
    by_group: tuple[int, ...] = ()
    options: tuple[OptionCount, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Times:
    """The quartiles of the seconds that a question took, and how many tries they are from."""

    low: float
    middle: float
    high: float
    tries: int


@dataclass(frozen=True, kw_only=True)
class QuestionFigures:
    """What is known about one question. Shares are from 0 to 1; `by_group` counts its tries in each fifth."""

    number: int
    asked: Asked
    tries: int
    waiting: int
    omitted: int
    facility: Figure
    discrimination: Figure
    possible: float
    by_group: tuple[int, ...]
    group_means: tuple[float | None, ...]
    options: tuple[OptionCount, ...]
    omitted_by_group: tuple[int, ...]
    variants: tuple[VariantFigures, ...]
    variants_alike: Figure
    times: Times | None
    flags: tuple[Flag, ...] = ()

    @property
    def omitted_share(self) -> float:
        """The share of its tries without an answer."""
        return self.omitted / self.tries if self.tries else 0.0

    @property
    def worst(self) -> str:
        """The tone of the gravest flag; empty without flags."""
        return next((tone for tone in ("bad", "warn", "note") if any(flag.tone == tone for flag in self.flags)), "")


@dataclass(frozen=True, kw_only=True)
class QuizFigures:
    """What is known about a quiz. Mean, deviation, median and error are shares of the points, as `shares` are.

    `out_of` are the points that can be earned, None where tries could earn different sums. `same_questions` says
    whether every try had every question. `waiting` counts answers that nobody has marked yet: they are left out.
    """

    tries: int
    shares: "array[float]"
    out_of: float | None
    mean: Figure
    deviation: Figure
    median: Figure
    alpha: Figure
    error: Figure
    error_points: Figure
    same_questions: bool
    waiting: int
    questions: tuple[QuestionFigures, ...] = field(default_factory=tuple)


def figures_of(sheet: Sheet) -> QuizFigures:
    """Compute everything; flags are left to `flags.flagged`."""
    earned, possible = totals(sheet)
    scored = [number for number in range(sheet.tries) if possible[number] > 0]
    place = {number: at for at, number in enumerate(scored)}
    shares = [earned[number] / possible[number] for number in scored]
    group = dict(zip(scored, formulas.groups_by_score(shares), strict=True))
    counted = [
        ([place[number] for number in column.tries if number in place], list(column.points))
        for asked, column in zip(sheet.asked, sheet.columns, strict=True)
        if not asked.dropped
    ]
    trust = formulas.reliability(counted, len(scored))
    typical = formulas.mean([possible[number] for number in scored]) if scored else 0.0
    enough = len(scored) >= FEW_TRIES
    alpha = trust.alpha if enough or not trust.alpha.known else _more(len(scored))
    error = trust.error if enough or not trust.error.known else _more(len(scored))
    outs = {round(possible[number], 2) for number in scored}
    return QuizFigures(
        tries=len(scored),
        shares=array("d", shares),
        out_of=outs.pop() if len(outs) == 1 else None,
        mean=known(formulas.mean(shares)) if shares else unknown("at least 1 try"),
        deviation=formulas.standard_deviation(shares),
        median=known(formulas.quantile(shares, 0.5)) if shares else unknown("at least 1 try"),
        alpha=alpha,
        error=error if error.value is None else known(error.value / typical),
        error_points=error,
        same_questions=all(len(numbers) == len(scored) for numbers, _ in counted),
        waiting=sum(column.waiting for column in sheet.columns),
        questions=tuple(
            _question(number, asked, column, _Class(earned=earned, possible=possible, group=group))
            for number, (asked, column) in enumerate(zip(sheet.asked, sheet.columns, strict=True), 1)
        ),
    )


def _more(tries: int) -> Figure:
    return unknown(f"at least {FEW_TRIES} tries; there {'is' if tries == 1 else 'are'} {tries}")


@dataclass(frozen=True, kw_only=True)
class _Class:
    """What all tries together came to: points by try, and the fifth of each that has a score."""

    earned: Sequence[float]
    possible: Sequence[float]
    group: dict[int, int]

    def rest(self, row: int, points: float, out_of: float) -> float | None:
        """A try's share of the points of all other questions; None where there are none."""
        others = self.possible[row] - out_of
        return (self.earned[row] - points) / others if others > _ROUNDING else None


def _question(number: int, asked: Asked, column: Column, everybody: _Class) -> QuestionFigures:
    cells = zip(column.tries, column.points, column.possible, strict=True)
    worth = [
        (points / out_of, rest)
        for row, points, out_of in cells
        if not asked.dropped and out_of > 0 and (rest := everybody.rest(row, points, out_of)) is not None
    ]
    shares = [points / out_of for points, out_of in zip(column.points, column.possible, strict=True) if out_of > 0]
    groups = array("b", (everybody.group.get(row, -1) for row in column.tries))
    times = [seconds for seconds in column.seconds if seconds >= 0]
    variants, alike = _variants(column, groups)
    return QuestionFigures(
        number=number,
        asked=asked,
        tries=len(column.tries),
        waiting=column.waiting,
        omitted=sum(chosen < 0 for chosen in column.chosen),
        facility=_facility(asked, shares),
        discrimination=_discrimination(asked, worth),
        possible=max(column.possible, default=0.0),
        by_group=tuple(groups.count(rank) for rank in range(GROUPS)),
        group_means=_group_means(column, groups),
        options=_options(asked.options, zip(groups, column.chosen, column.offered, strict=True)),
        omitted_by_group=_omitted(column, groups),
        variants=variants,
        variants_alike=alike,
        times=_times(times),
    )


def _facility(asked: Asked, shares: Sequence[float]) -> Figure:
    """The mean share of the points: an item's difficulty, called its facility since more is easier.

    Crocker & Algina 1986, ch. 14. An answer left out earned nothing.
    """
    if not shares:
        return unknown("points to earn: it was dropped" if asked.dropped else "at least 1 try")
    return known(formulas.mean(shares))


def _discrimination(asked: Asked, worth: Sequence[tuple[float, float]]) -> Figure:
    if asked.dropped:
        return unknown("points to earn: it was dropped")
    if asked.full_marks:
        return unknown("answers that differ: everybody has full marks")
    if not worth:
        return unknown("other questions beside it, and tries")
    found = formulas.discrimination([own for own, _ in worth], [rest for _, rest in worth])
    return found if len(worth) >= FEW_TRIES or not found.known else _more(len(worth))


def _group_means(column: Column, groups: Sequence[int]) -> tuple[float | None, ...]:
    sums, counts = [0.0] * GROUPS, [0] * GROUPS
    for rank, points, out_of in zip(groups, column.points, column.possible, strict=True):
        if rank >= 0 and out_of > 0:
            sums[rank] += points / out_of
            counts[rank] += 1
    return tuple(total / count if count else None for total, count in zip(sums, counts, strict=True))


def _options(options: Sequence[OptionAsked], cells: Iterable[tuple[int, int, int]]) -> tuple[OptionCount, ...]:
    """Count who chose what: `cells` are fifths (-1 for none) with the options chosen and there to choose, as bits."""
    if not options:
        return ()
    counts = [[0] * (GROUPS + 1) for _ in options]
    there = [[0] * (GROUPS + 1) for _ in options]
    for (rank, chosen, offered), times in Counter(cells).items():
        for at in range(len(options)):
            counts[at][rank] += times * (max(chosen, 0) >> at & 1)
            there[at][rank] += times * (offered >> at & 1)
    return tuple(
        OptionCount(
            label=_letter(at),
            text=option.text,
            right=option.right,
            chosen=sum(counts[at]),
            by_group=tuple(counts[at][:GROUPS]),
            there=tuple(there[at][:GROUPS]),
            tries=sum(there[at]),
        )
        for at, option in enumerate(options)
    )


def _letter(at: int) -> str:
    letters = string.ascii_uppercase
    return letters[at] if at < len(letters) else f"{letters[at // len(letters) - 1]}{letters[at % len(letters)]}"


def _omitted(column: Column, groups: Sequence[int]) -> tuple[int, ...]:
    left = [0] * GROUPS
    for rank, chosen in zip(groups, column.chosen, strict=True):
        if rank >= 0 and chosen < 0:
            left[rank] += 1
    return tuple(left)


def _variants(column: Column, groups: Sequence[int]) -> tuple[tuple[VariantFigures, ...], Figure]:
    """Each variant's figures, the hardest first, and the chance that they are alike (of those with enough tries)."""
    cells: dict[int, list[int]] = defaultdict(list)
    for at, variant in enumerate(column.variants):
        if variant >= 0 and column.possible[at] > 0:
            cells[variant].append(at)
    if not cells:
        return (), unknown("variants")
    shares = {variant: [column.points[at] / column.possible[at] for at in own] for variant, own in cells.items()}
    listed = [
        VariantFigures(
            seed=column.seeds[variant],
            tries=len(own),
            facility=formulas.mean(shares[variant]),
            omitted=sum(column.chosen[at] < 0 for at in own),
            by_group=tuple(sum(groups[at] == rank for at in own) for rank in range(GROUPS)),
            options=_options(
                column.variant_options[variant], ((groups[at], column.chosen[at], column.offered[at]) for at in own)
            )
            if len(own) >= FEW_TRIES
            else (),
        )
        for variant, own in cells.items()
    ]
    alike = formulas.chance_that_groups_are_alike([own for own in shares.values() if len(own) >= FEW_TRIES])
    if not alike.known:
        alike = unknown(f"at least 2 variants with {FEW_TRIES} tries each")
    return tuple(sorted(listed, key=lambda one: (one.facility, one.seed))), alike


def _times(seconds: Sequence[float]) -> Times | None:
    if not seconds:
        return None
    low, middle, high = (formulas.quantile(seconds, share) for share in (0.25, 0.5, 0.75))
    return Times(low=low, middle=middle, high=high, tries=len(seconds))


def with_flags(figures: QuizFigures, flags: Sequence[tuple[Flag, ...]]) -> QuizFigures:
    """The same with each question's flags."""
    return replace(
        figures,
        questions=tuple(replace(one, flags=its) for one, its in zip(figures.questions, flags, strict=True)),
    )

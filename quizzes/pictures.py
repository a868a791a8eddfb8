"""Pictures of how a quiz went, drawn on the server: each comes with the table behind it and a sentence that says it.

`{% include "quizzes/picture.html" with picture=picture %}` puts one on a page. Shares are numbers from 0 to 1.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.utils.safestring import SafeString

from quizzes.svg import Point, bar, diamond, dot, line, path, sheet, words

WIDTH = 480.0
HEIGHT = 250.0
LEFT, RIGHT, TOP, BOTTOM = 40.0, 12.0, 14.0, 44.0
GROUPS = 10
_LOOKS = ("picture-a", "picture-b")
_WIDE, _TALL = 14.0, 11.0
"""The room that a label of two figures takes."""
_LOWEST_USUAL = -0.5
"""Where the axis of discrimination begins, unless a question lies below."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A drawing, what it says in a sentence, and the numbers that it shows."""

    title: str
    says: str
    svg: SafeString
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    legend: tuple[tuple[str, str], ...] = ()
    """The look (a class) and the name of each series, where there are several."""


@dataclass(frozen=True, kw_only=True)
class Series:
    """Scores to be counted together, as shares of what could be earned."""

    name: str
    shares: Sequence[float]


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A question in the picture of difficulty and discrimination."""

    label: str
    name: str
    facility: float
    discrimination: float
    flagged: bool = False


@dataclass(frozen=True, kw_only=True)
class OptionLine:
    """How often an option was chosen in each group of students, the weakest group first; None for an empty group."""

    label: str
    name: str
    right: bool
    shares: Sequence[float | None] = field(default_factory=tuple)


@dataclass(frozen=True, kw_only=True)
class TimeBox:
    """The quartiles of the seconds that a question took."""

    label: str
    name: str
    low: float
    middle: float
    high: float


def percent(share: float) -> str:
    """A share as “85 %”."""
    return f"{share * 100:.0f} %"


def spent(seconds: float) -> str:
    """A time as “45 s” or “2 min 05 s”."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def group_of(share: float) -> int:
    """Which tenth a share belongs to, from 0; everything earned belongs to the last one."""
    return min(GROUPS - 1, max(0, math.floor(share * GROUPS + 1e-9)))


def group_names() -> tuple[str, ...]:
    """The tenths in words."""
    step = 100 // GROUPS
    return tuple(
        f"{start} to {'100 %' if start + step == 100 else f'under {start + step} %'}"  # noqa: PLR2004
        for start in range(0, 100, step)
    )


def histogram(*, title: str, series: Sequence[Series]) -> Picture:
    """How many scores lie in each tenth of what could be earned; one or two series, such as before and after."""
    counts = [[0] * GROUPS for _ in series]
    for row, one in zip(counts, series, strict=True):
        for share in one.shares:
            row[group_of(share)] += 1
    most = max((max(row) for row in counts), default=0)
    names = group_names()
    says = ". ".join(
        _said(f"{one.name}: " if len(series) > 1 else "", row, names) for one, row in zip(series, counts, strict=True)
    )
    return Picture(
        title=title,
        says=says,
        svg=sheet((WIDTH, HEIGHT), _bars(series, counts, most, names), says=f"{title}. {says}"),
        columns=("Score", *(one.name for one in series)),
        rows=tuple((names[at], *(str(row[at]) for row in counts)) for at in range(GROUPS)),
        legend=tuple((_LOOKS[at], one.name) for at, one in enumerate(series)) if len(series) > 1 else (),
    )


def _said(lead: str, row: Sequence[int], names: Sequence[str]) -> str:
    total = sum(row)
    if not total:
        return f"{lead}no scores yet"
    at = row.index(max(row))
    scores = "1 score" if total == 1 else f"{total} scores"
    return f"{lead}{scores}, the tallest bar ({row[at]}) at {names[at]}"


def _bars(
    series: Sequence[Series], counts: Sequence[Sequence[int]], most: int, names: Sequence[str]
) -> Iterator[SafeString]:
    top, step = _scale(most)
    yield from _rules(top, step)
    room = (WIDTH - LEFT - RIGHT) / GROUPS
    thick = (room - 6) / max(len(series), 1)
    for at in range(GROUPS):
        for which, row in enumerate(counts):
            if row[at]:
                height = (HEIGHT - TOP - BOTTOM) * row[at] / top
                left = LEFT + at * room + 3 + which * thick
                lead = f"{series[which].name}, " if len(series) > 1 else ""
                yield bar(
                    (left, HEIGHT - BOTTOM - height),
                    (thick, height),
                    _LOOKS[which],
                    says=f"{lead}{names[at]}: {row[at]}",
                )
    for at in range(0, GROUPS + 1, 2):
        yield words((LEFT + at * room, HEIGHT - BOTTOM + 18), f"{at * 100 // GROUPS}", anchor="middle")
    yield words(((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6), "Share of the points, in percent", anchor="middle")


def _scale(most: float) -> tuple[float, float]:
    """The top of an axis that holds `most`, and the distance of its lines: at most five of them, round and whole."""
    if most <= 0:
        return 1, 1
    rough = most / 4
    size = 10 ** math.floor(math.log10(rough)) if rough > 0 else 1
    step = max(1, next(nice * size for nice in (1, 2, 5, 10) if nice * size >= rough))
    return math.ceil(most / step) * step, step


def _rules(top: float, step: float) -> Iterator[SafeString]:
    for rank in range(round(top / step) + 1):
        y = HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * rank * step / top
        yield line((LEFT, y), (WIDTH - RIGHT, y), "picture-axis" if rank == 0 else "picture-rule")
        yield words((LEFT - 6, y + 4), f"{rank * step:g}", anchor="end")


def scatter(*, spots: Sequence[Spot]) -> Picture:
    """Questions by how easy they are and how well they tell strong from weak students."""
    title = "Difficulty and discrimination"
    flagged = sum(spot.flagged for spot in spots)
    says = (
        f"{len(spots)} {'question' if len(spots) == 1 else 'questions'}, {flagged} of them to look at. "
        "Further right is easier; higher up tells strong from weak students better; below 0 the weak do better"
    )
    return Picture(
        title=title,
        says=says,
        svg=sheet((WIDTH, HEIGHT), _spots(spots), says=f"{title}. {says}"),
        columns=("Question", "Facility", "Discrimination", "To look at"),
        rows=tuple(
            (f"{s.label}. {s.name}", percent(s.facility), f"{s.discrimination:.2f}", "yes" if s.flagged else "no")
            for s in spots
        ),
        legend=(("picture-mark-fine", "fine"), ("picture-mark-look", "to look at")),
    )


def _spots(spots: Sequence[Spot]) -> Iterator[SafeString]:
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    least = -1.0 if any(spot.discrimination < _LOWEST_USUAL for spot in spots) else _LOWEST_USUAL

    def place(facility: float, discrimination: float) -> Point:
        return LEFT + wide * facility, TOP + high * (1 - discrimination) / (1 - least)

    for level in (level for level in (-1.0, -0.5, 0.0, 0.5, 1.0) if level >= least):
        start, end = place(0, level), place(1, level)
        yield line(start, end, "picture-axis" if level == 0 else "picture-rule")
        yield words((LEFT - 6, start[1] + 4), f"{level:g}", anchor="end")
    for share in (0, 0.25, 0.5, 0.75, 1):
        yield words((LEFT + wide * share, HEIGHT - BOTTOM + 18), f"{share * 100:.0f}", anchor="middle")
    yield words((LEFT + wide / 2, HEIGHT - 6), "Facility, in percent (discrimination upwards)", anchor="middle")
    taken = [place(spot.facility, spot.discrimination) for spot in spots]
    for spot in spots:
        at = place(spot.facility, spot.discrimination)
        says = f"{spot.label}. {spot.name}: facility {percent(spot.facility)}, discrimination {spot.discrimination:.2f}"
        yield (diamond if spot.flagged else dot)(at, f"picture-mark-{'look' if spot.flagged else 'fine'}", says=says)
        beside = _free_place(at, taken)
        taken.append(beside)
        yield words((beside[0], beside[1] + 4), spot.label, "picture-words picture-small", anchor="middle")


def _free_place(at: Point, taken: Sequence[Point]) -> Point:
    """The middle of a label beside a mark: the nearest of the places around it where nothing else is yet."""
    x, y = at
    around = [
        (x + far * dx, y + far * dy)
        for far in (1, 1.8, 2.6)
        for dx, dy in ((16, 0), (-16, 0), (0, -14), (0, 14), (14, -12), (14, 12), (-14, -12), (-14, 12))
    ]
    inside = [(px, py) for px, py in around if LEFT + 8 <= px <= WIDTH - 8 and TOP - 6 <= py <= HEIGHT - BOTTOM - 4]
    free = ((px, py) for px, py in inside if all(abs(px - ox) >= _WIDE or abs(py - oy) >= _TALL for ox, oy in taken))
    return next(free, inside[0])


def option_lines(*, groups: Sequence[str], lines: Sequence[OptionLine]) -> Picture:
    """Which options the weakest up to the strongest students chose. A good key rises to the right; the rest fall."""
    title = "Options chosen, by group of students"
    right = [one.label for one in lines if one.right]
    says = (
        f"From {groups[0]} to {groups[-1]}. {'Right: ' + ', '.join(right) + '. ' if right else ''}"
        "The line of a right option should rise, the others should fall"
    )
    return Picture(
        title=title,
        says=says,
        svg=sheet((WIDTH, HEIGHT), _lines(groups, lines), says=f"{title}. {says}"),
        columns=("Option", *groups),
        rows=tuple(
            (
                f"{one.label}. {one.name}{' (right)' if one.right else ''}",
                *("–" if share is None else percent(share) for share in one.shares),  # noqa: RUF001 - a dash is meant
            )
            for one in lines
        ),
        legend=(("picture-line-right", "right"), ("picture-line-wrong", "not right")),
    )


def _lines(groups: Sequence[str], lines: Sequence[OptionLine]) -> Iterator[SafeString]:
    wide, high = WIDTH - LEFT - RIGHT - 24, HEIGHT - TOP - BOTTOM
    gap = wide / max(len(groups) - 1, 1)
    for level in (0, 0.25, 0.5, 0.75, 1):
        y = TOP + high * (1 - level)
        yield line((LEFT, y), (LEFT + wide, y), "picture-axis" if level == 0 else "picture-rule")
        yield words((LEFT - 6, y + 4), f"{level * 100:.0f}", anchor="end")
    for rank in range(len(groups)):
        yield words((LEFT + rank * gap, HEIGHT - BOTTOM + 18), str(rank + 1), anchor="middle")
    yield words((LEFT + wide / 2, HEIGHT - 6), "Fifths of the class, the strongest on the right", anchor="middle")
    for one in sorted(lines, key=lambda each: each.right):
        look = f"picture-line-{'right' if one.right else 'wrong'}"
        points = [
            (LEFT + rank * gap, TOP + high * (1 - share)) for rank, share in enumerate(one.shares) if share is not None
        ]
        if not points:
            continue
        yield path(points, look)
    yield from _line_labels(lines, gap=gap, high=high)


def _line_labels(lines: Sequence[OptionLine], *, gap: float, high: float) -> Iterator[SafeString]:
    """The letters at the ends of the lines, pushed apart so that each can be read."""
    ends = []
    for one in lines:
        seen = [(rank, share) for rank, share in enumerate(one.shares) if share is not None]
        if seen:
            rank, share = seen[-1]
            ends.append((TOP + high * (1 - share), LEFT + rank * gap, one.label))
    lowest = -math.inf
    for y, x, label in sorted(ends):
        lowest = max(y, lowest + 13)
        yield words((x + 8, lowest + 4), label)


def time_boxes(*, boxes: Sequence[TimeBox]) -> Picture:
    """How long each question took: the middle half of the students as a box, the median as a line in it."""
    title = "Time taken"
    longest = max(boxes, key=lambda box: box.middle, default=None)
    says = (
        f"The longest at the median: question {longest.label}, {spent(longest.middle)}"
        if longest
        else "No times known yet"
    )
    tall = TOP + 22.0 * len(boxes) + BOTTOM
    return Picture(
        title=title,
        says=says,
        svg=sheet((WIDTH, tall), _boxes(boxes, tall), says=f"{title}. {says}"),
        columns=("Question", "Lower quartile", "Median", "Upper quartile"),
        rows=tuple((f"{b.label}. {b.name}", spent(b.low), spent(b.middle), spent(b.high)) for b in boxes),
    )


def _boxes(boxes: Sequence[TimeBox], tall: float) -> Iterator[SafeString]:
    wide = WIDTH - LEFT - RIGHT - 12
    minutes = max((box.high for box in boxes), default=0) > 180  # noqa: PLR2004 - three minutes
    unit = 60 if minutes else 1
    top, step = _scale(max((box.high for box in boxes), default=1) / unit)
    for rank in range(round(top / step) + 1):
        x = LEFT + wide * rank * step / top
        yield line((x, TOP), (x, tall - BOTTOM), "picture-axis" if rank == 0 else "picture-rule")
        yield words((x, tall - BOTTOM + 18), f"{rank * step:g}", anchor="middle")
    yield words((LEFT + wide / 2, tall - 6), "Minutes" if minutes else "Seconds", anchor="middle")
    for rank, box in enumerate(boxes):
        y = TOP + 22 * rank + 4
        low, middle, high = (LEFT + wide * value / unit / top for value in (box.low, box.middle, box.high))
        says = f"{box.label}. {box.name}: median {spent(box.middle)}, middle half {spent(box.low)} to {spent(box.high)}"
        yield bar((low, y), (max(high - low, 1), 14), "picture-box", says=says)
        yield line((middle, y), (middle, y + 14), "picture-median")
        yield words((LEFT - 6, y + 12), box.label, anchor="end")

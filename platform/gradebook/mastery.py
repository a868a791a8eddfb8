"""What people know, topic by topic, from quizzes and labs together: the rule, and the evidence it is applied to."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from courses.models import Activity, Course, Membership
from gradebook.models import Evidence

SECURE_SHARE = 0.8
GETTING_THERE_SHARE = 0.5
ENOUGH_WORK = 2
RULE = (
    "The newest try at each quiz and lab counts, what was done last the most: each piece of work counts half as much "
    "as the one after it. A topic is secure from 80 % of its points in two quizzes or labs (in one, where there is "
    "only one); from 50 % one is getting there."
)
_ROUNDING = 1e-9
_ROWS_AT_ONCE = 2000
_MOST_NAMED = 500
"""More people than this are picked out here: a database takes only so many names in one question."""


class Level(StrEnum):
    """How far somebody is with a topic."""

    NONE = "none"
    STARTED = "started"
    GETTING_THERE = "getting_there"
    SECURE = "secure"


@dataclass(frozen=True, kw_only=True)
class Piece:
    """What the newest try at one activity shows of a topic; `share` is of its points, from 0 to 1."""

    activity_id: int
    share: float
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Mastery:
    """Where somebody stands with a topic, and the work that shows it, the newest first. `share` is None without any."""

    level: Level
    share: float | None = None
    pieces: Sequence[Piece] = ()
    wants_more_work: bool = False
    """Whether the share would do, and only another piece of work is missing."""


NOTHING = Mastery(level=Level.NONE)


def mastery_of(pieces: Iterable[Piece], *, offered: int) -> Mastery:
    """Apply the rule to somebody's pieces of work on a topic, of which the course offers so many. Pure.

    Weights halve with each piece, newest first, so that what was learned since outweighs what was not known before.
    """
    ordered = sorted(pieces, key=lambda piece: (piece.at, piece.activity_id), reverse=True)
    if not ordered:
        return NOTHING
    weights = [0.5**rank for rank in range(len(ordered))]
    share = sum(weight * piece.share for weight, piece in zip(weights, ordered, strict=True)) / sum(weights)
    enough = len(ordered) >= min(ENOUGH_WORK, max(1, offered))
    does_well = share >= SECURE_SHARE - _ROUNDING
    if does_well and enough:
        level = Level.SECURE
    elif share >= GETTING_THERE_SHARE - _ROUNDING:
        level = Level.GETTING_THERE
    else:
        level = Level.STARTED
    return Mastery(level=level, share=share, pieces=ordered, wants_more_work=does_well and not enough)


Map = Mapping[str, Mastery]
"""Where one person stands, by topic; topics without evidence are absent."""


def offered_in(activities: Iterable[Activity]) -> dict[str, int]:
    """In how many published activities each topic is asked or practised."""
    counts: dict[str, int] = defaultdict(int)
    for activity in activities:
        if activity.published:
            for topic in set(activity.topics):
                counts[topic] += 1
    return counts


def maps_of(
    *, course: Course, user_ids: Collection[int], offered: Mapping[str, int], leave_out: Collection[int] = ()
) -> dict[int, Map]:
    """The maps of these people, by user id, without the activities `leave_out`. One query."""
    newest: dict[tuple[int, str], dict[int, Piece]] = defaultdict(dict)
    found: dict[int, dict[str, Mastery]] = {user_id: {} for user_id in user_ids}
    rows = Evidence.objects.filter(course=course, max_points__gt=0)
    if len(found) <= _MOST_NAMED:
        rows = rows.filter(user__in=found)
    if leave_out:
        rows = rows.exclude(activity__in=leave_out)
    columns = ("user_id", "topic", "activity_id", "points", "max_points", "at")
    for user_id, topic, activity_id, points, of, at in (
        rows.order_by("at", "source_id").values_list(*columns).iterator(_ROWS_AT_ONCE)
    ):
        if user_id in found:
            newest[user_id, topic][activity_id] = Piece(activity_id=activity_id, share=float(points / of), at=at)
    for (user_id, topic), pieces in newest.items():
        found[user_id][topic] = mastery_of(pieces.values(), offered=offered.get(topic, 0))
    return dict(found)


def student_ids(course: Course, *, section_id: int | None = None) -> list[int]:
    """The active students of a course, or of one of its sections. One query."""
    members = Membership.objects.students().filter(course=course)
    if section_id is not None:
        members = members.filter(section_id=section_id)
    return list(members.values_list("user_id", flat=True))


@dataclass(frozen=True, kw_only=True)
class TopicCounts:
    """How a class stands with a topic: students by level, and their mean share, of those with any evidence."""

    topic: str
    by_level: Mapping[Level, int]
    mean: float | None

    @property
    def tried(self) -> int:
        """How many have shown anything."""
        return sum(count for level, count in self.by_level.items() if level is not Level.NONE)

    @property
    def students(self) -> int:
        """How many there are."""
        return sum(self.by_level.values())


def counts_of(topics: Iterable[str], maps: Mapping[int, Map]) -> list[TopicCounts]:
    """How a class stands with each topic, the weakest first, by the mean; those that nobody has tried come last."""
    found = []
    for topic in topics:
        standings = [own.get(topic, NOTHING) for own in maps.values()]
        shares = [one.share for one in standings if one.share is not None]
        found.append(
            TopicCounts(
                topic=topic,
                by_level={level: sum(one.level is level for one in standings) for level in Level},
                mean=sum(shares) / len(shares) if shares else None,
            )
        )
    return sorted(found, key=lambda one: (one.mean is None, one.mean or 0.0))

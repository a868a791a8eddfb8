"""A person's map of topics as its page shows it: in groups, each with level, the work behind it, and what to try."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from courses.models import Activity, Course
from gradebook.mastery import NOTHING, Level, Map, Mastery, maps_of, offered_in
from portal.suggestions import Suggestion, can_be_done, suggestions_for

_GROUP_NAMES = {"vm": "Virtual machines", "cmd": "Commands", "best": "Best practices", "dockerfile": "Dockerfile"}
_SHOWN_FIRST = 3
_RANK = {Level.GETTING_THERE: 0, Level.STARTED: 1, Level.NONE: 2, Level.SECURE: 3}


@dataclass(frozen=True, kw_only=True)
class Work:
    """What one piece of work shows; `activity` is None where it is no longer to be seen."""

    activity: Activity | None
    share: float
    at: datetime


@dataclass(frozen=True, kw_only=True)
class TopicRow:
    """One topic of the map."""

    topic: str
    title: str
    mastery: Mastery
    work: Sequence[Work]
    suggestion: Suggestion | None

    @property
    def status(self) -> str:
        """The level's name among portal.templatetags.statuses."""
        return f"mastery {self.mastery.level}"


@dataclass(frozen=True, kw_only=True)
class TopicGroup:
    """Topics whose ids begin alike."""

    name: str
    rows: Sequence[TopicRow]

    @property
    def secure(self) -> int:
        """How many of them are secure."""
        return sum(row.mastery.level is Level.SECURE for row in self.rows)


@dataclass(frozen=True, kw_only=True)
class PersonsMap:
    """All topics of a course as one person stands in them."""

    groups: Sequence[TopicGroup]
    counts: Mapping[Level, int]
    next: Sequence[TopicRow]

    @property
    def total(self) -> int:
        """How many topics there are."""
        return sum(self.counts.values())


def group_name(topic: str) -> str:
    """What the topics that share a beginning are called."""
    start = topic.partition(".")[0]
    return _GROUP_NAMES.get(start, start.replace("-", " ").capitalize())


def map_of(
    *, course: Course, user: User, activities: Sequence[Activity], leave_out: Collection[int], now: datetime
) -> PersonsMap:
    """A person's map over the activities that they may see, without what is not released. Seven queries at most."""
    own = maps_of(course=course, user_ids=[user.pk], offered=offered_in(activities), leave_out=leave_out)[user.pk]
    open_now = can_be_done(user=user, activities=activities, now=now)
    tips = suggestions_for(course.topics, own=own, activities=activities, open_now=open_now)
    rows = _rows(course, own, {one.pk: one for one in activities}, tips)
    return PersonsMap(
        groups=_groups(rows),
        counts={level: sum(row.mastery.level is level for row in rows) for level in Level},
        next=_first(rows),
    )


def _groups(rows: Sequence[TopicRow]) -> list[TopicGroup]:
    """The rows by the beginnings of their ids, in the order in which these first come."""
    by_name: dict[str, list[TopicRow]] = {}
    for row in rows:
        by_name.setdefault(group_name(row.topic), []).append(row)
    return [TopicGroup(name=name, rows=own) for name, own in by_name.items()]


def _rows(
    course: Course, own: Map, activities: Mapping[int, Activity], tips: Mapping[str, Suggestion]
) -> list[TopicRow]:
    found = []
    for topic, title in course.topics.items():
        mastery = own.get(topic, NOTHING)
        work = [
            Work(activity=activities.get(piece.activity_id), share=piece.share, at=piece.at) for piece in mastery.pieces
        ]
        found.append(TopicRow(topic=topic, title=title, mastery=mastery, work=work, suggestion=tips.get(topic)))
    return found


def _first(rows: Sequence[TopicRow]) -> list[TopicRow]:
    """What to do first: topics begun and nearly there, each with an activity that no other of them names."""
    found: list[TopicRow] = []
    named: set[int] = set()
    for row in sorted(rows, key=lambda one: _RANK[one.mastery.level]):
        if row.suggestion and row.suggestion.activity.pk not in named and len(found) < _SHOWN_FIRST:
            named.add(row.suggestion.activity.pk)
            found.append(row)
    return found

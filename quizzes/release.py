"""When students may see what of a closed attempt: their own answers, points, right answers, feedback."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Max, Value
from django.utils import timezone

from courses.clocks import later_of
from courses.models import Activity, Extension, SectionOverride
from quizzes.models import Quiz
from quizzes.rule_models import Pause
from quizzes.specs import Release, ReleasePolicy, When
from quizzes.timing import Stop, moved_by


@dataclass(frozen=True, kw_only=True)
class LastTimes:
    """The last due and closing times of an activity, sections', extensions and pauses counted in; None for none.

    `zone` is the course's, in which a policy's own times are read.
    """

    due_at: datetime | None
    closes_at: datetime | None
    zone: ZoneInfo

    @property
    def is_timeless(self) -> bool:
        """Whether there is no time to wait for."""
        return self.due_at is None and self.closes_at is None


class _Row(NamedTuple):
    """Times from beyond the activity: its sections' and extensions' last ones, or when a pause began and ended."""

    activity_id: int
    is_pause: bool
    first: datetime | None
    second: datetime | None


def last_times_of(activity: Activity) -> LastTimes:
    """When the last person's time ends. One query. `activity` comes with its course."""
    return _last_times([activity])[activity.pk]


def _last_times(activities: Iterable[Activity]) -> dict[int, LastTimes]:
    """The same for many, by id. One query."""
    listed = {activity.pk: activity for activity in activities}
    by_activity: dict[int, list[_Row]] = {pk: [] for pk in listed}
    lasts = {"first": Max("due_at"), "second": Max("closes_at")}
    extensions = Extension.objects.filter(activity__in=listed.keys()).order_by().values_list("activity_id", Value(0))
    sections = SectionOverride.objects.filter(activity__in=listed.keys()).order_by()
    pauses = Pause.objects.filter(quiz__activity__in=listed.keys()).order_by()
    rows = extensions.annotate(**lasts).union(
        sections.values_list("activity_id", Value(0)).annotate(**lasts),
        pauses.values_list("quiz__activity_id", Value(1), "began_at", "ended_at"),
        all=True,
    )
    for row in rows:
        found = _Row(*row)
        by_activity[found.activity_id].append(found)
    now = timezone.now()
    return {pk: _of_rows(listed[pk], rows, now) for pk, rows in by_activity.items()}


def _of_rows(activity: Activity, rows: Iterable[_Row], now: datetime) -> LastTimes:
    dues, ends = [activity.due_at], [activity.closes_at]
    stops = []
    for row in rows:
        if not row.is_pause:
            dues.append(row.first)
            ends.append(row.second)
        elif row.first is not None:
            stops.append(Stop(began_at=row.first, ended_at=row.second or max(now, row.first)))
    due_at = max((due for due in dues if due), default=None)
    closes_at = max((end for end in ends if end), default=None)
    if due_at and closes_at:
        closes_at = max(due_at, closes_at)
    return LastTimes(
        due_at=due_at and moved_by(stops, due_at),
        closes_at=closes_at and moved_by(stops, closes_at),
        zone=activity.course.zone,
    )


@dataclass(frozen=True, kw_only=True)
class Released:
    """When a student may see each part of a closed attempt; None for never, or not as long as tries are left."""

    answers_at: datetime | None
    scores_at: datetime | None
    keys_at: datetime | None
    feedback_at: datetime | None
    waits_for_tries: bool = False
    """Right answers or feedback are shown when the student has no try left."""


def waits_for_tries(policy: ReleasePolicy, times: LastTimes) -> bool:
    """Whether right answers or feedback wait for a student's last try, since there is no time for them to wait for."""
    return times.is_timeless and any(_needs_a_time(when) for when in (policy.keys, policy.feedback_or_keys))


def _needs_a_time(when: When) -> bool:
    return when in {Release.AFTER_DUE, Release.AFTER_CLOSE}


def released(policy: ReleasePolicy, times: LastTimes, *, closed_at: datetime, has_tries_left: bool) -> Released:
    """When what is released of an attempt closed at `closed_at`.

    Right answers never come before points, nor feedback before points or the student's own answers, however the times
    of the policy fall.
    """
    answers_at = released_at(policy.answers, times, closed_at=closed_at)
    scores_at = released_at(policy.scores, times, closed_at=closed_at)
    held_back = has_tries_left and times.is_timeless

    def told_at(when: When, *before: datetime | None) -> datetime | None:
        own = None if held_back and _needs_a_time(when) else released_at(when, times, closed_at=closed_at)
        return _last(own, *before)

    return Released(
        answers_at=answers_at,
        scores_at=scores_at,
        keys_at=told_at(policy.keys, scores_at),
        feedback_at=told_at(policy.feedback_or_keys, scores_at, answers_at),
        waits_for_tries=has_tries_left and waits_for_tries(policy, times),
    )


def _last(*moments: datetime | None) -> datetime | None:
    known = [moment for moment in moments if moment is not None]
    return max(known) if len(known) == len(moments) else None


def released_at(when: When, times: LastTimes, *, closed_at: datetime) -> datetime | None:
    """When something of an attempt closed at `closed_at` is released; None for never."""
    if when == Release.NEVER:
        return None
    return max(closed_at, _waits_for(when, times) or closed_at)


def _waits_for(when: When, times: LastTimes) -> datetime | None:
    """The moment that everybody waits for; None where each attempt's own end is enough."""
    match when:
        case datetime():
            return later_of(when, times.zone)
        case Release.AFTER_DUE:
            return times.due_at or times.closes_at
        case Release.AFTER_CLOSE:
            return times.closes_at or times.due_at
        case _:
            return None


def activities_with_hidden_scores(*, activities: Iterable[Activity], now: datetime) -> set[int]:
    """The ids of those activities whose quiz does not show students their points yet. At most two queries.

    Grade lists and dashboards for students leave these points out, since the gradebook has them from the start.
    Activities come with their course.
    """
    listed = {activity.pk: activity for activity in activities}
    quizzes = Quiz.objects.filter(activity__in=listed.keys()).select_related("current_version")
    releases: Mapping[int, When] = {
        quiz.activity_id: quiz.current_version.settings.release.scores for quiz in quizzes if quiz.current_version
    }
    waiting = {pk: when for pk, when in releases.items() if when != Release.AFTER_ATTEMPT}
    if not waiting:
        return set()
    times = _last_times(listed[pk] for pk in waiting)
    hidden = set()
    for pk, when in waiting.items():
        moment = _waits_for(when, times[pk])
        if when == Release.NEVER or (moment is not None and now < moment):
            hidden.add(pk)
    return hidden

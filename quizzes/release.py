"""When students may see points and keys of a closed attempt."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from courses.models import Activity, Extension
from quizzes.models import Quiz
from quizzes.specs import Release


@dataclass(frozen=True, kw_only=True)
class LastTimes:
    """The last due and closing times of an activity, everybody's extensions counted in; None where it has none."""

    due_at: datetime | None
    closes_at: datetime | None


def last_times_of(activity: Activity) -> LastTimes:
    """When the last person's time ends. One query."""
    extended = Extension.objects.filter(activity=activity).aggregate(due=Max("due_at"), closes=Max("closes_at"))
    return _last_times(activity, due=extended["due"], closes=extended["closes"])


def _last_times(activity: Activity, *, due: datetime | None, closes: datetime | None) -> LastTimes:
    due_at = activity.due_at and max(activity.due_at, due or activity.due_at)
    closes_at = activity.closes_at and max(
        activity.closes_at, closes or activity.closes_at, due_at or activity.closes_at
    )
    return LastTimes(due_at=due_at, closes_at=closes_at)


def released_at(release: Release, times: LastTimes, *, closed_at: datetime) -> datetime | None:
    """When something of an attempt closed at `closed_at` is released; None for never."""
    if release == Release.NEVER:
        return None
    return max(closed_at, _waits_for(release, times) or closed_at)


def _waits_for(release: Release, times: LastTimes) -> datetime | None:
    """The moment of the activity that everybody waits for; None where each attempt's own end is enough."""
    match release:
        case Release.AFTER_DUE:
            return times.due_at or times.closes_at
        case Release.AFTER_CLOSE:
            return times.closes_at or times.due_at
        case _:
            return None


def activities_with_hidden_scores(*, activities: Iterable[Activity], now: datetime) -> set[int]:
    """The ids of those activities whose quiz does not show students their points yet. At most two queries.

    Grade lists and dashboards for students leave these points out, since the gradebook has them from the start.
    """
    listed = {activity.pk: activity for activity in activities}
    quizzes = Quiz.objects.filter(activity__in=listed.keys()).select_related("current_version")
    releases = {
        quiz.activity_id: quiz.current_version.settings.release.scores for quiz in quizzes if quiz.current_version
    }
    waiting = {pk: release for pk, release in releases.items() if release != Release.AFTER_ATTEMPT}
    if not waiting:
        return set()
    extended = {
        pk: (due, closes)
        for pk, due, closes in Extension.objects.filter(activity__in=waiting.keys())
        .order_by("activity_id")
        .values_list("activity_id")
        .annotate(due=Max("due_at"), closes=Max("closes_at"))
    }
    hidden = set()
    for pk, release in waiting.items():
        due, closes = extended.get(pk, (None, None))
        moment = _waits_for(release, _last_times(listed[pk], due=due, closes=closes))
        if release == Release.NEVER or (moment is not None and now < moment):
            hidden.add(pk)
    return hidden

"""Moves the end of running attempts to where the window, the person's extension and the quiz's pauses now put it."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from courses.deadlines import windows_by_user
from courses.models import Activity
from quizzes.models import Attempt
from quizzes.rule_models import Pause
from quizzes.timing import Stop, closing_time


def stops_of(activity: Activity, *, until: datetime | None = None) -> list[Stop]:
    """When the quiz of an activity stood still; with `until`, the pause that goes on as if it ended then. One query."""
    pauses = Pause.objects.filter(quiz__activity=activity).values_list("began_at", "ended_at")
    return [
        Stop(began_at=began_at, ended_at=ended_at or max(until or began_at, began_at))
        for began_at, ended_at in pauses
        if ended_at or until
    ]


@transaction.atomic
def retime(*, activity: Activity, students: Collection[int] | None = None) -> int:
    """Set `closes_at` anew for the open attempts of everybody, or of some, by user id; returns how many moved.

    It is computed from when the attempt was started, so doing it again moves nothing.

    An attempt whose new end has passed is closed by the sweeper with what is saved.
    """
    attempts = Attempt.objects.open().filter(quiz__activity=activity, is_tryout=False).select_related("version")
    if students is not None:
        attempts = attempts.filter(student_id__in=students)
    locked = list(attempts.select_for_update(of=("self",)))
    stops = stops_of(activity) if locked else []
    windows = windows_by_user(activity=activity, user_ids=[attempt.student_id for attempt in locked])
    moved = []
    for attempt in locked:
        ends = closing_time(
            attempt.version.settings, windows[attempt.student_id], started_at=attempt.started_at, stops=stops
        )
        if ends != attempt.closes_at:
            attempt.closes_at = ends
            moved.append(attempt)
    Attempt.objects.bulk_update(moved, ["closes_at"])
    return len(moved)

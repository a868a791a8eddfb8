"""Moves the end of running attempts to where the window and the person's extension now put it."""

from django.db import transaction

from accounts.models import User
from courses.deadlines import windows_by_user
from courses.models import Activity
from quizzes.models import Attempt
from quizzes.timing import closing_time


@transaction.atomic
def retime(*, activity: Activity, student: User | None = None) -> int:
    """Set `closes_at` anew for the open attempts of everybody, or of one student; returns how many moved.

    An attempt whose new end has passed is closed by the sweeper with what is saved.
    """
    attempts = Attempt.objects.open().filter(quiz__activity=activity, is_tryout=False).select_related("version")
    if student is not None:
        attempts = attempts.filter(student=student)
    locked = list(attempts.select_for_update(of=("self",)))
    windows = windows_by_user(activity=activity, user_ids=[attempt.student_id for attempt in locked])
    moved = []
    for attempt in locked:
        ends = closing_time(attempt.version.settings, windows[attempt.student_id], started_at=attempt.started_at)
        if ends != attempt.closes_at:
            attempt.closes_at = ends
            moved.append(attempt)
    Attempt.objects.bulk_update(moved, ["closes_at"])
    return len(moved)

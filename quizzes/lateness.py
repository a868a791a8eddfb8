"""What the time of handing in leaves of the points; and that once more when it is due at another time afterwards."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from courses.deadlines import Window, windows_by_user
from courses.models import Activity
from gradebook.lateness import MovedTry, note_lateness
from gradebook.saving import save_alike
from gradebook.services import record_all
from quizzes.models import Attempt, Quiz
from quizzes.rule_lock import hold_rules
from quizzes.standings import STUDENTS_AT_ONCE, earned_by, locked_tries
from quizzes.timekeeping import stops_of
from quizzes.timing import Stop, stood_still


def late_factor(window: Window, *, started_at: datetime, closed_at: datetime, stops: Iterable[Stop]) -> Decimal:
    """The share of the points that counts. Time in which the quiz was paused makes nobody late."""
    if not window.late_percent_per_day or window.late_factor(closed_at) == 1:
        return Decimal(1)
    return window.late_factor(closed_at - stood_still(stops, since=started_at, until=closed_at))


@transaction.atomic
def reckon_lateness_anew(*, by: User, activity: Activity, user_ids: Collection[int]) -> int:
    """Let the times and the lateness that hold now count for closed attempts of these people; returns how many moved.

    What counts is recorded once for each person for whom it changes, and an entry says what was done. Doing it again
    changes nothing. To be called before any row of an attempt is locked (quizzes/rule_lock.py).
    """
    quiz = Quiz.objects.filter(activity=activity).select_related("activity__course", "current_version").first()
    if quiz is None:
        return 0
    hold_rules(quiz.pk)
    closed = Attempt.objects.closed().filter(quiz=quiz, is_tryout=False)
    students = sorted(set(closed.filter(student_id__in=user_ids).values_list("student_id", flat=True)))
    moved: list[MovedTry] = []
    people = 0
    for start in range(0, len(students), STUDENTS_AT_ONCE):
        chunk = students[start : start + STUDENTS_AT_ONCE]
        attempts = locked_tries(quiz, chunk)
        found = list(_moved(quiz, attempts))
        ids = {one.source_id for one in found}
        save_alike(Attempt.objects.all(), [one for one in attempts if one.pk in ids], ["late_factor"])
        people += record_all(
            activity=quiz.activity,
            source_kind="attempt",
            earned=earned_by(quiz, attempts, of={one.user_id for one in found}),
        )
        moved += found
    if moved:
        note_lateness(by=by, activity=quiz.activity, moved=moved, people=people)
    return len(moved)


def _moved(quiz: Quiz, attempts: Collection[Attempt]) -> Iterator[MovedTry]:
    """The attempts whose share changes, changed."""
    windows = windows_by_user(activity=quiz.activity, user_ids={attempt.student_id for attempt in attempts})
    stops = stops_of(quiz.activity, until=timezone.now())
    for attempt in attempts:
        if attempt.closed_at is None:
            continue
        after = late_factor(
            windows[attempt.student_id], started_at=attempt.started_at, closed_at=attempt.closed_at, stops=stops
        )
        if after != attempt.late_factor:
            before, attempt.late_factor = attempt.late_factor, after
            yield MovedTry(
                user_id=attempt.student_id,
                source_kind="attempt",
                source_id=attempt.pk,
                before=before,
                after=after,
            )

"""What counts of each student's tries at a quiz, for many students at once; and that anew when the rule changes."""

from collections.abc import Collection

from django.db import transaction

from courses.models import Activity
from gradebook.services import Earned, record_all
from quizzes.grading import standing_of
from quizzes.models import Attempt, Quiz
from quizzes.rule_lock import take_rules

STUDENTS_AT_ONCE = 200


@transaction.atomic
def count_anew(*, activity: Activity) -> int:
    """Let the quiz's `scoring` as it is now count for all that was handed in; returns for how many people points move.

    Doing it again changes nothing. Waits for what is being handed in by the rule that was, so it is to be called when
    the new one is committed, and before any row is locked (quizzes/rule_lock.py).
    """
    quiz = Quiz.objects.filter(activity=activity).select_related("activity__course", "current_version").first()
    if quiz is None:
        return 0
    take_rules(quiz.pk)
    closed = Attempt.objects.closed().filter(quiz=quiz, is_tryout=False)
    students = sorted(set(closed.values_list("student_id", flat=True)))
    moved = 0
    for start in range(0, len(students), STUDENTS_AT_ONCE):
        chunk = students[start : start + STUDENTS_AT_ONCE]
        earned = earned_by(quiz, locked_tries(quiz, chunk), of=chunk)
        moved += record_all(activity=quiz.activity, source_kind="attempt", earned=earned)
    return moved


def locked_tries(quiz: Quiz, students: Collection[int]) -> list[Attempt]:
    """The closed attempts of these people. Those under way are locked too: one handed in meanwhile would be missed."""
    rows = Attempt.objects.filter(quiz=quiz, is_tryout=False, student_id__in=students)
    locked = rows.order_by("student_id", "pk").select_for_update(of=("self",))
    return [attempt for attempt in locked if not attempt.is_open]


def earned_by(quiz: Quiz, attempts: Collection[Attempt], *, of: Collection[int]) -> list[Earned]:
    """What counts for these people."""
    scoring = quiz.current_version.settings.scoring if quiz.current_version else "best"
    tries: dict[int, list[Attempt]] = {student: [] for student in sorted(of)}
    for attempt in attempts:
        if attempt.student_id in tries:
            tries[attempt.student_id].append(attempt)
    earned = []
    for student, listed in tries.items():
        standing = standing_of(listed, scoring=scoring)
        earned.append(
            Earned(
                user_id=student,
                points=standing.points,
                max_points=standing.max_points,
                late_factor=standing.late_factor,
                source_id=standing.source.pk,
            )
        )
    return earned

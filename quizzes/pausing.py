"""Pausing a quiz for everybody at once, and letting it go on: a fire alarm costs nobody a second.

While it is paused students see no questions, nobody starts, no answer is taken but those that were on their way, and
the sweeper closes nothing. When it goes on, the end of every attempt under way moves by as long as the pause lasted,
even past the quiz's closing time. Who had not started yet gets no more time than before. Try-outs of staff go on.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from courses.access import require_instructor
from courses.audit import note
from quizzes.errors import Conflict
from quizzes.models import Attempt, Quiz
from quizzes.rule_models import Pause
from quizzes.timekeeping import retime

MAX_REASON_LENGTH = 300


@transaction.atomic
def pause(*, by: User, quiz: Quiz, reason: str = "") -> Pause:
    """Let the clock stand still for everybody who is taking the quiz. `reason` is shown to students.

    Raises NotAllowed, and Conflict (`already_paused`).
    """
    activity = quiz.activity
    require_instructor(by, activity.course)
    locked = Quiz.objects.select_for_update(no_key=True).get(pk=quiz.pk)
    if locked.paused_at is not None:
        raise Conflict("already_paused", "This quiz is paused already.")
    now = timezone.now()
    begun = Pause.objects.create(quiz=quiz, began_at=now, by=by, reason=reason.strip()[:MAX_REASON_LENGTH])
    _set(quiz, paused_at=now)
    under_way = Attempt.objects.open().filter(quiz=quiz, is_tryout=False).count()
    note(
        by=by,
        course=activity.course,
        activity=activity,
        action="quiz_paused",
        summary=f"Paused the quiz with {under_way} under way{f': {begun.reason}' if begun.reason else '.'}",
        detail={"under_way": under_way, "reason": begun.reason},
    )
    return begun


@transaction.atomic
def resume(*, by: User, quiz: Quiz) -> Pause:
    """Let the clock go on, and give everybody under way the time that they had left.

    Raises NotAllowed, and Conflict (`not_paused`).
    """
    activity = quiz.activity
    require_instructor(by, activity.course)
    locked = Quiz.objects.select_for_update(no_key=True).get(pk=quiz.pk)
    running = Pause.objects.filter(quiz=quiz, ended_at=None).first()
    if locked.paused_at is None or running is None:
        raise Conflict("not_paused", "This quiz is not paused.")
    running.ended_at = max(timezone.now(), running.began_at)
    running.save(update_fields=["ended_at"])
    _set(quiz, paused_at=None)
    moved = retime(activity=activity)
    seconds = int((running.ended_at - running.began_at).total_seconds())
    note(
        by=by,
        course=activity.course,
        activity=activity,
        action="quiz_resumed",
        summary=f"Let the quiz go on after {seconds // 60} min {seconds % 60} s; {moved} got that time back.",
        detail={"seconds": seconds, "moved": moved},
    )
    return running


def _set(quiz: Quiz, *, paused_at: datetime | None) -> None:
    quiz.paused_at = paused_at
    quiz.save(update_fields=["paused_at"])

"""Whether an attempt takes answers now, and if not, why: in words for the one who takes it."""

from dataclasses import dataclass
from datetime import datetime

from quizzes.errors import Conflict, said
from quizzes.models import Attempt, ClosedBy
from quizzes.timing import GRACE, is_paused, time_is_up


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why nothing is taken: a stable code, and a sentence."""

    code: str
    message: str


def refusal_of(attempt: Attempt, now: datetime) -> Refusal | None:
    """`time_is_up`, `attempt_closed` or `quiz_paused`; None while answers are taken.

    `attempt` comes with its quiz, activity and course. An answer on its way when the pause began is still taken.
    """
    course = attempt.quiz.activity.course
    if attempt.is_open and not time_is_up(attempt, now):
        paused_at = attempt.quiz.paused_at
        if paused_at is None or not is_paused(attempt) or now <= paused_at + GRACE:
            return None
        return Refusal(
            code="quiz_paused",
            message="Your instructor has paused this quiz, so nothing is saved now. No time is lost: what you typed "
            "stays here and is sent when the quiz goes on.",
        )
    if attempt.closes_at and (attempt.is_open or attempt.closed_by == ClosedBy.TIME):
        return Refusal(
            code="time_is_up",
            message=f"Time was up at {said(attempt.closes_at, course)}, so this answer was not saved. "
            "What you saved before is safe and counts.",
        )
    return Refusal(
        code="attempt_closed",
        message=f"This try was handed in on {said(attempt.closed_at or now, course)} and takes no more answers. "
        "What was saved before counts.",
    )


def require_under_way(attempt: Attempt, now: datetime) -> None:
    """Raise Conflict with the code of `refusal_of` unless the attempt takes answers now."""
    refusal = refusal_of(attempt, now)
    if refusal is not None:
        raise Conflict(refusal.code, refusal.message)

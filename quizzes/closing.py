"""Handing in, and closing what was left open: a try is scored and recorded once, in one transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import structlog
from django.db import transaction
from django.utils import timezone

from courses.deadlines import window_for
from gradebook.saving import save_at_once
from quizzes.lateness import late_factor
from quizzes.models import MOVES, Attempt, AttemptQuestion, AttemptState, ClosedBy
from quizzes.rule_lock import hold_rules
from quizzes.scoring import record_standing, rules_of, score_attempt, set_score
from quizzes.timekeeping import stops_of
from quizzes.timing import GRACE, time_is_up

log = structlog.get_logger(__name__)

TRY_AGAIN_AFTER = timedelta(minutes=1)
"""How long the sweeper leaves an attempt alone that it could not close."""


def close_attempt(*, attempt: Attempt) -> Attempt:
    """Hand in: score what is saved and record it, in one transaction. Handing in again changes nothing."""
    closed, _ = _close(attempt.pk, attempt.quiz_id)
    return closed


def close_if_time_is_up(*, attempt: Attempt) -> Attempt:
    """Close the attempt when its time is over; else return it as it is. For pages that come before the sweeper does."""
    if not attempt.is_open or not time_is_up(attempt, timezone.now()):
        return attempt
    closed, _ = _close(attempt.pk, attempt.quiz_id, only_when_time_is_up=True)
    return closed


def sweep_attempts(*, limit: int = 500) -> int:
    """Close attempts that were left open past their time, at most `limit`; returns how many this call closed.

    Safe to run twice or side by side. An attempt that cannot be scored is logged and leaves the others alone: it goes
    to the end of the queue, marked before it is tried, so that not even one that ends the sweeper comes first again.
    """
    overdue = Attempt.objects.next_to_close(timezone.now(), GRACE, TRY_AGAIN_AFTER).values_list("pk", "quiz_id")
    closed = 0
    for pk, quiz_id in list(overdue[:limit]):
        Attempt.objects.open().filter(pk=pk).update(close_tried_at=timezone.now())
        try:
            _, this_call_did = _close(pk, quiz_id, only_when_time_is_up=True)
        except Exception:
            log.exception("attempt cannot be closed", attempt=pk)
        else:
            closed += this_call_did
    return closed


@transaction.atomic
def _close(pk: int, quiz_id: int, *, only_when_time_is_up: bool = False) -> tuple[Attempt, bool]:
    """Close an attempt that is still open; says whether this call did it."""
    hold_rules(quiz_id)
    attempt = Attempt.objects.with_content().select_for_update(of=("self",)).get(pk=pk)
    now = timezone.now()
    is_up = time_is_up(attempt, now)
    if not attempt.is_open or (only_when_time_is_up and not is_up):
        return attempt, False
    # Locked, so that a save that is being written is waited for, and its answer is scored.
    questions = attempt.questions.select_related("question_version").select_for_update(of=("self",))
    asked = list(questions.order_by("position"))
    result = score_attempt(asked, rules_of(quiz_id))
    for question in asked:
        question.is_final = True
    save_at_once(AttemptQuestion.objects.all(), asked, ["points", "awaits_mark", "is_final"])
    scored = set_score(attempt, result)
    attempt.closed_at = max(attempt.started_at, min(now, attempt.closes_at or now))
    attempt.closed_by = ClosedBy.TIME if is_up else ClosedBy.STUDENT
    if not attempt.is_tryout:
        attempt.late_factor = _late_factor(attempt, attempt.closed_at)
    if not _move(attempt, to=AttemptState.CLOSED, fields=("closed_at", "closed_by", "late_factor", *scored)):
        return Attempt.objects.with_content().get(pk=pk), False
    if not attempt.is_tryout:
        record_standing(attempt, result.evidence, is_new=True)
    return attempt, True


def _late_factor(attempt: Attempt, closed_at: datetime) -> Decimal:
    """What the time of handing in leaves of the points."""
    activity = attempt.quiz.activity
    if not activity.late_percent_per_day:
        return Decimal(1)
    window = window_for(activity=activity, user=attempt.student)
    if window.late_factor(closed_at) == 1:
        return Decimal(1)
    stops = stops_of(activity, until=closed_at)
    return late_factor(window, started_at=attempt.started_at, closed_at=closed_at, stops=stops)


def _move(attempt: Attempt, *, to: AttemptState, fields: Sequence[str]) -> bool:
    """Move an attempt on with what belongs to its new state; False when it was moved by somebody else."""
    sources = [state for state, targets in MOVES.items() if to in targets]
    moved = Attempt.objects.filter(pk=attempt.pk, state__in=sources).update(
        state=to, **{name: getattr(attempt, name) for name in fields}
    )
    attempt.state = to
    return bool(moved)

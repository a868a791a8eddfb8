"""Taking a quiz: saving answers, handing in, and closing what was left open. One transaction each."""

from collections.abc import Sequence
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from courses.deadlines import window_for
from gradebook.services import record
from quizzes.content import sync_questions, sync_quiz
from quizzes.errors import AnswerRefused, DrydockError, NotFound, SavedAnswer, StaleRevision, said
from quizzes.grading import Response, Result, counting_try, score_responses
from quizzes.models import (
    MOVES,
    Answer,
    Attempt,
    AttemptQuestion,
    AttemptState,
    ClosedBy,
)
from quizzes.timing import GRACE, time_is_up
from quizzes.types.base import MalformedAnswer, Value

__all__ = [
    "close_attempt",
    "close_if_time_is_up",
    "save_answer",
    "set_flag",
    "sweep_attempts",
    "sync_questions",
    "sync_quiz",
]

log = structlog.get_logger(__name__)

MAX_CLIENT_LENGTH = 40


@transaction.atomic
def save_answer(*, attempt: Attempt, position: int, value: object, revision: int, client: str = "") -> SavedAnswer:
    """Save an answer as the next revision, and keep every revision.

    `value` is JSON, or `FormValues` from a form; None and empty values take the answer back. `revision` is the one that
    the sender's page is based on, 0 for none. Sending what is saved already is harmless. `client` is an id that a page
    draws for itself: a page whose last reply was lost on the way is not refused for its own newer revision.

    Raises NotFound, a DrydockError with the code of the malformed answer, StaleRevision (`stale_revision`) when the
    answer was changed elsewhere, and AnswerRefused (`time_is_up`, `attempt_closed`) after the end. None of them loses
    what was saved; each but the first two says what that is.
    """
    attempt = Attempt.objects.select_for_update().get(pk=attempt.pk)
    asked = _asked(attempt, position)
    saved = _saved(asked)
    now = timezone.now()
    _require_under_way(attempt, saved, now)
    try:
        answer = asked.content.parse(value)
    except MalformedAnswer as malformed:
        raise DrydockError(
            malformed.code, malformed.message, status=422, fields={"answer": malformed.message}
        ) from malformed
    if asked.revision and _same(answer, asked.value):
        return _saved(asked, replayed=True)
    if answer is None and not asked.revision:
        return _saved(asked, replayed=True)
    if revision != asked.revision and not _is_own_newer(asked, client):
        raise StaleRevision(saved=saved)
    written = AttemptQuestion.objects.filter(pk=asked.pk, revision=asked.revision).update(
        value=answer, revision=F("revision") + 1, saved_at=now
    )
    if not written:
        raise StaleRevision(saved=_saved(_asked(attempt, position)))
    Answer.objects.create(
        attempt_question=asked,
        revision=asked.revision + 1,
        value=answer,
        saved_at=now,
        client=_client_id(client),
    )
    return SavedAnswer(position=position, value=answer, revision=asked.revision + 1, saved_at=now)


def _asked(attempt: Attempt, position: int) -> AttemptQuestion:
    found = (
        AttemptQuestion.objects.select_related("question_version").filter(attempt=attempt, position=position).first()
    )
    if found is None:
        raise NotFound("no_such_question", f"This quiz has no question {position}.")
    return found


def _saved(asked: AttemptQuestion, *, replayed: bool = False) -> SavedAnswer:
    return SavedAnswer(
        position=asked.position,
        value=asked.value,
        revision=asked.revision,
        saved_at=asked.saved_at,
        replayed=replayed,
    )


def _same(one: Value | None, other: Value | None) -> bool:
    return type(one) is type(other) and one == other


def _client_id(client: str) -> str:
    """A page's id as databases keep it: PostgreSQL takes no NUL."""
    return client.replace("\0", "")[:MAX_CLIENT_LENGTH]


def _is_own_newer(asked: AttemptQuestion, client: str) -> bool:
    """Whether the newest revision came from the page that sends now: it never got the reply."""
    if not client or not asked.revision:
        return False
    return Answer.objects.filter(attempt_question=asked, revision=asked.revision, client=_client_id(client)).exists()


def _require_under_way(attempt: Attempt, saved: SavedAnswer, now: datetime) -> None:
    if attempt.is_open and not time_is_up(attempt.closes_at, now):
        return
    course = attempt.quiz.activity.course
    if attempt.closes_at and (attempt.is_open or attempt.closed_by == ClosedBy.TIME):
        raise AnswerRefused(
            "time_is_up",
            f"Time was up at {said(attempt.closes_at, course)}, so this answer was not saved. "
            "What you saved before is safe and counts.",
            saved=saved,
        )
    raise AnswerRefused(
        "attempt_closed",
        f"This try was handed in on {said(attempt.closed_at or now, course)} and takes no more answers. "
        "What was saved before counts.",
        saved=saved,
    )


@transaction.atomic
def set_flag(*, attempt: Attempt, position: int, flagged: bool) -> None:
    """Mark a question to come back to, or take the mark off. Raises NotFound, or AnswerRefused after the end."""
    attempt = Attempt.objects.select_for_update().get(pk=attempt.pk)
    asked = _asked(attempt, position)
    _require_under_way(attempt, _saved(asked), timezone.now())
    AttemptQuestion.objects.filter(pk=asked.pk).update(flagged=flagged)


def close_attempt(*, attempt: Attempt) -> Attempt:
    """Hand in: score what is saved and record it, in one transaction. Handing in again changes nothing."""
    closed, _ = _close(attempt.pk)
    return closed


def close_if_time_is_up(*, attempt: Attempt) -> Attempt:
    """Close the attempt when its time is over; else return it as it is. For pages that come before the sweeper does."""
    if not attempt.is_open or not time_is_up(attempt.closes_at, timezone.now()):
        return attempt
    closed, _ = _close(attempt.pk, only_when_time_is_up=True)
    return closed


def sweep_attempts(*, limit: int = 500) -> int:
    """Close attempts that were left open past their time, at most `limit`; returns how many this call closed.

    Safe to run twice or side by side. An attempt that cannot be scored is logged and leaves the others alone.
    """
    overdue = Attempt.objects.past_their_time(timezone.now(), GRACE).order_by("closes_at").values_list("pk", flat=True)
    closed = 0
    for pk in list(overdue[:limit]):
        try:
            _, this_call_did = _close(pk, only_when_time_is_up=True)
        except Exception:
            log.exception("attempt cannot be closed", attempt=pk)
        else:
            closed += this_call_did
    return closed


@transaction.atomic
def _close(pk: int, *, only_when_time_is_up: bool = False) -> tuple[Attempt, bool]:
    """Close an attempt that is still open; says whether this call did it."""
    attempt = Attempt.objects.with_content().select_for_update(of=("self",)).get(pk=pk)
    now = timezone.now()
    is_up = time_is_up(attempt.closes_at, now)
    if not attempt.is_open or (only_when_time_is_up and not is_up):
        return attempt, False
    asked = list(attempt.questions.select_related("question_version").order_by("position"))
    result = score_responses([Response(question=a.content, value=a.value, max_points=a.max_points) for a in asked])
    for question, points in zip(asked, result.points, strict=True):
        question.points = points
    AttemptQuestion.objects.bulk_update(asked, ["points"])
    activity = attempt.quiz.activity
    attempt.closed_at = max(attempt.started_at, min(now, attempt.closes_at or now))
    attempt.closed_by = ClosedBy.TIME if is_up else ClosedBy.STUDENT
    attempt.score = result.score
    if not attempt.is_tryout:
        attempt.late_factor = window_for(activity=activity, user=attempt.student).late_factor(attempt.closed_at)
    if not _move(attempt, to=AttemptState.CLOSED, fields=("closed_at", "closed_by", "score", "late_factor")):
        return Attempt.objects.with_content().get(pk=pk), False
    if not attempt.is_tryout:
        _record(attempt, result)
    return attempt, True


def _move(attempt: Attempt, *, to: AttemptState, fields: Sequence[str]) -> bool:
    """Move an attempt on with what belongs to its new state; False when it was moved by somebody else."""
    sources = [state for state, targets in MOVES.items() if to in targets]
    moved = Attempt.objects.filter(pk=attempt.pk, state__in=sources).update(
        state=to, **{name: getattr(attempt, name) for name in fields}
    )
    attempt.state = to
    return bool(moved)


def _record(attempt: Attempt, result: Result) -> None:
    """Let the try that counts by the quiz's rule stand in the gradebook, with the evidence of this one."""
    current = attempt.quiz.current_version or attempt.version
    tries = Attempt.objects.closed().filter(quiz=attempt.quiz, student=attempt.student, is_tryout=False)
    counting = counting_try(tries, scoring=current.settings.scoring)
    record(
        activity=attempt.quiz.activity,
        user=attempt.student,
        points=counting.score or 0,
        max_points=counting.max_score,
        late_factor=counting.late_factor,
        source_kind="attempt",
        source_id=counting.pk,
        evidence=result.evidence,
        evidence_source_id=attempt.pk,
    )

"""Saving answers while a try is under way: every revision is kept, and none is lost to another tab or a lost reply."""

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from quizzes.errors import AnswerRefused, DrydockError, NotFound, SavedAnswer, StaleRevision, said
from quizzes.models import Answer, Attempt, AttemptQuestion, ClosedBy
from quizzes.timing import time_is_up
from quizzes.types.base import MalformedAnswer, Value

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
    if attempt.is_open and not time_is_up(attempt, now):
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

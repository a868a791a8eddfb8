"""Saving answers while a try is under way: every revision is kept, and none is lost to another tab or a lost reply.

No row is locked to look at it: one conditional UPDATE decides. Closing an attempt marks its questions as final in the
same transaction that scores them, so a save either comes before the score is made up and counts, or is refused.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from quizzes.access import ensure_may_take
from quizzes.errors import AnswerRefused, Conflict, DrydockError, NotFound, SavedAnswer, StaleRevision
from quizzes.models import Answer, Attempt, AttemptQuestion
from quizzes.specs import Release
from quizzes.timing import is_paused
from quizzes.turning import NOT_REACHED, place_refusal
from quizzes.types.base import MalformedAnswer, Value
from quizzes.under_way import Refusal, refusal_of
from quizzes.uploaded import ensure_uploaded

MAX_CLIENT_LENGTH = 40
STILL_CHANGES: dict[str, Any] = {"is_final": False, "checked_at": None}
"""What an UPDATE of an answer asks for, so that none goes into an attempt that was closed or a question checked."""


def save_answer(
    *, attempt: Attempt, position: int, value: object, revision: int, client: str = "", address: str | None = None
) -> SavedAnswer:
    """Save an answer as the next revision, and keep every revision.

    `value` is JSON, or `FormValues` from a form; None and empty values take the answer back. `revision` is the one that
    the sender's page is based on, 0 for none. Sending what is saved already is harmless. `client` is an id that a page
    draws for itself: a page whose last reply was lost on the way is not refused for its own newer revision.

    Raises NotFound, NotAllowed (`address_not_allowed`), a DrydockError with the code of the malformed answer,
    StaleRevision (`stale_revision`) when the answer was changed elsewhere, and AnswerRefused: after the end
    (`time_is_up`, `attempt_closed`), while the quiz stands still (`quiz_paused`), for another page than the one to
    answer (`question_left_behind`, `question_not_reached`) and for a question checked in practice (`answer_final`).
    None of them loses what was saved; the refusals say what that is, unless a try is over whose answers are to be seen
    later or never: then it is a Conflict with the same code.
    """
    return save_to(
        asked=asked_at(attempt=attempt, position=position),
        value=value,
        revision=revision,
        client=client,
        address=address,
    )


def save_to(
    *, asked: AttemptQuestion, value: object, revision: int, client: str = "", address: str | None = None
) -> SavedAnswer:
    """As `save_answer`, for a question that was just read `for_answering()`: one query less."""
    ensure_may_take(attempt=asked.attempt, address=address)
    while True:
        now = timezone.now()
        saved = _saved(asked)
        _require_open(asked, now)
        place = place_refusal(asked.attempt, asked.position, now)
        if place is not None and place.code == NOT_REACHED:
            _refuse(place, saved)  # before anything is read: what is malformed tells the kind of question
        answer = parsed(asked, value)
        if _is_there(asked, answer):
            return _saved(asked, replayed=True)
        _refuse(place, saved)
        _refuse(_finality(asked), saved)
        if revision != asked.revision and not _is_own_newer(asked, client):
            raise StaleRevision(saved=saved)
        ensure_uploaded(asked, answer)
        if _write(asked, answer, now, client):
            return SavedAnswer(position=asked.position, value=answer, revision=asked.revision + 1, saved_at=now)
        # Somebody else wrote meanwhile: look again, and tell what that means for this answer.
        asked = asked_at(attempt=asked.attempt, position=asked.position)


def ensure_answerable(asked: AttemptQuestion, *, address: str | None) -> None:
    """Raise as `save_answer` does unless the question takes an answer now, and from here."""
    now, saved = timezone.now(), _saved(asked)
    ensure_may_take(attempt=asked.attempt, address=address)
    _require_open(asked, now)
    _refuse(place_refusal(asked.attempt, asked.position, now), saved)


@transaction.atomic
def _write(asked: AttemptQuestion, answer: Value | None, now: datetime, client: str) -> bool:
    written = AttemptQuestion.objects.filter(pk=asked.pk, revision=asked.revision, **STILL_CHANGES).update(
        value=answer, revision=F("revision") + 1, saved_at=now
    )
    if written:
        Answer.objects.create(
            attempt_question=asked,
            revision=asked.revision + 1,
            value=answer,
            saved_at=now,
            client=_client_id(client),
        )
    return bool(written)


def asked_at(*, attempt: Attempt, position: int) -> AttemptQuestion:
    """The question at a position of an attempt, read anew with all that answering it needs. One query; NotFound."""
    found = AttemptQuestion.objects.for_answering().filter(attempt=attempt, position=position).first()
    if found is None:
        raise NotFound("no_such_question", f"This quiz has no question {position}.")
    return found


def parsed(asked: AttemptQuestion, value: object) -> Value | None:
    """Read what was sent for a question; raises a DrydockError with the code of the malformed answer."""
    try:
        return asked.content.parse(value)
    except MalformedAnswer as malformed:
        raise DrydockError(
            malformed.code, malformed.message, status=422, fields={"answer": malformed.message}
        ) from malformed


def _require_open(asked: AttemptQuestion, now: datetime) -> None:
    """Raise what `refusal_of` says; with what is saved, unless students are to see their own answers only later."""
    attempt = asked.attempt
    refusal = refusal_of(attempt, now)
    if refusal is None:
        return
    if attempt.version.settings.release.answers == Release.AFTER_ATTEMPT or (attempt.is_open and is_paused(attempt)):
        _refuse(refusal, _saved(asked))
    raise Conflict(refusal.code, refusal.message)


def _refuse(refusal: Refusal | None, saved: SavedAnswer) -> None:
    if refusal is not None:
        raise AnswerRefused(refusal.code, refusal.message, saved=saved)


def _finality(asked: AttemptQuestion) -> Refusal | None:
    if asked.checked_at is None:
        return None
    return Refusal(
        code="answer_final",
        message=f"You have had question {asked.position} checked, so its answer stays as it is. "
        "Another try asks it anew.",
    )


def _is_there(asked: AttemptQuestion, answer: Value | None) -> bool:
    if not asked.revision:
        return answer is None
    return type(answer) is type(asked.value) and answer == asked.value


def _saved(asked: AttemptQuestion, *, replayed: bool = False) -> SavedAnswer:
    return SavedAnswer(
        position=asked.position,
        value=asked.value,
        revision=asked.revision,
        saved_at=asked.saved_at,
        replayed=replayed,
    )


def _client_id(client: str) -> str:
    """A page's id as databases keep it: PostgreSQL takes no NUL."""
    return client.replace("\0", "")[:MAX_CLIENT_LENGTH]


def _is_own_newer(asked: AttemptQuestion, client: str) -> bool:
    """Whether the newest revision came from the page that sends now: it never got the reply."""
    if not client or not asked.revision:
        return False
    return Answer.objects.filter(attempt_question=asked, revision=asked.revision, client=_client_id(client)).exists()


def set_flag(*, attempt: Attempt, position: int, flagged: bool) -> None:
    """Mark a question to come back to, or take the mark off. Raises NotFound, or AnswerRefused after the end."""
    asked = asked_at(attempt=attempt, position=position)
    _require_open(asked, timezone.now())
    if not AttemptQuestion.objects.filter(pk=asked.pk, is_final=False).update(flagged=flagged):
        asked = asked_at(attempt=attempt, position=position)
        _require_open(asked, timezone.now())

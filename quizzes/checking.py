"""Practice: a student asks about one answer while the try is under way, is told at once, and the answer stays."""

from django.utils import timezone

from quizzes.access import ensure_may_take
from quizzes.errors import Conflict
from quizzes.models import Attempt, AttemptQuestion
from quizzes.saving import STILL_CHANGES, asked_at
from quizzes.turning import place_refusal
from quizzes.under_way import require_under_way


def check_answer(*, attempt: Attempt, position: int, address: str | None = None) -> AttemptQuestion:
    """Take the saved answer to a question as final and let it be told: `quizzes.asking.shown_checked` shows it with its
    points, right answer and feedback from now on, whatever the release policy says. Checking again changes nothing.

    Raises NotFound, NotAllowed (`address_not_allowed`) and Conflict: `not_practice`, `answer_first`,
    `marked_by_person`, `answer_changed` when it was changed at the same moment, those of `quizzes.under_way`, and
    `question_left_behind` or `question_not_reached`.
    """
    asked = asked_at(attempt=attempt, position=position)
    attempt, now = asked.attempt, timezone.now()
    ensure_may_take(attempt=attempt, address=address)
    if attempt.version.settings.mode != "practice":
        raise Conflict("not_practice", "Answers are checked one by one only in practice. Hand in to see your results.")
    if asked.checked_at is not None:
        return asked
    require_under_way(attempt, now)
    refusal = place_refusal(attempt, position, now)
    if refusal is not None:
        raise Conflict(refusal.code, refusal.message)
    if asked.content.needs_person:
        raise Conflict("marked_by_person", "Your instructor marks this question: it cannot be checked here.")
    if asked.value is None:
        raise Conflict("answer_first", "Answer the question first, then have it checked.")
    checked = AttemptQuestion.objects.filter(pk=asked.pk, revision=asked.revision, **STILL_CHANGES).update(
        checked_at=now
    )
    if not checked:
        asked = asked_at(attempt=attempt, position=position)
        require_under_way(asked.attempt, timezone.now())
        if asked.checked_at is None:
            raise Conflict(
                "answer_changed",
                "Your answer was changed at the same moment in another tab. Look again, then check it.",
            )
        return asked
    asked.checked_at = now
    return asked

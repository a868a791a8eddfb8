"""Going from page to page: where a quiz has no way back, forward only and one page at a time.

The page that somebody is on is kept with the attempt, so that no reload, other tab or typed address shows an earlier or
a later one. An answer that was on its way when its page was left is still taken: see `quizzes.timing.GRACE`.
"""

from datetime import datetime

from django.utils import timezone

from quizzes.access import ensure_may_take
from quizzes.errors import Conflict, NotFound
from quizzes.models import Attempt, AttemptState
from quizzes.timing import GRACE
from quizzes.under_way import Refusal, require_under_way

NOT_REACHED = "question_not_reached"


def turn_page(*, attempt: Attempt, page: int, address: str | None = None) -> int:
    """Turn to a page of an attempt under way; returns its number. Turning to the page one is on is harmless.

    `attempt` comes `for_taking()`. Where there is no way back, what is on the page that is left can be changed no
    more: save it first. Raises NotFound (`no_such_page`), NotAllowed (`address_not_allowed`) and Conflict
    (`question_left_behind`, `page_skipped`, and the codes of `quizzes.under_way`).
    """
    ensure_may_take(attempt=attempt, address=address)
    require_under_way(attempt, timezone.now())
    settings = attempt.version.settings
    pages = settings.page_of(attempt.questions.count())
    if not 1 <= page <= pages:
        raise NotFound("no_such_page", f"This quiz has {pages} pages.")
    if settings.go_back:
        return page
    moved = Attempt.objects.filter(pk=attempt.pk, state=AttemptState.OPEN, page_reached=page - 1).update(
        page_reached=page, page_turned_at=timezone.now()
    )
    attempt.refresh_from_db(fields=["page_reached", "page_turned_at"])
    if moved or attempt.page_reached == page:
        return page
    if attempt.page_reached > page:
        raise Conflict(
            "question_left_behind",
            f"You have left page {page}: this quiz has no way back. You are on page {attempt.page_reached}.",
        )
    raise Conflict(
        "page_skipped", f"Pages come one after the other here. Page {attempt.page_reached + 1} is the next one."
    )


def place_refusal(attempt: Attempt, position: int, now: datetime) -> Refusal | None:
    """Why the question at a position cannot be answered from where the student is; None where it can.

    The page just left is still open for as long as an answer may be on its way.
    """
    settings = attempt.version.settings
    if settings.go_back:
        return None
    page = settings.page_of(position)
    if page == attempt.page_reached:
        return None
    if page > attempt.page_reached:
        return Refusal(
            code=NOT_REACHED,
            message=f"You are on page {attempt.page_reached}, and question {position} comes later. Turn the page.",
        )
    turned_at = attempt.page_turned_at
    if page == attempt.page_reached - 1 and turned_at is not None and now <= turned_at + GRACE:
        return None
    return Refusal(
        code="question_left_behind",
        message=f"You have left question {position}, and this quiz has no way back. What was saved there counts.",
    )

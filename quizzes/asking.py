"""What a page of a try under way shows: its questions, and the map of all of them. Two queries, however many it has."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.utils import timezone

from quizzes.decisions import decided_about
from quizzes.models import Attempt, AttemptQuestion, Quiz
from quizzes.rule_models import Pause
from quizzes.scoring import rules_of, score_attempt
from quizzes.showing import UNDECIDED, Decided, ShownQuestion, ask, review_of
from quizzes.timing import is_paused, remaining, time_is_up


@dataclass(frozen=True, kw_only=True)
class MapEntry:
    """A question in the numbered map of an attempt. `may_visit` is false for pages that are closed, or not open yet."""

    position: int
    page: int
    answered: bool
    flagged: bool
    revision: int
    checked: bool = False
    may_visit: bool = True
    here: bool = False

    @property
    def words(self) -> str:
        """How it stands, such as `answered, flagged`."""
        told = {"answered": self.answered, "not answered": not self.answered}
        told |= {"flagged": self.flagged, "checked": self.checked}
        return ", ".join(word for word, holds in told.items() if holds)


@dataclass(frozen=True, kw_only=True)
class AttemptPage:
    """A page of an attempt under way. `remaining_seconds` is None without a limit, and never negative."""

    attempt: Attempt
    title: str
    page: int
    pages: int
    questions: tuple[ShownQuestion, ...]
    map: tuple[MapEntry, ...]
    closes_at: datetime | None
    remaining_seconds: int | None
    server_time: datetime
    time_is_up: bool
    is_paused: bool
    mode: Literal["standard", "practice", "exam"]
    may_go_back: bool

    @property
    def unanswered(self) -> tuple[int, ...]:
        """The positions without an answer."""
        return tuple(entry.position for entry in self.map if not entry.answered)

    @property
    def flagged(self) -> tuple[int, ...]:
        """The positions marked to come back to."""
        return tuple(entry.position for entry in self.map if entry.flagged)

    @property
    def previous_page(self) -> int | None:
        """The page before, if there is one that may be turned back to."""
        return self.page - 1 if self.page > 1 and self.may_go_back else None

    @property
    def next_page(self) -> int | None:
        """The page after, if there is one."""
        return self.page + 1 if self.page < self.pages else None


def attempt_page(*, attempt: Attempt, page: int = 1) -> AttemptPage:
    """Show a page of an attempt under way: keys and scores only of answers that were checked in practice.

    A page that is not there becomes the nearest; where there is no way back, every page becomes the one reached.
    `attempt` comes `for_taking()`.
    """
    settings = attempt.version.settings
    size = settings.page_size
    rows = list(
        AttemptQuestion.objects.filter(attempt=attempt)
        .order_by("position")
        .values_list("position", "value", "flagged", "revision", "checked_at")
    )
    pages = max(1, -(-len(rows) // size))
    page = min(max(page if settings.go_back else attempt.page_reached, 1), pages)
    on_page = (
        AttemptQuestion.objects.filter(attempt=attempt, position__gt=(page - 1) * size, position__lte=page * size)
        .select_related("question_version")
        .order_by("position")
    )
    now = timezone.now()
    left = remaining(attempt, now)
    return AttemptPage(
        attempt=attempt,
        title=settings.title,
        page=page,
        pages=pages,
        questions=shown_all(attempt, on_page),
        map=tuple(
            MapEntry(
                position=position,
                page=(position - 1) // size + 1,
                answered=value is not None,
                flagged=flagged,
                revision=revision,
                checked=checked_at is not None,
                may_visit=settings.go_back or (position - 1) // size + 1 == page,
                here=(position - 1) // size + 1 == page,
            )
            for position, value, flagged, revision, checked_at in rows
        ),
        closes_at=attempt.closes_at,
        remaining_seconds=None if left is None else int(left.total_seconds()),
        server_time=now,
        time_is_up=time_is_up(attempt, now),
        is_paused=is_paused(attempt),
        mode=settings.mode,
        may_go_back=settings.go_back,
    )


def shown_all(attempt: Attempt, rows: Iterable[AttemptQuestion]) -> tuple[ShownQuestion, ...]:
    """Show questions of an attempt under way. Another query or two where one was checked in practice."""
    asked = list(rows)
    checked = [row for row in asked if row.checked_at is not None]
    if not checked:
        return tuple(shown(row) for row in asked)
    rules = rules_of(attempt.quiz_id)
    decided = decided_about(checked, rules)
    score_attempt(checked, rules)  # sets their points here; nothing is saved
    return tuple(shown(row, decided=decided.get(row.pk, UNDECIDED)) for row in asked)


def shown_checked(asked: AttemptQuestion) -> ShownQuestion:
    """Show one question that was checked, by the rules that hold for its quiz."""
    (only,) = shown_all(asked.attempt, [asked])
    return only


def shown(asked: AttemptQuestion, *, decided: Decided = UNDECIDED) -> ShownQuestion:
    """Show one question of an attempt under way; one that was checked in practice comes with what came of it."""
    content = asked.content
    if asked.checked_at is None:
        return ask(
            content,
            position=asked.position,
            option_order=asked.option_order,
            max_points=asked.max_points,
            value=asked.value,
            revision=asked.revision,
            saved_at=asked.saved_at,
            flagged=asked.flagged,
        )
    return review_of(
        content,
        position=asked.position,
        option_order=asked.option_order,
        max_points=asked.max_points,
        value=asked.value,
        points=asked.points,
        revision=asked.revision,
        saved_at=asked.saved_at,
        flagged=asked.flagged,
        with_scores=True,
        with_keys=True,
        decided=decided,
    )


def reason_of_pause(quiz: Quiz) -> str:
    """Why the quiz is paused, as the instructor tells students; empty without a word or a pause. One query."""
    return Pause.objects.filter(quiz=quiz, ended_at=None).values_list("reason", flat=True).first() or ""

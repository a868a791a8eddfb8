"""What there is to do for a person: every activity with its state, its best score and its time, the next one on top."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from django.utils import timezone

from accounts.models import User
from courses.deadlines import Window, WindowState, windows_for
from courses.models import Activity
from gradebook.models import Score
from labs.console_models import ConsoleSession
from labs.console_states import LIVE
from labs.models import Lab, Submission
from quizzes.models import Attempt
from quizzes.release import activities_with_hidden_scores


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One activity as it stands for one person. `status` is a name of portal.templatetags.statuses."""

    activity: Activity
    window: Window
    status: str
    points: Decimal | None
    under_way: bool
    can_do: bool
    has_console: bool = False
    """Whether it is a lab in which one types docker commands."""

    @property
    def kind_word(self) -> str:
        """What it is, in a word or two."""
        return f"{self.activity.get_kind_display().capitalize()}{' · console' if self.has_console else ''}"

    @property
    def deadline(self) -> datetime | None:
        """The moment that matters next: when it is due, or, once late, when it closes."""
        if self.window.due_at and self.window.due_at > timezone.now():
            return self.window.due_at
        return self.window.closes_at or self.window.due_at

    @property
    def deadline_word(self) -> str:
        """What that moment is."""
        due, closes, deadline = self.window.due_at, self.window.closes_at, self.deadline
        if self.status == "upcoming":
            return "opens"
        if deadline is not None and deadline < timezone.now():
            return "closed" if closes else "was due"
        return "due" if deadline == due else "closes"

    @property
    def when(self) -> datetime | None:
        """The time shown beside the activity."""
        return self.window.opens_at if self.status == "upcoming" else self.deadline


def agenda(*, user: User, activities: Iterable[Activity]) -> list[Entry]:
    """The person's entries for these activities, in their order. At most eight queries, however many there are."""
    listed = list(activities)
    now = timezone.now()
    windows = windows_for(activities=listed, user=user)
    scores = {score.activity_id: score for score in Score.objects.filter(user=user, activity__in=listed)}
    hidden = activities_with_hidden_scores(activities=listed, now=now)
    begun = set(
        Attempt.objects.filter(student=user, quiz__activity__in=listed)
        .values_list("quiz__activity_id", "state")
        .distinct()
    )
    begun |= set(
        Submission.objects.filter(author=user, lab__activity__in=listed)
        .values_list("lab__activity_id", "state")
        .distinct()
    )
    begun |= set(
        ConsoleSession.objects.live()
        .filter(author=user, lab__activity__in=listed)
        .values_list("lab__activity_id", "state")
        .distinct()
    )
    consoles = set(
        Lab.objects.filter(activity__in=listed, current_version__plan__console__rules__isnull=False).values_list(
            "activity_id", flat=True
        )
    )
    touched = {activity_id for activity_id, _ in begun}
    under_way = {activity_id for activity_id, state in begun if state in _UNDER_WAY}
    return [
        _entry(
            activity,
            windows[activity.pk],
            None if activity.pk in hidden else scores.get(activity.pk),
            touched=activity.pk in touched,
            under_way=activity.pk in under_way,
            has_console=activity.pk in consoles,
            now=now,
        )
        for activity in listed
    ]


def in_parts(entries: Iterable[Entry]) -> list[tuple[str, list[Entry]]]:
    """The entries of one course by its parts, in their order; one without parts is one part without a name."""
    return [(part, list(listed)) for part, listed in groupby(entries, key=lambda entry: entry.activity.part)]


_UNDER_WAY = {"OPEN", "queued", "running", *LIVE}
"""States of quiz attempts, of submissions, and of consoles."""


def _entry(
    activity: Activity,
    window: Window,
    score: Score | None,
    *,
    touched: bool,
    under_way: bool,
    has_console: bool,
    now: datetime,
) -> Entry:
    points = score.final_points if score else None
    state = window.state(now)
    return Entry(
        activity=activity,
        window=window,
        status=_status(activity, state, points, touched=touched, under_way=under_way),
        points=points,
        under_way=under_way,
        has_console=has_console,
        can_do=state in {WindowState.OPEN, WindowState.LATE},
    )


def _status(activity: Activity, state: WindowState, points: Decimal | None, *, touched: bool, under_way: bool) -> str:
    if not activity.published:
        return "unpublished"
    if under_way:
        return "started"
    if points is not None and points >= activity.max_points:
        return "complete"
    if state is WindowState.NOT_YET:
        return "upcoming"
    if state is WindowState.CLOSED:
        return "closed" if points is not None or touched else "missed"
    if points is not None:
        return "partly"
    if state is WindowState.LATE:
        return "late"
    return "started" if touched else "not_started"


def what_is_next(entries: Iterable[Entry]) -> Entry | None:
    """What to do now: something under way, else what is due soonest and not complete, else the first that is open."""
    open_ones = [entry for entry in entries if entry.can_do and entry.activity.published and entry.status != "complete"]
    if not open_ones:
        return None
    return min(
        enumerate(open_ones),
        key=lambda numbered: (
            not numbered[1].under_way,
            numbered[1].points is not None and numbered[1].deadline is None,
            numbered[1].deadline is None,
            numbered[1].deadline or timezone.now(),
            numbered[0],
        ),
    )[1]

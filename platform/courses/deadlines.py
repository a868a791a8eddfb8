"""When an activity is open to a person, and what handing in late costs."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum

from accounts.models import User
from courses.models import Activity, Extension


class WindowState(StrEnum):
    """Where a moment falls in a window."""

    NOT_YET = "not yet open"
    OPEN = "open"
    LATE = "late"
    CLOSED = "closed"


@dataclass(frozen=True, kw_only=True)
class Window:
    """The times that hold for one person in one activity, extensions counted in. None means no such bound."""

    opens_at: datetime | None = None
    due_at: datetime | None = None
    closes_at: datetime | None = None
    late_percent_per_day: int = 0
    extra_attempts: int = 0
    extra_time_percent: int = 0
    extra_minutes: int = 0

    def state(self, at: datetime) -> WindowState:
        """Where `at` falls. The due and closing moments themselves are still in time."""
        if self.opens_at and at < self.opens_at:
            return WindowState.NOT_YET
        if self.closes_at and at > self.closes_at:
            return WindowState.CLOSED
        if self.due_at and at > self.due_at:
            return WindowState.LATE
        return WindowState.OPEN

    def accepts(self, at: datetime) -> bool:
        """Whether work can be handed in at `at`."""
        return self.state(at) in {WindowState.OPEN, WindowState.LATE}

    def late_factor(self, at: datetime) -> Decimal:
        """The share (0 to 1) of the points that counts for work handed in at `at`, less for each started day late."""
        if not self.due_at or at <= self.due_at:
            return Decimal(1)
        days = (Decimal((at - self.due_at) / timedelta(days=1))).to_integral_value(ROUND_CEILING)
        return max(Decimal(0), Decimal(1) - days * Decimal(self.late_percent_per_day) / Decimal(100))


def _window(activity: Activity, extension: Extension | None) -> Window:
    due_at, closes_at = activity.due_at, activity.closes_at
    if extension is not None:
        due_at = extension.due_at or due_at
        closes_at = extension.closes_at or closes_at
        if due_at and closes_at:
            # A later due time would be worth nothing if the door closed before it.
            closes_at = max(due_at, closes_at)
    return Window(
        opens_at=activity.opens_at,
        due_at=due_at,
        closes_at=closes_at,
        late_percent_per_day=activity.late_percent_per_day,
        extra_attempts=extension.extra_attempts if extension else 0,
        extra_time_percent=extension.extra_time_percent if extension else 0,
        extra_minutes=extension.extra_minutes if extension else 0,
    )


def window_for(*, activity: Activity, user: User) -> Window:
    """The window that holds for this person. One query."""
    return _window(activity, Extension.objects.filter(activity=activity, user=user).first())


def windows_for(*, activities: Iterable[Activity], user: User) -> dict[int, Window]:
    """The windows of many activities for one person, by activity id. One query."""
    listed = list(activities)
    extensions = {e.activity_id: e for e in Extension.objects.filter(activity__in=listed, user=user)}
    return {activity.pk: _window(activity, extensions.get(activity.pk)) for activity in listed}


def windows_by_user(*, activity: Activity, user_ids: Collection[int]) -> dict[int, Window]:
    """The windows of one activity for many people, by user id. One query."""
    extensions = {e.user_id: e for e in Extension.objects.filter(activity=activity, user_id__in=user_ids)}
    return {user_id: _window(activity, extensions.get(user_id)) for user_id in user_ids}

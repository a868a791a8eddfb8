"""When an activity is open to a person, and what handing in late costs.

Times come in layers: the activity's own, over them those of the person's section, over them the person's extension. A
layer's empty times are those of the layer below.
"""

import zoneinfo
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from django.db.models import Value

from accounts.models import User
from courses.models import Activity, Extension, SectionOverride

_UTC = zoneinfo.ZoneInfo("UTC")
_DAY = timedelta(days=1)


class WindowState(StrEnum):
    """Where a moment falls in a window."""

    NOT_YET = "not yet open"
    OPEN = "open"
    LATE = "late"
    CLOSED = "closed"


@dataclass(frozen=True, kw_only=True)
class Window:
    """The times that hold for one person in one activity, section and extension counted in. None: no such bound.

    Days late are days of the course's `zone`: each ends at the time of day at which the work was due, whether that day
    had 23, 24 or 25 hours.
    """

    opens_at: datetime | None = None
    due_at: datetime | None = None
    closes_at: datetime | None = None
    late_percent_per_day: int = 0
    late_grace_minutes: int = 0
    late_floor_percent: int = 0
    extra_attempts: int = 0
    extra_time_percent: int = 0
    extra_minutes: int = 0
    zone: zoneinfo.ZoneInfo = _UTC

    @property
    def late_after(self) -> datetime | None:
        """The last moment that counts as in time: the due time and the grace after it."""
        return self.due_at and self.due_at + timedelta(minutes=self.late_grace_minutes)

    def state(self, at: datetime) -> WindowState:
        """Where `at` falls. The due and closing moments themselves are still in time."""
        if self.opens_at and at < self.opens_at:
            return WindowState.NOT_YET
        if self.closes_at and at > self.closes_at:
            return WindowState.CLOSED
        if self.late_after and at > self.late_after:
            return WindowState.LATE
        return WindowState.OPEN

    def accepts(self, at: datetime) -> bool:
        """Whether work can be handed in at `at`."""
        return self.state(at) in {WindowState.OPEN, WindowState.LATE}

    def late_factor(self, at: datetime) -> Decimal:
        """The share (0 to 1) of the points that counts for work handed in at `at`, less for each started day late.

        Work within the grace is not late at all; past it, days count from the due time.
        """
        if self.due_at is None or self.late_after is None or at <= self.late_after:
            return Decimal(1)
        left = Decimal(1) - self._days_late(at) * Decimal(self.late_percent_per_day) / 100
        return max(Decimal(0), Decimal(self.late_floor_percent) / 100, left)

    def _days_late(self, at: datetime) -> int:
        """How many days after the due time have started at `at`, which is later; at least one."""
        if self.due_at is None:
            return 0
        due = self.due_at.astimezone(self.zone)
        days = max(1, (at - self.due_at) // _DAY)
        # Adding days to a local time keeps the time of day; an instant is compared in UTC, for the same zone on both
        # sides would compare the clocks' faces.
        while at > (due + days * _DAY).astimezone(UTC):
            days += 1
        while days > 1 and at <= (due + (days - 1) * _DAY).astimezone(UTC):
            days -= 1
        return days


class _Layer(NamedTuple):
    """Times that a section or a person has in place of the activity's."""

    activity_id: int
    user_id: int
    is_personal: bool
    opens_at: datetime | None
    due_at: datetime | None
    closes_at: datetime | None
    extra_attempts: int = 0
    extra_time_percent: int = 0
    extra_minutes: int = 0


def _layers(activity_ids: Collection[int], user_ids: Collection[int]) -> dict[tuple[int, int], list[_Layer]]:
    """What is laid over the times of these activities for these people, by both ids, sections first. One query."""
    nothing = Value(0)
    times = ("opens_at", "due_at", "closes_at")
    personal = Extension.objects.filter(activity__in=activity_ids, user__in=user_ids).order_by()
    sections = SectionOverride.objects.filter(
        activity__in=activity_ids, section__memberships__user__in=user_ids, section__memberships__active=True
    ).order_by()
    rows = personal.values_list(
        "activity_id", "user_id", Value(1), *times, "extra_attempts", "extra_time_percent", "extra_minutes"
    ).union(
        sections.values_list(
            "activity_id", "section__memberships__user_id", Value(0), *times, nothing, nothing, nothing
        ),
        all=True,
    )
    found: dict[tuple[int, int], list[_Layer]] = {}
    for row in rows:
        layer = _Layer(*row)
        found.setdefault((layer.activity_id, layer.user_id), []).append(layer)
    for layers in found.values():
        layers.sort(key=lambda layer: layer.is_personal)
    return found


def own_window(activity: Activity) -> Window:
    """The activity's own times, nobody's section or extension counted in. `activity` comes with its course."""
    return Window(
        opens_at=activity.opens_at,
        due_at=activity.due_at,
        closes_at=activity.closes_at,
        late_percent_per_day=activity.late_percent_per_day,
        late_grace_minutes=activity.late_grace_minutes,
        late_floor_percent=activity.late_floor_percent,
        zone=activity.course.zone,
    )


def laid_over(
    window: Window,
    *,
    opens_at: datetime | None = None,
    due_at: datetime | None = None,
    closes_at: datetime | None = None,
) -> Window:
    """The window with other times where they are given."""
    due_at, closes_at = due_at or window.due_at, closes_at or window.closes_at
    if due_at and closes_at:
        # A later due time would be worth nothing if the door closed before it.
        closes_at = max(due_at, closes_at)
    return replace(window, opens_at=opens_at or window.opens_at, due_at=due_at, closes_at=closes_at)


def _window(activity: Activity, layers: Iterable[_Layer]) -> Window:
    window = own_window(activity)
    for layer in layers:
        window = replace(
            laid_over(window, opens_at=layer.opens_at, due_at=layer.due_at, closes_at=layer.closes_at),
            extra_attempts=window.extra_attempts + layer.extra_attempts,
            extra_time_percent=window.extra_time_percent + layer.extra_time_percent,
            extra_minutes=window.extra_minutes + layer.extra_minutes,
        )
    return window


def window_for(*, activity: Activity, user: User) -> Window:
    """The window that holds for this person. One query."""
    return windows_for(activities=[activity], user=user)[activity.pk]


def windows_for(*, activities: Iterable[Activity], user: User) -> dict[int, Window]:
    """The windows of many activities for one person, by activity id. One query."""
    listed = {activity.pk: activity for activity in activities}
    layers = _layers(listed.keys(), [user.pk])
    return {pk: _window(activity, layers.get((pk, user.pk), ())) for pk, activity in listed.items()}


def windows_by_user(*, activity: Activity, user_ids: Collection[int]) -> dict[int, Window]:
    """The windows of one activity for many people, by user id. One query."""
    layers = _layers([activity.pk], user_ids)
    return {user_id: _window(activity, layers.get((activity.pk, user_id), ())) for user_id in user_ids}

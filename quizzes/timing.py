"""When an attempt's time is up. Time is the server's; nothing a client says about it counts."""

from datetime import datetime, timedelta
from decimal import Decimal

from courses.deadlines import Window
from quizzes.specs import QuizSettings

GRACE = timedelta(seconds=5)
"""An answer on its way when time is up is still taken: the same for everybody, and shown to nobody."""


def time_limit(settings: QuizSettings, window: Window) -> timedelta | None:
    """How long an attempt may take, with the person's extra time. None without a limit."""
    if settings.time_limit_minutes is None:
        return None
    minutes = Decimal(settings.time_limit_minutes) * (100 + window.extra_time_percent) / 100 + window.extra_minutes
    return timedelta(seconds=float(minutes * 60))


def closing_time(settings: QuizSettings, window: Window, *, started_at: datetime) -> datetime | None:
    """When an attempt ends: its time limit or the quiz's closing, whichever is first. None without either."""
    limit = time_limit(settings, window)
    ends = [moment for moment in (limit and started_at + limit, window.closes_at) if moment]
    return max(started_at, min(ends)) if ends else None


def time_is_up(closes_at: datetime | None, now: datetime) -> bool:
    """Whether answers are no longer taken, the grace counted in."""
    return closes_at is not None and now > closes_at + GRACE

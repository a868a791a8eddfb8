"""When an attempt's time is up. Time is the server's; nothing a client says about it counts.

While an instructor pauses the quiz its clock stands still: a pause moves the end of every attempt under way by as long
as it lasted, whether that end is the attempt's own time limit or the quiz's closing. Try-outs of course staff go on.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from courses.deadlines import Window
from quizzes.specs import QuizSettings

GRACE = timedelta(seconds=5)
"""An answer on its way when time is up is still taken: the same for everybody, and shown to nobody."""


@dataclass(frozen=True, kw_only=True)
class Stop:
    """A time in which the clock stood still."""

    began_at: datetime
    ended_at: datetime


class _Paused(Protocol):
    paused_at: datetime | None


class Timed(Protocol):
    """What tells an attempt's time."""

    @property
    def is_tryout(self) -> bool:
        """Whether course staff take it."""

    @property
    def quiz(self) -> _Paused:
        """The quiz, with its pause."""

    @property
    def closes_at(self) -> datetime | None:
        """When its time is up."""


def time_limit(settings: QuizSettings, window: Window) -> timedelta | None:
    """How long an attempt may take, with the person's extra time. None without a limit."""
    if settings.time_limit_minutes is None:
        return None
    minutes = Decimal(settings.time_limit_minutes) * (100 + window.extra_time_percent) / 100 + window.extra_minutes
    return timedelta(seconds=float(minutes * 60))


def closing_time(
    settings: QuizSettings, window: Window, *, started_at: datetime, stops: Iterable[Stop] = ()
) -> datetime | None:
    """When an attempt ends: its time limit or the quiz's closing, whichever is first. None without either."""
    limit = time_limit(settings, window)
    ends = [moment for moment in (limit and started_at + limit, window.closes_at) if moment]
    return moved_by(stops, max(started_at, min(ends)), since=started_at) if ends else None


def moved_by(stops: Iterable[Stop], end: datetime, *, since: datetime | None = None) -> datetime:
    """Where an end comes to lie when the clock stood still before it, counted from `since`."""
    for stop in sorted(stops, key=lambda stop: stop.began_at):
        if stop.began_at <= end and (since is None or stop.ended_at > since):
            end += stop.ended_at - (max(stop.began_at, since) if since else stop.began_at)
    return end


def stood_still(stops: Iterable[Stop], *, since: datetime, until: datetime) -> timedelta:
    """For how long the clock stood still between two moments."""
    return sum(
        (max(timedelta(0), min(stop.ended_at, until) - max(stop.began_at, since)) for stop in stops), timedelta(0)
    )


def is_paused(attempt: Timed) -> bool:
    """Whether the attempt's clock stands still now."""
    return attempt.quiz.paused_at is not None and not attempt.is_tryout


def clock(attempt: Timed, now: datetime) -> datetime:
    """What time it is for an attempt under way: while its quiz is paused, the moment at which the pause began."""
    paused_at = attempt.quiz.paused_at
    return now if paused_at is None or attempt.is_tryout else min(now, paused_at)


def time_is_up(attempt: Timed, now: datetime) -> bool:
    """Whether answers are no longer taken, the grace counted in."""
    return attempt.closes_at is not None and clock(attempt, now) > attempt.closes_at + GRACE


def remaining(attempt: Timed, now: datetime) -> timedelta | None:
    """How much time is left, never below zero. None without a limit."""
    return None if attempt.closes_at is None else max(timedelta(0), attempt.closes_at - clock(attempt, now))

"""Times as people read them: the relative form, then day and clock in the course's zone."""

import zoneinfo
from collections.abc import Mapping
from datetime import datetime, timedelta

from django import template
from django.utils import timezone

register = template.Library()

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
# Up to this many seconds a unit is used; src/main.ts counts the same way.
_UNITS = ((_MINUTE, _HOUR, "minute"), (_HOUR, 2 * _DAY, "hour"), (_DAY, 60 * _DAY, "day"))
_MONTH = 30 * _DAY
_BARELY = 0.1
_SHORT = 10


def relative(at: datetime, now: datetime) -> str:
    """`at` as seen from `now`: “in 3 hours”, “5 minutes ago”, “just now”."""
    seconds = (at - now).total_seconds()
    distance = abs(seconds)
    if distance < _MINUTE:
        return "in less than a minute" if seconds > 0 else "just now"
    unit_seconds, unit = _MONTH, "month"
    for size, up_to, name in _UNITS:
        if distance < up_to:
            unit_seconds, unit = size, name
            break
    count = int(distance // unit_seconds)
    words = f"{count} {unit}{'' if count == 1 else 's'}"
    return f"in {words}" if seconds > 0 else f"{words} ago"


def absolute(at: datetime, zone: zoneinfo.ZoneInfo, now: datetime) -> str:
    """`at` in `zone`: “Tue 24 Nov 17:00 CET”, with the year where it is another one."""
    local = at.astimezone(zone)
    year = "" if local.year == now.astimezone(zone).year else f" {local.year}"
    return f"{local:%a} {local.day} {local:%b}{year} {local:%H:%M} {local:%Z}"


def _zone(context: Mapping[str, object], named: object) -> zoneinfo.ZoneInfo:
    if isinstance(named, zoneinfo.ZoneInfo):
        return named
    name = named or getattr(context.get("course"), "time_zone", "") or timezone.get_current_timezone_name()
    return zoneinfo.ZoneInfo(str(name))


@register.simple_tag(takes_context=True)
def time_words(context: Mapping[str, object], at: datetime, zone: object = "") -> dict[str, str]:
    """The words for a time, in `zone`, or in the zone of the `course` that the page is about."""
    now = timezone.now()
    return {
        "iso": at.isoformat(),
        "relative": relative(at, now),
        "absolute": absolute(at, _zone(context, zone), now),
    }


@register.filter
def duration(seconds: float | timedelta | None) -> str:
    """A length of time: “< 0.1 s”, “0.4 s”, “12 s”, “3 min 20 s”, “1 h 5 min”."""
    if seconds is None:
        return ""
    value = seconds.total_seconds() if isinstance(seconds, timedelta) else float(seconds)
    if 0 < value < _BARELY:
        return "< 0.1 s"
    if value < _SHORT:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < _MINUTE:
        return f"{whole} s"
    minutes, rest = divmod(whole, _MINUTE)
    if minutes < _HOUR // _MINUTE:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


@register.filter
def clock(seconds: float) -> str:
    """Time left as a clock: “4:05”, “1:00:00”; never below zero."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, _HOUR)
    minutes, second = divmod(rest, _MINUTE)
    return f"{hours}:{minutes:02}:{second:02}" if hours else f"{minutes}:{second:02}"

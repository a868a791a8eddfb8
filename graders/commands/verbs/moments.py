"""Moments as `--since`, `--until` and prune's filter take them: a time, a day, seconds since 1970, or how long ago.

Docker's CLI turns them into seconds since 1970 before it sends them (moby, api/types/time/timestamp.go).
"""

import re
import time
from datetime import datetime

from graders.commands.daemon import DaemonRefused

_BAD_REQUEST = 400
_SECONDS = re.compile(r"\d{1,15}(?:\.\d{1,9})?", re.ASCII)
_SPAN = re.compile(r"(?:\d{1,12}(?:\.\d{1,12})?(?:ns|us|µs|ms|s|m|h))+", re.ASCII)
_PART = re.compile(r"(\d{1,12}(?:\.\d{1,12})?)(ns|us|µs|ms|s|m|h)", re.ASCII)
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_MOMENT = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:T(\d{2})(?::(\d{2})(?::(\d{2})(\.\d{1,9})?)?)?)?(Z|[+-]\d{2}:\d{2})?", re.ASCII
)


class NoMoment(ValueError):
    """The text is neither a time nor a span of time; the message is docker's."""


def timestamp(text: str, *, now: float) -> str:
    """Seconds since 1970, as the daemon takes them. Raises NoMoment."""
    if _SECONDS.fullmatch(text):
        return text
    if _SPAN.fullmatch(text.removeprefix("-")):
        span = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
        return str(int(now + span if text.startswith("-") else now - span))
    if found := _MOMENT.fullmatch(text):
        year, month, day, hour, minute, second, fraction, zone = found.groups()
        try:
            clock = f"{hour or '00'}:{minute or '00'}:{second or '00'}"
            moment = datetime.fromisoformat(f"{year}-{month}-{day}T{clock}{(zone or 'Z').replace('Z', '+00:00')}")
        except ValueError as trouble:
            raise NoMoment(_not(text)) from trouble
        return f"{int(moment.timestamp())}.{(fraction or '.0')[1:]:0<9}"
    raise NoMoment(_not(text))


def prune_moment(text: str) -> float:
    """Seconds since 1970 of prune's filter `until`. Raises DaemonRefused: it is the daemon that reads this one."""
    try:
        return float(timestamp(text, now=time.time()))
    except NoMoment as wrong:
        raise DaemonRefused(_BAD_REQUEST, str(wrong)) from wrong


def _not(text: str) -> str:
    return f'failed to parse value as time or duration: "{text}"'

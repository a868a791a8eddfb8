"""Sizes and durations in docker's words: `1.24MB`, `About a minute`, `2 hours`."""

from datetime import UTC, datetime

_DECIMAL = ("B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB")
_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB")
_ID_DIGITS = 12
_MINUTE, _HOUR = 60, 3600
_LAST_HOURS, _LAST_DAYS, _LAST_WEEKS, _LAST_MONTHS = 48, 24 * 7 * 2, 24 * 30 * 2, 24 * 365 * 2


def size(count: float, *, digits: int = 4) -> str:
    """A number of bytes in steps of 1000, with as many significant digits: `1.235MB`.

    Listings of images and containers give 3 digits, everything else 4 (docker/go-units, `HumanSize`).
    """
    return _scaled(count, 1000.0, _DECIMAL, digits)


def memory_size(count: float) -> str:
    """A number of bytes in steps of 1024: `64MiB` (docker/go-units, `BytesSize`)."""
    return _scaled(count, 1024.0, _BINARY, 4)


def _scaled(count: float, base: float, units: tuple[str, ...], digits: int) -> str:
    step = 0
    while count >= base and step < len(units) - 1:
        count /= base
        step += 1
    return f"{count:.{digits}g}{units[step]}"


def duration(seconds: float) -> str:
    """A span of time to about one digit (docker/go-units, `HumanDuration`)."""
    whole = int(seconds)
    minutes = int(seconds / _MINUTE)
    hours = int(seconds / _HOUR + 0.5)
    steps = (
        (whole < 1, "Less than a second"),
        (whole == 1, "1 second"),
        (whole < _MINUTE, f"{whole} seconds"),
        (minutes == 1, "About a minute"),
        (minutes < _MINUTE, f"{minutes} minutes"),
        (hours == 1, "About an hour"),
        (hours < _LAST_HOURS, f"{hours} hours"),
        (hours < _LAST_DAYS, f"{hours // 24} days"),
        (hours < _LAST_WEEKS, f"{hours // 24 // 7} weeks"),
        (hours < _LAST_MONTHS, f"{hours // 24 // 30} months"),
    )
    return next((text for applies, text in steps if applies), f"{int(seconds / _HOUR) // 24 // 365} years")


def ago(moment: float, *, now: float) -> str:
    """How long ago a moment was, both in seconds since 1970: `3 minutes ago`."""
    return f"{duration(now - moment)} ago"


def moment(seconds: float) -> str:
    """A moment in whole seconds since 1970, as docker's listings print it: `2026-11-25 01:20:50 +0000 UTC`."""
    return f"{datetime.fromtimestamp(int(seconds), tz=UTC):%Y-%m-%d %H:%M:%S} +0000 UTC"


def moment_of(text: str) -> float:
    """Seconds since 1970 of a time in the daemon's JSON, such as `2026-11-25T01:20:49.701866139Z`; 0 for none."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    digits = fraction.partition("+")[0].partition("-")[0]
    try:
        read = datetime.fromisoformat(f"{whole[:19]}+00:00").timestamp()
    except ValueError:
        return 0.0
    return read + (float(f"0.{digits}") if digits.isdigit() else 0.0)


def printed_moment(text: str) -> str:
    """A time in the daemon's JSON as docker's listings print it, with what fraction of a second it has."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    digits = f".{fraction}" if fraction.isdigit() else ""
    return f"{whole.replace('T', ' ')[:19]}{digits} +0000 UTC"


def short_id(id_: str) -> str:
    """An id as listings show it: its first 12 digits, without the name of the digest."""
    return id_.partition(":")[2][:_ID_DIGITS] if ":" in id_ else id_[:_ID_DIGITS]


def ellipsis(text: str, width: int) -> str:
    """A text cut to so many characters, the last of them a mark where something was cut."""
    if len(text) <= width:
        return text
    return text[:width] if width <= 1 else f"{text[: width - 1]}…"

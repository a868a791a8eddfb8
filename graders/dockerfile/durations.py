"""Go's durations, such as 30s or 1m30s: what HEALTHCHECK's flags take."""

import re
from decimal import Decimal

_UNITS = {
    "ns": Decimal("1e-9"),
    "us": Decimal("1e-6"),
    "µs": Decimal("1e-6"),
    "μs": Decimal("1e-6"),
    "ms": Decimal("1e-3"),
    "s": Decimal(1),
    "m": Decimal(60),
    "h": Decimal(3600),
}
_NUMBER = r"(?:[0-9]{1,15}(?:\.[0-9]{0,15})?|\.[0-9]{1,15})"
_PART = re.compile(rf"({_NUMBER})({'|'.join(sorted(_UNITS, key=len, reverse=True))})")
_WHOLE = re.compile(rf"(?:{_PART.pattern})+")


def seconds(text: str) -> Decimal | None:
    """The seconds in a Go duration that is not negative, or None when it is none."""
    if text == "0":
        return Decimal(0)
    if _WHOLE.fullmatch(text) is None:
        return None
    return sum((Decimal(number) * _UNITS[unit] for number, unit in _PART.findall(text)), Decimal(0))

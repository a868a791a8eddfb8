"""Numbers that a request asks for, read without trusting them."""

_MOST_DIGITS = 9
"""No row has a number as long: what is longer is none, and no database is asked for it."""


def number_asked(text: str) -> int | None:
    """The whole number that the text is; None where it is none."""
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else None

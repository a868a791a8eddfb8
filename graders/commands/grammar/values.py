"""Reads the value of a flag as docker's CLI, written in Go, reads it, and complains in its words."""

import csv
import re
from collections.abc import Callable, Mapping
from fractions import Fraction

from graders.commands.grammar.flags import Flag, Holds

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
_WHOLE = re.compile(
    r"[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0(?:_?[0-7])*|[1-9](?:_?[0-9])*)"
)
_SIZE = re.compile(r"(\d{1,30}(?:\.\d{1,30})*) ?([kKmMgGtTpP])?[iI]?[bB]?", re.ASCII)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_SPAN = re.compile(r"(\d{0,30})(?:\.(\d{0,30}))?([^\d.]*)", re.ASCII)
_NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_RATIONAL = re.compile(r"[+-]?(?:\d{1,12}(?:\.\d{0,12})?|\.\d{1,12})(?:[eE][+-]?\d{1,2}|/\d{1,12})?", re.ASCII)
_LARGEST = 2**63 - 1
_ESCAPES = {'"': '\\"', "\\": "\\\\"} | {chr(code): f"\\{letter}" for code, letter in enumerate("abtnvfr", start=7)}


class BadValue(Exception):
    """A value that docker's CLI does not take; the message is its complaint."""


Value = bool | int | float | str | tuple[str, ...]


def read_value(flag: Flag, text: str) -> Value:
    """Read what was given for a flag; one that repeats gives the values of this one time. Raises BadValue."""
    complaint = flag.rule(text) if flag.rule is not None else None
    if complaint is not None:
        raise BadValue(complaint)
    return _READERS[flag.holds](text)


def go_quoted(text: str) -> str:
    """The text in quotation marks as Go's `%q` writes it."""
    return '"' + "".join(_ESCAPES.get(char) or _go_char(char) for char in text) + '"'


def _go_char(char: str) -> str:
    code = ord(char)
    if char.isprintable():
        return char
    if code < 0x80:  # noqa: PLR2004  # ASCII
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004  # the first plane


def _switch(text: str) -> bool:
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise BadValue(f"strconv.ParseBool: parsing {go_quoted(text)}: invalid syntax")


def _whole(text: str, reader: str, *, least: int, most: int) -> int:
    if not _WHOLE.fullmatch(text) or (reader == "ParseUint" and text[:1] in "+-"):
        raise BadValue(f"strconv.{reader}: parsing {go_quoted(text)}: invalid syntax")
    digits = text.replace("_", "")
    octal = re.fullmatch(r"([+-]?)0([0-7]+)", digits)
    if len(digits) > 80:  # noqa: PLR2004  # longer than any number that fits, even in binary
        raise BadValue(f"strconv.{reader}: parsing {go_quoted(text)}: value out of range")
    value = int(f"{octal[1]}0o{octal[2]}" if octal else digits, 0)
    if not least <= value <= most:
        raise BadValue(f"strconv.{reader}: parsing {go_quoted(text)}: value out of range")
    return value


def _size(text: str) -> int:
    found = _SIZE.fullmatch(text)
    if not found:
        raise BadValue(f"invalid size: '{text}'")
    if found[1].count(".") > 1:
        raise BadValue(f"strconv.ParseFloat: parsing {go_quoted(found[1])}: invalid syntax")
    return min(int(Fraction(found[1]) * 1024 ** _POWERS[(found[2] or "").lower()]), _LARGEST)


def _duration(text: str) -> int:
    rest = text[1:] if text[:1] in {"+", "-"} else text
    if rest == "0":
        return 0
    invalid = BadValue(f"time: invalid duration {go_quoted(text)}")
    if not rest:
        raise invalid
    total = Fraction(0)
    while rest:
        found = _SPAN.match(rest)
        if not found or not (found[1] or found[2]):
            raise invalid
        if not found[3]:
            raise BadValue(f"time: missing unit in duration {go_quoted(text)}")
        if found[3] not in _NANOSECONDS:
            raise BadValue(f"time: unknown unit {go_quoted(found[3])} in duration {go_quoted(text)}")
        total += Fraction(f"{found[1] or 0}.{found[2] or 0}") * _NANOSECONDS[found[3]]
        rest = rest[found.end() :]
    if total > _LARGEST:
        raise invalid
    return int(-total if text.startswith("-") else total)


def _decimal(text: str) -> float:
    if not _RATIONAL.fullmatch(text) or text.endswith(("/0", "/00")):
        raise BadValue(f"failed to parse {text} as a rational number")
    try:
        value = Fraction(text)
    except ZeroDivisionError:
        raise BadValue(f"failed to parse {text} as a rational number") from None
    if (value * 10**9).denominator != 1:
        raise BadValue("value is too precise")
    return float(value)


def _filters(text: str) -> tuple[str, ...]:
    name, _, value = text.partition("=")
    return (f"{name.strip().lower()}={value.strip()}",) if text else ()


def _strings(text: str) -> tuple[str, ...]:
    return tuple(next(csv.reader([text.replace("\n", " ").replace("\r", " ")]), []))


_READERS: Mapping[Holds, Callable[[str], Value]] = {
    Holds.SWITCH: _switch,
    Holds.TEXT: str,
    Holds.TEXTS: lambda text: (text,),
    Holds.STRINGS: _strings,
    Holds.FILTERS: _filters,
    Holds.NUMBER: lambda text: _whole(text, "ParseInt", least=-_LARGEST - 1, most=_LARGEST),
    Holds.UNSIGNED: lambda text: _whole(text, "ParseUint", least=0, most=2**16 - 1),
    Holds.SIZE: _size,
    Holds.DURATION: _duration,
    Holds.DECIMAL: _decimal,
}

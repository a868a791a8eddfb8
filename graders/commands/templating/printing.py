"""Prints values as Go does: plain, quoted, as JSON, and by the verbs of `printf`."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from graders.commands.templating.faults import FailedTemplate
from graders.commands.templating.values import NO_VALUE, Nothing, Row, Struct, UntypedNumber, Value, type_of

LONGEST_TEXT = 256 * 1024
"""Of any one value that a template makes."""
_WIDEST = 1000
_PLACES = 6
_SURROGATES = 0xD800
_VERB = re.compile(r"%([+\-# 0]*)(\d+)?(?:\.(\d*))?(.|$)", re.DOTALL)
_SHORT = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    "\\": "\\\\",
    '"': '\\"',
}
_LEAST_POWER, _MOST_POWER = -4, 6


def bounded(text: str) -> str:
    """The text, unless it is too long. Raises FailedTemplate."""
    if len(text) > LONGEST_TEXT:
        raise FailedTemplate(f"what it makes is longer than {LONGEST_TEXT} characters")
    return text


def plain(value: Value, *, top: bool = True) -> str:
    """The value as `{{…}}` and `%v` print it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float(value)
    if value is None:
        return "<no value>" if top else "<nil>"
    if isinstance(value, Nothing):
        return "<nil>" if value is NO_VALUE and not top else value.printed
    if isinstance(value, list):
        return bounded(f"[{' '.join(plain(each, top=False) for each in value)}]")
    if isinstance(value, Struct):
        return bounded(f"{{{' '.join(plain(each, top=False) for each in value.in_order())}}}")
    if isinstance(value, dict):
        pairs = (f"{name}:{plain(value[name], top=False)}" for name in sorted(value))
        return bounded(f"map[{' '.join(pairs)}]")
    if isinstance(value, Row):
        return f"{{{' '.join(str(each) for each in value.as_json().values())}}}"
    return str(value)


def _float(value: float) -> str:
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    if not isinstance(exponent, int):
        return repr(value)
    power = len(digits) + exponent - 1
    if digits == (0,):
        return "-0" if sign else "0"
    if _LEAST_POWER <= power < _MOST_POWER:
        return f"{Decimal(repr(value)).normalize():f}"
    shown = "".join(map(str, digits))
    mantissa = shown[0] + (f".{shown[1:]}" if len(shown) > 1 else "")
    return f"{'-' if sign else ''}{mantissa}e{'-' if power < 0 else '+'}{abs(power):02}"


def quoted(text: str) -> str:
    """The text in double quotes, with Go's escapes for what cannot be printed (strconv.Quote)."""
    made = []
    for each in text:
        code = ord(each)
        if each in _SHORT:
            made.append(_SHORT[each])
        elif each.isprintable():
            made.append(each)
        elif code < 0x20 or code == 0x7F:  # noqa: PLR2004  # the control characters of ASCII
            made.append(f"\\x{code:02x}")
        else:
            made.append(f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}")  # noqa: PLR2004  # the first plane
    return f'"{"".join(made)}"'


def as_json(value: Value, *, indent: int | None = None) -> str:
    """The value as Go writes JSON: maps sorted by key, structs in their own order, and no escapes for HTML but in rows.

    What is indented, as `docker inspect` prints it, keeps its own order and may be of any length.
    """
    if isinstance(value, Row):
        return bounded(_escape(as_json(dict(value.as_json())), _HTML))
    if indent is not None:
        return _escape(json.dumps(value, ensure_ascii=False, indent=indent), _ESCAPES)
    return bounded(_escape(json.dumps(_sorted(value), ensure_ascii=False, separators=(",", ":")), _ESCAPES))


def _sorted(value: Value) -> Any:
    if isinstance(value, Row | Nothing):
        return None
    if isinstance(value, UntypedNumber):
        return json.loads(value)
    if isinstance(value, list):
        return [_sorted(each) for each in value]
    if isinstance(value, Struct):
        return {name: _sorted(each) for name, each in value.items()}
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return value


_HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
_ESCAPES = {"\u2028": "\\u2028", "\u2029": "\\u2029", "\\b": "\\u0008", "\\f": "\\u000c"}
"""What Go escapes where Python does not, or otherwise."""
_TO_ESCAPE = re.compile(r"\\.|[\u2028\u2029<>&]", re.DOTALL)


def _escape(text: str, escapes: Mapping[str, str]) -> str:
    return _TO_ESCAPE.sub(lambda found: escapes.get(found[0], found[0]), text)


def formatted(layout: str, values: Sequence[Value]) -> str:
    """What `printf` makes of a layout: `%s %d %q %v %t %f %x %c %%`, with widths and precisions up to 1000."""
    left = list(values)
    made: list[str] = []
    size = at = 0
    for match in _VERB.finditer(layout):
        piece = layout[at : match.start()] + _one(match, left)
        at = match.end()
        made.append(piece)
        size += len(piece)
        if size > LONGEST_TEXT:
            break
    made.append(layout[at:])
    if left:
        extra = ", ".join(f"{type_of(each)}={plain(each, top=False)}" for each in left)
        made.append(f"%!(EXTRA {extra})")
    return bounded("".join(made))


def _one(match: re.Match[str], left: list[Value]) -> str:
    flags, width, precision, verb = match[1], int((match[2] or "0")[:9]), match[3], match[4]
    if verb == "%":
        return "%"
    if not verb:
        return "%!(NOVERB)"
    if width > _WIDEST:
        return "%!(BADWIDTH)"
    if precision is not None and int(precision[:9] or "0") > _WIDEST:
        return "%!(BADPREC)"
    if not left:
        return f"%!{verb}(MISSING)"
    text = _by_verb(verb, left.pop(0), flags=flags, precision=None if precision is None else int(precision or "0"))
    if "-" in flags:
        return text.ljust(width)
    if "0" in flags and verb in "dfxegs":
        sign = text[:1] if text[:1] in {"+", "-"} and verb != "s" else ""
        return sign + text[len(sign) :].rjust(width - len(sign), "0")
    return text.rjust(width)


def _by_verb(verb: str, value: Value, *, flags: str, precision: int | None) -> str:
    if isinstance(value, list) and verb in "sqdx":
        return bounded(f"[{' '.join(_by_verb(verb, each, flags=flags, precision=precision) for each in value)}]")
    tell = _TOLD_BY.get(
        (verb.lower() if verb == "X" else verb, str if isinstance(value, UntypedNumber) else type(value))
    )
    if verb == "v":
        return plain(value, top=False)
    if tell is not None:
        told = bounded(tell(value, precision))
        signed = "+" in flags and not isinstance(value, str | bool) and not told.startswith("-")
        return f"+{told}" if signed else told.upper() if verb == "X" else told
    if value is None or isinstance(value, Nothing):
        return f"%!{verb}(<nil>)"
    return bounded(f"%!{verb}({type_of(value)}={plain(value, top=False)})")


_TOLD_BY: Mapping[tuple[str, type], Callable[[Any, int | None], str]] = {
    ("s", str): lambda value, precision: value if precision is None else value[:precision],
    ("q", str): lambda value, _: quoted(value),
    ("x", str): lambda value, _: value.encode(errors="replace").hex(),
    ("t", bool): lambda value, _: plain(value),
    ("d", int): lambda value, _: str(value),
    ("x", int): lambda value, _: f"{value:x}",
    ("c", int): lambda value, _: chr(value) if 0 <= value < _SURROGATES else "\ufffd",
    ("f", float): lambda value, precision: f"{value:.{_PLACES if precision is None else precision}f}",
    ("e", float): lambda value, precision: f"{value:.{_PLACES if precision is None else precision}e}",
    ("g", float): lambda value, precision: plain(value) if precision is None else f"{value:.{precision}g}",
}

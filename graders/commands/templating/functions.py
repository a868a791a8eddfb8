"""The functions that a template may call: docker's own, and those that Go's templates have built in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote_plus

from graders.commands.templating.faults import FailedTemplate
from graders.commands.templating.printing import LONGEST_TEXT, as_json, bounded, formatted, plain
from graders.commands.templating.values import (
    NO_VALUE,
    Nothing,
    Row,
    Struct,
    UntypedMap,
    Value,
    is_of_texts,
    is_true,
    type_of,
)


@dataclass(frozen=True)
class Function:
    """A function, and the types of what it takes: `text`, `texts`, `number` or `any`."""

    does: Callable[..., Value]
    takes: tuple[str, ...] = ()
    more: str = ""
    """The type of any further ones."""


def _nothing(value: Value) -> bool:
    return value is None or isinstance(value, Nothing)


def _length(value: Value) -> int:
    if value is None:
        raise FailedTemplate("reflect: call of reflect.Value.Type on zero Value")
    if _nothing(value):
        raise FailedTemplate("len of nil pointer")
    if isinstance(value, str):
        return len(value.encode(errors="replace"))
    if isinstance(value, list) or (isinstance(value, dict) and not isinstance(value, Struct)):
        return len(value)
    raise FailedTemplate(f"len of type {type_of(value)}")


def _index(value: Value, *keys: Value) -> Value:
    for key in keys:
        value = _indexed(value, key)
    return value


def _indexed(value: Value, key: Value) -> Value:
    if _nothing(value):
        raise FailedTemplate("index of untyped nil")
    if isinstance(value, list | str):
        if isinstance(key, bool) or not isinstance(key, int):
            raise FailedTemplate(f"cannot index slice/array with type {type_of(key)}")
        within: Sequence[Any] = value if isinstance(value, list) else value.encode(errors="replace")
        if not 0 <= key < len(within):
            raise FailedTemplate(f"index out of range: {key}")
        return within[key]
    if isinstance(value, dict) and not isinstance(value, Struct):
        if not isinstance(key, str):
            raise FailedTemplate(f"value has type {type_of(key)}; should be string")
        return value[key] if key in value else _missing_of(value)
    raise FailedTemplate(f"can't index item of type {type_of(value)}")


def _missing_of(value: dict[str, Value]) -> Value:
    """What a map gives for a key that it does not have, judged by what it holds otherwise."""
    if isinstance(value, UntypedMap):
        return NO_VALUE
    held = next(iter(value.values()), "")
    if isinstance(held, list):
        return []
    return "" if isinstance(held, str) else Nothing("<nil>" if isinstance(held, Struct) else "<no value>")


def _slice(value: Value, *bounds: Value) -> Value:
    if not isinstance(value, str | list):
        raise FailedTemplate(f"can't slice item of type {type_of(value)}")
    if len(bounds) > 2:  # noqa: PLR2004  # a third bound is a capacity, which is nothing that shows
        raise FailedTemplate("cannot 3-index slice a string" if isinstance(value, str) else "too many slice indexes")
    for bound in bounds:
        if isinstance(bound, bool) or not isinstance(bound, int):
            raise FailedTemplate(f"cannot index slice/array with type {type_of(bound)}")
    length = _length(value)
    begin, end = ([*bounds, length] if len(bounds) == 1 else [*bounds] or [0, length])[:2]
    for bound in (begin, end):
        if not 0 <= bound <= length:
            raise FailedTemplate(f"index out of range: {bound}")
    if begin > end:
        raise FailedTemplate(f"invalid slice index: {begin} > {end}")
    if isinstance(value, str):
        return value.encode(errors="replace")[begin:end].decode(errors="replace")
    return value[begin:end]


def _printed(*values: Value) -> str:
    made, size = [], 0
    for number, value in enumerate(values):
        text = plain(value, top=False)
        spaced = number and not isinstance(value, str) and not isinstance(values[number - 1], str)
        made.append(f" {text}" if spaced else text)
        size += len(text) + 1
        if size > LONGEST_TEXT:
            break
    return bounded("".join(made))


def _printed_line(*values: Value) -> str:
    return bounded(" ".join(plain(value, top=False) for value in values) + "\n")


def _kind(value: Value) -> str:
    if isinstance(value, bool):
        return "bool"
    for type_, kind in ((int, "int"), (float, "float"), (str, "string")):
        if isinstance(value, type_):
            return kind
    raise FailedTemplate(f"non-comparable type {plain(value, top=False)[:100]}: {type_of(value)}")


def _equal(first: Value, *others: Value) -> bool:
    if not others:
        raise FailedTemplate("missing argument for comparison")
    return any(_same(first, other) for other in others)


def _same(first: Value, other: Value) -> bool:
    if _nothing(first) or _nothing(other):
        return _nothing(first) and _nothing(other)
    if isinstance(first, Struct) and isinstance(other, Struct):
        return first is other
    if _kind(first) != _kind(other):
        raise FailedTemplate("incompatible types for comparison")
    return bool(first == other)


def _less(first: Value, other: Value) -> bool:
    if _nothing(first) or _nothing(other) or isinstance(first, bool) or isinstance(other, bool):
        raise FailedTemplate("invalid type for comparison")
    if _kind(first) != _kind(other):
        raise FailedTemplate("incompatible types for comparison")
    return bool(first < other)


def _call(value: Value, *_: Value) -> Value:
    raise FailedTemplate("call of nil" if _nothing(value) else f"non-function of type {type_of(value)}")


def _cut(text: str, width: int) -> str:
    return text if len(text) < width else text[: max(width, 0)]


def _padded(text: str, before: int, after: int) -> str:
    if not text:
        return text
    if before < 0 or after < 0:
        raise FailedTemplate("strings: negative Repeat count")
    if before + after > LONGEST_TEXT:
        bounded(" " * (LONGEST_TEXT + 1))
    return f"{' ' * before}{text}{' ' * after}"


def _split(text: str, by: str) -> list[str]:
    return list(text) if not by else text.split(by)


def _title(text: str) -> str:
    return "".join(
        each.upper() if not at or not (text[at - 1].isalnum() or text[at - 1] in "_'") else each
        for at, each in enumerate(text)
    )


_JS = {"\\": "\\\\", "'": "\\'", '"': '\\"', "<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D"}


def _js(*values: Value) -> str:
    text = _printed(*values)
    return bounded("".join(_JS.get(each, each if each >= " " else f"\\u{ord(each):04X}") for each in text))


FUNCTIONS: Mapping[str, Function] = {
    "json": Function(as_json, ("any",)),
    "split": Function(_split, ("text", "text")),
    "join": Function(lambda texts, by: bounded(by.join(texts)), ("texts", "text")),
    "title": Function(_title, ("text",)),
    "lower": Function(str.lower, ("text",)),
    "upper": Function(lambda text: bounded(text.upper()), ("text",)),
    "pad": Function(_padded, ("text", "number", "number")),
    "truncate": Function(_cut, ("text", "number")),
    "len": Function(_length, ("any",)),
    "index": Function(_index, ("any",), more="any"),
    "slice": Function(_slice, ("any",), more="any"),
    "not": Function(lambda value: not is_true(value), ("any",)),
    "print": Function(_printed, more="any"),
    "printf": Function(lambda layout, *values: formatted(layout, values), ("text",), more="any"),
    "println": Function(_printed_line, more="any"),
    "html": Function(
        lambda *values: bounded(escape(_printed(*values)).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")),
        more="any",
    ),
    "js": Function(_js, more="any"),
    "urlquery": Function(lambda *values: bounded(quote_plus(_printed(*values))), more="any"),
    "call": Function(_call, ("any",), more="any"),
    "eq": Function(_equal, ("any",), more="any"),
    "ne": Function(lambda first, other: not _same(first, other), ("any", "any")),
    "lt": Function(_less, ("any", "any")),
    "le": Function(lambda first, other: _same(first, other) or _less(first, other), ("any", "any")),
    "gt": Function(lambda first, other: not (_same(first, other) or _less(first, other)), ("any", "any")),
    "ge": Function(lambda first, other: not _less(first, other), ("any", "any")),
}
SHORT_CUTS = frozenset(("and", "or"))
"""They work out no more of what they are given than they need, so the evaluator carries them out itself."""
NAMES = frozenset((*FUNCTIONS, *SHORT_CUTS))

HEADING_FUNCTIONS = frozenset(("json", "title", "lower", "upper", "pad", "truncate", "split", "join"))
"""In the heading of a table these give what they were given first: `{{upper .Names}}` is headed NAMES."""

_GO_TYPES = {"text": "string", "texts": "[]string", "number": "int"}


def misfit(value: Value, wanted: str) -> str:
    """What Go says of a value of the wrong type; empty where it fits."""
    if wanted == "any":
        return ""
    fits = {
        "text": isinstance(value, str),
        "number": isinstance(value, int) and not isinstance(value, bool),
        "texts": is_of_texts(value),
    }[wanted]
    if fits:
        return ""
    if _nothing(value) or isinstance(value, Row):
        return f"invalid value; expected {_GO_TYPES[wanted]}"
    return f"wrong type for value; expected {_GO_TYPES[wanted]}; got {type_of(value)}"

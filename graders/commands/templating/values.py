"""The values that a template meets: JSON, the structs that docker's client reads it into, and rows of its tables."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Value = Any
"""None, bool, int, float, str, list, dict, `Struct`, `Row`, or one of the `Nothing`s below."""


class Nothing:
    """A value that is not there: how it prints, and what functions take it for."""

    def __init__(self, printed: str, taken_for: "list[Value] | dict[str, Value] | None" = None) -> None:
        self.printed = printed
        self.taken_for = taken_for

    def __repr__(self) -> str:
        return self.printed


NO_VALUE = Nothing("<no value>")
"""What a map has under a key that is not in it."""
NIL = Nothing("<nil>")
"""A pointer to nothing."""
NO_LIST = Nothing("[]", [])
NO_MAP = Nothing("map[]", {})


class Struct(dict[str, Value]):
    """An object with fixed fields: asking for another is a fault, and it prints as `{…}`.

    `shape` are fields with what they hold where the daemon leaves them out, and their order; `called` are keys of the
    JSON that templates know by another name.
    """

    def __init__(
        self,
        fields: Mapping[str, Value],
        *,
        type_name: str,
        shape: Mapping[str, Value] | None = None,
        called: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(fields)
        self.type_name = type_name
        names = called or {}
        self._fields = {names.get(key, key): value for key, value in {**(shape or {}), **fields}.items()}

    def has(self, name: str) -> bool:
        """Whether it is one of its fields."""
        return name in self._fields

    def of(self, name: str) -> Value:
        """What the field holds."""
        return self._fields[name]

    def in_order(self) -> Iterator[Value]:
        """What its fields hold, in order."""
        return iter(self._fields.values())


class UntypedMap(dict[str, Value]):
    """An object of JSON that no type was known for."""


class UntypedList(list[Value]):
    """A list of JSON that no type was known for."""


class UntypedNumber(str):
    """A number of JSON that no type was known for: the text of it, to Go."""

    __slots__ = ()


def untyped(value: Value) -> Value:
    """A value of JSON as Go reads it where no type says more."""
    if isinstance(value, dict):
        return UntypedMap({name: untyped(each) for name, each in value.items()})
    if isinstance(value, list):
        return UntypedList(untyped(each) for each in value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return UntypedNumber(json.dumps(value))
    return value


@dataclass(frozen=True)
class Row:
    """A row of a table: columns that are worked out when they are asked for."""

    type_name: str
    """As messages name it: `*formatter.ContainerContext`."""
    columns: Mapping[str, Callable[[], Value]]
    lookups: Mapping[str, Callable[[str], Value]] = field(default_factory=dict)
    """Columns that take a word, such as `.Label "a"`."""

    def as_json(self) -> dict[str, Value]:
        """Every column that takes no word, sorted by name."""
        return {name: self.columns[name]() for name in sorted(self.columns)}


def is_true(value: Value) -> bool:
    """Whether `if` takes it for true: not nothing, not zero, not empty."""
    if isinstance(value, Nothing) or value is None:
        return False
    if isinstance(value, Struct | Row):
        return True
    return bool(value)


def is_of_texts(value: Value) -> bool:
    """Whether it is a list of texts, and known to be one."""
    return isinstance(value, list) and not isinstance(value, UntypedList) and all(isinstance(one, str) for one in value)


def type_of(value: Value) -> str:
    """The name that Go has for its type."""
    if isinstance(value, Struct | Row):
        return value.type_name
    if value is None or isinstance(value, Nothing):
        return "<nil>"
    if isinstance(value, UntypedNumber):
        return "json.Number"
    if isinstance(value, list):
        return "[]string" if is_of_texts(value) else "[]interface {}"
    names = {bool: "bool", int: "int", float: "float64", str: "string", dict: "map[string]interface {}"}
    return next(name for type_, name in names.items() if isinstance(value, type_))

"""The values of a question that varies: how each is drawn or computed, so that a seed gives the same ones each time.

`values` is a mapping of names. An entry is a kind (`port`), a kind with its bounds, a table of `rows` of which one is
drawn (its columns are values by their own names), or `compute` with an expression over the others.
"""

import keyword
import random
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, GetCoreSchemaHandler, StrictBool, TypeAdapter, model_validator
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from graders.authored import Place, did_you_mean
from graders.spec import Spec, errors_at
from graders.values import Drawn, draw
from quizzes.amounts import FUNCTIONS, Amount, ExpressionError, Item, bounded, number_of, said, write
from quizzes.expressions import Expression, read_expression

MAX_VALUES = 50
MAX_NAME = 40
MAX_ROWS = 100
MAX_COLUMNS = 20
_TRIES = 50
_SHORT = 20
_LARGEST = 10**15
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class CannotDrawValue(Exception):
    """A seed's values cannot be had: `place` is where in `values`, `message` a sentence without its full stop."""

    def __init__(self, place: Place, message: str, drawn: Mapping[str, Amount]) -> None:
        super().__init__(message)
        self.place = place
        self.message = message
        self.drawn = dict(drawn)


def _one_expression(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, str):
        raise ValueError("is an expression in quotes, such as `n * 1024`")  # noqa: TRY004 - pydantic reports ValueError
    read_expression(value)
    return value


Formula = Annotated[str, BeforeValidator(_one_expression)]
"""An expression that can be read."""


def _bound(value: object) -> object:
    if isinstance(value, str):
        read_expression(value)
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LARGEST:
        raise ValueError("is a number, or an expression in quotes over other values")
    return value


Bound = Annotated[int | float | str, BeforeValidator(_bound)]


def _one_item(value: object) -> object:
    if not isinstance(value, bool | int | float | str) or (isinstance(value, float) and not abs(value) <= _LARGEST):
        raise ValueError("is a text, a number, true or false")
    return value


Plain = Annotated[StrictBool | int | float | str, BeforeValidator(_one_item)]
Plains = Annotated[tuple[Plain, ...], Field(min_length=1, max_length=MAX_ROWS)]


def _amount(value: bool | float | str) -> Item:  # noqa: FBT001 - one value of several types
    """A value as written; decimals exactly as their digits say."""
    if isinstance(value, bool | str):
        return value
    return Fraction(str(value))


class ValueSpec(Spec, ABC):
    """How one entry of `values` comes about."""

    differs: ClassVar[bool] = False
    """Whether it is drawn again when another value came out the same."""

    def formulas(self) -> Iterator[tuple[str, Expression]]:
        """The expressions in it, by field."""
        yield from ()

    def names(self, name: str) -> Sequence[str]:
        """The values that the entry gives."""
        return (name,)

    def ends(self) -> int:
        """How many extremes it has, to be tried one by one."""
        return 0

    def end(self, name: str, position: int, values: Mapping[str, Amount]) -> dict[str, Amount]:
        """The extreme at this position, counted from 0 up to `ends()`. Raises IndexError for one that it has not."""
        raise IndexError(position)

    @abstractmethod
    def draw(self, name: str, seed: str, values: Mapping[str, Amount]) -> dict[str, Amount]:
        """Draw it; the same seed gives the same. Raises ExpressionError."""


def _source(seed: str) -> random.Random:
    return random.Random(seed)  # noqa: S311 - repeatable by design: a seed always gives the same variant


class Ready(ValueSpec):
    """A word, a path, a port and the like, as labs draw them."""

    kind: Literal["word", "sentence", "port", "hex", "nonce", "path"]
    differs: ClassVar[bool] = True

    def draw(self, name: str, seed: str, values: Mapping[str, Amount]) -> dict[str, Amount]:
        """Draw it; a port is a number, to compute with."""
        del values
        text = draw({"it": Drawn(kind=self.kind)}, seed=seed)["it"]
        return {name: Fraction(text) if self.kind == "port" else text}


class Choice(ValueSpec):
    """One of a list."""

    kind: Literal["choice"]
    of: Plains
    differs: ClassVar[bool] = True

    def ends(self) -> int:
        """Each of them."""
        return len(self.of)

    def end(self, name: str, position: int, values: Mapping[str, Amount]) -> dict[str, Amount]:
        """The one at this position."""
        del values
        return {name: _amount(self.of[position])}

    def draw(self, name: str, seed: str, values: Mapping[str, Amount]) -> dict[str, Amount]:
        """Choose one."""
        return self.end(name, _source(seed).randrange(len(self.of)), values)


class Sample(ValueSpec):
    """So many different ones of a list, in the order drawn: `{name_1}`, `{name_2}` and so on, and `{name}` for all."""

    kind: Literal["sample"]
    of: Plains
    take: int = Field(ge=1, le=20, strict=True)

    @model_validator(mode="after")
    def _has_enough(self) -> "Sample":
        if self.take > len(set(map(_amount, self.of))):
            raise ValueError("takes more than there are different ones in `of`")
        return self

    def names(self, name: str) -> Sequence[str]:
        """The list, and each of it."""
        return (name, *(f"{name}_{number}" for number in range(1, self.take + 1)))

    def draw(self, name: str, seed: str, values: Mapping[str, Amount]) -> dict[str, Amount]:
        """Draw without putting back."""
        del values
        taken = _source(seed).sample(list(dict.fromkeys(map(_amount, self.of))), self.take)
        return {name: tuple(taken)} | {f"{name}_{number}": item for number, item in enumerate(taken, 1)}


class _Range(ValueSpec):
    """A number between two bounds, each a number or an expression."""

    differs: ClassVar[bool] = True
    at_least: Bound = 1
    at_most: Bound = 100

    def formulas(self) -> Iterator[tuple[str, Expression]]:
        """The bounds that are computed."""
        for field, bound in (("at_least", self.at_least), ("at_most", self.at_most)):
            if isinstance(bound, str):
                yield field, read_expression(bound)

    @abstractmethod
    def pace(self) -> Fraction:
        """How far one number is from the next."""

    def _steps(self, values: Mapping[str, Amount]) -> tuple[Fraction, int]:
        """The smallest number, and how many steps there are up to the largest."""
        low, high = (self._bound(bound, values) for bound in (self.at_least, self.at_most))
        if low > high:
            raise ExpressionError(f"has an `at_least` of {write(low)}, more than its `at_most` of {write(high)}")
        return low, int((high - low) // self.pace())

    @staticmethod
    def _bound(bound: float | str, values: Mapping[str, Amount]) -> Fraction:
        if isinstance(bound, str):
            return number_of(read_expression(bound).value(values), "a bound")
        return Fraction(str(bound))

    def ends(self) -> int:
        """Each number of a short range; else the smallest and the largest."""
        if isinstance(self.at_least, str) or isinstance(self.at_most, str) or self.at_least > self.at_most:
            return 2
        _, steps = self._steps({})
        return steps + 1 if steps < _SHORT else 2

    def end(self, name: str, position: int, values: Mapping[str, Amount]) -> dict[str, Amount]:
        """The largest that steps reach, then the smallest and those after it."""
        low, steps = self._steps(values)
        return {name: low + (position - 1 if position else steps) * self.pace()}

    def draw(self, name: str, seed: str, values: Mapping[str, Amount]) -> dict[str, Amount]:
        """Draw a number, each that steps reach as likely as another."""
        low, steps = self._steps(values)
        return {name: low + _source(seed).randint(0, steps) * self.pace()}


class Number(_Range):
    """A whole number from `at_least` to `at_most`, in steps of `step`."""

    kind: Literal["number"]
    step: int = Field(default=1, ge=1, le=1_000_000_000, strict=True)

    @model_validator(mode="after")
    def _are_whole(self) -> "Number":
        for field, bound in (("at_least", self.at_least), ("at_most", self.at_most)):
            if isinstance(bound, float) and not bound.is_integer():
                raise ValueError(f"has an `{field}` of {bound}: the kind `decimal` draws numbers with a point")
        return self

    def pace(self) -> Fraction:
        """The step."""
        return Fraction(self.step)


class Decimals(_Range):
    """A number with `places` decimals from `at_least` to `at_most`, in steps of `step`."""

    kind: Literal["decimal"]
    places: int = Field(default=1, ge=1, le=6, strict=True)
    step: Annotated[int | float, Field(gt=0, le=_LARGEST)] | None = None

    @model_validator(mode="after")
    def _step_fits(self) -> "Decimals":
        if self.step is not None and (Fraction(str(self.step)) * 10**self.places).denominator != 1:
            raise ValueError(f"has a `step` of {self.step}, which has more decimals than its {self.places} `places`")
        return self

    def pace(self) -> Fraction:
        """The step, or one in the last place."""
        return Fraction(1, 10**self.places) if self.step is None else Fraction(str(self.step))


class Table(ValueSpec):
    """A table of which one row is drawn: what belongs together fits together. Every row has the same columns."""

    rows: Annotated[
        tuple[Annotated[dict[str, Plain], Field(min_length=1, max_length=MAX_COLUMNS)], ...],
        Field(min_length=1, max_length=MAX_ROWS),
    ]

    @model_validator(mode="after")
    def _columns_agree(self) -> "Table":
        for number, row in enumerate(self.rows, 1):
            if row.keys() != self.rows[0].keys():
                odd = ", ".join(f"`{column}`" for column in sorted(row.keys() ^ self.rows[0].keys()))
                raise ValueError(f"has a row, number {number}, whose columns differ from the first one's: {odd}")
        return self

    def names(self, name: str) -> Sequence[str]:
        """The columns."""
        del name
        return sorted(self.rows[0])

    def ends(self) -> int:
        """Each row."""
        return len(self.rows)

    def end(self, name: str, position: int, values: Mapping[str, Amount]) -> dict[str, Amount]:
        """The row at this position."""
        del name, values
        return {column: _amount(value) for column, value in self.rows[position].items()}

    def draw(self, name: str, seed: str, values: Mapping[str, Amount]) -> dict[str, Amount]:
        """Draw a row."""
        return self.end(name, _source(seed).randrange(len(self.rows)), values)


class Computed(ValueSpec):
    """A value computed from others."""

    compute: Formula

    def formulas(self) -> Iterator[tuple[str, Expression]]:
        """The expression."""
        yield "compute", read_expression(self.compute)

    def draw(self, name: str, seed: str, values: Mapping[str, Amount]) -> dict[str, Amount]:
        """Carry the expression out."""
        del seed
        return {name: read_expression(self.compute).value(values)}


BY_KIND: Mapping[str, type[ValueSpec]] = {
    **dict.fromkeys(("word", "sentence", "port", "hex", "nonce", "path"), Ready),
    "choice": Choice,
    "sample": Sample,
    "number": Number,
    "decimal": Decimals,
}


def _spec(value: Any) -> ValueSpec:
    """Read an entry by the kind it names."""
    if isinstance(value, ValueSpec):
        return value
    if isinstance(value, str):
        value = {"kind": value}
    if not isinstance(value, Mapping):
        raise PydanticCustomError("plan_value", "A value is a kind such as `port`, or a mapping with `kind`.")
    if "compute" in value:
        return _known(Computed, value)
    if "rows" in value:
        return _known(Table, value)
    kind = value.get("kind")
    if not isinstance(kind, str) or kind not in BY_KIND:
        known = did_you_mean(str(kind), BY_KIND) if kind is not None else f"Known kinds: {', '.join(sorted(BY_KIND))}."
        what = (
            f"There is no kind of value `{kind}`." if kind is not None else "A value has a `kind`, `rows` or `compute`."
        )
        raise errors_at([(("kind",) if "kind" in value else (), f"{what} {known}")])
    return _known(BY_KIND[kind], value)


def _known(model: type[ValueSpec], value: Mapping[Any, Any]) -> ValueSpec:
    unknown = [
        ((name,), f"`{name}` is not known here. {did_you_mean(str(name), model.model_fields)}")
        for name in value
        if name not in model.model_fields
    ]
    if unknown:
        raise errors_at(unknown)
    return model.model_validate(value)


class Values(Mapping[str, ValueSpec]):
    """What a question declares under `values`; a mapping of entries that knows in which order they can be drawn."""

    def __init__(self, entries: Mapping[str, ValueSpec]) -> None:
        self._entries = dict(entries)
        self._formulas = {name: dict(spec.formulas()) for name, spec in self._entries.items()}
        self._giver = {given: name for name, spec in self._entries.items() for given in spec.names(name)}
        self.order = tuple(self._ordered())

    def __getitem__(self, name: str) -> ValueSpec:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Values) and self._entries == other._entries

    def __hash__(self) -> int:
        return hash(tuple(sorted(self._entries)))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let models have a field of this type, which they read with `read`."""
        del source, handler
        return core_schema.no_info_plain_validator_function(
            cls.read,
            serialization=core_schema.plain_serializer_function_ser_schema(lambda values: values.written()),
        )

    @classmethod
    def read(cls, data: object) -> "Values":
        """Read what an author wrote. Raises pydantic's ValidationError with the places inside `values`."""
        if isinstance(data, Values):
            return data
        if not isinstance(data, Mapping) or not data:
            raise PydanticCustomError("plan_values", "`values` is a mapping of names: `port: port`.")
        if len(data) > MAX_VALUES:
            raise PydanticCustomError("plan_values", f"`values` has more than {MAX_VALUES} entries.")
        return cls(_entries(data))

    def written(self) -> dict[str, Any]:
        """The entries as plain JSON."""
        return {name: spec.model_dump(mode="json", exclude_defaults=True) for name, spec in self._entries.items()}

    @cached_property
    def names(self) -> frozenset[str]:
        """All values by name: entries, columns of tables, and what samples take."""
        return frozenset(self._giver)

    @property
    def used_inside(self) -> frozenset[str]:
        """The values that other entries compute with."""
        return frozenset(
            name for formulas in self._formulas.values() for formula in formulas.values() for name in formula.names
        )

    def entry_of(self, name: str) -> str:
        """The entry that gives a value."""
        return self._giver[name]

    def _needs(self, entry: str) -> set[str]:
        return {self._giver[name] for formula in self._formulas[entry].values() for name in formula.names}

    def _ordered(self) -> Iterator[str]:
        """Entries after those that they compute with, by name else: the order of writing is lost when it is stored."""
        errors = [
            (
                (entry, field),
                f"`{entry}` computes with `{name}`, which no value has for its name. {did_you_mean(name, self._giver)}",
            )
            for entry, formulas in self._formulas.items()
            for field, formula in formulas.items()
            for name in sorted(formula.names - self._giver.keys())
        ]
        if errors:
            raise errors_at(errors)
        left, done = sorted(self._entries), set[str]()
        while left:
            ready = [entry for entry in left if self._needs(entry) <= done]
            if not ready:
                circle = self._circle(left)
                message = f"These values need each other, so none can come first: {' → '.join(circle)}."
                raise errors_at([((circle[0],), message)])
            yield from ready
            done.update(ready)
            left = [entry for entry in left if entry not in done]

    def _circle(self, stuck: Sequence[str]) -> list[str]:
        """Entries that wait for each other, the first one again at the end."""
        path = [stuck[0]]
        while True:
            following = min(self._needs(path[-1]) & set(stuck))
            if following in path:
                return [*path[path.index(following) :], following]
            path.append(following)

    def draw(self, seed: int | str, *, forced: tuple[str, int] | None = None) -> dict[str, Amount]:
        """Draw all values; those of different entries differ as far as there is room for that.

        `forced` names an entry and which of its extremes it takes. Raises CannotDrawValue.
        """
        drawn: dict[str, Amount] = {}
        for entry in self._order_for(forced):
            spec = self._entries[entry]
            try:
                if forced is not None and forced[0] == entry:
                    given = spec.end(entry, forced[1], drawn)
                else:
                    given = self._draw_one(entry, spec, seed, drawn)
                for amount in given.values():
                    bounded(amount)
            except ExpressionError as error:
                field = next(iter(self._formulas[entry]), None)
                place = (entry,) if field is None else (entry, field)
                raise CannotDrawValue(place, str(error), drawn) from error
            drawn |= given
        return drawn

    def _order_for(self, forced: tuple[str, int] | None) -> Sequence[str]:
        """The forced entry as early as can be, so that others are drawn to differ from it."""
        if forced is None:
            return self.order
        before = {forced[0]}
        for entry in reversed(self.order):
            if entry in before:
                before |= self._needs(entry)
        return [entry for entry in self.order if entry in before] + [
            entry for entry in self.order if entry not in before
        ]

    @staticmethod
    def _draw_one(entry: str, spec: ValueSpec, seed: int | str, drawn: Mapping[str, Amount]) -> dict[str, Amount]:
        given = spec.draw(entry, f"{seed}/{entry}", drawn)
        if not spec.differs or isinstance(given[entry], bool):
            return given
        others = [amount for amount in drawn.values() if not isinstance(amount, bool)]
        for number in range(1, _TRIES):
            if given[entry] not in others:
                break
            given = spec.draw(entry, f"{seed}/{entry}/{number}", drawn)
        return given

    def ends(self) -> Iterator[tuple[str, int]]:
        """Every extreme of every entry, for `forced`."""
        for entry in self.order:
            yield from ((entry, position) for position in range(self._entries[entry].ends()))


_ENTRIES = TypeAdapter(dict[str, Annotated[ValueSpec, BeforeValidator(_spec)]])


def _entries(data: Mapping[Any, Any]) -> dict[str, ValueSpec]:
    """The entries, once the names can be names and belong to one entry each."""
    entries = _ENTRIES.validate_python(dict(data))
    errors: list[tuple[Place, str]] = []
    given: dict[str, str] = {}
    for entry, spec in entries.items():
        for name in spec.names(entry):
            if not _NAME.fullmatch(name) or len(name) > MAX_NAME:
                message = f"`{name}` is no name for a value: use small letters, digits and _, at most {MAX_NAME}."
                errors.append(((entry,), message))
            elif name in FUNCTIONS or name in {"true", "false"} or keyword.iskeyword(name):
                errors.append(((entry,), f"`{name}` means something in expressions: choose another name."))
            elif name in given:
                errors.append(((entry,), f"There is a value `{name}` already, from `{given[name]}`."))
            given.setdefault(name, entry)
    if errors:
        raise errors_at(errors)
    return entries


def described(amount: Amount) -> str:
    """Write a value for a list of values: one that has no end as a decimal as its fraction."""
    try:
        return write(amount)
    except ExpressionError:
        return str(amount) if isinstance(amount, Fraction) else said(amount)


def listed(values: Mapping[str, Amount]) -> str:
    """Write values in a line: `n = 3, total = 3072`, by name, long ones cut."""
    parts = [f"{name} = {_cut(described(amount))}" for name, amount in sorted(values.items())]
    return ", ".join(parts)


def _cut(text: str, length: int = 40) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"

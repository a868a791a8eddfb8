"""A question that varies: its author's text with `{name}` in it, from which each seed makes a question of its kind.

Everything but id, kind, topics, tags, difficulty and points may hold values, so that every student can earn the same
for a question on the same. What stands in a field of numbers, true or false, or lists is read as such once filled in.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, NoReturn

from pydantic import PrivateAttr, ValidationError, model_serializer
from pydantic_core import InitErrorDetails

from graders.authored import Place, did_you_mean
from graders.spec import TEMPLATE, errors_at, templates_in
from graders.values import fill
from quizzes.amounts import Amount, ExpressionError, write
from quizzes.expressions import read_expression
from quizzes.types.base import (
    SAME_FOR_ALL,
    Key,
    PublicOption,
    PublicQuestion,
    QuestionType,
    Sample,
    Scored,
    Text,
    Value,
    between,
    problem,
)
from quizzes.values import CannotDrawValue, Formula, Values, listed

SEEDS_TRIED = 20
MAX_ENDS_TRIED = 60
_REDRAWS = 200
_HEADER = (*SAME_FOR_ALL, "text", "dockerfile", "explanation", "values", "where")
_MAX_LISTED = 240


class VariantFails(Exception):
    """Values make no valid question; `errors` are places in the question, what is wrong, and pydantic's names for it.

    `redrawn` says that no draw met the question's conditions.
    """

    def __init__(
        self,
        values: Mapping[str, Amount],
        errors: Sequence[tuple[Place, str, str]],
        *,
        redrawn: bool = False,
    ) -> None:
        super().__init__("; ".join(f"{'.'.join(map(str, place))}: {message}" for place, message, _ in errors))
        self.values = dict(values)
        self.errors = errors
        self.seed: int | None = None
        self.redrawn = redrawn

    @property
    def messages(self) -> list[str]:
        """What is wrong, each with the field it is about."""
        return [f"`{_field(place)}` {message}" if place else message for place, message, _ in self.errors]


def _field(place: Place) -> str:
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in place)


class Family(QuestionType):
    """A question with `values`. As itself it shows and judges the variant with seed 0, so that lists can show it."""

    values: Values
    where: Annotated[tuple[Formula, ...], between(0, 10)] = ()
    """Conditions: values for which one does not hold are drawn again."""
    text: Text

    _template: dict[str, Any] = PrivateAttr()
    _type: type[QuestionType] = PrivateAttr()
    _base: QuestionType = PrivateAttr()

    def __hash__(self) -> int:
        """Let it be kept in sets, as other questions can be."""
        return hash((self.kind, self.id, self.text))

    @model_serializer(mode="plain")
    def as_written(self) -> dict[str, Any]:
        """The question as its author wrote it, with what is the same for all variants in its canonical form."""
        header = {
            "kind": self.kind,
            "id": self.id,
            "topics": list(self.topics),
            "difficulty": self.difficulty,
            "points": str(self.points),
            "tags": list(self.tags),
            "values": self.values.written(),
        }
        return header | ({"where": list(self.where)} if self.where else {}) | self._template

    @property
    def varies(self) -> bool:
        """Always."""
        return True

    def values_of(self, seed: int) -> dict[str, Amount]:
        """The values with this seed. Raises VariantFails."""
        try:
            return self._drawn(seed, redraws=_REDRAWS)
        except VariantFails as failure:
            failure.seed = seed
            raise

    def variant(self, seed: int) -> QuestionType:
        """Make the variant with this seed: the same one each time, on every machine. Raises VariantFails."""
        drawn = self.values_of(seed)
        try:
            return self.made(drawn)
        except VariantFails as failure:
            failure.seed = seed
            raise

    def made(self, drawn: Mapping[str, Amount]) -> QuestionType:
        """Put values into the question. Raises VariantFails."""
        texts: dict[str, str] = {}
        for place, name in templates_in(self._template):
            if name not in texts:
                try:
                    texts[name] = write(drawn[name])
                except ExpressionError as error:
                    raise VariantFails(drawn, [(place, f"takes `{name}`, which {error}", "question")]) from error
        filled = {name: getattr(self, name) for name in SAME_FOR_ALL} | fill(self._template, texts)
        alone = dict(_alone(self._template))
        before: VariantFails | None = None
        tried: set[Place] = set()
        while True:
            try:
                return self._type.model_validate(filled)
            except ValidationError as error:
                # A field that takes no text gets the number, truth or list itself, where nothing else stands in it.
                failure = VariantFails(drawn, _errors_of(error))
                wrong = {place for details in error.errors(include_url=False) for place in _around(details["loc"])}
                places = wrong & alone.keys()
                if before is not None and wrong & tried:
                    raise before from error  # it was no matter of text or number
                if not places:
                    raise failure from error
                before, tried = failure, places
                for place in places:
                    _put(filled, place, _as_json(drawn[alone.pop(place)]))

    def _drawn(self, seed: int | str, *, redraws: int, forced: tuple[str, int] | None = None) -> dict[str, Amount]:
        drawn: dict[str, Amount] = {}
        failed = 0
        for number in range(redraws):
            try:
                drawn = self.values.draw(f"{seed}#{number}" if number else seed, forced=forced)
            except CannotDrawValue as error:
                raise VariantFails(error.drawn, [(("values", *error.place), error.message, "question")]) from error
            unmet = self._unmet(drawn)
            if unmet is None:
                return drawn
            failed = unmet
        message = f"`{self.where[failed]}` did not hold for any of {redraws} draws: let values range further"
        raise VariantFails(drawn, [(("where", failed), message, "question")], redrawn=True)

    def _unmet(self, drawn: Mapping[str, Amount]) -> int | None:
        """The first condition that does not hold."""
        for position, condition in enumerate(self.where):
            try:
                if not read_expression(condition).holds(drawn):
                    return position
            except ExpressionError as error:
                place: Place = ("where", position)
                raise VariantFails(drawn, [(place, f"`{condition}` {error}", "question")]) from error
        return None

    def read(self, raw: object) -> Value | None:
        """Read an answer to the variant with seed 0."""
        return self._base.read(raw)

    def score(self, value: Value) -> Scored:
        """Judge an answer to the variant with seed 0."""
        return self._base.score(value)

    def key(self) -> Key:
        """Give the right answer to the variant with seed 0."""
        return self._base.key()

    def public(self, option_order: Sequence[int] = ()) -> PublicQuestion:
        """Show the variant with seed 0."""
        return self._base.public(option_order)

    def public_options(self, option_order: Sequence[int]) -> tuple[PublicOption, ...]:
        """Options of the variant with seed 0."""
        return self._base.public_options(option_order)

    def shuffled_options(self) -> int:
        """As many as a variant has."""
        return self._base.shuffled_options()

    def draw_order(self, rng: random.Random, *, shuffle: bool) -> list[int]:
        """Draw an order for the options of a variant."""
        return self._base.draw_order(rng, shuffle=shuffle)

    def show_value(self, value: Value | None) -> str:
        """Say an answer to the variant with seed 0 in words."""
        return self._base.show_value(value)

    @property
    def instruction(self) -> str:  # type: ignore[override]  # a constant of the kind, and kinds differ
        """What its kind says."""
        return self._base.instruction

    @property
    def takes_many(self) -> bool:  # type: ignore[override]  # a constant of the kind, and kinds differ
        """What its kind says."""
        return self._base.takes_many

    @property
    def takes_parts(self) -> bool:  # type: ignore[override]  # a constant of the kind, and kinds differ
        """What its kind says."""
        return self._base.takes_parts

    @property
    def needs_person(self) -> bool:  # type: ignore[override]  # a constant of the kind, and kinds differ
        """What its kind says."""
        return self._base.needs_person

    @classmethod
    def samples(cls) -> list[Sample]:
        """None: each kind gives its own, and a family is no kind."""
        return []


def family_of(question_type: type[QuestionType], data: Mapping[Any, Any], *, tried: bool) -> Family:
    """Read a question with `values`. Raises pydantic's ValidationError with places in the data.

    `tried` makes 20 variants and one for each extreme, so that a mistake shows now and not in front of a student; a
    question that was read before, and stored, needs none.
    """
    raw = _plain(data)
    family = Family.model_validate({name: raw[name] for name in _HEADER if name in raw})
    family._type = question_type  # noqa: SLF001 - this function makes it
    family._template = {  # noqa: SLF001
        name: value for name, value in raw.items() if name not in {*SAME_FOR_ALL, "values", "where"}
    }
    _require_names(family)
    try:
        base = family.variant(0)
        if tried:
            _try_out(family)
    except VariantFails as failure:
        _refuse(failure)
    family._base = base  # noqa: SLF001
    return family.model_copy(update={"proof": base.proof})


def _require_names(family: Family) -> None:
    """Refuse names that no value has, and values that nothing uses: one is a slip of the other."""
    known = family.values.names
    errors: list[tuple[Place, str]] = []
    used = set(family.values.used_inside)
    for place, name in templates_in(family._template):  # noqa: SLF001 - part of making it
        used.add(name)
        if name not in known:
            literal = f"Write `{{{{{name}}}}}` for the text itself."
            message = f"There is no value `{name}`. {did_you_mean(name, known)} {literal}"
            errors.append((place, message))
    for position, condition in enumerate(family.where):
        names = read_expression(condition).names
        used |= names
        errors += [
            (("where", position), f"There is no value `{name}`. {did_you_mean(name, known)}")
            for name in sorted(names - known)
        ]
    entries = {family.values.entry_of(name) for name in used & known}
    errors += [
        (("values", entry), f"Nothing uses `{entry}`: put it into the question, or leave it out.")
        for entry in sorted(family.values.keys() - entries)
    ]
    if errors:
        raise errors_at(errors)


def _try_out(family: Family) -> None:
    """Make the first variants, and one for each extreme for which the conditions can hold. Raises VariantFails."""
    for seed in range(SEEDS_TRIED):
        family.variant(seed)
    ends = list(family.values.ends())
    step = -(-len(ends) // MAX_ENDS_TRIED) or 1
    for end in ends[::step]:
        try:
            family.made(family._drawn("end", redraws=20, forced=end))  # noqa: SLF001 - part of making it
        except VariantFails as failure:
            if not failure.redrawn:
                raise


def _shown(drawn: Mapping[str, Amount]) -> str:
    text = listed(drawn)
    return text if len(text) <= _MAX_LISTED else f"{text[: _MAX_LISTED - 1]}…"


def _errors_of(error: ValidationError) -> list[tuple[Place, str, str]]:
    return [
        (details["loc"], str(details["msg"]).removeprefix("Value error, ").removeprefix("Input "), str(details["type"]))
        for details in error.errors(include_url=False)
    ]


def _refuse(failure: VariantFails) -> NoReturn:
    """Tell what is wrong with a variant in pydantic's way, and with which values."""
    said = _shown(failure.values)
    if failure.seed is not None:
        said = f"seed {failure.seed}: {said}" if said else f"seed {failure.seed}"
    details = []
    for place, message, kind in failure.errors:
        if kind in {"missing", "extra_forbidden"}:
            details.append(InitErrorDetails(type=kind, loc=place, input=None))
            continue
        clause = f"{message} ({said})" if said else message
        details.append(InitErrorDetails(type=problem(clause), loc=place, input=None))
    raise ValidationError.from_exception_data("question", details) from failure


def _plain(value: Any) -> Any:
    """The same as plain JSON, in containers of its own."""
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Decimal) else value


def _alone(value: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """The places where a value stands with nothing around it, and its name."""
    if isinstance(value, str):
        found = TEMPLATE.fullmatch(value)
        if found is not None and found[2]:
            yield place, found[2]
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _alone(item, (*place, name))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _alone(item, (*place, position))


def _around(place: Place) -> Iterator[Place]:
    """The place, and every one around it."""
    for length in range(1, len(place) + 1):
        yield place[:length]


def _put(filled: Any, place: Place, value: Any) -> None:
    for part in place[:-1]:
        filled = filled[part]
    filled[place[-1]] = value


def _as_json(amount: Amount) -> Any:
    """A value as JSON has it, for a field that takes no text."""
    if isinstance(amount, tuple):
        return [write(item) for item in amount]
    if isinstance(amount, Fraction):
        return amount.numerator if amount.denominator == 1 else float(amount)
    return amount

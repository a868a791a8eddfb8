"""Numeric: a number to type, within a tolerance, with a unit where one is asked for."""

import re
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from graders.authored import did_you_mean
from quizzes.types.base import (
    Feedback,
    Key,
    MalformedAnswer,
    QuestionType,
    Sample,
    Scored,
    Value,
    between,
    problem,
    refuse_at,
)
from quizzes.types.text import typed
from quizzes.types.units import converted, find_unit, known_units, units_beside

MAX_LENGTH = 60
MINUS = "\u2212"  # what word processors make of a hyphen
# Digits and exponent are bounded: "1e999999999" would be a number of a billion digits.
_NUMBER = re.compile(r"([+\-\u2212]?\d{1,20}(?:\.\d{1,20})?(?:[eE][+-]?\d{1,2})?) ?([A-Za-z%]{0,8})", re.ASCII)


def _is_number(value: object) -> object:
    if isinstance(value, bool):
        raise problem("write a number")
    return value


Number = Annotated[Decimal, BeforeValidator(_is_number), Field(ge=-(10**20), le=10**20, max_digits=30)]
Tolerance = Annotated[Decimal, BeforeValidator(_is_number), Field(gt=0, le=10**20, max_digits=30)]


def _unit_meant(written: str) -> str:
    same = [unit for unit in known_units() if unit.lower() == written.lower()]
    return f"Did you mean `{same[0]}`?" if same else did_you_mean(written, known_units())


class WrongNumber(BaseModel):
    """A wrong number that is often given (in the answer's unit, same tolerance), and what to tell about it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: Number
    feedback: Feedback


class Numeric(QuestionType):
    """Type a number. `within` (in the answer's unit) or `within_percent` of `answer` is right, else just it.

    With `unit`, an answer may carry any unit of its family and is converted; one without is taken in `unit`, unless
    `unit_needed`, where the unit is part of what is asked. An answer is stored as the text typed.
    """

    kind: Literal["numeric"]
    answer: Number
    within: Tolerance | None = None
    within_percent: Tolerance | None = None
    unit: str | None = None
    unit_needed: bool = False
    wrong: Annotated[tuple[WrongNumber, ...], between(0, 20)] = ()

    instruction: ClassVar[str] = "Type a number."

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.within is not None and self.within_percent is not None:
            refuse_at(("within_percent",), "give `within` or `within_percent`, not both", self.within_percent)
        if self.unit is not None and self.unit not in known_units():
            refuse_at(("unit",), f"there is no unit `{self.unit}`. {_unit_meant(self.unit)}", self.unit)
        if self.unit_needed and self.unit is None:
            refuse_at(("unit_needed",), "say which `unit` the answer is in", self.unit_needed)
        for position, wrong in enumerate(self.wrong):
            if self._is_near(Fraction(wrong.value), self.answer):
                refuse_at(("wrong", position, "value"), f"{wrong.value} counts as right", wrong.value)
        return self

    def read(self, raw: object) -> Value | None:
        """Read a number with the unit after it."""
        if isinstance(raw, int | float) and not isinstance(raw, bool):
            raw = repr(raw)
        text = typed(raw, max_length=MAX_LENGTH)
        if text is not None:
            self._amount(text)
        return text

    def _amount(self, text: str) -> Fraction:
        """The amount in the answer's unit. Raises MalformedAnswer."""
        found = _NUMBER.fullmatch(text)
        if found is None:
            hint = " Use a point for decimals and no separators." if "," in text else ""
            raise MalformedAnswer("not_a_number", f"Write a number, such as 8 or 2.5.{hint}")
        number, written = found[1].replace(MINUS, "-"), found[2]
        amount = Fraction(number)
        if not written:
            if self.unit_needed:
                raise MalformedAnswer("unit_needed", "Write the unit after the number.")
            return amount
        if self.unit is None:
            raise MalformedAnswer("unit_unknown", "Write the number alone: there is no unit here.")
        unit = find_unit(written, beside=self.unit)
        if unit is None:
            known = ", ".join(units_beside(self.unit))
            raise MalformedAnswer("unit_unknown", f"There is no unit “{written}” here. Use one of {known}.")
        return converted(amount, unit=unit, into=self.unit)

    def _is_near(self, amount: Fraction, target: Decimal) -> bool:
        allowed = Fraction(self.within or 0)
        if self.within_percent is not None:
            allowed = abs(Fraction(target)) * Fraction(self.within_percent) / 100
        return abs(amount - Fraction(target)) <= allowed

    def score(self, value: Value) -> Scored:
        """All or nothing; a known wrong number is told why."""
        try:
            amount = self._amount(str(value))
        except MalformedAnswer:  # only when the value did not come from `parse`
            return Scored(fraction=Fraction(0))
        if self._is_near(amount, self.answer):
            return Scored(fraction=Fraction(1))
        for wrong in self.wrong:
            if self._is_near(amount, wrong.value):
                return Scored(fraction=Fraction(0), feedback=wrong.feedback)
        return Scored(fraction=Fraction(0))

    def key(self) -> Key:
        """Give the number, with its unit and tolerance."""
        text = f"{self.answer.normalize():f}" + (f" {self.unit}" if self.unit else "")
        if self.within is not None:
            text += f" (give or take {self.within.normalize():f})"
        if self.within_percent is not None:
            text += f" (give or take {self.within_percent.normalize():f} %)"
        return Key(literals=(text,))

    def public_extras(self) -> dict[str, Any]:
        """Name the unit, unless it is part of the question."""
        return {"unit": None if self.unit_needed else self.unit, "max_length": MAX_LENGTH}

    @classmethod
    def samples(cls) -> list[Sample]:
        """Give samples."""
        spec = {
            "id": "limit-in-mib",
            "kind": "numeric",
            "topics": ["container.what"],
            "text": "How many MiB are 2 GiB?",
            "answer": 2048,
            "unit": "MiB",
            "wrong": [{"value": 2000, "feedback": "A GiB is 1024 MiB."}],
        }
        bare = {key: spec[key] for key in ("id", "kind", "topics", "text")} | {"answer": 0.5, "within": 0.1}
        percent = bare | {"answer": -200, "within": None, "within_percent": 5}
        needed = spec | {"unit_needed": True}
        return [
            Sample(name="right", spec=spec, raw="2048", fraction=Fraction(1)),
            Sample(name="right, as a number", spec=spec, raw=2048, fraction=Fraction(1)),
            Sample(name="right, with its unit", spec=spec, raw="2048 MiB", fraction=Fraction(1)),
            Sample(name="right, in another unit", spec=spec, raw="2gib", fraction=Fraction(1)),
            Sample(name="wrong unit", spec=spec, raw="2048 MB", fraction=Fraction(0)),
            Sample(name="known wrong", spec=spec, raw="2000", fraction=Fraction(0)),
            Sample(name="at the tolerance", spec=bare, raw="0.6", fraction=Fraction(1)),
            Sample(name="past the tolerance", spec=bare, raw="0.61", fraction=Fraction(0)),
            Sample(name="within percent", spec=percent, raw=f"{MINUS}190", fraction=Fraction(1)),
            Sample(name="past percent", spec=percent, raw="-189.9", fraction=Fraction(0)),
            Sample(name="exponent", spec=spec, raw="2.048e3", fraction=Fraction(1)),
            Sample(name="unit missing", spec=needed, raw="2048", refused="unit_needed"),
            Sample(name="unit unknown", spec=spec, raw="2048 s", refused="unit_unknown"),
            Sample(name="unit where there is none", spec=bare, raw="0.5 MB", refused="unit_unknown"),
            Sample(name="a comma", spec=bare, raw="0,5", refused="not_a_number"),
            Sample(name="a word", spec=spec, raw="two", refused="not_a_number"),
            Sample(name="too big to compute", spec=spec, raw="1e999999999", refused="not_a_number"),
            Sample(name="not a number", spec=spec, raw=float("nan"), refused="not_a_number"),
            Sample(name="true", spec=spec, raw=True, refused="answer_type"),
        ]

"""Numeric: a number to type, within a tolerance, with a unit where one is asked for."""

import re
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from graders.authored import did_you_mean
from graders.spec import Authored
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
_AS_ON_A_KEYBOARD = str.maketrans(
    {chr(code + 0xFEE0): chr(code) for code in range(ord("!"), ord("~") + 1)}  # of full width
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2212\ufe63", "-")
)
_SUPERSCRIPTS = str.maketrans(
    "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207a\u207b", "0123456789+-"
)
_RAISED = re.compile("[\u2070\u00b9\u00b2\u00b3\u2074-\u2079\u207a\u207b]+")
# Digits and exponent are bounded: "1e999999999" would be a number of a billion digits. Spaces may part thousands.
_NUMBER = re.compile(
    r"([+-]?) ?(\d{1,3}(?: \d{3}){1,6}(?:\.\d{0,20})?|\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})"
    r"(?:(?:[eE]| ?[x*\u00d7\u00b7] ?10\^)([+-]?\d{1,2}))? ?([A-Za-z%]{0,8})",
    re.ASCII,
)


def _is_number(value: object) -> object:
    if isinstance(value, bool):
        raise problem("write a number")
    return value


Number = Annotated[Decimal, BeforeValidator(_is_number), Field(ge=-(10**20), le=10**20, max_digits=30)]
Tolerance = Annotated[Decimal, BeforeValidator(_is_number), Field(gt=0, le=10**20, max_digits=30)]


def _on_a_keyboard(text: str) -> str:
    """The text as it could be typed: digits of full width, dashes for a minus, and raised digits as `^3`."""
    return _RAISED.sub(lambda raised: f"^{raised[0].translate(_SUPERSCRIPTS)}", text).translate(_AS_ON_A_KEYBOARD)


def _unit_meant(written: str) -> str:
    same = [unit for unit in known_units() if unit.lower() == written.lower()]
    return f"Did you mean `{same[0]}`?" if same else did_you_mean(written, known_units())


class WrongNumber(Authored):
    """A wrong number that is often given (in the answer's unit, same tolerance), and what to tell about it."""

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
        found = _NUMBER.fullmatch(_on_a_keyboard(text))
        if found is None:
            hint = " Use a point for decimals and no separators." if "," in text else ""
            raise MalformedAnswer("not_a_number", f"Write a number, such as 8 or 2.5.{hint}")
        sign, digits, exponent, written = found.groups()
        amount = Fraction(f"{sign}{digits.replace(' ', '')}e{exponent or 0}")
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
            *_spelled_otherwise(spec, bare, percent),
            Sample(name="unit missing", spec=needed, raw="2048", refused="unit_needed"),
            Sample(name="unit unknown", spec=spec, raw="2048 s", refused="unit_unknown"),
            Sample(name="unit where there is none", spec=bare, raw="0.5 MB", refused="unit_unknown"),
            Sample(name="a comma", spec=bare, raw="0,5", refused="not_a_number"),
            Sample(name="a word", spec=spec, raw="two", refused="not_a_number"),
            Sample(name="too big to compute", spec=spec, raw="1e999999999", refused="not_a_number"),
            Sample(name="not a number", spec=spec, raw=float("nan"), refused="not_a_number"),
            Sample(name="true", spec=spec, raw=True, refused="answer_type"),
        ]


def _spelled_otherwise(spec: dict[str, Any], bare: dict[str, Any], percent: dict[str, Any]) -> list[Sample]:
    """Numbers as people write them, and what looks like them."""
    right = {
        "no digit before the point": (bare, ".5"),
        "no digit behind the point": (spec, "2048."),
        "a plus": (spec, "+2048"),
        "an en dash for a minus": (percent, "\u2013200"),
        "full width": (spec, "\uff12\uff10\uff14\uff18"),
        "thousands parted by a space": (spec, "2 048"),
        "thousands parted by a no-break space": (spec, "2\u202f048\u00a0MiB"),
        "no space before the unit": (spec, "2048MiB"),
        "an exponent with a capital and a sign": (spec, "2.048E+3"),
        "a small exponent": (bare, "50e\u22122"),
        "a power of ten": (spec, "2.048 \u00d7 10\u00b3"),
        "a power of ten, typed": (spec, "2.048*10^3 MiB"),
    }
    refused = {
        "only a point": ".",
        "two points": "2.0.48",
        "thousands parted by a comma": "2,048",
        "a space in the wrong place": "20 48",
        "raised digits alone": "2048\u00b2",
        "two minus signs": "--2048",
        "a power without a number": "10^",
    }
    return [
        *(Sample(name=name, spec=one, raw=raw, fraction=Fraction(1)) for name, (one, raw) in right.items()),
        *(Sample(name=name, spec=spec, raw=raw, refused="not_a_number") for name, raw in refused.items()),
        Sample(name="another power of ten", spec=spec, raw="2.048 x 10^2", fraction=Fraction(0)),
        Sample(name="the other sign", spec=percent, raw="200", fraction=Fraction(0)),
        Sample(name="five, not a half", spec=bare, raw="5.", fraction=Fraction(0)),
    ]

"""What drawn and computed values are: exact numbers, texts, true or false, and lists; and what can be done with them.

Every operation is bounded in the size of what it makes, so that none takes long or much memory.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

Item = Fraction | str | bool
Amount = Item | tuple[Item, ...]
"""What a value can be: a number, a text, true or false, or a list of these."""

MAX_BITS = 256
MAX_TEXT = 2000
MAX_ITEMS = 100
MAX_PLACES = 12


class ExpressionError(ValueError):
    """An expression cannot be read or carried out; the message is a sentence for its author without its full stop."""


def write(amount: Amount) -> str:
    """Write a value as text puts it: numbers as exact decimals, lists with commas.

    Raises ExpressionError for a number whose decimals never end.
    """
    if isinstance(amount, bool):
        return "true" if amount else "false"
    if isinstance(amount, Fraction):
        return _write_number(amount)
    if isinstance(amount, tuple):
        return ", ".join(map(write, amount))
    return amount


def _write_number(number: Fraction) -> str:
    if number.denominator == 1:
        return str(number.numerator)
    rest, twos, fives = number.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1 or max(twos, fives) > MAX_PLACES:
        raise ExpressionError(
            f"comes to {number}, which {MAX_PLACES} decimals cannot hold: use `round(…, 2)` or `format(…, 2)`"
        )
    return _fixed(number, max(twos, fives))


def _fixed(number: Fraction, places: int) -> str:
    scaled = _half_up(number * 10**places)
    digits = str(abs(scaled)).rjust(places + 1, "0")
    sign = "-" if scaled < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


def _half_up(number: Fraction) -> int:
    """The nearest whole number; halves go away from zero, as people round."""
    away = math.floor(abs(number) + Fraction(1, 2))
    return -away if number < 0 else away


def bounded(amount: Amount) -> Amount:
    """The value itself, unless it is too large. Raises ExpressionError."""
    if isinstance(amount, Fraction) and max(amount.numerator.bit_length(), amount.denominator.bit_length()) > MAX_BITS:
        raise ExpressionError(f"comes to a number of more than {MAX_BITS // 4} digits or so: keep numbers smaller")
    if isinstance(amount, str) and len(amount) > MAX_TEXT:
        raise ExpressionError(f"comes to a text of more than {MAX_TEXT} characters")
    if isinstance(amount, tuple):
        if len(amount) > MAX_ITEMS:
            raise ExpressionError(f"comes to a list of more than {MAX_ITEMS}")
        for item in amount:
            bounded(item)
    return amount


def said(amount: object) -> str:
    """Say which kind of value it is."""
    if isinstance(amount, bool):
        return "true or false"
    if isinstance(amount, Fraction):
        return "a number"
    return "a text" if isinstance(amount, str) else "a list"


def number_of(amount: object, doing: str) -> Fraction:
    """Take a value as a number. Raises ExpressionError."""
    if isinstance(amount, bool) or not isinstance(amount, Fraction):
        raise ExpressionError(f"{doing} takes numbers, not {said(amount)}")
    return amount


def whole_of(amount: object, doing: str) -> int:
    """Take a value as a whole number. Raises ExpressionError."""
    number = number_of(amount, doing)
    if number.denominator != 1:
        raise ExpressionError(f"{doing} takes whole numbers, not {number}")
    return number.numerator


def text_of(amount: object, doing: str) -> str:
    """Take a value as a text. Raises ExpressionError."""
    if not isinstance(amount, str):
        raise ExpressionError(f"{doing} takes texts, not {said(amount)}; `str(…)` makes one")
    return amount


def _places(amount: object, doing: str) -> int:
    places = whole_of(amount, doing)
    if not 0 <= places <= MAX_PLACES:
        raise ExpressionError(f"{doing} takes 0 to {MAX_PLACES} decimals")
    return places


def _int(amount: Amount) -> Amount:
    if isinstance(amount, str):
        if not re.fullmatch(r"\s*[+-]?\d{1,60}\s*", amount, re.ASCII):
            raise ExpressionError("`int` reads whole numbers only, such as `42`")
        return Fraction(int(amount))
    return Fraction(math.trunc(number_of(amount, "`int`")))


def _round(number: Amount, places: Amount = Fraction(0)) -> Amount:
    factor = 10 ** _places(places, "`round`")
    return Fraction(_half_up(number_of(number, "`round`") * factor), factor)


def _format(number: Amount, places: Amount = Fraction(0)) -> Amount:
    return _fixed(number_of(number, "`format`"), _places(places, "`format`"))


def _len(amount: Amount) -> Amount:
    if isinstance(amount, str | tuple):
        return Fraction(len(amount))
    raise ExpressionError(f"`len` takes a text or a list, not {said(amount)}")


def _join(separator: Amount, *given: Amount) -> Amount:
    items = given[0] if len(given) == 1 and isinstance(given[0], tuple) else given
    texts = []
    for item in items:
        if isinstance(item, tuple):
            raise ExpressionError("`join` takes one list, or single values")
        texts.append(write(item))
    between = text_of(separator, "`join`")
    if sum(map(len, texts)) + len(between) * len(texts) > MAX_TEXT * 2:
        raise ExpressionError(f"`join` comes to a text of more than {MAX_TEXT} characters")
    return between.join(texts)


def _extreme(name: str, choose: Callable[[list[Fraction]], Fraction]) -> Callable[..., Amount]:
    def extreme(*given: Amount) -> Amount:
        items = given[0] if len(given) == 1 and isinstance(given[0], tuple) else given
        if not items:
            raise ExpressionError(f"`{name}` needs something to choose from")
        return choose([number_of(item, f"`{name}`") for item in items])

    return extreme


def _floor(number: Amount) -> Amount:
    return Fraction(math.floor(number_of(number, "`floor`")))


def _ceil(number: Amount) -> Amount:
    return Fraction(math.ceil(number_of(number, "`ceil`")))


def _abs(number: Amount) -> Amount:
    return abs(number_of(number, "`abs`"))


def _lower(text: Amount) -> Amount:
    return text_of(text, "`lower`").lower()


def _upper(text: Amount) -> Amount:
    return text_of(text, "`upper`").upper()


@dataclass(frozen=True)
class Function:
    """A function of the language, and how many values it takes."""

    does: Callable[..., Amount]
    least: int
    most: int


FUNCTIONS: Mapping[str, Function] = {
    "abs": Function(_abs, 1, 1),
    "ceil": Function(_ceil, 1, 1),
    "floor": Function(_floor, 1, 1),
    "format": Function(_format, 1, 2),
    "int": Function(_int, 1, 1),
    "join": Function(_join, 2, MAX_ITEMS),
    "len": Function(_len, 1, 1),
    "lower": Function(_lower, 1, 1),
    "max": Function(_extreme("max", max), 1, MAX_ITEMS),
    "min": Function(_extreme("min", min), 1, MAX_ITEMS),
    "round": Function(_round, 1, 2),
    "str": Function(write, 1, 1),
    "upper": Function(_upper, 1, 1),
}
"""What an expression may call. `round(x, places)` gives a number, `format(x, places)` a text with all its decimals."""


def _add(left: Amount, right: Amount) -> Amount:
    if isinstance(left, str) or isinstance(right, str):
        return text_of(left, "`+` with a text") + text_of(right, "`+` with a text")
    if isinstance(left, tuple) and isinstance(right, tuple):
        return left + right
    return number_of(left, "`+`") + number_of(right, "`+`")


def _subtract(left: Amount, right: Amount) -> Amount:
    return number_of(left, "`-`") - number_of(right, "`-`")


def _multiply(left: Amount, right: Amount) -> Amount:
    if isinstance(left, str):
        times = whole_of(right, "`*` of a text")
        if len(left) * times > MAX_TEXT:
            raise ExpressionError(f"`*` comes to a text of more than {MAX_TEXT} characters")
        return left * times
    return number_of(left, "`*`") * number_of(right, "`*`")


def _divisor(amount: Amount, sign: str) -> Fraction:
    number = number_of(amount, sign)
    if not number:
        raise ExpressionError("divides by zero")
    return number


def _divide(left: Amount, right: Amount) -> Amount:
    return number_of(left, "`/`") / _divisor(right, "`/`")


def _floor_divide(left: Amount, right: Amount) -> Amount:
    return Fraction(number_of(left, "`//`") // _divisor(right, "`//`"))


def _remainder(left: Amount, right: Amount) -> Amount:
    return number_of(left, "`%`") % _divisor(right, "`%`")


def _power(left: Amount, right: Amount) -> Amount:
    base, exponent = number_of(left, "`**`"), whole_of(right, "an exponent of `**`")
    # Looked at before it is computed: 9**9**9 would not come back.
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if abs(exponent) * max(bits - 1, 1) > MAX_BITS:
        raise ExpressionError(f"`**` comes to a number of more than {MAX_BITS // 4} digits or so")
    if not base and exponent < 0:
        raise ExpressionError("divides by zero")
    return Fraction(base**exponent)


BINARY: Mapping[str, Callable[[Amount, Amount], Amount]] = {
    "Add": _add,
    "Sub": _subtract,
    "Mult": _multiply,
    "Div": _divide,
    "FloorDiv": _floor_divide,
    "Mod": _remainder,
    "Pow": _power,
}
"""The operators with two sides, by the name of Python's syntax for them."""

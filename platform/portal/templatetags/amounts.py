"""Numbers as people read them: points without needless zeros, sizes in MB, counted words."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from django import template

register = template.Library()

_CENT = Decimal("0.01")
_KB = 1000
_A_FEW = 3
_NEEDS_NO_PART = 100


@register.filter
def points(value: Decimal | float | None) -> str:
    """Points to two places at most: 6, 6.5, 6.25; a dash where there are none."""
    if value is None or value == "":
        return "–"  # noqa: RUF001 - a dash is what is meant
    rounded = Decimal(str(value)).quantize(_CENT, ROUND_HALF_UP)
    return f"{rounded.normalize():f}"


@register.filter
def share(value: Decimal | float | None, of: Decimal | float | None) -> int:
    """`value` of `of` as a whole percentage, 0 to 100, for bars."""
    if not value or not of:
        return 0
    return max(0, min(100, round(100 * float(value) / float(of))))


@register.filter
def percent(factor: Decimal | float) -> str:
    """A share from 0 to 1 as “90 %”."""
    return f"{points(float(factor) * 100)} %"


@register.filter
def size(count: int | None) -> str:
    """Bytes as “0 B”, “340 kB”, “12.4 MB”."""
    amount = float(count or 0)
    for unit in ("B", "kB", "MB"):
        if amount < _KB:
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= _NEEDS_NO_PART else f"{amount:.1f} {unit}"
        amount /= _KB
    return f"{amount:.1f} GB"


@register.filter
def a_few(items: Sequence[str]) -> str:
    """Up to three of them, and how many more there are."""
    shown = ", ".join(items[:_A_FEW])
    return shown if len(items) <= _A_FEW else f"{shown} and {len(items) - _A_FEW} more"


@register.filter
def counted_word(count: Decimal | float, words: str) -> str:
    """The word alone that goes with the count: `1|counted_word:"point,points"` is “point”."""
    one, _, many = words.partition(",")
    return one if count == 1 else many


@register.filter
def counted(count: int, words: str) -> str:
    """The count with its word: `3|counted:"try,tries"` is “3 tries”."""
    one, _, many = words.partition(",")
    return f"{count} {one if count == 1 else many}"

"""Units that numbers may carry, by family, with exact factors; sizes as in IEC 80000-13 (1 MiB = 1024 KiB)."""

from fractions import Fraction

_FAMILIES: tuple[dict[str, Fraction], ...] = (
    {
        "B": Fraction(1),
        "kB": Fraction(10**3),
        "MB": Fraction(10**6),
        "GB": Fraction(10**9),
        "TB": Fraction(10**12),
        "KiB": Fraction(2**10),
        "MiB": Fraction(2**20),
        "GiB": Fraction(2**30),
        "TiB": Fraction(2**40),
    },
    {"ms": Fraction(1, 1000), "s": Fraction(1), "min": Fraction(60), "h": Fraction(3600)},
    {"%": Fraction(1)},
)


def known_units() -> list[str]:
    """All units, as written."""
    return [unit for family in _FAMILIES for unit in family]


def units_beside(unit: str) -> list[str]:
    """The units that can be converted into this one, itself among them."""
    return next((list(family) for family in _FAMILIES if unit in family), [])


def find_unit(written: str, *, beside: str) -> str | None:
    """Find the unit somebody wrote among those beside another one, whatever its case where that is clear."""
    family = units_beside(beside)
    if written in family:
        return written
    near = [unit for unit in family if unit.lower() == written.lower()]
    return near[0] if len(near) == 1 else None


def converted(amount: Fraction, *, unit: str, into: str) -> Fraction:
    """Convert an amount between two units of one family."""
    family = next(family for family in _FAMILIES if unit in family and into in family)
    return amount * family[unit] / family[into]

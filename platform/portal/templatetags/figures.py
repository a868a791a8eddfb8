"""Figures of a quiz's statistics as people read them: shares, coefficients with their word, times."""

from django import template

from quizzes.analysis.formulas import Figure
from quizzes.pictures import percent, spent

register = template.Library()

_DISCRIMINATION = ((0.4, "very good"), (0.3, "good"), (0.2, "fair"), (0.0, "poor"), (-1.0, "negative"))
_ALPHA = ((0.9, "very high"), (0.8, "high"), (0.7, "fair"), (0.5, "low"), (-99.0, "very low"))


@register.filter
def as_share(value: Figure | float | None) -> str:
    """A share as “65 %”; empty where it is not known."""
    number = value.value if isinstance(value, Figure) else value
    return "" if number is None else percent(number)


@register.filter
def as_coefficient(figure: Figure) -> str:
    """A coefficient to two places, with a true minus sign; empty where it is not known."""
    return "" if figure.value is None else f"{figure.value:.2f}".replace("-", "−")  # noqa: RUF001 - a minus is meant


@register.filter
def points_of(figure: Figure, out_of: float | None) -> str:
    """A share of so many points, in points; empty where either is not known."""
    if figure.value is None or out_of is None:
        return ""
    return f"{figure.value * out_of:.2f}".rstrip("0").rstrip(".")


@register.filter
def discrimination_word(figure: Figure) -> str:
    """How well it tells strong from weak students, after Ebel & Frisbie (1991)."""
    return "" if figure.value is None else next(word for least, word in _DISCRIMINATION if figure.value >= least)


@register.filter
def alpha_word(figure: Figure) -> str:
    """How reliable a quiz is with this alpha."""
    return "" if figure.value is None else next(word for least, word in _ALPHA if figure.value >= least)


@register.filter
def as_time(seconds: float | None) -> str:
    """Seconds as “2 min 05 s”."""
    return "" if seconds is None else spent(seconds)

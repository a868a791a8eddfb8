"""The few shapes that pictures are made of, as SVG. All that is written is escaped; colours are the stylesheet's."""

from collections.abc import Iterable, Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

Point = tuple[float, float]


def number(value: float) -> str:
    """A coordinate to a tenth of a unit, without needless zeros."""
    return f"{value:.1f}".removesuffix(".0")


def line(start: Point, end: Point, look: str) -> SafeString:
    """A straight line."""
    (x1, y1), (x2, y2) = start, end
    return format_html(
        '<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>', look, number(x1), number(y1), number(x2), number(y2)
    )


def bar(at: Point, size: Point, look: str, *, says: str = "") -> SafeString:
    """A rectangle from its upper left corner; `says` is shown when a pointer rests on it."""
    (x, y), (width, height) = at, size
    return format_html(
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}">{}</rect>',
        look,
        number(x),
        number(y),
        number(width),
        number(max(height, 0)),
        _title(says),
    )


def words(at: Point, text: str, look: str = "picture-words", *, anchor: str = "start") -> SafeString:
    """Text that begins, is centred (`middle`) or ends at a point."""
    x, y = at
    return format_html(
        '<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>', look, number(x), number(y), anchor, text
    )


def path(points: Sequence[Point], look: str) -> SafeString:
    """A line through points."""
    return format_html(
        '<polyline class="{}" points="{}"/>', look, " ".join(f"{number(x)},{number(y)}" for x, y in points)
    )


def dot(at: Point, look: str, *, says: str = "") -> SafeString:
    """A round mark."""
    x, y = at
    return format_html('<circle class="{}" cx="{}" cy="{}" r="5">{}</circle>', look, number(x), number(y), _title(says))


def diamond(at: Point, look: str, *, says: str = "") -> SafeString:
    """A mark that stands on its tip: other than a dot also without colours."""
    x, y = at
    corners = ((x, y - 7), (x + 7, y), (x, y + 7), (x - 7, y))
    return format_html(
        '<polygon class="{}" points="{}">{}</polygon>',
        look,
        " ".join(f"{number(a)},{number(b)}" for a, b in corners),
        _title(says),
    )


def sheet(size: Point, parts: Iterable[SafeString], *, says: str) -> SafeString:
    """The whole picture, with the sentence that stands for it where it cannot be seen."""
    width, height = size
    return format_html(
        '<svg class="picture-sheet" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>',
        number(width),
        number(height),
        says,
        format_html_join("", "{}", ((part,) for part in parts)),
    )


def _title(says: str) -> SafeString:
    return format_html("<title>{}</title>", says) if says else SafeString("")

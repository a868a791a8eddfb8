"""What each row of an image's history wasted, for the report, and the largest pieces of waste, for verdicts."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from graders.image.filesystem import Waste
from graders.image.seen import SeenLayer, SeenLayers
from graders.sandbox.base import ImageFacts


@dataclass(frozen=True, kw_only=True)
class WasteOfRows:
    """By row of the history; `measured` is false where nothing is known, and `note` may say why."""

    measured: bool = False
    note: str = ""
    bytes: dict[int, int] = field(default_factory=dict)
    lines: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def bytes_of(self, row: int) -> int | None:
        """What a row wasted; none for one without a layer, None where it was not measured."""
        return self.bytes.get(row, 0) if self.measured else None

    def undone_by(self, row: int) -> tuple[int, ...]:
        """The lines that took a row's bytes out of sight."""
        return self.lines.get(row, ())

    def total(self, rows: Iterable[int]) -> int | None:
        """What these rows wasted together."""
        return sum(self.bytes.get(row, 0) for row in rows) if self.measured else None


def waste_of_rows(seen: SeenLayers | None, image: ImageFacts) -> WasteOfRows:
    """What the layers that were read tell of the rows of the image's history."""
    if seen is None:
        return WasteOfRows()
    if seen.limit:
        return WasteOfRows(note=f"Not measured: {seen.limit[:1].lower()}{seen.limit[1:]}")
    rows = {layer.index: layer.row for layer in seen.layers}
    if None in rows.values() or not image.history:
        return WasteOfRows(note="Not measured: the engine does not tell which instruction made which layer.")
    wasted: dict[int, int] = {}
    undone: dict[int, set[int]] = {}
    for each in seen.waste:
        row = rows[each.made_in] or 0
        wasted[row] = wasted.get(row, 0) + each.size_bytes
        line = seen.layers[each.undone_in].line
        if line is not None:
            undone.setdefault(row, set()).add(line)
    return WasteOfRows(measured=True, bytes=wasted, lines={row: tuple(sorted(lines)) for row, lines in undone.items()})


@dataclass(frozen=True, kw_only=True)
class Pair:
    """What one layer wrote and another took out of sight."""

    made: SeenLayer
    undone: SeenLayer
    size_bytes: int
    largest: Waste
    deleted: bool
    """Whether most of it was deleted, not replaced."""


def worst_pairs(seen: SeenLayers, waste: Iterable[Waste]) -> list[Pair]:
    """Waste by the layers that made and undid it, the most first."""
    groups: dict[tuple[int, int], list[Waste]] = {}
    for each in waste:
        groups.setdefault((each.made_in, each.undone_in), []).append(each)
    pairs = [
        Pair(
            made=seen.layers[made],
            undone=seen.layers[undone],
            size_bytes=sum(each.size_bytes for each in group),
            largest=max(group, key=lambda each: each.size_bytes),
            deleted=sum(each.size_bytes if each.deleted else -each.size_bytes for each in group) > 0,
        )
        for (made, undone), group in groups.items()
    ]
    return sorted(pairs, key=lambda pair: -pair.size_bytes)

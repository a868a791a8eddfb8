"""An image's layers as checks see them: each with its instruction and line, what it wasted, and what they add up to."""

from collections.abc import Iterable
from dataclasses import dataclass

from graders.blame import lines_of_history
from graders.dockerfile.model import Dockerfile
from graders.image.contents import ConfigFind, ImageLayers, LayerContents, LayerEntry
from graders.image.filesystem import FileSystem, Node, Waste
from graders.sandbox.base import MIB, ImageFacts
from graders.visible import quoted

_WORTH_MEASURING = MIB
_MOST_MEASURED = 512 * MIB


@dataclass(frozen=True, kw_only=True)
class SeenLayer:
    """One layer, and where it comes from."""

    index: int
    row: int | None
    """Its row of the image's history."""
    line: int | None
    """Its line of the Dockerfile; None for the base's and where it is uncertain."""
    instruction: str
    """As it is written, or as the engine tells it."""
    from_base: bool
    contents: LayerContents

    @property
    def name(self) -> str:
        """Words for the middle of a sentence: `COPY on line 3`."""
        if self.from_base:
            return "the base image"
        if self.line is None:
            return f"the layer of {quoted(self.instruction, limit=60)}" if self.instruction else "a layer"
        return f"{self.instruction.partition(' ')[0].upper()} on line {self.line}"


@dataclass(frozen=True, kw_only=True)
class SeenLayers:
    """All layers of an image, and what they come to."""

    layers: tuple[SeenLayer, ...] = ()
    files: FileSystem
    """What is there in the end."""
    waste: tuple[Waste, ...] = ()
    config_finds: tuple[ConfigFind, ...] = ()
    limit: str = ""
    """Why nothing could be read, in a sentence for learners."""

    @property
    def own(self) -> tuple[SeenLayer, ...]:
        """The layers beyond the base's."""
        return tuple(layer for layer in self.layers if not layer.from_base)

    def is_added(self, node: Node) -> bool:
        """Whether something at this path is there since the learner's layers, and was not the base's."""
        return bool(self.layers) and not self.layers[node.since].from_base


def see_layers(
    found: ImageLayers,
    *,
    image: ImageFacts,
    base: ImageFacts | None,
    dockerfile: Dockerfile,
    target: str = "",
) -> SeenLayers:
    """Put together what was read with where it comes from."""
    files = FileSystem()
    for index, contents in enumerate(found.layers):
        files.apply(index, contents)
    lines = lines_of_history(dockerfile, image.history, target)
    written = {each.line: each.logical.strip() for each in dockerfile.instructions}
    base_layers = len(base.layer_ids) if base is not None else 0
    rows = _rows(found, image)
    layers = []
    for index, contents in enumerate(found.layers):
        row = rows[index] if rows is not None else None
        from_base = index < base_layers
        line = lines[row] if row is not None and not from_base else None
        told = image.history[row].created_by if row is not None else ""
        layers.append(
            SeenLayer(
                index=index,
                row=row,
                line=line,
                instruction=told if line is None else written.get(line, told),
                from_base=from_base,
                contents=contents,
            )
        )
    return SeenLayers(
        layers=tuple(layers),
        files=files,
        waste=tuple(files.waste),
        config_finds=found.config_finds,
        limit=found.limit,
    )


def _rows(found: ImageLayers, image: ImageFacts) -> tuple[int, ...] | None:
    """The row of each layer, by the image's own account or else by the engine's; None where neither adds up."""
    told = tuple(row for row, entry in enumerate(image.history) if not entry.empty_layer)
    for rows in (found.rows, told):
        if rows is not None and len(rows) == len(found.layers) and all(row < len(image.history) for row in rows):
            return rows
    return None


def ever_at(seen: SeenLayers, paths: Iterable[str]) -> dict[str, list[tuple[SeenLayer, LayerEntry]]]:
    """What the learner's layers put at these paths, gone since or not, the oldest first.

    Symbolic links on the way are followed as they were when the layer was made.
    """
    found: dict[str, list[tuple[SeenLayer, LayerEntry]]] = {path: [] for path in paths}
    then = FileSystem()
    for layer in seen.layers:
        then.apply(layer.index, layer.contents)
        if layer.from_base:
            continue
        for path, versions in found.items():
            node = then.find(path)
            if node is not None and node.layer == layer.index and node.entry is not None:
                versions.append((layer, node.entry))
    return found


def unmeasured(image: ImageFacts, base: ImageFacts | None) -> str:
    """Why it is not worth reading an image only to measure what it wastes; empty when it is."""
    rows = image.history[len(base.history) if base is not None else 0 :]
    sizes = [entry.size_bytes for entry in rows if not entry.empty_layer]
    if sum(sizes) < _WORTH_MEASURING:
        return "Not measured: what the image adds to its base has less than 1 MiB."
    if sum(sizes[:-1]) < _WORTH_MEASURING:
        return "Not measured: nothing of size comes before the last layer, and that one cannot be hidden by another."
    if image.size_bytes > _MOST_MEASURED:
        return f"Not measured: the image has more than {_MOST_MEASURED // MIB} MiB."
    return ""


def shown_path(path: str) -> str:
    """A path of unknown origin, fit to be shown in a sentence: inert, on one line and cut."""
    return quoted(path.encode("utf-8", errors="surrogateescape"), limit=100).strip('"')

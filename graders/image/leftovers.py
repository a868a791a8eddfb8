"""Finds in the final file system what fits patterns and was added to the base."""

from collections.abc import Iterator
from dataclasses import dataclass

from graders.image.contents import EntryKind
from graders.image.filesystem import Node
from graders.image.patterns import Patterns
from graders.image.seen import SeenLayer, SeenLayers


@dataclass(frozen=True, kw_only=True)
class Leftover:
    """A file, or a whole folder, that fits."""

    path: str
    layer: SeenLayer
    """Which one brought it."""
    size_bytes: int


def leftovers(seen: SeenLayers, *, wanted: Patterns, but: Patterns, of_base: bool) -> Iterator[Leftover]:
    """What fits `wanted` and does not lie in what fits `but`, a folder in the place of all that is in it.

    Without `of_base` only what the base had not: a folder of the base's that fits is looked into for what was added.
    """
    waiting = [("", seen.files.find("/"), wanted.start(), but.start(), False)]
    while waiting:
        path, node, state, but_state, inside = waiting.pop()
        for name, child in sorted((node.children or {}).items()) if node is not None else ():
            is_folder = child.kind is EntryKind.FOLDER
            after, fits = wanted.step(state, name, is_folder=is_folder)
            but_after, excepted = but.step(but_state, name, is_folder=is_folder)
            if excepted:
                continue
            here = f"{path}/{name}"
            counts = of_base or seen.is_added(child)
            if (fits or inside) and counts:
                yield Leftover(path=here, layer=seen.layers[child.since], size_bytes=_size(child))
            elif child.children:
                waiting.append((here, child, after, but_after, inside or fits))


def _size(node: Node) -> int:
    total, waiting = 0, [node]
    while waiting:
        one = waiting.pop()
        total += one.size_bytes
        waiting += (one.children or {}).values()
    return total

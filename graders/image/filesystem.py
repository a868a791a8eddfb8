"""Puts layers on top of each other, as the engine does: what is there in the end, and what was stored for nothing.

A layer that removes, replaces or only touches a file of a layer below does not make the image smaller: the bytes below
stay in it. They count as wasted when the last name of the file is gone; a hard link is one more name.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from graders.image.contents import EntryKind, LayerContents, LayerEntry

_MOST_LINKS = 40
"""After so many symbolic links the kernel gives up, too."""


@dataclass(slots=True)
class _Bytes:
    """What a file holds, whatever names it has."""

    size: int
    layer: int
    names: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Waste:
    """A file of one layer that a later layer took out of sight."""

    path: str
    size_bytes: int
    made_in: int
    """Index of the layer that holds it still."""
    undone_in: int
    """Index of the layer that took it away."""
    deleted: bool
    """Whether it was deleted, or else replaced."""


class Node:
    """A path of the file system. `entry` is None for a folder that only lies on the way to others."""

    __slots__ = ("children", "data", "entry", "layer", "since")

    def __init__(self, entry: LayerEntry | None, layer: int, since: int) -> None:
        self.entry = entry
        self.layer = layer
        """Index of the layer that it comes from as it is."""
        self.since = since
        """Index of the layer since which there has been something at this path."""
        self.children: dict[str, Node] | None = {} if entry is None or entry.kind is EntryKind.FOLDER else None
        self.data: _Bytes | None = None

    @property
    def kind(self) -> EntryKind:
        """What it is; another name of a file is a file."""
        if self.entry is None:
            return EntryKind.FOLDER
        return EntryKind.FILE if self.entry.kind is EntryKind.HARD_LINK else self.entry.kind

    @property
    def size_bytes(self) -> int:
        """How much a file holds, by whichever name."""
        return self.data.size if self.data is not None else 0


class FileSystem:
    """The layers that were applied so far, seen as one file system."""

    def __init__(self) -> None:
        self._root = Node(None, 0, 0)
        self.waste: list[Waste] = []

    def apply(self, index: int, layer: LayerContents) -> None:
        """Put the next layer on top. Its removals concern the layers below, wherever in it they stand."""
        for path in layer.emptied:
            folder = self._at(_parts(path))
            if folder is not None and folder.children:
                for name, child in list(folder.children.items()):
                    self._drop(f"{path.rstrip('/')}/{name}", child, index, deleted=True)
                folder.children.clear()
        for path in layer.removed:
            self._remove(path, index)
        own: dict[str, _Bytes] = {}
        for entry in layer.entries:
            self._put(entry, index, own)

    def find(self, path: str) -> Node | None:
        """What is at a path, symbolic links followed on the way to it but not at its end, as the engine does."""
        waiting = list(reversed(_parts(path)))
        links = 0
        at: list[tuple[str, Node]] = []
        while waiting:
            name = waiting.pop()
            if name == "..":
                if at:
                    at.pop()
                continue
            children = (at[-1][1] if at else self._root).children
            child = children.get(name) if children is not None else None
            if child is None:
                return None
            if waiting and child.entry is not None and child.entry.kind is EntryKind.SYMLINK:
                links += 1
                if links > _MOST_LINKS:
                    return None
                target = child.entry.link_target
                if target.startswith("/"):
                    at.clear()
                waiting += reversed(_parts(target))
                continue
            at.append((name, child))
        return at[-1][1] if at else self._root

    def walk(self) -> Iterator[tuple[str, Node]]:
        """Every path that there is, with what is there."""
        waiting = [("", self._root)]
        while waiting:
            path, node = waiting.pop()
            if path:
                yield path, node
            if node.children:
                waiting += [(f"{path}/{name}", child) for name, child in node.children.items()]

    def _at(self, parts: list[str]) -> Node | None:
        node: Node | None = self._root
        for name in parts:
            if node is None or node.children is None:
                return None
            node = node.children.get(name)
        return node

    def _remove(self, path: str, index: int) -> None:
        parts = _parts(path)
        parent = self._at(parts[:-1]) if parts else None
        if parent is None or parent.children is None:
            return
        child = parent.children.pop(parts[-1], None)
        if child is not None:
            self._drop(path, child, index, deleted=True)

    def _put(self, entry: LayerEntry, index: int, own: dict[str, _Bytes]) -> None:
        parts = _parts(entry.path)
        if not parts:
            self._root.entry, self._root.layer = entry, index
            return
        siblings = self._folder(parts[:-1], index)
        old = siblings.get(parts[-1])
        if old is not None and old.children is not None and entry.kind is EntryKind.FOLDER:
            old.entry, old.layer = entry, index
            return
        node = Node(entry, index, old.since if old is not None else index)
        if entry.kind is EntryKind.FILE:
            node.data = own[entry.path] = _Bytes(entry.size_bytes, index)
        elif entry.kind is EntryKind.HARD_LINK:
            node.data = own.get(entry.link_target) or self._data_below(entry.link_target)
        if node.data is not None:
            node.data.names += 1
        siblings[parts[-1]] = node
        if old is not None:
            self._drop(entry.path, old, index, deleted=False)

    def _data_below(self, path: str) -> _Bytes | None:
        node = self._at(_parts(path))
        return node.data if node is not None else None

    def _folder(self, parts: list[str], index: int) -> dict[str, Node]:
        node = self._root
        for position, name in enumerate(parts):
            children = node.children if node.children is not None else {}
            child = children.get(name)
            if child is None or child.children is None:
                made = Node(None, index, index)
                children[name] = made
                if child is not None:
                    self._drop("/" + "/".join(parts[: position + 1]), child, index, deleted=False)
                child = made
            node = child
        return node.children if node.children is not None else {}

    def _drop(self, path: str, node: Node, index: int, *, deleted: bool) -> None:
        waiting = [(path, node)]
        while waiting:
            name, gone = waiting.pop()
            if gone.data is not None:
                gone.data.names -= 1
                if not gone.data.names and gone.data.layer != index and gone.data.size:
                    self.waste.append(
                        Waste(
                            path=name,
                            size_bytes=gone.data.size,
                            made_in=gone.data.layer,
                            undone_in=index,
                            deleted=deleted,
                        )
                    )
            if gone.children:
                waiting += [(f"{name}/{each}", child) for each, child in gone.children.items()]


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in {"", "."}]

"""What the layers of an image hold, as it was read from the engine: plain data, and bounds of the reading."""

from dataclasses import dataclass, field
from enum import StrEnum

MIB = 1024 * 1024


class EntryKind(StrEnum):
    """What a layer has at a path."""

    FILE = "file"
    FOLDER = "folder"
    SYMLINK = "symlink"
    HARD_LINK = "hard link"
    """Another name of a file of the same layer, which `link_target` names."""
    OTHER = "special file"


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerEntry:
    """One path that a layer adds or changes. Names are the learner's: absolute and clean, but otherwise anything."""

    path: str
    """Such as `/app/a.txt`; bytes that are no UTF-8 are kept as lone surrogates."""
    kind: EntryKind
    size_bytes: int
    mode: int
    """The twelve bits of rights, setuid and its like included."""
    uid: int
    gid: int
    """Owners as the container sees them."""
    link_target: str = ""
    content: bytes | None = None
    """The beginning of a file whose name was asked for; None of the others."""


class FindPlace(StrEnum):
    """In which part of a file a text was found."""

    CONTENT = "content"
    NAME = "name"
    LINK = "link target"
    ATTRIBUTE = "attribute"


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """A text that was looked for is in a file of a layer."""

    text: str
    place: FindPlace
    path: str
    encoding: str
    """`plain`, `base64`, `hex`, `percent` or `utf-16`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFind:
    """A text that was looked for is in what the image says of itself."""

    text: str
    field: str
    """Such as `Env`, `Labels` or `history`."""
    row: int | None = None
    """Of `history`, which row: 0 is the oldest."""


@dataclass(frozen=True, kw_only=True)
class LayerContents:
    """What one layer adds, changes and takes away."""

    entries: tuple[LayerEntry, ...] = ()
    removed: tuple[str, ...] = ()
    """Paths of the layers below that are gone, with all that lay in them."""
    emptied: tuple[str, ...] = ()
    """Folders of which nothing shows through from the layers below."""
    finds: tuple[Find, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ImageLayers:
    """Every layer of an image, the oldest first."""

    layers: tuple[LayerContents, ...] = ()
    rows: tuple[int, ...] | None = None
    """The row of the image's history that made each layer; None where the engine's own account does not add up."""
    config_finds: tuple[ConfigFind, ...] = ()
    limit: str = ""
    """Why it was not read to its end, in a sentence for learners; `layers` is empty then."""


@dataclass(frozen=True, kw_only=True)
class WalkLimits:
    """Bounds of reading an image."""

    entries: int = 200_000
    image_bytes: int = 2048 * MIB
    name_bytes: int = 8192
    """Of one path."""
    names_bytes: int = 16 * MIB
    """Of all paths and where links lead: deep folders make them long, and a link may say anything."""
    seconds: float = 60.0
    content_bytes: int = 8 * MIB
    """Of all contents that are kept."""
    finds: int = 1000
    """More are not told, for each layer."""


@dataclass(frozen=True, kw_only=True)
class Search:
    """What is looked for while an image is read."""

    texts: frozenset[str] = frozenset()
    """Drawn values, at least six characters each, looked for in names and contents, encoded ones too."""
    names: frozenset[str] = frozenset()
    """Last parts of paths whose files' contents are kept."""
    max_bytes: int = 64 * 1024
    """How much of each of these is kept."""
    base_layer_ids: frozenset[str] = frozenset()
    """The engine's ids of the base's layers: what a learner did not bring need not be searched."""
    id_offset: int = 0
    """Where the engine's user namespace begins; 0 without one."""
    limits: WalkLimits = field(default_factory=WalkLimits)

"""Reads an image as the engine saves it: a tar stream of layers, each a tar itself, and what tells their order.

Docker up to 24 writes `<id>/layer.tar` files, and a link in the place of a layer that it has written already; later
ones write the OCI layout, `blobs/sha256/<digest>`, where layers may be compressed. Both end with a `manifest.json`.
"""

import json
import posixpath
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from graders.image.budget import Budget, Metered, Peeked, Source, TooMuch
from graders.image.contents import MIB, ConfigFind, ImageLayers, LayerContents, Search
from graders.image.layer_tar import read_layer
from graders.image.needles import Needles

_MANIFEST = "manifest.json"
_BLOBS = "blobs/sha256/"
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_MOST_JSON = 16 * MIB
_MOST_LAYERS = 1000
_PIECE = 256 * 1024
_NOTHING = Needles(())
_CONFIG_OF_THE_BUILDER = "container_config"


class UnreadableImage(Exception):
    """What came is no saved image: the engine's trouble."""


def read_saved(source: Source, *, search: Search, budget: Budget) -> ImageLayers:
    """Read a saved image to its end. Raises UnreadableImage; bounds that are reached are told in `limit`."""
    reading = _Reading(search, budget)
    try:
        # The stubs want a whole file; a stream is only read.
        with tarfile.open(fileobj=Metered(source, budget), mode="r|", bufsize=_PIECE) as archive:  # type: ignore[call-overload]
            for member in archive:
                reading.take(archive, member)
        return reading.layers()
    except TooMuch as bound:
        return ImageLayers(limit=str(bound))
    except (TimeoutError, ConnectionError):
        raise  # of the connection, not of what it brought
    except (tarfile.TarError, EOFError, OSError, ValueError, KeyError, TypeError, AttributeError) as trouble:
        raise UnreadableImage(f"{type(trouble).__name__}: {trouble}") from trouble


class _Reading:
    def __init__(self, search: Search, budget: Budget) -> None:
        self._search = search
        self._budget = budget
        self._needles = Needles(search.texts)
        self._found: dict[str, LayerContents] = {}
        self._links: dict[str, str] = {}
        self._json: dict[str, bytes] = {}
        self._json_bytes = 0

    def take(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        """Read one file of the saved image."""
        name = posixpath.normpath(member.name)
        if member.issym() or member.islnk():
            folder = posixpath.dirname(name) if member.issym() else ""
            self._links[name] = posixpath.normpath(posixpath.join(folder, member.linkname))
        elif member.isreg() and (stream := archive.extractfile(member)) is not None:
            source = Peeked(stream, peek=512)
            if name.endswith("/layer.tar") or (name.startswith(_BLOBS) and not source.head.startswith((b"{", b"["))):
                self._found[name] = self._layer(name, source)
            elif name.endswith(("json", ".json")) or name.startswith(_BLOBS):
                self._keep_json(name, source, member.size)
        if len(self._found) > _MOST_LAYERS:
            raise TooMuch(f"The image has more than {_MOST_LAYERS} layers, and is not read further.")

    def _layer(self, name: str, source: Peeked) -> LayerContents:
        if not source.head:
            return LayerContents()
        packed = ""
        if source.head.startswith(_ZSTD):
            raise UnreadableImage("its layers are compressed with zstd")
        if source.head.startswith(_GZIP):
            packed = "gz"
        searched = self._search
        needles = self._needles
        if self._is_of_the_base(name):
            needles, searched = _NOTHING, replace(self._search, names=frozenset())
        return read_layer(source, search=searched, needles=needles, budget=self._budget, packed=packed)

    def _is_of_the_base(self, name: str) -> bool:
        """Whether the layer is known to be the base's before the order of the layers is."""
        ids = self._search.base_layer_ids
        if not ids:
            return False
        if name.startswith(_BLOBS):
            return f"sha256:{name.removeprefix(_BLOBS)}" in ids
        about = self._json.get(f"{posixpath.dirname(name)}/json")
        return about is not None and "parent" not in json.loads(about)

    def _keep_json(self, name: str, source: Source, size: int) -> None:
        self._json_bytes += size
        if self._json_bytes > _MOST_JSON:
            raise TooMuch(f"What the image says of itself has more than {_MOST_JSON // MIB} MiB.")
        self._json[name] = source.read(-1)

    def layers(self) -> ImageLayers:
        """Put together what was read."""
        (manifest,) = json.loads(self._json[_MANIFEST])
        config = json.loads(self._json[self._target(manifest["Config"])])
        names = [self._target(str(name)) for name in manifest["Layers"] or ()]
        history = config.get("history") or []
        rows = tuple(position for position, row in enumerate(history) if not row.get("empty_layer"))
        return ImageLayers(
            layers=tuple(self._found[name] for name in names),
            rows=rows if len(rows) == len(names) else None,
            config_finds=tuple(_config_finds(config, self._needles)),
        )

    def _target(self, name: str) -> str:
        name = posixpath.normpath(name)
        for _ in range(len(self._links) + 1):
            if name not in self._links:
                return name
            name = self._links[name]
        raise UnreadableImage(f"{name} is a link to itself")


def _config_finds(config: Mapping[str, Any], needles: Needles) -> Iterator[ConfigFind]:
    if not needles:
        return
    for row, entry in enumerate(config.get("history") or []):
        for text in sorted({hit for each in _texts(entry) for hit in needles.found_in(each.encode(errors="replace"))}):
            yield ConfigFind(text=text, field="history", row=row)
    rest = {name: value for name, value in config.items() if name not in {"history", "config", _CONFIG_OF_THE_BUILDER}}
    for field, value in {**(config.get("config") or {}), **rest}.items():
        for text in sorted({hit for each in _texts(value) for hit in needles.found_in(each.encode(errors="replace"))}):
            yield ConfigFind(text=text, field=field)


def _texts(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            yield from (f"{key}={each}" for key, each in one.items() if isinstance(each, str))
            waiting += [*one.keys(), *(each for each in one.values() if not isinstance(each, str))]
        elif isinstance(one, list):
            waiting += one

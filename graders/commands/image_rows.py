"""Rows of `docker images`: what the daemon tells of the session's images and the lab's bases, under their names."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graders.commands.amounts import ago, moment, short_id, size
from graders.commands.daemon import Daemon
from graders.commands.ending import SESSION_LABEL
from graders.commands.rewriting import shown_labels
from graders.commands.state import SessionState, with_tag
from graders.commands.tables import Listing
from graders.commands.templates import Row, Value

NONE = "<none>"

_TABLE = "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"
_HEADINGS = {
    "ID": "IMAGE ID",
    "Repository": "REPOSITORY",
    "Tag": "TAG",
    "Digest": "DIGEST",
    "CreatedSince": "CREATED",
    "CreatedAt": "CREATED AT",
    "Size": "SIZE",
    "Containers": "CONTAINERS",
    "VirtualSize": "SIZE",
    "SharedSize": "SHARED SIZE",
    "UniqueSize": "UNIQUE SIZE",
}
IMAGES = Listing(
    type_name="*formatter.imageContext",
    headings=_HEADINGS,
    table=_TABLE,
    quiet="{{.ID}}",
    raw="repository: {{.Repository}}\n{{if .Tag}}tag: {{.Tag}}\n{{end}}image_id: {{.ID}}\n"
    "created_at: {{.CreatedAt}}\nvirtual_size: {{.Size}}\n",
    raw_quiet="image_id: {{.ID}}",
)
DIGESTS_TABLE = "table " + _TABLE.replace("{{.ID}}", "{{.Digest}}\t{{.ID}}")
"""The format of the table with `--digests`."""


@dataclass(frozen=True)
class ListedImage:
    """An image that the session sees, and what `GET /images/json` tells of it."""

    told: Mapping[str, Any]
    references: Sequence[str]
    """The names that the session knows it by, with their tags."""

    @property
    def id(self) -> str:
        """The engine's."""
        return str(self.told["Id"])

    @property
    def created(self) -> float:
        """Seconds since 1970."""
        return float(self.told.get("Created") or 0)

    @property
    def labels(self) -> dict[str, str]:
        """Its labels without ours."""
        return shown_labels(self.told.get("Labels"))

    def row(self, reference: str, *, whole: bool = False) -> Row:
        """Its row under one of its names, none for an empty one; `whole` without cutting anything."""
        repository, _, tag = reference.rpartition(":") if reference else (NONE, "", NONE)
        now = time.time()
        columns: dict[str, Callable[[], Value]] = {
            "ID": lambda: self.id if whole else short_id(self.id),
            "Repository": lambda: repository,
            "Tag": lambda: tag,
            "Digest": lambda: NONE,
            "CreatedSince": lambda: ago(self.created, now=now),
            "CreatedAt": lambda: moment(self.created),
            "Size": lambda: size(float(self.told.get("Size") or 0), digits=3),
            "Containers": lambda: "N/A",
            "VirtualSize": lambda: size(float(self.told.get("VirtualSize") or self.told.get("Size") or 0)),
            "SharedSize": lambda: "N/A",
            "UniqueSize": lambda: "N/A",
        }
        return IMAGES.row(columns)


def listed_images(
    daemon: Daemon, state: SessionState, *, everything: bool = False, among: Mapping[str, Sequence[str]] | None = None
) -> list[ListedImage]:
    """The session's images and the lab's bases, the newest first.

    Without `everything`, those that have no name and others made from them are left out, as docker does. `among` are
    further filters for the engine, which knows images by their ids alone.
    """
    positions = {base.id: 0 for base in state.bases} | {one.id: at for at, one in enumerate(state.images, start=1)}
    narrowed = {name: list(values) for name, values in (among or {}).items()}
    told: dict[str, Mapping[str, Any]] = {}
    for filters in (
        {"label": [f"{SESSION_LABEL}={state.key}"]},
        {"reference": [base.reference for base in state.bases]},
    ):
        if not all(filters.values()):
            continue
        query = {"filters": json.dumps({**narrowed, **filters}), **({"all": "1"} if everything else {})}
        told |= {str(one["Id"]): one for one in daemon.get("/images/json", query=query, aside=True)}
    found = [ListedImage(one, _names(state, id_)) for id_, one in told.items() if id_ in positions]
    return sorted(found, key=lambda one: (one.created, positions[one.id]), reverse=True)


def _names(state: SessionState, image_id: str) -> list[str]:
    bases = [with_tag(base.reference) for base in state.bases if base.id == image_id]
    return sorted({*bases, *state.references_of(image_id)})

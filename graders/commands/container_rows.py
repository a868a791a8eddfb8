"""Rows of docker's listings of containers, from what the daemon tells of each, under the session's own names."""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graders.commands.amounts import ago, ellipsis, moment, short_id, size
from graders.commands.rewriting import shown_labels
from graders.commands.state import OwnContainer, SessionState
from graders.commands.tables import Listing
from graders.commands.templates import Row, Value
from graders.commands.templating.printing import quoted

_COMMAND_WIDTH, _MOUNT_WIDTH = 20, 15
_SIZE_DIGITS = 3
_EXITED = re.compile(r"Exited \((-?\d+)\)")
_HEALTH = re.compile(r"\((?:health: )?(healthy|unhealthy|starting)\)")

CONTAINERS = Listing(
    type_name="*formatter.ContainerContext",
    headings={
        "ID": "CONTAINER ID",
        "Names": "NAMES",
        "Image": "IMAGE",
        "Command": "COMMAND",
        "CreatedAt": "CREATED AT",
        "RunningFor": "CREATED",
        "Ports": "PORTS",
        "State": "STATE",
        "Status": "STATUS",
        "Size": "SIZE",
        "Labels": "LABELS",
        "Mounts": "MOUNTS",
        "LocalVolumes": "LOCAL VOLUMES",
        "Networks": "NETWORKS",
    },
    table="{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}",
    quiet="{{.ID}}",
    raw="container_id: {{.ID}}\nimage: {{.Image}}\ncommand: {{.Command}}\ncreated_at: {{.CreatedAt}}\n"
    "state: {{.State}}\nstatus: {{.Status}}\nnames: {{.Names}}\nlabels: {{- if .Labels}} {{.Labels}}{{end}}\n"
    "ports: {{- if .Ports}} {{.Ports}}{{end}}\n",
    raw_quiet="container_id: {{.ID}}",
)


@dataclass(frozen=True)
class Listed:
    """A container of the session, and what `GET /containers/json` tells of it."""

    own: OwnContainer
    told: Mapping[str, Any]
    state: SessionState

    @property
    def labels(self) -> dict[str, str]:
        """Its labels without ours."""
        return shown_labels(self.told.get("Labels"))

    @property
    def exit_code(self) -> int | None:
        """What it exited with; None where it has not."""
        found = _EXITED.match(str(self.told.get("Status")))
        return int(found[1]) if found else None

    @property
    def health(self) -> str:
        """What its health check says; `none` without one."""
        found = _HEALTH.search(str(self.told.get("Status")))
        return found[1] if found else "none"

    @property
    def is_up(self) -> bool:
        """Whether it runs, paused or not."""
        return self.told.get("State") in {"running", "paused", "restarting"}

    @property
    def mounts(self) -> list[dict[str, Any]]:
        """Its mounts, volumes by their names."""
        return [
            {**one, "Name": self.state.shown_text(str(one.get("Name") or ""))} for one in self.told.get("Mounts") or ()
        ]

    @property
    def networks(self) -> dict[str, str]:
        """Its networks, name -> id."""
        found = (self.told.get("NetworkSettings") or {}).get("Networks") or {}
        return {self.state.shown_text(name): str((one or {}).get("NetworkID") or "") for name, one in found.items()}

    @property
    def ancestors(self) -> Iterator[str]:
        """Ids of its image and of those that this one was made from."""
        parents = {one.id: one.parent for one in self.state.images}
        id_ = str(self.told.get("ImageID"))
        for _ in range(len(parents) + 1):
            yield id_
            id_ = parents.get(id_, "")

    def image(self, *, whole: bool) -> str:
        """The image as it was named, or by its id where the name has gone to another since."""
        id_ = str(self.told.get("ImageID"))
        found = self.state.image(self.own.image)
        name = id_ if found is None or found.id != id_ else self.own.image
        return short_id(id_) if not whole and short_id(name) == short_id(id_) else name

    def row(self, *, whole: bool = False, counted: bool = False) -> Row:
        """Its row; `whole` without cutting anything, `counted` as `docker system df` tells its size."""
        told = self.told
        created = float(told.get("Created") or 0)
        now = time.time()
        command = str(told.get("Command") or "")
        mounts = [str(one["Name"] or one.get("Source") or "") for one in self.mounts]
        columns: dict[str, Callable[[], Value]] = {
            "ID": lambda: self.own.id if whole else short_id(self.own.id),
            "Names": lambda: self.own.name,
            "Image": lambda: self.image(whole=whole),
            "Command": lambda: quoted(command if whole else ellipsis(command, _COMMAND_WIDTH)),
            "CreatedAt": lambda: moment(created),
            "RunningFor": lambda: ago(created, now=now),
            "Ports": lambda: ports_text(told.get("Ports") or ()),
            "State": lambda: str(told.get("State") or ""),
            "Status": lambda: str(told.get("Status") or ""),
            "Size": lambda: size(self._written) if counted else self._size(),
            "Labels": lambda: ",".join(f"{name}={value}" for name, value in sorted(self.labels.items())),
            "Mounts": lambda: ",".join(one if whole else ellipsis(one, _MOUNT_WIDTH) for one in mounts),
            "LocalVolumes": lambda: str(sum(one.get("Driver") == "local" for one in self.mounts)),
            "Networks": lambda: ",".join(sorted(self.networks)),
        }
        return CONTAINERS.row(columns, {"Label": lambda name: self.labels.get(name, "")})

    @property
    def _written(self) -> int:
        return int(self.told.get("SizeRw") or 0)

    def _size(self) -> str:
        all_ = int(self.told.get("SizeRootFs") or 0)
        text = size(self._written, digits=_SIZE_DIGITS)
        return f"{text} (virtual {size(all_, digits=_SIZE_DIGITS)})" if all_ > 0 else text


def ports_text(ports: Sequence[Mapping[str, Any]]) -> str:
    """Ports that a container has, neighbours drawn together: `80/tcp, 8000-8002/tcp`."""
    drawn: list[list[Any]] = []
    for kind, port in sorted((str(one.get("Type")), int(one.get("PrivatePort") or 0)) for one in ports):
        if drawn and drawn[-1][0] == kind and drawn[-1][2] + 1 == port:
            drawn[-1][2] = port
        else:
            drawn.append([kind, port, port])
    return ", ".join(f"{first}/{kind}" if first == last else f"{first}-{last}/{kind}" for kind, first, last in drawn)

"""Carries out `docker ps`: the session's containers, filtered and printed as docker prints them."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from graders.commands.container_rows import CONTAINERS, Listed
from graders.commands.daemon import DaemonRefused
from graders.commands.doing import Doing, carries
from graders.commands.filtering import (
    BAD_REQUEST,
    Filters,
    ensure_known,
    filters_of,
    has_labels,
    is_matched,
    is_one_of,
    query_of,
    switch_of,
)
from graders.commands.model import Command
from graders.commands.verbs.gone import forget
from graders.commands.verbs.noting import noted_where_refused

_KNOWN = frozenset(
    (
        "ancestor", "before", "exited", "expose", "health", "id", "is-task", "isolation", "label", "name", "network",
        "publish", "since", "status", "volume",
    )
)  # fmt: skip
_STATES = ("created", "dead", "exited", "paused", "removing", "restarting", "running")
_HEALTHS = ("healthy", "none", "starting", "unhealthy")
_SERVER_ERROR = 500
_WITH_SIZE = replace(
    CONTAINERS, table=f"{CONTAINERS.table}\t{{{{.Size}}}}", raw=f"{CONTAINERS.raw}size: {{{{.Size}}}}\n"
)


@carries("container", "ls")
def list_containers(doing: Doing, command: Command) -> int:
    """Print the session's containers."""
    limit = _limit(command)
    listing = _WITH_SIZE if command.is_on("size") else CONTAINERS
    layout = listing.layout(
        format_=command.text("format"), quiet=command.is_on("quiet"), unreadable="failed to parse template"
    )
    sized = layout.asks_for("Size") or command.is_on("size")
    filters = filters_of(command)
    query = {
        **({"all": "1"} if command.is_on("all") else {}),
        **query_of(filters),
        **({"limit": str(limit)} if limit != -1 else {}),
        **({"size": "1"} if sized else {}),
    }
    with noted_where_refused(doing, "GET", "/containers/json", query=query):
        keep = _keeping(doing, filters)
    keep.everything |= command.is_on("all") or limit > 0
    found = listed(doing, sized=sized)
    doing.daemon.note("GET", "/containers/json", query=query)
    kept = keep.kept(found)
    if limit > 0:
        kept = kept[:limit]
    whole = command.is_on("no-trunc")
    doing.out(layout.printed(one.row(whole=whole) for one in kept), end="")
    return 0


def listed(doing: Doing, *, sized: bool = False) -> list[Listed]:
    """Every container of the session, the newest first. Asks the engine once, for these alone."""
    by_id = {one.id: one for one in doing.state.containers if one.id}
    if not by_id:
        return []
    query = {"all": "1", "filters": json.dumps({"id": list(by_id)}), **({"size": "1"} if sized else {})}
    told = doing.daemon.get("/containers/json", query=query, aside=True)
    found = [Listed(by_id[one["Id"]], one, doing.state) for one in told if one["Id"] in by_id]
    there = {one.own.id for one in found}
    for own in [one for one in by_id.values() if one.remove_at_end and one.id not in there]:
        forget(doing, own)
    return found


def _limit(command: Command) -> int:
    last = command.flag("last")
    limit = last if isinstance(last, int) and not isinstance(last, bool) else -1
    return 1 if command.is_on("latest") and limit == -1 else limit


@dataclass
class _Keep:
    """Which containers are kept."""

    everything: bool = False
    """Those that do not run, too."""
    tests: list[Callable[[Listed], bool]] = field(default_factory=list)
    newer_than: str = ""
    older_than: str = ""

    def kept(self, found: Sequence[Listed]) -> list[Listed]:
        """Those of the containers, newest first, that are kept."""
        ids = [one.own.id for one in found]
        begin = ids.index(self.older_than) + 1 if self.older_than in ids else 0
        end = ids.index(self.newer_than) if self.newer_than in ids else len(ids)
        return [
            one
            for one in found[begin:end]
            if (self.everything or one.is_up) and all(is_kept(one) for is_kept in self.tests)
        ]


def _keeping(doing: Doing, filters: Filters) -> _Keep:
    """What the filters keep. Raises DaemonRefused for wrong ones, in the daemon's words."""
    ensure_known(filters, _KNOWN)
    for value in filters.get("status", ()):
        if value not in _STATES:
            raise DaemonRefused(BAD_REQUEST, f"Invalid filter 'status={value}'")
    for value in filters.get("health", ()):
        if value not in _HEALTHS:
            raise DaemonRefused(BAD_REQUEST, f"Unrecognised filter value for health: {value}")
    codes = [_number(value) for value in filters.get("exited", ())]
    tasks = switch_of(filters, "is-task", f"Invalid filter 'is-task={_listed(filters, 'is-task')}'")
    images = {found.id for value in filters.get("ancestor", ()) if (found := doing.state.image(value))}
    ports = {kind: [_port(kind, value) for value in filters[kind]] for kind in ("expose", "publish") if kind in filters}
    tests: list[Callable[[Listed], bool]] = [
        lambda one: is_matched(filters, "name", one.own.name, f"/{one.own.name}"),
        lambda one: "id" not in filters or any(one.own.id.startswith(value) for value in filters["id"]),
        lambda one: is_one_of(filters, "status", str(one.told.get("State"))),
        lambda one: is_one_of(filters, "health", one.health),
        lambda one: has_labels(filters, one.labels),
        lambda one: not codes or one.exit_code in codes,
        lambda one: tasks is not True,
        lambda one: "ancestor" not in filters or bool(images & set(one.ancestors)),
        lambda one: "volume" not in filters or any(_mounts(one, value) for value in filters["volume"]),
        lambda one: "network" not in filters or any(_is_in(one, value) for value in filters["network"]),
        lambda one: "publish" not in ports,
        lambda one: "expose" not in ports or bool(set(ports["expose"]) & set(_exposed(one))),
    ]
    return _Keep(
        everything="status" in filters,
        tests=tests,
        newer_than=_named(doing, filters, "since"),
        older_than=_named(doing, filters, "before"),
    )


def _named(doing: Doing, filters: Filters, name: str) -> str:
    ids = ""
    for value in filters.get(name, ()):
        own = doing.state.container(value)
        if own is None:
            raise DaemonRefused(_SERVER_ERROR, f"no such container {value}")
        ids = own.id
    return ids


def _mounts(one: Listed, value: str) -> bool:
    return any(value in {mount["Name"] or mount.get("Source"), mount.get("Destination")} for mount in one.mounts)


def _is_in(one: Listed, value: str) -> bool:
    return value in one.networks or any(id_.startswith(value) for id_ in one.networks.values() if value)


def _exposed(one: Listed) -> list[str]:
    return [f"{port.get('PrivatePort')}/{port.get('Type')}" for port in one.told.get("Ports") or ()]


def _number(value: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]+", value):
        raise DaemonRefused(_SERVER_ERROR, f'strconv.Atoi: parsing "{value}": invalid syntax')
    return int(value[:12])


def _port(kind: str, value: str) -> str:
    port, _, protocol = value.partition("/")
    if not port.isascii() or not port.isdigit():
        raise DaemonRefused(
            _SERVER_ERROR,
            f'error while looking up for {kind} {value}: strconv.ParseUint: parsing "{port}": invalid syntax',
        )
    return f"{int(port[:6])}/{protocol or 'tcp'}"


def _listed(filters: Filters, name: str) -> str:
    return f"[{' '.join(filters.get(name, ()))}]"

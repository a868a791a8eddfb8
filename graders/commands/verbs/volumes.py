"""Carries out `docker volume create`, `ls`, `rm` and `prune`, on the session's own volumes."""

import json
import re
from collections.abc import Callable
from secrets import token_hex
from typing import Any

from graders.commands.amounts import size
from graders.commands.daemon import DaemonRefused
from graders.commands.doing import Doing, carries
from graders.commands.ending import SESSION_LABEL
from graders.commands.filtering import (
    BAD_REQUEST,
    ensure_known,
    filters_of,
    has_labels,
    is_matched,
    is_one_of,
    lacks_labels,
    query_of,
    switch_of,
)
from graders.commands.model import Command, CommandRefused
from graders.commands.ordering import natural
from graders.commands.rewriting import OURS, volume_shown
from graders.commands.state import OwnVolume
from graders.commands.tables import Listing
from graders.commands.templates import Row, Value
from graders.commands.verbs.bounding import Bounds
from graders.commands.verbs.confirming import is_confirmed
from graders.commands.verbs.disk_usage import counted_by_daemon, volume_sizes
from graders.commands.verbs.gone import forget_gone
from graders.commands.verbs.noting import noted_where_refused

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
_SHORTEST, _LONGEST = 2, 255
_KNOWN = frozenset(("dangling", "driver", "label", "name"))
_PRUNE_KNOWN = frozenset(("label", "label!"))
_NOT_FOUND = 404
_WARNING = "This will remove all local volumes not used by at least one container."

VOLUMES = Listing(
    type_name="*formatter.volumeContext",
    headings={
        "Name": "VOLUME NAME",
        "Driver": "DRIVER",
        "Scope": "SCOPE",
        "Mountpoint": "MOUNTPOINT",
        "Labels": "LABELS",
        "Links": "LINKS",
        "Size": "SIZE",
    },
    table="{{.Driver}}\t{{.Name}}",
    quiet="{{.Name}}",
    raw="name: {{.Name}}\ndriver: {{.Driver}}\n",
    raw_quiet="name: {{.Name}}",
)


@carries("volume", "create")
def create_volume(doing: Doing, command: Command) -> int:
    """Make a volume, or find that there is one of this name already, which is fine as well."""
    name = command.text("name")
    if command.args and name:
        raise CommandRefused(
            "conflicting options: either specify --name or provide positional arg, not both", code="bad-value"
        )
    name = name or (command.args[0] if command.args else "")
    with noted_where_refused(doing, "POST", "/volumes/create"):
        _ensure_name(name)
    labels = labels_of(command)
    there = doing.state.volume(name) if name else None
    if there is None:
        there = _made(doing, name, labels)
        doing.touch("volume", there.name, there.name, made=True)
    else:
        doing.daemon.note("POST", "/volumes/create", status=201)
        doing.touch("volume", there.name, there.name)
    doing.out(there.name)
    return 0


def labels_of(command: Command) -> dict[str, str]:
    """The labels that a command gives. Raises CommandRefused for those that are ours."""
    labels = {name: value for name, _, value in (text.partition("=") for text in command.texts("label"))}
    for name in labels:
        if name.startswith(OURS):
            raise CommandRefused(
                f'labels that begin with "{OURS}" are kept for the engine here. Choose another name.',
                code="not-available",
            )
    return labels


def _made(doing: Doing, name: str, labels: dict[str, str]) -> OwnVolume:
    doing.ensure_room("volume")
    if name:
        own = OwnVolume(name=name, engine_name=doing.state.engine_name("v", name))
    else:
        nameless = token_hex(32)
        own = OwnVolume(name=nameless, engine_name=nameless, anonymous=True)
    doing.state.volumes.append(own)
    doing.save()
    body = {
        "Driver": "local",
        "DriverOpts": {},
        "Labels": {**labels, SESSION_LABEL: doing.state.key, **doing.labels},
        "Name": own.engine_name,
    }
    try:
        doing.daemon.call("POST", "/volumes/create", body=body)
    except DaemonRefused:
        doing.state.volumes.remove(own)
        raise
    return own


def _ensure_name(name: str) -> None:
    if not name:
        return
    if len(name) < _SHORTEST:
        raise DaemonRefused(
            BAD_REQUEST,
            f"create {name}: volume name is too short, names should be at least two alphanumeric characters",
        )
    if not _NAME.fullmatch(name):
        raise DaemonRefused(
            BAD_REQUEST,
            f'create {name}: "{name}" includes invalid characters for a local volume name, only'
            ' "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path',
        )
    if len(name) > _LONGEST:
        raise DaemonRefused(BAD_REQUEST, f"create {name}: file name too long")


@carries("volume", "ls")
def list_volumes(doing: Doing, command: Command) -> int:
    """Print the session's volumes."""
    layout = VOLUMES.layout(format_=command.text("format"), quiet=command.is_on("quiet"))
    filters = filters_of(command)
    with noted_where_refused(doing, "GET", "/volumes", query=query_of(filters)):
        ensure_known(filters, _KNOWN)
        dangling = switch_of(
            filters, "dangling", f"Invalid filter 'dangling=[{' '.join(filters.get('dangling', ()))}]'"
        )
    forget_gone(doing)
    told = [volume_shown(doing.state, one) for one in _told(doing, dangling=dangling)]
    doing.daemon.note("GET", "/volumes", query=query_of(filters))
    kept = [
        one
        for one in told
        if is_matched(filters, "name", one["Name"])
        and is_one_of(filters, "driver", one["Driver"])
        and has_labels(filters, one.get("Labels") or {})
    ]
    doing.out(layout.printed(_row(one) for one in sorted(kept, key=lambda one: natural(one["Name"]))), end="")
    return 0


def _told(doing: Doing, *, dangling: bool | None = None) -> list[dict[str, Any]]:
    """What the daemon tells of the session's volumes; of those without a container alone, or of those with one."""
    names = {one.engine_name for one in doing.state.volumes}
    if not names:
        return []
    filters: dict[str, list[str]] = {"name": sorted(names)}
    if dangling is not None:
        filters["dangling"] = ["true" if dangling else "false"]
    told = doing.daemon.get("/volumes", query={"filters": json.dumps(filters)}, aside=True)
    return [one for one in told.get("Volumes") or () if one["Name"] in names]


def _row(told: dict[str, Any]) -> Row:
    labels = told.get("Labels") or {}
    columns: dict[str, Callable[[], Value]] = {
        "Name": lambda: told["Name"],
        "Driver": lambda: told["Driver"],
        "Scope": lambda: told["Scope"],
        "Mountpoint": lambda: told["Mountpoint"],
        "Labels": lambda: ",".join(f"{name}={value}" for name, value in sorted(labels.items())),
        "Links": lambda: "N/A",
        "Size": lambda: "N/A",
    }
    return VOLUMES.row(columns, {"Label": lambda name: labels.get(name, "")})


@carries("volume", "rm")
def remove_volumes(doing: Doing, command: Command) -> int:
    """Remove volumes by name, one after the other; what cannot be removed is told at the end."""
    force = command.is_on("force")
    query = {"force": "1"} if force else {}
    errors: list[str] = []
    bounds = Bounds(doing)
    for word in command.args:
        bounds.ensure_time()
        own = doing.state.volume(word)
        error = _removed(doing, own, query) if own is not None else _gone(word)
        if own is not None and (error is None or error.status == _NOT_FOUND):
            _forget(doing, own)
        if error is not None and error.status == _NOT_FOUND and force:
            error = None
        doing.daemon.note("DELETE", f"/volumes/{word}", query=query, status=error.status if error else 204)
        if error is None:
            doing.out(word)
        elif error.status == _NOT_FOUND:
            errors.append(f"Error: No such volume: {word}")
        else:
            errors.append(f"Error response from daemon: {error.message}")
    if errors:
        doing.err("\n".join(errors))
    return 1 if errors else 0


def _gone(word: str) -> DaemonRefused:
    return DaemonRefused(_NOT_FOUND, f"get {word}: no such volume")


def _removed(doing: Doing, own: OwnVolume, query: dict[str, str]) -> DaemonRefused | None:
    """Remove a volume on the engine; what was refused, if anything."""
    try:
        doing.daemon.call("DELETE", f"/volumes/{own.engine_name}", query=query, aside=True)
    except DaemonRefused as refusal:
        return refusal
    return None


@carries("volume", "prune")
def prune_volumes(doing: Doing, command: Command) -> int:
    """Remove the session's volumes that no container has, named ones as well, as docker 20.10 does."""
    filters = filters_of(command)
    freed, names = 0, list[str]()
    if is_confirmed(doing, command, _WARNING):
        with noted_where_refused(doing, "POST", "/volumes/prune", query=query_of(filters)):
            ensure_known(filters, _PRUNE_KNOWN)
        forget_gone(doing)
        unused = {
            one["Name"]
            for one in _told(doing, dangling=True)
            if has_labels(filters, shown := volume_shown(doing.state, one).get("Labels") or {})
            and lacks_labels(filters, shown)
        }
        if unused:
            sizes = volume_sizes(doing, counted_by_daemon(doing))
            for own, _, bytes_ in [one for one in sizes if one[0].engine_name in unused]:
                if _remove_unused(doing, own):
                    names.append(own.name)
                    freed += max(bytes_, 0)
        doing.daemon.note("POST", "/volumes/prune", query=query_of(filters))
    if names:
        doing.out("\n".join(("Deleted Volumes:", *names, "")))
    doing.out(f"Total reclaimed space: {size(freed)}")
    return 0


def _remove_unused(doing: Doing, own: OwnVolume) -> bool:
    """Whether it is gone; one that a container has got meanwhile stays, as with docker."""
    refusal = _removed(doing, own, {})
    if refusal is not None and refusal.status != _NOT_FOUND:
        return False
    _forget(doing, own)
    return True


def _forget(doing: Doing, own: OwnVolume) -> None:
    doing.state.volumes.remove(own)
    doing.touch("volume", own.name, own.name, removed=True)

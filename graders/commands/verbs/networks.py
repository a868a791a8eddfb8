"""Carries out `docker network create`, `ls`, `rm` and `prune`, on the session's own networks.

Each is internal, whether that is asked for or not: its containers reach each other, and nothing else.
"""

from collections.abc import Callable
from typing import Any

from graders.commands.amounts import printed_moment, short_id
from graders.commands.daemon import DaemonRefused
from graders.commands.doing import Doing, carries
from graders.commands.ending import SESSION_LABEL
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
from graders.commands.model import Command, CommandRefused
from graders.commands.ordering import natural
from graders.commands.rewriting import PREDEFINED, shown_labels
from graders.commands.state import OwnNetwork
from graders.commands.tables import Listing
from graders.commands.templates import Row, Value
from graders.commands.verbs.bounding import Bounds
from graders.commands.verbs.noting import in_path, noted_where_refused
from graders.commands.verbs.own_networks import SeenNetwork, seen_network, told_networks
from graders.commands.verbs.volumes import labels_of

_KNOWN = frozenset(("dangling", "driver", "id", "label", "name", "scope", "type"))
_TYPES = ("builtin", "custom")
_LONGEST = 200
_NOT_FOUND, _FORBIDDEN, _CONFLICT, _SERVER_ERROR = 404, 403, 409, 500
_DANGLING = 'invalid value for filter \'dangling\', must be "true" (or "1"), or "false" (or "0")'

NETWORKS = Listing(
    type_name="*network.networkContext",
    headings={
        "ID": "NETWORK ID",
        "Name": "NAME",
        "Driver": "DRIVER",
        "Scope": "SCOPE",
        "IPv6": "IPV6",
        "Internal": "INTERNAL",
        "Labels": "LABELS",
        "CreatedAt": "CREATED AT",
    },
    table="{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}",
    quiet="{{.ID}}",
    raw="network_id: {{.ID}}\nname: {{.Name}}\ndriver: {{.Driver}}\nscope: {{.Scope}}\n",
    raw_quiet="network_id: {{.ID}}",
)


@carries("network", "create")
def create_network(doing: Doing, command: Command) -> int:
    """Make a network."""
    name = command.args[0]
    labels = labels_of(command)
    with noted_where_refused(doing, "POST", "/networks/create"):
        _ensure_name(doing, name)
    doing.ensure_room("network")
    own = OwnNetwork(name=name, engine_name=doing.state.engine_name("n", name))
    doing.state.networks.append(own)
    doing.save()
    body = {
        "Name": own.engine_name,
        "CheckDuplicate": True,
        "Driver": "bridge",
        "EnableIPv6": False,
        "IPAM": {"Driver": "default", "Options": {}, "Config": []},
        "Internal": True,
        "Attachable": False,
        "Ingress": False,
        "ConfigOnly": False,
        "ConfigFrom": None,
        "Options": {},
        "Labels": {**labels, SESSION_LABEL: doing.state.key, **doing.labels},
    }
    try:
        own.id = str(doing.daemon.call("POST", "/networks/create", body=body).json()["Id"])
    except DaemonRefused:
        doing.state.networks.remove(own)
        raise
    doing.touch("network", own.name, own.id, made=True)
    doing.out(own.id)
    return 0


def _ensure_name(doing: Doing, name: str) -> None:
    if name in {*PREDEFINED, "default"}:
        raise DaemonRefused(_FORBIDDEN, f"operation is not permitted on predefined {name} network")
    if not name or any(one.name == name for one in doing.state.networks):
        raise DaemonRefused(_CONFLICT, f"network with name {name} already exists")
    if len(name) > _LONGEST or not name.isprintable() or "/" in name:
        raise DaemonRefused(
            BAD_REQUEST, f"a network's name here is up to {_LONGEST} letters that can be printed, no slash"
        )


@carries("network", "ls")
def list_networks(doing: Doing, command: Command) -> int:
    """Print the session's networks, and the three that every engine has."""
    layout = NETWORKS.layout(format_=command.text("format"), quiet=command.is_on("quiet"))
    filters = filters_of(command)
    with noted_where_refused(doing, "GET", "/networks", query=query_of(filters)):
        ensure_known(filters, _KNOWN)
        for value in filters.get("type", ()):
            if value not in _TYPES:
                raise DaemonRefused(_SERVER_ERROR, f"invalid filter: 'type'='{value}'")
        dangling = switch_of(filters, "dangling", _DANGLING)
    names = {one.id: one.name for one in doing.state.networks if one.id}
    told = [{**one, "Name": names.get(one["Id"], one["Name"])} for one in told_networks(doing)]
    doing.daemon.note("GET", "/networks", query=query_of(filters))
    kept = [one for one in told if _is_kept(filters, one, own=one["Id"] in names, dangling=dangling)]
    whole = command.is_on("no-trunc")
    rows = (_row(one, whole=whole) for one in sorted(kept, key=lambda one: natural(one["Name"])))
    doing.out(layout.printed(rows), end="")
    return 0


def _is_kept(filters: Filters, told: dict[str, Any], *, own: bool, dangling: bool | None) -> bool:
    """Docker takes every network of its user's for dangling here, since a listing does not look for containers."""
    return (
        is_matched(filters, "name", told["Name"])
        and is_matched(filters, "id", told["Id"])
        and is_one_of(filters, "driver", told["Driver"])
        and is_one_of(filters, "scope", told["Scope"])
        and is_one_of(filters, "type", "custom" if own else "builtin")
        and has_labels(filters, shown_labels(told.get("Labels")))
        and (dangling is None or dangling is own)
    )


def _row(told: dict[str, Any], *, whole: bool) -> Row:
    labels = shown_labels(told.get("Labels"))
    columns: dict[str, Callable[[], Value]] = {
        "ID": lambda: told["Id"] if whole else short_id(told["Id"]),
        "Name": lambda: told["Name"],
        "Driver": lambda: told["Driver"],
        "Scope": lambda: told["Scope"],
        "IPv6": lambda: str(bool(told.get("EnableIPv6"))).lower(),
        "Internal": lambda: str(bool(told.get("Internal"))).lower(),
        "Labels": lambda: ",".join(f"{name}={value}" for name, value in sorted(labels.items())),
        "CreatedAt": lambda: printed_moment(str(told.get("Created"))),
    }
    return NETWORKS.row(columns, {"Label": lambda name: labels.get(name, "")})


@carries("network", "rm")
def remove_networks(doing: Doing, command: Command) -> int:
    """Remove networks, one after the other; what cannot be removed is told as it comes."""
    failed = False
    bounds = Bounds(doing)
    for word in command.args:
        bounds.ensure_time()
        seen = seen_network(doing, word)
        error = _removal(doing, seen) if seen is not None else _gone(word)
        there = seen is not None and (error is None or error.status != _NOT_FOUND)
        doing.daemon.note("GET", f"/networks/{in_path(word)}", status=200 if there else _NOT_FOUND)
        doing.daemon.note("DELETE", f"/networks/{in_path(word)}", status=error.status if error else 204)
        if seen is not None and seen.own is not None and (error is None or error.status == _NOT_FOUND):
            forget_network(doing, seen.own)
        if error is None:
            doing.out(word)
            continue
        failed = True
        missing = error.status == _NOT_FOUND
        doing.err(f"Error: No such network: {word}" if missing else f"Error response from daemon: {error.message}")
    return 1 if failed else 0


def _gone(word: str) -> DaemonRefused:
    return DaemonRefused(_NOT_FOUND, f"network {word} not found")


def _removal(doing: Doing, seen: SeenNetwork) -> DaemonRefused | None:
    """Remove a network on the engine; what was refused, if anything."""
    if seen.own is None:
        return DaemonRefused(_FORBIDDEN, f"{seen.name} is a pre-defined network and cannot be removed")
    try:
        doing.daemon.call("DELETE", f"/networks/{seen.id}", aside=True)
    except DaemonRefused as refusal:
        return refusal
    return None


def forget_network(doing: Doing, own: OwnNetwork) -> None:
    """Take a network off the ledger that is no more."""
    doing.state.networks.remove(own)
    doing.touch("network", own.name, own.id, removed=True)


def own_network(doing: Doing, word: str) -> SeenNetwork:
    """The network of this word. Raises DaemonRefused in docker's words."""
    seen = seen_network(doing, word)
    if seen is None:
        raise _gone(word)
    return seen


def not_for_containers(name: str) -> CommandRefused:
    """Make the refusal of the engine's own network, which is a way out of the session."""
    return CommandRefused(
        f"Error response from daemon: network {name} is not available here: containers have no way out. Make a network"
        " of your own with 'docker network create', and connect them to that.",
        code="not-available",
    )

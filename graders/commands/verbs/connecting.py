"""Carries out `docker network connect` and `disconnect`, between containers and networks of one session.

A container that has been given no network is in `none`, from which docker lets nothing be connected elsewhere. At home
it would be in `bridge`, so here it leaves `none` by itself when it gets a network.
"""

from contextlib import suppress

from graders.commands.daemon import DaemonRefused
from graders.commands.doing import Doing, carries
from graders.commands.model import Command
from graders.commands.state import OwnContainer
from graders.commands.verbs.networks import not_for_containers, own_network
from graders.commands.verbs.noting import in_path, noted_where_refused
from graders.commands.verbs.own_networks import SeenNetwork
from graders.commands.verbs.targets import own_container

_NONE, _HOST = "none", "host"
_BAD_REQUEST, _NOT_FOUND, _SERVER_ERROR = 400, 404, 500


@carries("network", "connect")
def connect(doing: Doing, command: Command) -> int:
    """Put a container into a network, in which it is known by its name."""
    network, container = command.args
    path = f"/networks/{in_path(network)}/connect"
    with noted_where_refused(doing, "POST", path):
        seen = own_network(doing, network)
        own = own_container(doing, container)
        _ensure_own(seen)
        _connect(doing, seen, own, [own.name, *command.texts("alias")])
    doing.daemon.note("POST", path)
    _touch(doing, seen, own)
    return 0


def _ensure_own(seen: SeenNetwork) -> None:
    if seen.own is not None:
        return
    if seen.name == _NONE:
        raise DaemonRefused(
            _BAD_REQUEST,
            "container cannot be connected to multiple networks with one of the networks in private (none) mode",
        )
    if seen.name == _HOST:
        raise DaemonRefused(
            _BAD_REQUEST, "container cannot be disconnected from host network or connected to host network"
        )
    raise not_for_containers(seen.name)


def _connect(doing: Doing, seen: SeenNetwork, own: OwnContainer, aliases: list[str]) -> None:
    told = doing.daemon.get(f"/containers/{own.id or own.engine_name}/json", aside=True)
    apart = _NONE in ((told.get("NetworkSettings") or {}).get("Networks") or {})
    if apart:
        _send(doing, _NONE, "disconnect", {"Container": own.id, "Force": False})
    try:
        _send(
            doing,
            seen.id,
            "connect",
            {"Container": own.id, "EndpointConfig": {"Aliases": list(dict.fromkeys(aliases))}},
        )
    except DaemonRefused:
        if apart:
            with suppress(DaemonRefused):  # what was refused first is what there is to tell
                _send(doing, _NONE, "connect", {"Container": own.id})
        raise


@carries("network", "disconnect")
def disconnect(doing: Doing, command: Command) -> int:
    """Take a container out of a network."""
    network, container = command.args
    force = command.is_on("force")
    path = f"/networks/{in_path(network)}/disconnect"
    with noted_where_refused(doing, "POST", path):
        seen = own_network(doing, network)
        own = _container(doing, container, force=force)
        if seen.own is None and seen.name != _NONE:
            raise DaemonRefused(_SERVER_ERROR, f"container {own.id} is not connected to network {seen.name}")
        _send(doing, seen.id, "disconnect", {"Container": own.id, "Force": force})
    doing.daemon.note("POST", path)
    _touch(doing, seen, own)
    return 0


def _container(doing: Doing, word: str, *, force: bool) -> OwnContainer:
    try:
        return own_container(doing, word)
    except DaemonRefused as refusal:
        if force and refusal.status == _NOT_FOUND:
            raise DaemonRefused(_NOT_FOUND, f"endpoint {word} not found") from None
        raise


def _send(doing: Doing, network: str, verb: str, body: dict[str, object]) -> None:
    doing.daemon.call("POST", f"/networks/{network}/{verb}", body=body, aside=True)


def _touch(doing: Doing, seen: SeenNetwork, own: OwnContainer) -> None:
    doing.touch("network", seen.name, seen.id)
    doing.touch("container", own.name, own.id)

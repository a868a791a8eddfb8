"""Which network a container is to be in: none, or one of the session's own, where it is known by its name.

On the engine the name of a container is another one, so what its neighbours call it by is an alias there.
"""

from dataclasses import dataclass
from typing import Any

from graders.commands.daemon import DaemonRefused
from graders.commands.doing import Doing
from graders.commands.model import Command
from graders.commands.state import OwnContainer
from graders.commands.verbs.refusing import not_here, wrong_options

NONE = "none"
_NOT_FOUND = 404
_OTHERS = ("bridge", "host", "default")


@dataclass(frozen=True)
class Joining:
    """The network of a container, by its name on the engine, and what it is called there."""

    network: str = NONE
    aliases: tuple[str, ...] = ()

    def config(self, name: str) -> dict[str, Any]:
        """The `NetworkingConfig` of a container of this name."""
        if self.network == NONE:
            return {"EndpointsConfig": {}}
        return {"EndpointsConfig": {self.network: {"Aliases": list(dict.fromkeys((name, *self.aliases)))}}}


def joining_of(doing: Doing, command: Command) -> Joining:
    """Read `--network` and `--network-alias`. Raises CommandRefused and DaemonRefused."""
    word, aliases = command.text("network", NONE), command.texts("network-alias")
    if word in _OTHERS or word.startswith("container:"):
        raise not_here(
            command,
            f"--network {word}",
            "containers have no way out of this console, and none into each other. Leave it out for no network, or make"
            " one with `docker network create` and name it.",
        )
    if word == NONE:
        if aliases:
            raise wrong_options(command, "network-scoped aliases are only supported for user-defined networks")
        return Joining()
    own = doing.state.network(word)
    if own is None:
        raise DaemonRefused(_NOT_FOUND, f"network {word} not found")
    return Joining(own.engine_name, aliases)


def rename_in_networks(doing: Doing, own: OwnContainer, *, old: str) -> None:
    """Make a renamed container known by its new name in the networks that it is in."""
    told = doing.daemon.get(f"/containers/{own.id}/json", aside=True)
    ours = {network.id: network.engine_name for network in doing.state.networks}
    for found in ((told.get("NetworkSettings") or {}).get("Networks") or {}).values():
        network = ours.get(str(found.get("NetworkID")))
        if network is None:
            continue
        kept = [one for one in found.get("Aliases") or () if one != old and not own.id.startswith(one)]
        doing.daemon.call(
            "POST", f"/networks/{network}/disconnect", body={"Container": own.id, "Force": False}, aside=True
        )
        doing.daemon.call(
            "POST",
            f"/networks/{network}/connect",
            body={"Container": own.id, "EndpointConfig": {"Aliases": [own.name, *kept]}},
            aside=True,
        )

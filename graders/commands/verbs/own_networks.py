"""The networks that a session may see: its own, and the three that every engine has."""

import json
import re
from dataclasses import dataclass
from typing import Any

from graders.commands.daemon import DaemonRefused
from graders.commands.doing import Doing
from graders.commands.rewriting import PREDEFINED
from graders.commands.state import OwnNetwork

_SERVER_ERROR = 500


@dataclass(frozen=True)
class SeenNetwork:
    """A network that the session may see."""

    name: str
    id: str
    own: OwnNetwork | None
    """None for one that every engine has."""


def seen_network(doing: Doing, word: str) -> SeenNetwork | None:
    """The network with this name, id, or beginning of an id that no other has.

    Raises DaemonRefused in docker's words where it is the beginning of several ids.
    """
    for one in doing.state.networks:
        if word and word in {one.name, one.id}:
            return SeenNetwork(one.name, one.id or one.engine_name, one)
    if word in PREDEFINED:
        told = doing.daemon.get(f"/networks/{word}", aside=True)
        return SeenNetwork(word, str(told["Id"]), None)
    if not re.fullmatch(r"[0-9a-f]{1,64}", word):
        return None
    found = [SeenNetwork(one.name, one.id, one) for one in doing.state.networks if one.id.startswith(word)]
    found += [
        SeenNetwork(str(one["Name"]), str(one["Id"]), None)
        for one in told_networks(doing)
        if one["Name"] in PREDEFINED and str(one["Id"]).startswith(word)
    ]
    if len(found) > 1:
        raise DaemonRefused(
            _SERVER_ERROR, f"network {word} is ambiguous ({len(found)} matches found based on ID prefix)"
        )
    return found[0] if found else None


def told_networks(doing: Doing) -> list[dict[str, Any]]:
    """What `GET /networks` tells of those that the session may see."""
    ours = {one.id: one for one in doing.state.networks if one.id}
    names = [*PREDEFINED, *(one.engine_name for one in ours.values())]
    told = doing.daemon.get("/networks", query={"filters": json.dumps({"name": names})}, aside=True)
    return [one for one in told if one["Id"] in ours or one["Name"] in PREDEFINED]

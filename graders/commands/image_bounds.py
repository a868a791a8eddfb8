"""How much an image may say of itself before another is made upon it: sessions could make it grow without end.

The policy for Dockerfiles bounds what one file adds, and takes the variables of its base for short. Both hold only
where what is built upon is bounded too.
"""

import json
from collections.abc import Mapping
from typing import Any

from graders.commands.model import CommandRefused
from graders.dockerfile.growth import UNKNOWN_SIZE

_MOST_CHARACTERS = 128 * 1024
_MOST_PORTS, _MOST_VOLUMES = 1000, 50


def ensure_modest(config: Mapping[str, Any], what: str, *, expands: bool = True) -> None:
    """Refuse to make an image upon something whose config is too large; `what` names it, such as `web:latest`.

    With `expands`, what is made upon it may fill in its variables, so those have to be short. Raises CommandRefused.
    """
    for text in config.get("Env") or () if expands else ():
        name, _, value = str(text).partition("=")
        if len(value) > UNKNOWN_SIZE:
            raise CommandRefused(
                f"{what} sets the variable {name[:40]} to {len(value):,} characters. Nothing can be made upon it here:"
                f" keep variables to {UNKNOWN_SIZE} characters, or put the value in a file.",
                code="too-large",
            )
    ports, volumes = len(config.get("ExposedPorts") or ()), len(config.get("Volumes") or ())
    if ports > _MOST_PORTS or volumes > _MOST_VOLUMES or len(json.dumps(config)) > _MOST_CHARACTERS:
        raise CommandRefused(
            f"{what} declares more ports, volumes, labels and the like than anything can be made upon here: begin with"
            " a smaller image.",
            code="too-large",
        )

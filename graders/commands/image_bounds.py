"""How large images of a session may be: by what they hold, and by what they say of themselves.

The policy for Dockerfiles bounds what one file adds, and takes the variables of its base for short. Both hold only
where what is built upon is bounded too: sessions could make an image grow without end.
"""

import json
from collections.abc import Mapping
from typing import Any

from graders.archive.limits import MIB, in_words
from graders.commands.doing import Doing
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


def ensure_fits(doing: Doing, image_id: str, *, parent: str) -> None:
    """Remove an image that was just made again where it holds more than a session may, and raise CommandRefused.

    What counts is what it holds beyond the image that it was made from, `parent`, where there is one.
    """
    bytes_ = _size(doing, image_id) - (_size(doing, parent) if parent else 0)
    if bytes_ <= doing.rules.disk_mib * MIB:
        return
    doing.daemon.call("DELETE", f"/images/{image_id}", query={"force": "1"}, aside=True)
    raise CommandRefused(
        f"The image holds {in_words(bytes_)} more than what it was made from, and was removed: all that you have here"
        f" may hold {doing.rules.disk_mib} MiB. Leave out what it does not need.",
        code="too-large",
    )


def _size(doing: Doing, image_id: str) -> int:
    return int(doing.daemon.get(f"/images/{image_id}/json", aside=True)["Size"])

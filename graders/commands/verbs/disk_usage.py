"""What the session's objects take on the engine's disk, from the daemon's own count."""

import time
from typing import Any

from graders.commands.daemon import DaemonRefused
from graders.commands.doing import Doing
from graders.commands.state import OwnVolume

_TRIES, _PAUSE_SECONDS = 20, 0.1
_BUSY = 409


def counted_by_daemon(doing: Doing) -> dict[str, Any]:
    """What `GET /system/df` tells, of everybody's objects: whoever reads it keeps those of the ledger alone.

    The daemon counts for one asker at a time and refuses others meanwhile (moby, daemon/disk_usage.go), so it is asked
    again. Raises DaemonRefused when it stays so.
    """
    for _ in range(_TRIES - 1):
        try:
            return dict(doing.daemon.get("/system/df", aside=True))
        except DaemonRefused as refusal:
            if "already running" not in refusal.message and refusal.status != _BUSY:
                raise
        time.sleep(_PAUSE_SECONDS)
    return dict(doing.daemon.get("/system/df", aside=True))


def volume_sizes(doing: Doing, told: dict[str, Any]) -> list[tuple[OwnVolume, int, int]]:
    """The session's volumes with how many containers use each, and its size in bytes, -1 where it is not known."""
    found = {one["Name"]: one.get("UsageData") or {} for one in told.get("Volumes") or ()}
    return [
        (own, int(usage.get("RefCount", 0)), int(usage.get("Size", -1)))
        for own in doing.state.volumes
        if (usage := found.get(own.engine_name)) is not None
    ]

"""How much memory a container has held at most, as its control group counts: kept file contents included.

Control groups v1 keep that figure, and the engine passes it on. Version 2 keeps it too (`memory.peak`, Linux 5.19), but
engines pass on only what is in use: where the engine runs on this machine the file is read, elsewhere the figure of
the moment has to do.
"""

from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError

_GROUPS = Path("/sys/fs/cgroup")
_PROCESSES = Path("/proc")
_CONFLICT, _NOT_FOUND = 409, 404


def memory_peak(client: docker.APIClient, container_id: str) -> int | None:
    """In bytes; None when the container does not run. Raises APIError."""
    try:
        told: dict[str, Any] = client.stats(container_id, stream=False, one_shot=True)
    except APIError as refusal:
        if refusal.status_code in {_CONFLICT, _NOT_FOUND}:
            return None
        raise
    memory = told.get("memory_stats") or {}
    peak = memory.get("max_usage") or _peak_here(container_id) or memory.get("usage")
    return int(peak) if peak else None


def _peak_here(container_id: str) -> int | None:
    """`memory.peak` of the container's group on this machine, found by the one process that is sure to be there."""
    for folder in _PROCESSES.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            group = next(
                (line[3:] for line in (folder / "cgroup").read_text().splitlines() if line.startswith("0::")), ""
            )
            if container_id in group:
                return int((_GROUPS / group.lstrip("/") / "memory.peak").read_text())
        except (OSError, ValueError):
            continue
    return None

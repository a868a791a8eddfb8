"""Whether an engine met its own memory limit during a build, told by its control group.

A step that was killed for its memory and one that ends with `exit 137` look alike to the builder. Where the engine runs
on this machine, its control group knows better: version 2 counts what it killed, version 1 keeps the most memory that
was in use (seen on Linux 6.18, where the count of failed charges stays at 0). Elsewhere nothing is known.
"""

import json
import socket
import struct
from pathlib import Path

from graders.sandbox.connection import Address

_GROUPS = "sys/fs/cgroup"
_BUILDS = "buildkit"
_CREDENTIALS = struct.Struct("3i")
_CONNECT_SECONDS = 5.0
_NEARLY = 0.99
"""Part of the limit: the last page is not counted everywhere."""


class MemoryWatch:
    """Looks from its making on; one build at a time uses an engine, so that what is seen is that build's."""

    def __init__(self, address: Address) -> None:
        self._group = _group_of(address)
        self._killed = self._kills()
        self._fresh = self._forget_peak()

    def was_met(self) -> bool | None:
        """Whether the limit was met since; None where that cannot be known."""
        killed = self._kills()
        if killed is not None and self._killed is not None:
            return killed > self._killed
        if not self._fresh:
            return None
        limit, peak = self._read("memory.limit_in_bytes"), self._read("memory.max_usage_in_bytes")
        return peak >= limit * _NEARLY if limit is not None and peak is not None else None

    def _kills(self) -> int | None:
        """Version 2: what was killed in the group and in all below."""
        if self._group is None:
            return None
        try:
            events = (self._group / "memory.events").read_text().split()
            return int(events[events.index("oom_kill") + 1])
        except (OSError, ValueError, IndexError):
            return None

    def _forget_peak(self) -> bool:
        """Version 1: begin the record of the most memory anew; only root may."""
        if self._group is None:
            return False
        try:
            (self._group / "memory.max_usage_in_bytes").write_text("0")
        except OSError:
            return False
        return True

    def _read(self, name: str) -> int | None:
        try:
            return int((self._group / name).read_text()) if self._group is not None else None
        except (OSError, ValueError):
            return None


def _group_of(address: Address) -> Path | None:
    """The control group that everything of the engine's runs in; None where it is not on this machine, or not ours."""
    try:
        with address.connect(_CONNECT_SECONDS) as connection:
            if connection.family != socket.AF_UNIX:
                return None
            told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        process = Path("/proc") / str(_CREDENTIALS.unpack(told)[0])
        words = (process / "cmdline").read_text().split("\0")
        config = Path(words[words.index("--config-file") + 1])
        parent = json.loads((process / "root" / config.relative_to("/")).read_text())["cgroup-parent"]
        groups = process / "root" / _GROUPS
        inside = str(parent).strip("/")
        found = (group for group in (groups / "memory" / inside, groups / inside) if inside and group.is_dir())
        return next(map(_of_builds, found), None)
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _of_builds(group: Path) -> Path:
    """The group of builds alone, where the engine bounds them more tightly than all that runs on it."""
    inner = group / _BUILDS
    for name in ("memory.limit_in_bytes", "memory.max"):
        try:
            most, of_all = (inner / name).read_text().strip(), (group / name).read_text().strip()
        except OSError:
            continue
        if most.isdigit() and (not of_all.isdigit() or int(most) < int(of_all)):
            return inner
    return group

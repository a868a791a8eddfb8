"""The processes of a container by number, as this machine counts them; none where its engine is elsewhere.

They are found by their control group, whose path ends in the container's id and which no container can leave. One of
them is enough to know the group, and the group lists the others; where its list is not in the usual place, all
processes of the machine are looked at.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")


def members_of(container_id: str) -> list[int]:
    """Numbers of the container's processes. By the time they are looked at, a number may be another process's."""
    first = next((number for number in _newest_first() if is_member(number, container_id)), None)
    if first is None:
        return []
    for listed in _lists(first, container_id):
        with suppress(OSError):
            return sorted({int(number) for number in listed.read_text().split()})
    return [number for number in _newest_first() if is_member(number, container_id)]


def is_member(number: int, container_id: str) -> bool:
    """Whether this process is one of the container's."""
    try:
        return container_id in Path(f"/proc/{number}/cgroup").read_text()
    except OSError:
        return False


def _newest_first() -> list[int]:
    """Every process, by when it got its number: they are given in turn, and from the start again after the highest."""
    latest = int(Path("/proc/loadavg").read_text().split()[-1])
    numbers = (int(name) for name in os.listdir("/proc") if name.isdigit())  # noqa: PTH208  a name is all it takes
    return sorted(numbers, key=lambda number: (number > latest, -number))


def _lists(number: int, container_id: str) -> Iterator[Path]:
    """Where the control group may list its processes: version 1 has one for each controller, version 2 one for all."""
    with suppress(OSError):
        for line in Path(f"/proc/{number}/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if container_id in path:
                yield _GROUPS / controllers / path.lstrip("/") / "cgroup.procs"

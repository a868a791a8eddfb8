"""The processes of a container, seen from outside, so that nothing in the student's image has a say.

The engine lists them with the `ps` of its own machine, under that machine's numbers. Where the engine runs on this
machine, /proc tells the number inside the container and the exact arguments; each answer is checked to be about a
process of this container, since another machine's numbers would name others here.
"""

from pathlib import Path

import docker
from docker.errors import APIError

from graders.sandbox.base import Process

_CONFLICT = 409


def processes_of(client: docker.APIClient, container_id: str, *, id_offset: int) -> tuple[Process, ...]:
    """PID 1 first, then by number. `id_offset` is where the engine's user namespace begins."""
    try:
        main_pid = int(client.inspect_container(container_id)["State"]["Pid"])
        table = client.top(container_id, ps_args="-eo pid,uid,args")
    except APIError as refusal:
        if refusal.status_code == _CONFLICT:
            return ()  # it has ended meanwhile
        raise
    found = [
        _process(row, container_id=container_id, main_pid=main_pid, id_offset=id_offset)
        for row in table["Processes"] or ()
    ]
    return tuple(sorted(found, key=lambda process: (process.pid != 1, process.pid)))


def _process(row: list[str], *, container_id: str, main_pid: int, id_offset: int) -> Process:
    host_pid, host_uid, arguments = int(row[0]), int(row[1]), row[2]
    inside = 1 if host_pid == main_pid else 0
    command = tuple(arguments.split())
    folder = Path("/proc") / str(host_pid)
    try:
        if container_id in (folder / "cgroup").read_text():
            inside = inside or _pid_inside((folder / "status").read_text())
            exact = (folder / "cmdline").read_bytes().rstrip(b"\0")
            if exact:
                command = tuple(part.decode(errors="replace") for part in exact.split(b"\0"))
    except OSError:
        pass  # it has ended, or the engine is elsewhere
    uid = host_uid - id_offset if host_uid >= id_offset else host_uid
    return Process(pid=inside, uid=uid, command=command)


def _pid_inside(status: str) -> int:
    for line in status.splitlines():
        if line.startswith("NSpid:"):
            return int(line.split()[-1])
    return 0

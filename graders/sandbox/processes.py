"""The processes of a container, seen from outside, so that nothing in the student's image has a say.

Where the engine runs on this machine, /proc tells everything: the number inside the container, the user, the exact
arguments. Numbers that the engine names would not do, since it may live in a process namespace of its own. An engine
elsewhere lists them with the `ps` of its own machine, which knows neither the numbers inside nor where one argument
ends and the next begins.

What the engine itself starts inside, as it does with a HEALTHCHECK, is left out where that can be told.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import docker
from docker.errors import APIError

from graders.sandbox.base import Process
from graders.sandbox.members import is_member, members_of

_CONFLICT = 409
_MOST_COMMAND_BYTES = 16 * 1024


def processes_of(client: docker.APIClient, container_id: str, *, id_offset: int) -> tuple[Process, ...]:
    """PID 1 first, then by number. `id_offset` is where the engine's user namespace begins."""
    found = list(_here(container_id, id_offset)) or _by_the_engine(client, container_id, id_offset)
    return tuple(sorted(found, key=lambda process: (process.pid != 1, process.pid)))


def _here(container_id: str, id_offset: int) -> Iterator[Process]:
    for number in members_of(container_id):
        folder = Path(f"/proc/{number}")
        try:
            if not is_member(number, container_id):
                continue
            told = (folder / "status").read_text(errors="replace")  # its name may be bytes of any kind
            status = dict(line.split(":", 1) for line in told.splitlines() if ":" in line)
            with (folder / "cmdline").open("rb") as file:
                arguments = file.read(_MOST_COMMAND_BYTES).removesuffix(b"\0").split(b"\0")
            executable = _executable(folder)
            if _was_sent_in(container_id, status):
                continue
        except OSError:
            continue  # it has ended meanwhile
        if status["State"].split()[0] == "Z":
            continue  # ended, only not yet noticed by its parent
        yield Process(
            pid=int(status["NSpid"].split()[-1]),
            uid=_inside(int(status["Uid"].split()[1]), id_offset),
            command=tuple(part.decode(errors="replace") for part in arguments),
            executable=executable,
            heeds=int(status["SigCgt"], 16) | int(status["SigBlk"], 16),
        )


def _was_sent_in(container_id: str, status: dict[str, str]) -> bool:
    """Whether the engine started it inside beside the program, as it does with a HEALTHCHECK: its parent is outside."""
    if status["NSpid"].split()[-1] == "1":
        return False
    try:
        return container_id not in Path(f"/proc/{int(status['PPid'])}/cgroup").read_text()
    except OSError:
        return False  # its parent has ended meanwhile; it has another one now


def _executable(folder: Path) -> str:
    """Its program's file, as its own root has it."""
    try:
        target = (folder / "exe").readlink()
    except PermissionError:
        return ""
    return os.fsencode(target).decode(errors="replace").removesuffix(" (deleted)")


def _by_the_engine(client: docker.APIClient, container_id: str, id_offset: int) -> list[Process]:
    try:
        main_pid = str(client.inspect_container(container_id)["State"]["Pid"])
        table = client.top(container_id, ps_args="-eo pid,uid,args")
    except APIError as refusal:
        if refusal.status_code == _CONFLICT:
            return []  # it has ended meanwhile
        raise
    return [
        Process(
            pid=1 if pid == main_pid else 0,
            uid=_inside(int(uid), id_offset),
            command=tuple(arguments.split()),
        )
        for pid, uid, arguments in table["Processes"] or ()
    ]


def _inside(uid: int, offset: int) -> int:
    return uid - offset if uid >= offset else uid

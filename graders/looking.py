"""Looks at one container while it is up, ends it, and looks at what it has left."""

import secrets
import time

from graders.actions import Stop
from graders.observations import SeenStop
from graders.sandbox.base import Container, FileFacts, FileKind, Process, RunResult

_STILL_SECONDS = 0.05
_STILL_TRIES = 20
_OUTPUT_SECONDS = 2.0
_STARTING = ("runc", "init")
"""What a container's first process is before it becomes the program."""
_SURPRISE_MILLISECONDS = 250
"""When a stop signal comes must not be foreseen to the moment: a program could end by itself then."""
_MOST_WRITTEN, _MOST_LOOKS = 12, 40


def wait_for_output(container: Container, texts: set[str]) -> None:
    """Give it a moment to print what it should: programs log a request when they have answered it."""
    until = time.monotonic() + _OUTPUT_SECONDS
    while texts and time.monotonic() < until and container.running():
        printed = b"\n".join(container.logs())
        texts = {text for text in texts if text.encode() not in printed}
        if texts:
            time.sleep(_STILL_SECONDS)


def settled_processes(container: Container) -> tuple[Process, ...]:
    """Its processes, once the first of them is the program that it starts with and no more come; or after a second."""
    processes = container.processes()
    for _ in range(_STILL_TRIES):
        time.sleep(_STILL_SECONDS)
        before, processes = processes, container.processes()
        if not processes or (processes == before and processes[0].command != _STARTING):
            break
    return processes


def leave_alone(stop: Stop) -> None:
    """Let the time pass that a container is left alone before it is stopped."""
    time.sleep(stop.after_seconds + secrets.randbelow(_SURPRISE_MILLISECONDS) / 1000)


def output_once_still(container: Container) -> tuple[bytes, bytes]:
    """What it has printed up to now; what it prints of its last answers may take a moment to arrive."""
    output = container.logs()
    for _ in range(_STILL_TRIES):
        time.sleep(_STILL_SECONDS)
        before, output = output, container.logs()
        if before == output:
            break
    return output


def end(container: Container, stop: Stop | None) -> tuple[RunResult, SeenStop | None]:
    """End it, as `docker stop` does or at once."""
    if stop is None:
        return container.kill(), None
    processes = container.processes()
    was_running = container.running()
    began = time.monotonic()
    result = container.stop(within_seconds=stop.within_seconds)
    seconds = min(time.monotonic() - began, stop.within_seconds)
    heeds = processes[0].heeds if processes and processes[0].pid == 1 else None
    return result, SeenStop(was_running=was_running, within_seconds=stop.within_seconds, seconds=seconds, heeds=heeds)


def written_by(container: Container) -> tuple[FileFacts, ...]:
    """The beginnings of files in its own layer, logs first."""
    paths = sorted(container.changes(), key=lambda path: ("log" not in path, path.endswith(".pyc")))[:_MOST_LOOKS]
    found: list[FileFacts] = []
    for path in paths:
        if len(found) == _MOST_WRITTEN:
            break
        facts = container.read_file(path)
        if facts is not None and facts.kind is FileKind.FILE:
            found.append(facts)
    return tuple(found)

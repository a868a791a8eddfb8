"""Notices what an engine cannot end, and has the engine started anew: nothing else ends it.

BuildKit was seen to hang for ever when it looks up a user in a named pipe called /etc/passwd, and to go on reading a
sparse file of 200 GB for many minutes after the build was cancelled. What such a build made stays on the engine's disk,
and would be missing to everybody after. A container whose start hangs, as it does when its runtime reads a named pipe
for /etc/passwd, can neither be removed nor looked at, and whoever asks for that waits in vain.

`deploy/sandbox/engine.py` keeps two empty files beside its socket. An id in the one has the processes of a container
killed, on which the engine is free again: seen where `docker exec`, or a health check, looked up a user in a pipe. A
text in the other asks for a new start. Other engines have none, and are left to their operators.
"""

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import NOT_FOUND, HTTPException
from os import SEEK_END
from pathlib import Path
from urllib.parse import urlsplit

import docker
import requests

from graders.sandbox.base import SandboxUnavailable
from graders.sandbox.connection import Address, Engine, EngineConnection, engine_call, request_path
from graders.sandbox.ledger import empty_build_cache

RESTART_FILE, KILL_FILE = "restart", "kill"
_ANSWER_SECONDS = 5.0
_KILL_SECONDS = 10.0
_RELEASE_SECONDS = 5.0
_RESTART_SECONDS = 60.0
_PAUSE_SECONDS = 0.2
_log = logging.getLogger(__name__)


def holds_a_build(client: docker.APIClient) -> bool:
    """Whether the build cache stays in use although nothing builds: after a moment, since cancelling takes one."""
    deadline = time.monotonic() + _RELEASE_SECONDS
    while True:
        empty_build_cache(client)
        with engine_call("looking at the build cache"):
            kept = client.df().get("BuildCache") or []
        if not kept:
            return False
        if time.monotonic() > deadline:
            return True
        time.sleep(_PAUSE_SECONDS)


@contextmanager
def anew_when_stuck(address: Address) -> Iterator[None]:
    """Have the engine started anew when it does not answer what it is asked meanwhile. What was raised goes on."""
    try:
        yield
    except SandboxUnavailable as trouble:
        if isinstance(trouble.__cause__, requests.Timeout):
            start_anew(address, why="Something cannot be removed")
        raise


def free_if_stuck(engine: Engine, container: str) -> bool:
    """Have a container killed, given by its name or id, when the engine cannot tell of it any more; whether it was."""
    connection = EngineConnection(engine.address, _ANSWER_SECONDS)
    try:
        connection.request("GET", request_path(engine.client, f"/containers/{container}/json"))
        connection.getresponse().read()
    except TimeoutError:
        # Listing asks no container, so the engine still can.
        names = {name: str(one["Id"]) for one in engine.client.containers(all=True) for name in one["Names"] or ()}
        return kill_stuck(engine.address, names.get(f"/{container}", container))
    finally:
        connection.close()
    return False


def kill_stuck(address: Address, container_id: str) -> bool:
    """Have a container killed from beside the engine, which waits for it, and wait until the engine knows.

    Whether that was done.
    """
    parts = urlsplit(address.url)
    wish = Path(parts.path).parent / KILL_FILE
    try:
        if parts.scheme != "unix":
            return False
        with wish.open("r+") as file:
            file.seek(0, SEEK_END)
            file.write(f"{container_id}\n")
    except OSError:
        return False
    _log.warning("A container holds up the engine at %s: it is killed", address.url)
    deadline = time.monotonic() + _KILL_SECONDS
    while time.monotonic() < deadline:
        time.sleep(_PAUSE_SECONDS)
        try:
            if not wish.stat().st_size:
                break
        except OSError:
            return False
    else:
        return False
    while time.monotonic() < deadline and not _knows_of_the_end(address, container_id):
        time.sleep(_PAUSE_SECONDS)
    return True


def _knows_of_the_end(address: Address, container_id: str) -> bool:
    """Whether the engine can tell of the container, and that it does not run: until then it refuses to remove it."""
    connection = EngineConnection(address, _ANSWER_SECONDS)
    try:
        connection.request("GET", f"/containers/{container_id}/json")
        reply = connection.getresponse()
        told = json.loads(reply.read())
    except (OSError, HTTPException, ValueError):
        return False
    finally:
        connection.close()
    return reply.status == NOT_FOUND or not told.get("State", {}).get("Running")


def start_anew(address: Address, *, why: str = "A build cannot be ended") -> bool:
    """Have the engine started anew, and wait until it is back; False for one that does not know how, or is not back."""
    parts = urlsplit(address.url)
    wish = Path(parts.path).parent / RESTART_FILE
    try:
        if parts.scheme != "unix":
            raise FileNotFoundError(address.url)
        with wish.open("r+") as file:
            file.write(f"{why}.\n")
    except OSError:
        _log.error("%s on the engine at %s, and keeps what it has: restart the engine", why, address.url)
        return False
    _log.warning("%s on the engine at %s: it is started anew", why, address.url)
    deadline = time.monotonic() + _RESTART_SECONDS
    while time.monotonic() < deadline:
        time.sleep(_PAUSE_SECONDS)
        if _is_back(address, wish):
            return True
    _log.error("The engine at %s is not back after %d s", address.url, _RESTART_SECONDS)
    return False


def _is_back(address: Address, wish: Path) -> bool:
    try:
        if wish.stat().st_size:
            return False
        address.version()
    except (OSError, SandboxUnavailable):
        return False
    return True

"""Notices builds that an engine cannot end, and has the engine started anew: nothing else ends them.

BuildKit was seen to hang for ever when it looks up a user in a named pipe called /etc/passwd, and to go on reading a
sparse file of 200 GB for many minutes after the build was cancelled. What such a build made stays on the engine's disk,
and would be missing to everybody after.

`deploy/sandbox/engine.py` keeps an empty file beside its socket: writing to it asks for a new start. Other engines have
none, and are left to their operators.
"""

import logging
import time
from pathlib import Path
from urllib.parse import urlsplit

import docker

from graders.sandbox.base import SandboxUnavailable
from graders.sandbox.connection import Address, engine_call
from graders.sandbox.ledger import empty_build_cache

RESTART_FILE = "restart"
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


def start_anew(address: Address) -> bool:
    """Have the engine started anew, and wait until it is back; False for one that does not know how, or is not back."""
    parts = urlsplit(address.url)
    wish = Path(parts.path).parent / RESTART_FILE
    try:
        if parts.scheme != "unix":
            raise FileNotFoundError(address.url)
        with wish.open("r+") as file:
            file.write("A build cannot be ended.\n")
    except OSError:
        _log.error("A build on the engine at %s cannot be ended, and keeps disk space: restart the engine", address.url)
        return False
    _log.warning("A build on the engine at %s cannot be ended: it is started anew", address.url)
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

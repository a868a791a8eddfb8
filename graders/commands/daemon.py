"""The client side of the daemon's REST API: sends what the docker CLI sends for a command, and writes that down.

What is written down shows names as the student knows them. What is sent only to keep order (looking objects up, pulling
strings of the hardened sandbox) is not what the CLI would send, and is sent with `aside`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import unquote, urlencode

import requests

from graders.commands.model import Call
from graders.commands.state import SessionState
from graders.sandbox.base import SandboxUnavailable
from graders.sandbox.connection import CALL_SECONDS, Engine, engine_call, error_message
from graders.sandbox.stuck import kill_stuck

_BAD_REQUEST, _SERVER_ERROR = 400, 500
STUCK = "the container held the engine up, so it was killed. Remove it, and make another one"
_CONTAINER_SECONDS = 45.0
"""How long a call about one container may take; the longest stop that can be asked for takes 40."""
_OF_CONTAINER = re.compile(r"/containers/([0-9a-f]{64})(?=/|$)")
_EXEC_ROOT = re.compile(r"/[^\s\"':]{0,200}?/containerd/(?=daemon/)")


class DaemonRefused(Exception):
    """The daemon answered with an error; `message` is its own words, names as the student knows them."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@contextmanager
def freed_when_stuck(engine: Engine, container_id: str) -> Iterator[None]:
    """Kill a container that the engine waits for in vain, so that nobody else has to suffer from it.

    Raises DaemonRefused then, and where it is none such, what was raised.
    """
    try:
        yield
    except SandboxUnavailable as trouble:
        if not isinstance(trouble.__cause__, requests.Timeout | TimeoutError):
            raise
        if not (container_id and kill_stuck(engine.address, container_id)):
            raise
        raise DaemonRefused(_SERVER_ERROR, STUCK) from trouble


@dataclass(frozen=True)
class Reply:
    """What the daemon answered."""

    status: int
    body: bytes

    def json(self) -> Any:
        """The body, read; None where there is none."""
        return json.loads(self.body) if self.body.strip() else None


@dataclass
class Daemon:
    """The engine as one session's commands talk to it."""

    engine: Engine
    state: SessionState
    calls: list[Call] = field(default_factory=list)
    """What was sent for the line that is being carried out, in order."""

    def call(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: Any = None, aside: bool = False
    ) -> Reply:
        """Send a request and write it down, unless it is `aside`.

        Raises DaemonRefused for what the daemon refuses, and SandboxUnavailable where it cannot be reached.
        """
        if "//" in path:  # the daemon would take it for a shorter one, such as the list of everybody's containers
            raise ValueError(f"A name or an id is missing in {method} {path}.")
        client = self.engine.client
        of_container = _OF_CONTAINER.match(path)
        with (
            freed_when_stuck(self.engine, of_container[1] if of_container else ""),
            engine_call(f"being sent {method} {path.split('/')[1]}"),
        ):
            answer = client.request(
                method,
                f"{client.base_url}/v{client.api_version}{path}",
                params=dict(query or {}),
                json=body,
                timeout=_CONTAINER_SECONDS if of_container else CALL_SECONDS,
            )
        if not aside:
            self.note(method, path, query=query, status=answer.status_code)
        if answer.status_code >= _BAD_REQUEST:
            raise DaemonRefused(answer.status_code, self.shown_message(error_message(answer.content)))
        return Reply(answer.status_code, answer.content)

    def get(self, path: str, *, query: Mapping[str, str] | None = None, aside: bool = False) -> Any:
        """What is found there, as JSON."""
        return self.call("GET", path, query=query, aside=aside).json()

    def shown_message(self, message: str) -> str:
        """The daemon's words as the session may see them: its own names, and no path of the engine's host."""
        if "/" in message:
            message = message.replace(self._data_root, "/var/lib/docker")
            message = _EXEC_ROOT.sub("/run/docker/containerd/", message)
        return self.state.shown_text(message)

    @cached_property
    def _data_root(self) -> str:
        root = self.get("/info", aside=True).get("DockerRootDir")
        return str(root) if root else "/var/lib/docker"

    def note(self, method: str, path: str, *, query: Mapping[str, str] | None = None, status: int = 200) -> None:
        """Write down a request that was sent some other way, such as a build or an attached stream."""
        text = path + (f"?{unquote(urlencode(dict(query)))}" if query else "")
        self.calls.append(Call(method=method, path=self.state.shown_text(text), status=status))

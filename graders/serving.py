"""Talks to a container that serves: waits until it is ready, and sends it the requests that checks want."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from json import dumps

from graders.actions import Message, Ready, Request, Serve
from graders.checks.patterns import SlowPattern, search
from graders.exchanges import Step
from graders.sandbox.base import Container, HealthProbe, HttpReply, HttpRequest
from graders.visible import quoted, visible

_PAUSE_SECONDS = 0.05
_KNOCK_SECONDS = 2.0
_SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "OPTIONS"})
_BAD_REQUEST = 400


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """What came of waiting for a serving run."""

    ready: bool
    instead: str = ""
    """What was seen last in the place of what was waited for, in a sentence, where there was something."""


def wait_until_ready(container: Container, serve: Serve) -> Readiness:
    """Wait for what shows that it is up, until the time is up or the container has ended.

    A container that is waited for by its HEALTHCHECK must have been started with it.
    """
    ready, seconds = serve.ready, serve.wait_seconds
    if ready.is_port:
        return Readiness(ready=wait_until_listening(container, port=_port(serve), seconds=seconds))
    if ready.http:
        knock = _Knock(container, _port(serve), ready.http)
        is_up = _wait(container, knock, seconds)
        return Readiness(ready=is_up, instead="" if is_up else knock.answer)
    if ready.health:
        is_up = _wait(container, lambda _: container.health() == "healthy", seconds)
        return Readiness(ready=is_up, instead="" if is_up else last_try(container))
    if ready.log:
        return Readiness(ready=_wait(container, _Printed(container, ready), seconds))
    return Readiness(ready=container.running())


def last_try(container: Container) -> str:
    """What the last try of a container's HEALTHCHECK came to, in a sentence; empty when there was none."""
    tries = container.health_log()
    if not tries:
        return "It was not tried yet." if container.health() == "starting" else ""
    return told_try(tries[-1])


def told_try(tried: HealthProbe) -> str:
    """What a try of a HEALTHCHECK came to, in a sentence."""
    output = f" and printed {quoted(tried.output)}" if tried.output.strip() else ""
    if tried.exit_code < 0:
        return f"Its last try did not end by itself: {quoted(tried.output)}."
    return f"Its last try ended with exit code {tried.exit_code}{output}."


def _port(serve: Serve) -> int:
    return int(serve.port or 0)


def _wait(container: Container, is_up: Callable[[float], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while True:
        if is_up(max(deadline - time.monotonic(), _PAUSE_SECONDS)):
            return True
        if time.monotonic() >= deadline or not container.running():
            return False
        time.sleep(_PAUSE_SECONDS)


class _Knock:
    """Whether a path is answered with a status below 400; `answer` says what came last."""

    def __init__(self, container: Container, port: int, path: str) -> None:
        self.answer = ""
        self._container = container
        self._port = port
        self._path = path

    def __call__(self, left: float) -> bool:
        timeout = min(left, _KNOCK_SECONDS)
        reply = self._container.http(HttpRequest(port=self._port, path=self._path, timeout_seconds=timeout))
        if reply.status is None:
            self.answer = visible(reply.error)
            return False
        self.answer = f"It answered with {reply.status}: {quoted(reply.body)}."
        return reply.status < _BAD_REQUEST


class _Printed:
    """Whether the container has printed what its author said it would; looked for only in what is new."""

    def __init__(self, container: Container, ready: Ready) -> None:
        self._container = container
        self._pattern = ready.log
        self._known: tuple[bytes, bytes] = (b"", b"")

    def __call__(self, _left: float) -> bool:
        output = self._container.logs()
        if output == self._known:
            return False
        self._known = output
        try:
            return any(search(self._pattern, visible(stream)) for stream in output)
        except SlowPattern:
            return False


def wait_until_listening(container: Container, *, port: int, seconds: float) -> bool:
    """Wait until something listens on `port`; False when the time is up, or the container has ended before."""
    deadline = time.monotonic() + seconds
    while True:
        if any(listener.port == port for listener in container.listeners()):
            return True
        if time.monotonic() >= deadline or not container.running():
            return False
        time.sleep(_PAUSE_SECONDS)


def ask_all(
    container: Container,
    requests: Mapping[str, Request],
    *,
    default_port: int | None,
    ready_by: float,
    seconds: float,
    ends_at: float | None = None,
) -> dict[str, HttpReply]:
    """Send the requests one after the other and collect the replies.

    Until `ready_by` (of the monotonic clock) a request that is safe to repeat is repeated while nobody answers: some
    servers listen before they are ready. What is not sent within `seconds` gets a reply whose error says so; `ends_at`
    (of the monotonic clock) is when they are over, where they began before this call.
    """
    replies: dict[str, HttpReply] = {}
    deadline = time.monotonic() + seconds if ends_at is None else ends_at
    for key, request in requests.items():
        left = deadline - time.monotonic()
        if left <= 0:
            error = f"It was not asked: the requests before it took all of the {seconds:g} s that this run is given."
            replies[key] = HttpReply(status=None, headers={}, body=b"", seconds=0, error=error)
            continue
        sent = message_of(request, default_port=default_port, left=left)
        replies[key] = reply = container.http(sent)
        while (
            reply.status is None
            and request.method in _SAFE_TO_REPEAT
            and time.monotonic() < ready_by
            and container.running()
        ):
            time.sleep(_PAUSE_SECONDS)
            replies[key] = reply = container.http(sent)
    return replies


def message_of(message: Message | Step, *, default_port: int | str | None, left: float) -> HttpRequest:
    """A message as it is sent, within the `left` seconds."""
    headers = dict(message.send.headers)
    body = message.send.body
    if message.send.json_value is not None:
        body = dumps(message.send.json_value, ensure_ascii=False)
        headers.setdefault("Content-Type", "application/json")
    return HttpRequest(
        port=int(message.port or default_port or 0),
        method=message.method,
        path=message.path,
        headers=headers,
        body=body.encode(),
        timeout_seconds=min(message.timeout_seconds, left),
    )

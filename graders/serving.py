"""Talks to a container that serves: waits until it is ready, and sends it the requests that checks want."""

import time
from collections.abc import Callable, Mapping
from json import dumps

from graders.actions import Ready, Request, Serve
from graders.checks.patterns import SlowPattern, search
from graders.sandbox.base import Container, HttpReply, HttpRequest
from graders.visible import visible

_PAUSE_SECONDS = 0.1
_KNOCK_SECONDS = 2.0
_SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "OPTIONS"})
_BAD_REQUEST = 400


def wait_until_ready(container: Container, serve: Serve) -> bool:
    """Wait for what shows that it is up; False when the time is up, or the container has ended before.

    A container that is waited for by its HEALTHCHECK must have been started with it.
    """
    ready, seconds = serve.ready, serve.wait_seconds
    if ready.is_port:
        return wait_until_listening(container, port=_port(serve), seconds=seconds)
    if ready.http:
        return _wait(container, lambda left: _answers(container, _port(serve), ready.http, left), seconds)
    if ready.health:
        return _wait(container, lambda _: container.health() == "healthy", seconds)
    if ready.log:
        # What it printed counts even where it has ended meanwhile: the one who looks next finds that out.
        return _wait(container, _Printed(container, ready), seconds)
    return container.running()


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


def _answers(container: Container, port: int, path: str, left: float) -> bool:
    reply = container.http(HttpRequest(port=port, path=path, timeout_seconds=min(left, _KNOCK_SECONDS)))
    return reply.status is not None and reply.status < _BAD_REQUEST


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
        sent = _as_sent(request, default_port, left)
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


def _as_sent(request: Request, default_port: int | None, left: float) -> HttpRequest:
    headers = dict(request.send.headers)
    body = request.send.body
    if request.send.json_value is not None:
        body = dumps(request.send.json_value, ensure_ascii=False)
        headers.setdefault("Content-Type", "application/json")
    return HttpRequest(
        port=int(request.port or default_port or 0),
        method=request.method,
        path=request.path,
        headers=headers,
        body=body.encode(),
        timeout_seconds=min(request.timeout_seconds, left),
    )

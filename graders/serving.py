"""Talks to a container that serves: waits until it listens, and sends it the requests that checks want."""

import time
from collections.abc import Mapping
from json import dumps

from graders.actions import Request
from graders.sandbox.base import Container, HttpReply, HttpRequest

_PAUSE_SECONDS = 0.1
_SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "OPTIONS"})


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
    container: Container, requests: Mapping[str, Request], *, default_port: int, ready_by: float, seconds: float
) -> dict[str, HttpReply]:
    """Send the requests one after the other and collect the replies.

    Until `ready_by` (of the monotonic clock) a request that is safe to repeat is repeated while nobody answers: some
    servers listen before they are ready. What is not sent within `seconds` gets a reply whose error says so.
    """
    replies: dict[str, HttpReply] = {}
    deadline = time.monotonic() + seconds
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


def _as_sent(request: Request, default_port: int, left: float) -> HttpRequest:
    headers = dict(request.send.headers)
    body = request.send.body
    if request.send.json_value is not None:
        body = dumps(request.send.json_value, ensure_ascii=False)
        headers.setdefault("Content-Type", "application/json")
    return HttpRequest(
        port=int(request.port or default_port),
        method=request.method,
        path=request.path,
        headers=headers,
        body=body.encode(),
        timeout_seconds=min(request.timeout_seconds, left),
    )

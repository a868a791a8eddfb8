"""Builds an image with the engine's BuildKit, following it step by step, within a deadline and a cap on its log.

`POST /build?version=2` with the context as the body works without a client session, because every base image is local
and nothing else is asked of the client. Measured on Docker 20.10: `/build/cancel` ends a RUN within 0.1 s and lets the
stream finish, so the engine is known to be free again when this returns; closing the stream alone takes up to 2 s.
"""

import base64
import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Self

import docker

from graders.sandbox.base import BuildEvent, BuildLimits, BuildResult, Limit, SandboxUnavailable
from graders.sandbox.connection import (
    CALL_SECONDS,
    Address,
    EngineConnection,
    engine_call,
    ensure_outlives_a_kill,
    error_message,
    request_path,
)
from graders.sandbox.limits import exit_code_in, is_engine_fault_in_build, limit_in_build, plain_build_error, was_killed
from graders.sandbox.pressure import MemoryWatch
from graders.sandbox.progress import Progress
from graders.sandbox.session import SecretSession
from graders.sandbox.trace import Status, UnreadableTrace, decode_status

_GRACE_SECONDS = 10.0
"""How long a cancelled build may take to end before the engine counts as broken."""
_LONGEST_LINE = 16 * 1024 * 1024
"""A progress message is at most a few log chunks; a longer line means that something else answers."""


@dataclass(frozen=True, kw_only=True)
class BuildOrder:
    """What to build and how."""

    context: bytes
    build_id: str
    """Unique on the engine: cancelling goes by it."""
    tag: str
    """The image's reference on the engine; empty leaves it without one."""
    labels: Mapping[str, str] = field(default_factory=dict)
    dockerfile: str = "Dockerfile"
    target: str = ""
    build_args: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, bytes] | None = None
    """What RUN may mount, by id; None opens no session for it."""
    use_cache: bool = False
    network: str = "none"
    """`none`, or `default` where a way to package registries is open."""
    limits: BuildLimits

    def query(self, session: str = "") -> dict[str, str]:
        """The engine's parameters for it; `session` is the id of the one that holds the secrets."""
        query = {
            "version": "2",
            "buildid": self.build_id,
            "dockerfile": self.dockerfile,
            "networkmode": self.network,
            "rm": "1",
            "forcerm": "1",
            "labels": json.dumps(dict(self.labels)),
            "buildargs": json.dumps(dict(self.build_args)),
        }
        if self.tag:
            query["t"] = self.tag
        if not self.use_cache:
            query["nocache"] = "1"
        if self.target:
            query["target"] = self.target
        if session:
            query["session"] = session
        return query


@dataclass
class _Ending:
    image_id: str = ""
    error: str = ""


def build(
    address: Address,
    client: docker.APIClient,
    order: BuildOrder,
    *,
    on_event: Callable[[BuildEvent], None] | None = None,
    on_status: Callable[[Status], None] | None = None,
) -> BuildResult:
    """Build, sending events as they happen, and what the engine tells of itself as it does.

    Raises SandboxUnavailable when the engine is to blame.
    """
    progress = Progress(use_cache=order.use_cache, log_bytes=order.limits.log_bytes, send=on_event)
    ending = _Ending()
    watch = MemoryWatch(address)
    started = time.monotonic()
    with _session(address, client, order) as session, _Deadline(address, client, order) as deadline:
        for message in _messages(address, client, order.query(session), order.context, deadline):
            _take(message, progress, ending, on_status)
            if progress.overflown:
                deadline.cut_short()
    seconds = time.monotonic() - started
    if deadline.was_cut_short and not ending.image_id:
        error = "The build was ended, since it printed more than a build may."
        return _ended_by_us(Limit.OUTPUT, error, progress, seconds)
    if deadline.passed and not ending.image_id:
        error = f"The build was ended after {order.limits.seconds:g} seconds."
        limit = Limit.OUTPUT if progress.is_flooded() else Limit.WALL
        return _ended_by_us(limit, error, progress, seconds)
    result = _result(progress, ending, seconds, watch)
    blamed = "" if result.failed_step is None else result.steps[result.failed_step].log
    if was_killed(exit_code=result.exit_code, step_log=blamed):
        ensure_outlives_a_kill(address)
    return result


def _take(
    message: dict[str, Any], progress: Progress, ending: _Ending, on_status: Callable[[Status], None] | None
) -> None:
    if message.get("id") == "moby.buildkit.trace":
        try:
            status = decode_status(base64.b64decode(message["aux"]))
        except (UnreadableTrace, KeyError, ValueError) as trouble:
            raise SandboxUnavailable(f"The engine's build progress cannot be read: {trouble}") from trouble
        progress.follow(status)
        if on_status is not None:
            on_status(status)
    elif message.get("id") == "moby.image.id":
        ending.image_id = message["aux"]["ID"]
    elif "error" in message:
        ending.error = str(message["error"])


def _result(progress: Progress, ending: _Ending, seconds: float, watch: MemoryWatch) -> BuildResult:
    if ending.image_id and not ending.error:
        steps, _ = progress.steps(failed=False, error="")
        return BuildResult(
            image_id=ending.image_id, steps=steps, log=progress.log, seconds=seconds, log_cut=progress.log_cut
        )
    if reference := progress.missing_base():
        raise SandboxUnavailable(
            f"The base image {reference} is not on this engine. Prepare the course's base images there."
        )
    if not ending.error:
        raise SandboxUnavailable("The engine ended the build without saying how it went.")
    if is_engine_fault_in_build(ending.error):
        raise SandboxUnavailable(f"The engine could not build: {ending.error}")
    steps, blamed = progress.steps(failed=True, error=ending.error)
    exit_code = exit_code_in(ending.error)
    limit = limit_in_build(
        exit_code=exit_code,
        error=ending.error,
        step_log="" if blamed is None else steps[blamed].log,
        memory_met=watch.was_met(),
    )
    return BuildResult(
        image_id="",
        steps=steps,
        log=progress.log,
        seconds=seconds,
        error=plain_build_error(ending.error),
        failed_step=blamed,
        exit_code=exit_code,
        limit=limit,
        log_cut=progress.log_cut,
    )


def _ended_by_us(limit: Limit, error: str, progress: Progress, seconds: float) -> BuildResult:
    running = progress.running_step()
    steps, _ = progress.steps(failed=True, error="")
    steps = tuple(replace(step, error=error) if position == running else step for position, step in enumerate(steps))
    return BuildResult(
        image_id="",
        steps=steps,
        log=progress.log,
        seconds=seconds,
        error=error,
        failed_step=running,
        limit=limit,
        log_cut=progress.log_cut,
    )


class _Deadline:
    """Cancels the build when its time is up, also while it is silent; and before, when it is told to."""

    def __init__(self, address: Address, client: docker.APIClient, order: BuildOrder) -> None:
        self.passed = False
        self.was_cut_short = False
        self._address = address
        self._path = request_path(client, "/build/cancel", id=order.build_id)
        self._seconds = order.limits.seconds
        self._timer = threading.Timer(order.limits.seconds, self._cancel)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._ends_at = time.monotonic() + self._seconds
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._timer.join()

    def patience(self) -> float:
        """How long the stream may stay silent from now on."""
        return max(self._ends_at + _GRACE_SECONDS - time.monotonic(), 0.0)

    def cut_short(self) -> None:
        """End the build now; asked once or often."""
        if self.was_cut_short or self.passed:
            return
        self.was_cut_short = True
        self._timer.cancel()
        self._ends_at = time.monotonic()
        self._cancel()

    def _cancel(self) -> None:
        self.passed = True
        connection = EngineConnection(self._address, _GRACE_SECONDS)
        try:
            connection.request("POST", self._path)
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            return  # the reader closes the stream after its grace, which ends the build too
        finally:
            connection.close()


@contextmanager
def _session(address: Address, client: docker.APIClient, order: BuildOrder) -> Iterator[str]:
    """The id of a session that hands out the order's secrets; empty where it has none to hand out."""
    if order.secrets is None:
        yield ""
        return
    with SecretSession(address, client, order.secrets) as session:
        yield session.id


def _messages(
    address: Address, client: docker.APIClient, query: Mapping[str, str], context: bytes, deadline: _Deadline
) -> Iterator[dict[str, Any]]:
    connection = EngineConnection(address, CALL_SECONDS)
    try:
        with engine_call("starting a build"):
            connection.request(
                "POST",
                request_path(client, "/build", **query),
                body=context,
                headers={"Content-Type": "application/x-tar"},
            )
            reply = connection.getresponse()
            if reply.status != http.client.OK:
                raise SandboxUnavailable(f"The engine refused to build: {error_message(reply.read())}")
        for line in _lines(connection, reply, deadline):
            with engine_call("building"):
                try:
                    message = json.loads(line)
                except ValueError as trouble:
                    raise SandboxUnavailable("The engine's build progress is not JSON.") from trouble
            yield message
    finally:
        connection.close()


def _lines(connection: EngineConnection, reply: http.client.HTTPResponse, deadline: _Deadline) -> Iterator[bytes]:
    pending = b""
    while True:
        patience = deadline.patience()
        with engine_call("building"):
            if connection.sock is not None:  # the connection lets go of it once the reply is read to its end
                connection.sock.settimeout(max(patience, 0.01))
            try:
                piece = reply.read1(256 * 1024)
            except TimeoutError:
                if deadline.passed:
                    return  # it cannot be cancelled where it is now, but it has had its time
                raise
        if not piece or not patience:
            break
        pending += piece
        *whole, pending = pending.split(b"\n")
        yield from (line for line in whole if line.strip())
        if len(pending) > _LONGEST_LINE:
            raise SandboxUnavailable("The engine's build progress has no end.")
    if pending.strip():
        yield pending

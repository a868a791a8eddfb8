"""An engine's builder, which serves one build at a time, and what has to be known of it before the first.

Builds share the engine's bounds for memory and processes, and the build cache is emptied after each: two at once would
be in each other's way. Sessions of all processes on a machine take turns, by a lock beside the one that grading holds.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from docker.errors import APIError

from graders.commands.ending import SESSION_LABEL
from graders.commands.model import CommandRefused
from graders.commands.state import SessionState
from graders.dockerfile.dialect import Dialect
from graders.sandbox.base import BuildResult, Limit
from graders.sandbox.buildkit import BuildOrder, build
from graders.sandbox.connection import Engine, engine_call
from graders.sandbox.ledger import Ledger, empty_build_cache, reap
from graders.sandbox.owners import find_context_owner, owned_by
from graders.sandbox.probe import ensure_image
from graders.sandbox.stuck import holds_a_build, start_anew
from graders.sandbox.trace import Status
from graders.sandbox.turn import EngineBusy, engine_turn

_log = logging.getLogger(__name__)


_DIALECTS: dict[str, Dialect] = {}
_OWNERS: dict[str, int] = {}


@contextmanager
def builder(engine: Engine, *, wait_seconds: float) -> Iterator[int]:
    """Have the builder for oneself: who must own the files of a context so that they belong to root in the image.

    Raises CommandRefused when others keep it for longer than `wait_seconds`, and SandboxUnavailable when the engine
    cannot be asked. Takes the build cache away at the end.
    """
    try:
        with engine_turn(f"{engine.address.url} builder", wait_seconds=wait_seconds):
            try:
                yield _context_owner(engine)
            except CommandRefused:
                empty_build_cache(engine.client)
                raise
            empty_build_cache(engine.client)
    except EngineBusy as busy:
        raise CommandRefused(
            "The builder is busy with the builds of others, and nothing of yours was built. Try again in a minute.",
            code="busy",
        ) from busy


def dialect_of(engine: Engine) -> Dialect:
    """What the engine's builder understands of Dockerfiles."""
    url = engine.address.url
    if url not in _DIALECTS:
        _DIALECTS[url] = Dialect.of_engine(engine.address.version()["Version"])
    return _DIALECTS[url]


def build_one(
    engine: Engine, state: SessionState, order: BuildOrder, on_status: Callable[[Status], None]
) -> BuildResult:
    """Build while the builder is held. What a build leaves that was cut off goes; its session goes on."""
    result = build(engine.address, engine.client, order, on_status=on_status)
    if result.limit in {Limit.WALL, Limit.OUTPUT}:
        _let_go(engine)
        _remove_unfinished(engine, state)
    return result


def prepared(context: bytes, owner: int) -> bytes:
    """The context with an owner that the builder takes for root."""
    return owned_by(context, owner) if owner else context


def _context_owner(engine: Engine) -> int:
    """Found out once, by a small build; whoever asks holds the builder."""
    url = engine.address.url
    if url not in _OWNERS:
        _OWNERS[url] = _tried_owner(engine) if engine.id_offset else 0
    return _OWNERS[url]


def _tried_owner(engine: Engine) -> int:
    ledger = Ledger("console-context-owner")
    try:
        reap(engine.client, only=ledger.key)  # of a process that was killed while it tried
        base = ensure_image(engine.client)
        return find_context_owner(engine.address, engine.client, ledger, base=base, id_offset=engine.id_offset)
    finally:
        reap(engine.client, only=ledger.key)


def _let_go(engine: Engine) -> None:
    """Where a build cannot be ended, start the engine anew, unless somebody's containers run there: those matter more.

    What such a build holds is some memory and disk; whoever tends the engine restarts it when nobody is there.
    """
    if not holds_a_build(engine.client):
        return
    with engine_call("looking whether anything runs"):
        running = engine.client.containers()
    if running:
        _log.error("A build cannot be ended on the engine at %s: restart it when nobody needs it", engine.address.url)
    else:
        start_anew(engine.address)


def _remove_unfinished(engine: Engine, state: SessionState) -> None:
    """Remove images of the session that nobody was told of: of a build that was cut off while it wrote one."""
    known = {image.id for image in state.images}
    with engine_call("looking for what a build left"):
        label = f"{SESSION_LABEL}={state.key}"
        for image in engine.client.images(filters={"dangling": True, "label": label}):
            if image["Id"] not in known:
                try:
                    engine.client.remove_image(image["Id"])
                except APIError as refusal:
                    _log.warning("%s stays on the engine for now: %s", image["Id"], refusal.explanation)

"""Holds a container still while its files are looked at, and lets it go again, whatever becomes of this process.

Which one is held stands in the ledger before it is: the next who works in the session lets it go, if need be.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from docker.errors import APIError, NotFound

from graders.commands.state import SessionState
from graders.sandbox.connection import Engine, engine_call


@contextmanager
def held_still(engine: Engine, state: SessionState, save: Callable[[], None], container_id: str) -> Iterator[None]:
    """Keep what runs in a container from moving, if it runs and is not paused already. Raises SandboxUnavailable."""
    with engine_call("holding a container still"), suppress(NotFound):  # who looks finds out that it is gone
        now = engine.client.inspect_container(container_id).get("State") or {}
        if now.get("Running") and not now.get("Paused"):
            state.held = container_id
            save()
            with suppress(APIError):  # it has ended meanwhile
                engine.client.pause(container_id)
    try:
        yield
    finally:
        let_go(engine, state)


def let_go(engine: Engine, state: SessionState) -> None:
    """Let go what is held. Raises SandboxUnavailable."""
    if not state.held:
        return
    with engine_call("letting a container go on"), suppress(APIError):  # it has ended, is gone, or was never held
        engine.client.unpause(state.held)
    state.held = ""

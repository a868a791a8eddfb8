"""Begins a session on an engine: its ledger, the bases that it may use, and the lab's folder."""

from collections.abc import Callable, Mapping, Sequence

from docker.errors import ImageNotFound

from graders.commands.folder import kept
from graders.commands.interpreter import Console
from graders.commands.rules import ConsoleRules
from graders.commands.state import SessionState, bases_of
from graders.sandbox.base import SandboxUnavailable
from graders.sandbox.connection import Engine, engine_call


def begin(
    engine: Engine,
    *,
    state: SessionState,
    bases: Sequence[str],
    files: Mapping[str, bytes],
    rules: ConsoleRules,
    save: Callable[[SessionState], None],
    labels: Mapping[str, str] | None = None,
) -> Console:
    """Make a new session ready for its first line; nothing is made on the engine.

    `bases` are references of images that are on the engine, `files` what lies in the lab's folder. Raises
    SandboxUnavailable, also where a base is missing.
    """
    state.bases = bases_of({reference: _id_of(engine, reference) for reference in bases})
    state.files = kept(files)
    save(state)
    return Console(state=state, engine=engine, rules=rules, save=save, labels=dict(labels or {}))


def _id_of(engine: Engine, reference: str) -> str:
    with engine_call("looking for the bases of a lab"):
        try:
            return str(engine.client.inspect_image(reference)["Id"])  # type: ignore[no-untyped-call]  # not in the stubs
        except ImageNotFound as missing:
            message = f"The image {reference} is not on this engine. Prepare the course's base images there."
            raise SandboxUnavailable(message) from missing

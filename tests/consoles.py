"""Builds consoles on a real engine for tests, and ends their sessions after."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from graders.commands.ending import end
from graders.commands.folder import kept
from graders.commands.interpreter import Console
from graders.commands.rules import ConsoleRules
from graders.commands.state import SessionState, bases_of
from graders.sandbox.connection import Address, Engine
from graders.sandbox.reaching import reach


def a_console(
    engine: Engine,
    *,
    rules: ConsoleRules | None = None,
    bases: Sequence[str] = ("busybox:1.35",),
    files: Mapping[str, bytes | str] | None = None,
    save: Callable[[SessionState], None] | None = None,
    state: SessionState | None = None,
) -> Console:
    """A console of a new session on an engine that has been reached; whoever makes it ends it."""
    ids = {reference: str(engine.client.inspect_image(reference)["Id"]) for reference in bases}
    contents = {
        path: content.encode() if isinstance(content, str) else content for path, content in (files or {}).items()
    }
    return Console(
        state=state or SessionState(bases=bases_of(ids), files=kept(contents)),
        engine=engine,
        rules=rules or ConsoleRules(),
        save=save or (lambda _: None),
    )


@contextmanager
def console(
    engine_url: str,
    *,
    rules: ConsoleRules | None = None,
    bases: Sequence[str] = ("busybox:1.35",),
    files: Mapping[str, bytes | str] | None = None,
    save: Callable[[SessionState], None] | None = None,
) -> Iterator[Console]:
    """A console of a new session; all that it made is removed after."""
    made = a_console(reach(Address(engine_url)), rules=rules, bases=bases, files=files, save=save)
    try:
        yield made
    finally:
        end(made.engine, made.state)
        made.engine.client.close()

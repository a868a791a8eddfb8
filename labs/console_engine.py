"""The engine that sessions share, as this worker reaches it: what consoles are carried out on.

`ConsoleEngine` says what a worker needs of it; `DockerConsoles` is what settings name, and tests bring their own.
"""

import functools
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.module_loading import import_string
from docker.errors import ImageNotFound

from graders.commands import ending, watching
from graders.commands.end_state import EndState, EndWants, Line
from graders.commands.interpreter import Console
from graders.commands.looking_back import look
from graders.commands.model import Carried
from graders.commands.picture import Picture, picture
from graders.commands.reconciling import Reconciled, reconcile
from graders.commands.rules import ConsoleRules
from graders.commands.state import SessionState
from graders.sandbox.base import SandboxUnavailable
from graders.sandbox.connection import Address, Engine, engine_call
from graders.sandbox.reaching import reach

Save = Callable[[SessionState], None]


class SessionAtWork(Protocol):
    """One session on its engine. All of these raise SandboxUnavailable when the engine does not work."""

    @property
    def state(self) -> SessionState:
        """Its ledger, as it is now."""

    def carry_out(self, line: str) -> Carried:
        """Carry a line out."""

    def picture(self) -> Picture:
        """See what is there."""

    def look(self, wants: EndWants, journal: Sequence[Line]) -> EndState:
        """See what is there with the files that are wanted: what is handed in."""

    def reconcile(self) -> Reconciled:
        """Put the ledger right."""

    def end(self) -> int:
        """Remove everything of it; returns how many objects went."""


class ConsoleEngine(Protocol):
    """The engine. All of these raise SandboxUnavailable when it does not work."""

    def version(self) -> str:
        """What it is, where it answers."""

    def base_ids(self, references: Iterable[str]) -> Mapping[str, str]:
        """Ids of the base images by reference; those that are not there are left out."""

    def session(self, state: SessionState, *, rules: ConsoleRules, save: Save) -> SessionAtWork:
        """A session at work; `save` keeps its ledger before anything is made."""

    def sweep(self, keep: Callable[[], Iterable[SessionState]]) -> int:
        """Remove what sessions left, all but those to keep; returns how many objects went."""

    def ends(self, *, quiet_seconds: float) -> Iterator[str]:
        """Names of containers as they end, until nothing has for so long."""

    def held(self, states: Iterable[SessionState]) -> Mapping[str, int]:
        """How many bytes each session holds on the disk, by its key."""

    def kill_all(self, state: SessionState) -> Sequence[str]:
        """Kill what runs of a session; the names of what did."""

    def free_share(self) -> float | None:
        """How much of the disk is free, 0 to 1; None where that cannot be seen."""


@dataclass
class _DockerSession:
    console: Console

    @property
    def state(self) -> SessionState:
        return self.console.state

    def carry_out(self, line: str) -> Carried:
        return self.console.carry_out(line)

    def picture(self) -> Picture:
        return picture(self.console)

    def look(self, wants: EndWants, journal: Sequence[Line]) -> EndState:
        return look(self.console, wants, journal=journal)

    def reconcile(self) -> Reconciled:
        return reconcile(self.console.engine, self.console.state)

    def end(self) -> int:
        return ending.end(self.console.engine, self.console.state)


class DockerConsoles:
    """A Docker engine that sessions share. Each thread has connections of its own to it."""

    def __init__(self, url: str) -> None:
        self.address = Address(url)
        self._reached = threading.local()

    def engine(self) -> Engine:
        """The engine, reached from this thread. Raises SandboxUnavailable."""
        engine: Engine | None = getattr(self._reached, "engine", None)
        if engine is None:
            engine = self._reached.engine = reach(self.address)
        return engine

    def version(self) -> str:
        """What it is, where it answers."""
        return str(self.address.version()["Version"])

    def base_ids(self, references: Iterable[str]) -> Mapping[str, str]:
        """Ids of the base images by reference; those that are not there are left out."""
        found = {}
        client = self.engine().client
        with engine_call("being asked for base images"):
            for reference in references:
                try:
                    found[reference] = str(client.inspect_image(reference)["Id"])  # type: ignore[no-untyped-call]  # missing in the stubs
                except ImageNotFound:
                    continue
        return found

    def session(self, state: SessionState, *, rules: ConsoleRules, save: Save) -> SessionAtWork:
        """A session at work."""
        return _DockerSession(Console(state=state, engine=self.engine(), rules=rules, save=save))

    def sweep(self, keep: Callable[[], Iterable[SessionState]]) -> int:
        """Remove what sessions left, all but those to keep."""
        return ending.sweep(self.engine(), keep=keep)

    def ends(self, *, quiet_seconds: float) -> Iterator[str]:
        """Names of containers as they end."""
        return watching.ends(self.address, quiet_seconds=quiet_seconds)

    def held(self, states: Iterable[SessionState]) -> Mapping[str, int]:
        """How many bytes each session holds on the disk."""
        return watching.held(self.engine(), states)

    def kill_all(self, state: SessionState) -> Sequence[str]:
        """Kill what runs of a session."""
        return watching.kill_all(self.engine(), state)

    def free_share(self) -> float | None:
        """How much of the disk is free."""
        return watching.free_share(self.engine())


def console_engine() -> ConsoleEngine:
    """The engine that settings name, one object for each process. Raises SandboxUnavailable when none is named."""
    if not settings.CONSOLE_ENGINE:
        raise SandboxUnavailable(
            "No engine for consoles is configured: set CONSOLE_ENGINE to the address of one, such as "
            "unix:///run/drydock/console/docker.sock."
        )
    return _engine(settings.CONSOLE_FACTORY, settings.CONSOLE_ENGINE)


@functools.cache
def _engine(factory: str, url: str) -> ConsoleEngine:
    made: ConsoleEngine = import_string(factory)(url)
    return made


def engine_name() -> str:
    """What this worker's engine is called in the database, and in the name of its queue."""
    if settings.CONSOLE_NAME:
        return _slug(settings.CONSOLE_NAME)
    parts = urlsplit(settings.CONSOLE_ENGINE)
    if parts.scheme == "unix":
        return _slug(PurePosixPath(parts.path).parent.name)
    return _slug(f"{parts.hostname or 'console'}-{parts.port or ''}")


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "console"

"""Consoles for tests without an engine: labs, sessions, and an engine of sessions that is a dictionary."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from builders import a_lab, a_member
from django.conf import settings as site

from accounts.models import User
from courses.models import Course
from graders.commands.end_state import EndContainer, EndState, EndWants, Line
from graders.commands.model import Call, Carried, Command, Done, Piece, Touched
from graders.commands.picture import Picture, PictureContainer
from graders.commands.reconciling import Reconciled
from graders.commands.rules import ConsoleRules
from graders.commands.state import OwnContainer, SessionState
from graders.plan import LabPlan
from graders.sandbox.base import SandboxUnavailable
from labs import console_work
from labs.console_models import ConsoleEntry, ConsoleSession
from labs.consoles import open_session, type_line
from labs.models import Lab

BASE = "busybox:1.35"
BASE_ID = "sha256:" + "b" * 64


@dataclass
class FakeConsoles:
    """An engine that sessions share: containers by their name on it, and whether they run.

    It understands `run NAME`, `create NAME`, `rm NAME`, `ps`, `write PATH TEXT` and `false`, each after `docker `.
    """

    url: str
    containers: dict[str, str] = field(default_factory=dict)
    bases: dict[str, str] = field(default_factory=lambda: {BASE: BASE_ID})
    down: bool = False
    on_line: Callable[[SessionState, str], None] = lambda _state, _line: None
    """Called in the middle of a line, when its object is made."""
    ended: list[str] = field(default_factory=list)
    holds: dict[str, int] = field(default_factory=dict)
    """Bytes on the disk by the key of a session."""
    free: float | None = None
    events: list[str] = field(default_factory=list)
    """Names of containers that end, for whoever follows."""

    def version(self) -> str:
        self.check()
        return "20.10.24"

    def base_ids(self, references: Iterable[str]) -> Mapping[str, str]:
        self.check()
        return {reference: self.bases[reference] for reference in references if reference in self.bases}

    def session(
        self, state: SessionState, *, rules: ConsoleRules, save: Callable[[SessionState], None]
    ) -> "FakeSession":
        del rules
        return FakeSession(self, state, save)

    def sweep(self, keep: Callable[[], Iterable[SessionState]]) -> int:
        self.check()
        kept = tuple(f"dd-{state.key}-" for state in keep())
        left = [name for name in self.containers if not name.startswith(kept)]
        for name in left:
            del self.containers[name]
        return len(left)

    def ends(self, *, quiet_seconds: float) -> Iterator[str]:
        del quiet_seconds
        self.check()
        while self.events:
            yield self.events.pop(0)

    def held(self, states: Iterable[SessionState]) -> Mapping[str, int]:
        self.check()
        return {state.key: self.holds.get(state.key, 0) for state in states}

    def kill_all(self, state: SessionState) -> Sequence[str]:
        self.check()
        running = [own for own in state.containers if self.containers.get(own.engine_name) == "running"]
        for own in running:
            self.containers[own.engine_name] = "exited"
        return [own.name for own in running]

    def free_share(self) -> float | None:
        self.check()
        return self.free

    def check(self) -> None:
        if self.down:
            raise SandboxUnavailable("it is switched off")


@dataclass
class FakeSession:
    """One session of it."""

    engine: FakeConsoles
    state: SessionState
    save: Callable[[SessionState], None]

    def carry_out(self, line: str) -> Carried:
        self.engine.check()
        self.state.history = [*self.state.history, line]
        _, verb, *rest = line.split(maxsplit=2)
        words = " ".join(rest)
        if verb in ("run", "create"):
            return self._make(verb, words)
        if verb == "ps":
            return self._said(line, "".join(f"{own.name}\n" for own in self.state.containers), "GET")
        if verb == "rm":
            own = self.state.container(words)
            if own is None:
                return Carried(pieces=(Piece(stream="err", text=f"Error: No such container: {words}\n"),), exit_code=1)
            del self.engine.containers[own.engine_name]
            self.state.containers = [one for one in self.state.containers if one.name != words]
            return self._said(line, f"{words}\n", "DELETE")
        if verb == "write":
            path, _, text = words.partition(" ")
            self.state.files = {**self.state.files, path: text}
            return self._said(line, "", "GET")
        return Carried(exit_code=1)

    def _make(self, verb: str, name: str) -> Carried:
        own = OwnContainer(
            name=name,
            engine_name=self.state.engine_name("c", name),
            image=BASE,
            image_id=BASE_ID,
            made_by="run" if verb == "run" else "create",
        )
        self.state.containers = [*self.state.containers, own]
        self.save(self.state)
        self.engine.on_line(self.state, f"docker {verb} {name}")
        self.engine.containers[own.engine_name] = "running" if verb == "run" else "created"
        own.id = own.engine_name.encode().hex().ljust(64, "0")
        return self._said(f"docker {verb} {name}", f"{own.id}\n", "POST", name=name, id_=own.id)

    def _said(self, line: str, text: str, method: str, *, name: str = "", id_: str = "") -> Carried:
        verb = line.split()[1]
        touched = (Touched(kind="container", name=name, id=id_, made=True),) if name else ()
        command = Command(path=("container", verb), called=f"docker {verb}")
        return Carried(
            pieces=(Piece(stream="out", text=text),) if text else (),
            calls=(Call(method=method, path=f"/containers/{verb}", status=200),),
            done=(Done(command=command, exit_code=0, touched=touched, stdout=text),),
        )

    def picture(self) -> Picture:
        self.engine.check()
        found = [
            PictureContainer(
                id=own.id,
                name=own.name,
                image=own.image,
                state=_state(self.engine, own),
                status=_state(self.engine, own),
            )
            for own in self.state.containers
            if own.engine_name in self.engine.containers
        ]
        return Picture(containers=tuple(found))

    def look(self, wants: EndWants, journal: Sequence[Line]) -> EndState:
        del wants
        self.engine.check()
        containers = [
            EndContainer(
                name=own.name,
                id=own.id,
                image=own.image,
                image_id=own.image_id,
                state=_state(self.engine, own),
                made_by=own.made_by,
                started=_state(self.engine, own) == "running",
            )
            for own in self.state.containers
        ]
        return EndState(containers=tuple(containers), journal=tuple(journal))

    def reconcile(self) -> Reconciled:
        self.engine.check()
        before = self.state.containers
        there = [own for own in before if own.engine_name in self.engine.containers]
        for own in there:
            own.id = own.engine_name.encode().hex().ljust(64, "0")
        self.state.containers = there
        made = sum(bool(own.id) for own in before if own not in there)
        return Reconciled(there=len(there), gone=len(before) - len(there), made=made)

    def end(self) -> int:
        self.engine.check()
        mine = [name for name in self.engine.containers if name.startswith(f"dd-{self.state.key}-")]
        for name in mine:
            del self.engine.containers[name]
        self.engine.ended.append(self.state.key)
        return len(mine)


def _state(engine: FakeConsoles, own: OwnContainer) -> Any:
    return engine.containers.get(own.engine_name, "exited")


_engines: dict[str, FakeConsoles] = {}
_numbers = itertools.count(1)


def open_fake(url: str) -> FakeConsoles:
    """What CONSOLE_FACTORY names in tests."""
    return _engines.setdefault(url, FakeConsoles(url))


def a_console_plan(**fields: Any) -> LabPlan:
    """A plan with a console, worth ten points: a container of the name that was drawn runs."""
    return LabPlan.model_validate(
        {
            "title": "A first container",
            "points": 10,
            "topics": ["docker.run"],
            "bases": [{"name": "busybox", "image": BASE}],
            "values": {"name": "word"},
            "console": {},
            "checks": [{"id": "runs", "kind": "container", "name": "{name}", "state": "running", "points": 10}],
            **fields,
        }
    )


def a_console_lab(course: Course | None = None, *, plan: LabPlan | None = None, **fields: Any) -> Lab:
    """A published console lab."""
    return a_lab(course, plan=plan or a_console_plan(), starter=fields.pop("starter", {"notes.txt": "x\n"}), **fields)


def a_console(lab: Lab | None = None, *, author: User | None = None) -> ConsoleSession:
    """A session that its worker has made ready."""
    lab = lab or a_console_lab()
    session = open_session(author=author or a_member(lab.activity.course), lab=lab)
    work_off()
    session.refresh_from_db()
    return session


def work_off() -> list[int]:
    """Let a worker carry out all that waits; the submissions that came of it are counted."""
    handed_in: list[int] = []
    console_work.work(seconds=60, handed_in=lambda: handed_in.append(1))
    return handed_in


def typed(session: ConsoleSession, text: str) -> ConsoleEntry:
    """Type a line and have it carried out."""
    entry = type_line(by=session.author, session=session, text=text)
    work_off()
    entry.refresh_from_db()
    session.refresh_from_db()
    return entry


def a_fake_engine(settings: Any) -> FakeConsoles:
    """Let consoles be on an engine of this test's own that is a dictionary."""
    settings.CONSOLE_FACTORY = "tests.labs.consoles.building.open_fake"
    settings.CONSOLE_ENGINE = f"unix:///run/fake-{next(_numbers)}/docker.sock"
    settings.CONSOLE_NAME = "fake"
    return the_engine()


def the_engine() -> FakeConsoles:
    """The engine of this test."""
    return open_fake(site.CONSOLE_ENGINE)

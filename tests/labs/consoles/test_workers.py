"""The worker that carries out what is typed in consoles: what it listens to, its heart, and what is said without it."""

from types import SimpleNamespace
from typing import Any

import pytest
from builders import a_member
from prometheus_client import generate_latest

from graders.sandbox.fake import FakeSandbox
from labs import console_health, console_queue, consoles, heartbeats, metrics, tasks, workers
from labs.console_engine import engine_name
from labs.console_states import EntryState
from labs.models import WorkerHeartbeat, WorkerKind
from labs.place import WaitingFor
from tests.labs.consoles.building import FakeConsoles, a_console, a_console_lab, typed, work_off

pytestmark = pytest.mark.django_db


class _Consumer:
    """Stands for a Celery worker that has come up."""

    def __init__(self, *queues: str) -> None:
        self.task_consumer = SimpleNamespace(queues=[SimpleNamespace(name=name) for name in queues])
        self.added: list[str] = []

    def add_task_queue(self, name: str) -> None:
        self.added.append(name)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which workers were called."""
    made: list[str] = []
    monkeypatch.setattr(tasks, "call_workers", lambda _times=1: made.append("graders"))
    monkeypatch.setattr(tasks, "call_consoles", lambda engine, _times=1: made.append(f"consoles of {engine}"))
    monkeypatch.setattr(workers, "_start", lambda heart: made.append(f"heart of {heart.kind}"))
    return made


def test_a_worker_for_consoles_listens_to_its_engine_s_queue_too(calls: list[str]) -> None:
    consumer = _Consumer("console")
    workers.look_into_the_queue(sender=consumer)

    assert consumer.added == ["console.fake"]
    assert calls == ["heart of consoles", "consoles of fake"]


def test_a_grading_worker_has_nothing_to_do_with_consoles(calls: list[str]) -> None:
    consumer = _Consumer("grading")
    workers.look_into_the_queue(sender=consumer)

    assert consumer.added == []
    assert calls == ["graders"]


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("unix:///run/drydock/main-console/docker.sock", "main-console"),
        ("tcp://Engine.example:2376", "engine-example-2376"),
    ],
)
def test_an_engine_is_called_by_its_address_unless_it_has_a_name(settings: Any, address: str, name: str) -> None:
    settings.CONSOLE_ENGINE, settings.CONSOLE_NAME = address, ""
    assert engine_name() == name
    settings.CONSOLE_NAME = "Lab room 2"
    assert engine_name() == "lab-room-2"
    assert tasks.console_queue_of(engine_name()) == "console.lab-room-2"


def test_what_a_line_waits_for_is_said(engine: FakeConsoles, settings: Any) -> None:
    session = a_console()
    assert console_health.waiting_for(session) == WaitingFor.WORKER
    heart = workers.ConsoleHeart()
    heart._beat(first=True)
    assert console_health.waiting_for(session) == WaitingFor.TURN
    engine.down = True
    heart._beat(first=False)
    assert console_health.waiting_for(session) == WaitingFor.ENGINE
    engine.down = False
    heart._beat(first=False)
    settings.GRADING_REQUIRES_SAFE_ENGINE = True
    WorkerHeartbeat.objects.update(safety_checked_at="2026-01-01T00:00Z", safe=False)
    assert console_health.waiting_for(session) == WaitingFor.SAFE_ENGINE
    session.engine = "another"
    assert console_health.waiting_for(session) == WaitingFor.WORKER
    assert set(console_health.SENTENCES) == set(WaitingFor)
    assert heartbeats.health().workers == 0, "it grades nothing"


def test_nothing_is_carried_out_on_an_engine_that_is_not_safe_enough(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.GRADING_REQUIRES_SAFE_ENGINE = True
    settings.SANDBOX_FACTORY = "tests.labs.consoles.test_workers.open_fake_sandbox"
    settings.SANDBOX_AUDIT = "tests.labs.consoles.test_workers.audit"
    lab = a_console_lab()
    session = consoles.open_session(author=a_member(lab.activity.course), lab=lab)
    work_off()
    assert session.entries.get().state == EntryState.WAITING, "nobody has tried the engine yet"

    monkeypatch.setattr(f"{__name__}.FAILURES", ["no user namespace"])
    heart = workers.ConsoleHeart()
    heart._beat(first=True)
    work_off()
    assert session.entries.get().state == EntryState.WAITING

    monkeypatch.setattr(f"{__name__}.FAILURES", [])
    heart._beat(first=True)
    work_off()
    assert session.entries.get().state == EntryState.DONE


FAILURES: list[str] = []


def open_fake_sandbox(url: str) -> FakeSandbox:
    """What SANDBOX_FACTORY names here."""
    return FakeSandbox(name=url)


def audit(_sandbox: FakeSandbox) -> list[str]:
    """What SANDBOX_AUDIT names here."""
    return FAILURES


def test_metrics_tell_of_consoles() -> None:
    session = a_console()
    typed(session, "docker run web")
    consoles.type_line(by=session.author, session=session, text="docker ps")
    heartbeats.beat(worker="w", engine_url="u", version="1", kind=WorkerKind.CONSOLES)
    told = generate_latest(metrics.registry).decode()

    assert 'drydock_consoles{state="open"} 1.0' in told
    assert "drydock_console_lines_total 1.0" in told
    assert "drydock_console_lines_waiting 1.0" in told
    assert 'drydock_console_line_seconds{quantile="0.95"}' in told
    assert "drydock_console_workers 1.0" in told
    assert "drydock_workers 0.0" in told
    assert console_queue.waiting_on("fake") == 1

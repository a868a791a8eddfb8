"""What happens to consoles while nobody types: time, ends, full disks, engines that come and go."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from builders import a_member
from django.core.management import CommandError, call_command
from django.db import OperationalError as DatabaseTrouble
from django.utils import timezone
from kombu.exceptions import OperationalError

from labs import console_queue, consoles, heartbeats, tasks, tending
from labs.console_models import ConsoleEntry, ConsoleSession
from labs.console_states import Because, ConsoleState, EntryKind, EntryState
from labs.models import WorkerKind
from labs.tending import Tender, sweep
from tests.labs.consoles.building import FakeConsoles, a_console, a_console_lab, typed, work_off

pytestmark = pytest.mark.django_db

MIB = 1024 * 1024


@pytest.fixture
def tender(engine: FakeConsoles) -> Tender:
    """A tender that has seen the engine answer."""
    tender = Tender(engine, name="fake")
    assert tender.round() == []
    return tender


def a_worker() -> None:
    """A worker of the engine is heard of."""
    heartbeats.beat(worker="w", engine_url="u", version="1", kind=WorkerKind.CONSOLES)
    heartbeats.engine_answered(worker="w", name="fake")


def notices(session: ConsoleSession) -> list[str]:
    return [entry.printed for entry in session.entries.filter(kind=EntryKind.NOTICE)]


def reload(session: ConsoleSession) -> ConsoleSession:
    session.refresh_from_db()
    return session


# ── Time ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_console_in_which_nothing_is_typed_for_long_is_ended(engine: FakeConsoles, settings: Any) -> None:
    idle, busy = a_console(), a_console()
    typed(idle, "docker run web")
    long_ago = timezone.now() - timedelta(minutes=settings.CONSOLE_IDLE_MINUTES + 1)
    ConsoleSession.objects.filter(pk=idle.pk).update(used_at=long_ago)

    assert sweep() == 1
    work_off()

    assert (reload(idle).state, idle.ended_because) == (ConsoleState.ENDED, Because.IDLE)
    assert "Nothing was typed" in idle.why_ended
    assert reload(busy).state == ConsoleState.OPEN
    assert engine.containers == {}
    assert sweep() == 0


def test_a_console_ends_when_it_has_lasted_as_long_as_one_may() -> None:
    session = a_console()
    ConsoleSession.objects.filter(pk=session.pk).update(expires_at=timezone.now() - timedelta(seconds=1))

    assert sweep() == 1
    work_off()
    assert (reload(session).state, session.ended_because) == (ConsoleState.ENDED, Because.TOO_OLD)


def test_a_lost_worker_s_line_is_put_right_and_workers_are_called(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, int]] = []
    monkeypatch.setattr(tasks, "call_consoles", lambda engine, times=1: calls.append((engine, times)))
    session = a_console()
    a_worker()
    calls.clear()
    line = consoles.type_line(by=session.author, session=session, text="docker ps")
    assert console_queue.claim_next(worker="w", engine="fake")
    ConsoleEntry.objects.filter(pk=line.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))

    assert sweep() == 1
    assert calls == [("fake", 1)], "somebody is to look what is there"


def test_a_broker_that_is_away_stops_no_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise OperationalError("no broker")

    lab = a_console_lab()
    consoles.open_session(author=a_member(lab.activity.course), lab=lab)
    a_worker()
    monkeypatch.setattr(tasks, "call_consoles", away)

    assert sweep() == 0


def test_nobody_is_called_who_cannot_hear_it(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    lab = a_console_lab()
    consoles.open_session(author=a_member(lab.activity.course), lab=lab)
    monkeypatch.setattr(tasks, "call_consoles", lambda engine, _times=1: calls.append(engine))
    sweep()
    assert calls == [], "messages for nobody would pile up"
    a_worker()
    sweep()
    assert calls == [""]


def test_a_console_that_no_worker_ever_opened_is_given_up() -> None:
    lab = a_console_lab()
    session = consoles.open_session(author=a_member(lab.activity.course), lab=lab)
    ConsoleEntry.objects.update(queued_at=timezone.now() - timedelta(hours=2))

    assert sweep() == 1
    assert reload(session).ended_because == Because.ENGINE_GONE


def test_what_waits_for_an_engine_without_workers_is_given_up_after_an_hour() -> None:
    session, other = a_console(), a_console()
    a_worker()
    ConsoleSession.objects.filter(pk=other.pk).update(engine="gone")
    for one in (session, reload(other)):
        consoles.type_line(by=one.author, session=one, text="docker ps")
    ConsoleEntry.objects.waiting().update(queued_at=timezone.now() - timedelta(hours=2))

    assert sweep() == 1
    assert (reload(other).state, other.ended_because) == (ConsoleState.LOST, Because.ENGINE_GONE)
    assert reload(session).state == ConsoleState.OPEN


# ── What ends by itself ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_picture_is_taken_again_when_a_container_ends_by_itself(engine: FakeConsoles, tender: Tender) -> None:
    session, other = a_console(), a_console()
    typed(session, "docker run web")
    name = f"dd-{session.key}-c1"
    engine.containers[name] = "exited"
    engine.events = [name, "somebody-elses", "dd-0123456789ab-c1"]
    stop = threading.Event()
    before = reload(other).revision
    for told in engine.ends(quiet_seconds=1):
        tender.note_end(told)
    assert tender.news.is_set()
    tender.look_at_what_ended()
    work_off()

    picture = reload(session).picture
    assert picture is not None
    assert picture["containers"][0]["state"] == "exited"
    assert reload(other).revision == before
    assert not session.entries.filter(kind=EntryKind.REFRESH).exists(), "nothing of it is kept"
    assert not stop.is_set()


def test_following_goes_on_after_the_engine_broke_off(engine: FakeConsoles, tender: Tender) -> None:
    stop = threading.Event()
    asked: list[int] = []

    def ends(*, quiet_seconds: float) -> Any:
        del quiet_seconds
        asked.append(1)
        if len(asked) == 1:
            engine.down = True
            engine.check()
        stop.set()
        yield "dd-0123456789ab-c1"

    engine.ends = ends  # type: ignore[method-assign]
    tender.follow(stop)

    assert len(asked) == 2
    assert tender.news.is_set()


def test_after_an_outage_every_console_of_the_engine_is_looked_at(engine: FakeConsoles, tender: Tender) -> None:
    kept, emptied = a_console(), a_console()
    typed(kept, "docker run web")
    typed(emptied, "docker run web")
    engine.down = True
    assert tender.round() == ["engine"]
    del engine.containers[f"dd-{emptied.key}-c1"]
    engine.down = False
    assert tender.round() == []
    work_off()

    assert reload(kept).state == ConsoleState.OPEN
    assert (reload(emptied).state, emptied.ended_because) == (ConsoleState.LOST, Because.ENGINE_EMPTIED)
    assert "Open a new console" in notices(emptied)[0]


def test_what_no_console_owns_is_removed_and_what_one_owns_is_not(engine: FakeConsoles) -> None:
    session = a_console()
    typed(session, "docker run web")
    engine.containers["dd-0123456789ab-c1"] = "running"

    assert Tender(engine, name="fake").round() == []
    assert list(engine.containers) == [f"dd-{session.key}-c1"]


# ── The disk ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_console_that_holds_too_much_has_its_containers_stopped_and_is_told(engine: FakeConsoles) -> None:
    session = a_console()
    typed(session, "docker run web")
    engine.holds[session.key] = 200 * MIB
    Tender(engine, name="fake").round()
    work_off()

    assert engine.containers == {f"dd-{session.key}-c1": "exited"}
    (notice,) = notices(session)
    assert "hold 200 MiB; this lab has room for 128 MiB. So web was stopped" in notice
    assert reload(session).state == ConsoleState.OPEN
    Tender(engine, name="fake").round()
    assert len(notices(session)) == 1, "it is told once"


def test_a_console_that_holds_much_too_much_is_ended(engine: FakeConsoles) -> None:
    session = a_console()
    typed(session, "docker run web")
    engine.holds[session.key] = 300 * MIB
    Tender(engine, name="fake").round()
    work_off()

    assert (reload(session).state, session.ended_because) == (ConsoleState.ENDED, Because.DISK)
    assert "300 MiB" in notices(session)[0]
    assert engine.containers == {}


def test_when_the_disk_is_nearly_full_the_console_that_holds_most_is_ended(engine: FakeConsoles) -> None:
    small, large, empty = a_console(), a_console(), a_console()
    for session in (small, large):
        typed(session, "docker run web")
    engine.holds |= {small.key: 10 * MIB, large.key: 60 * MIB}
    engine.free = 0.05
    Tender(engine, name="fake").round()
    work_off()

    assert reload(large).ended_because == Because.DISK
    assert [reload(one).state for one in (small, empty)] == [ConsoleState.OPEN] * 2


def test_the_disk_is_measured_seldom_unless_it_is_nearly_full(engine: FakeConsoles) -> None:
    a_console()
    measured: list[int] = []
    held = engine.held

    def count(states: Any) -> Any:
        measured.append(1)
        return held(states)

    engine.held = count  # type: ignore[method-assign]
    tender = Tender(engine, name="fake")
    for _ in range(3):
        tender.round()
    assert len(measured) == 1
    engine.free = 0.01
    tender.round()
    assert len(measured) == 2


# ── Trouble ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_database_that_fails_stops_no_round(
    engine: FakeConsoles, tender: Tender, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> int:
        raise DatabaseTrouble("away")

    monkeypatch.setattr(tending, "sweep", fail)
    assert tender.round() == ["rows"]


def test_the_command_tends_once_and_says_what_it_could_not_do(engine: FakeConsoles, settings: Any) -> None:
    session = a_console()
    ConsoleSession.objects.filter(pk=session.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    call_command("tend_consoles")
    assert reload(session).state == ConsoleState.ENDING

    engine.down = True
    with pytest.raises(CommandError, match="engine"):
        call_command("tend_consoles")
    with pytest.raises(CommandError, match="above 0"):
        call_command("tend_consoles", every=0.0)
    settings.CONSOLE_ENGINE = ""
    with pytest.raises(CommandError, match="CONSOLE_ENGINE"):
        call_command("tend_consoles")


def test_the_sweeper_of_the_site_ends_consoles_too() -> None:
    session = a_console()
    ConsoleSession.objects.filter(pk=session.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    call_command("sweep")

    assert reload(session).state == ConsoleState.ENDING
    assert session.entries.filter(kind=EntryKind.END, state=EntryState.WAITING).exists()

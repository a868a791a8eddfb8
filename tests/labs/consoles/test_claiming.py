"""The queue of consoles: one entry of a session at a time, the oldest first, and what a lease is worth."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from builders import a_member
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from graders.commands.state import SessionState
from labs import console_queue, console_work, consoles
from labs.console_models import ConsoleEntry, ConsoleSession
from labs.console_queue import Claim, claim_next, return_expired
from labs.console_states import (
    ENTRY_MOVES,
    SESSION_MOVES,
    Because,
    ConsoleState,
    EntryKind,
    EntryState,
)
from labs.errors import LeaseLost
from labs.models import Submission
from tests.labs.consoles.building import FakeConsoles, a_console, a_console_lab, the_engine, typed, work_off

pytestmark = pytest.mark.django_db


def say(session: ConsoleSession, text: str = "docker ps") -> ConsoleEntry:
    return consoles.type_line(by=session.author, session=session, text=text)


def claimed(engine: str = "fake") -> Claim:
    claim = claim_next(worker="w", engine=engine)
    assert claim is not None
    return claim


def expire(entry: ConsoleEntry) -> None:
    ConsoleEntry.objects.filter(pk=entry.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))


# ── Whose turn it is ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_line_that_has_waited_longest_comes_first_whosever_it_is() -> None:
    lab = a_console_lab()
    first, second = a_console(lab), a_console(lab)
    lines = [say(second), say(first), say(second)]

    assert [claimed().entry_id, claimed().entry_id] == [lines[0].pk, lines[1].pk]
    assert claim_next(worker="w", engine="fake") is None, "the second line of a session waits for the first"


def test_a_session_s_next_line_is_taken_when_the_one_before_is_done(engine: FakeConsoles) -> None:
    session = a_console()
    say(session)
    second = say(session)
    console_work.carry_out(claimed(), engine)

    assert claimed().entry_id == second.pk


def test_looking_again_waits_until_nobody_waits_for_anything_else() -> None:
    lab = a_console_lab()
    quiet, busy = a_console(lab), a_console(lab)
    assert console_queue.look_again(quiet)
    assert not console_queue.look_again(quiet), "one look is enough"
    line = say(busy)

    assert claimed().entry_id == line.pk
    assert claimed().kind == EntryKind.REFRESH


def test_only_workers_of_its_engine_take_what_a_session_asks_for() -> None:
    session = a_console()
    say(session)

    assert claim_next(worker="w", engine="other") is None
    assert claimed().session_id == session.pk


def test_the_first_worker_gives_a_session_its_engine() -> None:
    lab = a_console_lab()
    session = consoles.open_session(author=a_member(lab.activity.course), lab=lab)
    claimed("second-engine")

    session.refresh_from_db()
    assert session.engine == "second-engine"


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_take_each_entry_once_and_one_of_a_session() -> None:
    lab = a_console_lab()
    sessions = [a_console(lab) for _ in range(8)]
    for session in sessions:
        for _ in range(3):
            say(session)
    claims: list[Claim] = []

    def take_all() -> None:
        while claim := claim_next(worker=threading.current_thread().name, engine="fake"):
            claims.append(claim)

    _at_once(take_all, times=6)

    assert Counter(claim.session_id for claim in claims) == {session.pk: 1 for session in sessions}


@pytest.mark.django_db(transaction=True)
def test_many_threads_carry_out_thirty_consoles_each_in_its_own_order() -> None:
    lab = a_console_lab()
    sessions = [a_console(lab) for _ in range(10)]
    for session in sessions:
        for line in ("docker run a", "docker run b", "docker rm a"):
            say(session, line)

    _at_once(lambda: console_work.work(seconds=60, handed_in=lambda: None), times=4)
    work_off()  # what a thread left that was overtaken at its last look

    for session in sessions:
        session.refresh_from_db()
        assert [own.name for own in session.state_of_session.containers] == ["b"]
        assert [row.exit_code for row in session.entries.lines()] == [0, 0, 0]
    assert len(the_engine().containers) == len(sessions)


def _at_once(act: Callable[[], object], *, times: int) -> None:
    start = threading.Barrier(times)

    def run() -> None:
        try:
            start.wait()
            act()
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        for running in [pool.submit(run) for _ in range(times)]:
            running.result()


# ── What is lost with a worker ───────────────────────────────────────────────────────────────────────────────────────


def test_a_line_whose_worker_was_lost_is_never_carried_out_again_and_says_so(engine: FakeConsoles) -> None:
    session = a_console()
    line = say(session, "docker run web")
    later = say(session)
    claimed()
    expire(line)

    assert return_expired() == 1
    work_off()

    line.refresh_from_db()
    later.refresh_from_db()
    assert (line.state, line.error_code, line.exit_code) == (EntryState.LOST, "worker_lost", 1)
    assert "docker ps -a" in line.printed
    assert (later.state, later.exit_code) == (EntryState.DONE, 0)
    assert engine.containers == {}
    assert [row.text for row in console_queue.journal_of(session)] == ["docker run web", "docker ps"]


class _KilledError(BaseException):
    """Stands for `kill -9`: nothing in the worker catches it."""


@pytest.mark.parametrize("made", [False, True], ids=["before it was made", "after it was made"])
def test_a_container_that_was_written_down_is_found_or_forgotten_after_a_kill(engine: FakeConsoles, made: bool) -> None:
    session = a_console()
    line = say(session, "docker run web")

    def kill(state: SessionState, _line: str) -> None:
        if made:
            engine.containers[state.containers[-1].engine_name] = "running"
        raise _KilledError

    engine.on_line = kill
    with pytest.raises(_KilledError):
        console_work.carry_out(claimed(), engine)
    session.refresh_from_db()
    assert [own.name for own in session.state_of_session.containers] == ["web"], "it was written down before"
    expire(line)
    return_expired()
    engine.on_line = lambda _state, _line: None

    after = typed(session, "docker ps")

    assert after.printed == ("web\n" if made else "")
    assert session.picture is not None
    assert [one["name"] for one in session.picture["containers"]] == (["web"] if made else [])
    assert all(own.id for own in session.state_of_session.containers)
    assert typed(session, "docker run web2").exit_code == 0


def test_a_worker_that_lost_its_lease_changes_nothing_any_more(engine: FakeConsoles) -> None:
    session = a_console()
    line = say(session, "docker run web")
    slow = claimed()
    expire(line)
    return_expired()

    console_work.carry_out(slow, engine)

    line.refresh_from_db()
    session.refresh_from_db()
    assert line.state == EntryState.LOST
    assert session.state_of_session.containers == []
    assert engine.containers == {}, "it noticed before it made anything"


def test_a_worker_that_loses_its_lease_in_the_middle_stops_at_the_next_thing_it_would_make(
    engine: FakeConsoles,
) -> None:
    session = a_console()
    line = say(session, "docker run web")
    claim = claimed()
    work = console_work._Work(claim, engine)
    expire(line)
    return_expired()

    with pytest.raises(LeaseLost):
        work.do()
    assert engine.containers == {}


@pytest.mark.parametrize("kind", [EntryKind.OPEN, EntryKind.HAND_IN, EntryKind.END])
def test_what_can_be_done_twice_is_begun_anew_by_another_worker(kind: EntryKind) -> None:
    lab = a_console_lab()
    session = consoles.open_session(author=a_member(lab.activity.course), lab=lab)
    if kind != EntryKind.OPEN:
        work_off()
        typed(session, "docker run web")
        act = consoles.hand_in_session if kind == EntryKind.HAND_IN else consoles.end_session
        act(by=session.author, session=session)
    entry = session.entries.get(kind=kind)
    claimed()
    expire(entry)

    assert return_expired() == 1
    work_off()

    entry.refresh_from_db()
    session.refresh_from_db()
    assert (entry.state, entry.attempt) == (EntryState.DONE, 2)
    assert session.state == (ConsoleState.ENDED if kind == EntryKind.END else ConsoleState.OPEN)
    assert Submission.objects.count() == (kind == EntryKind.HAND_IN)


def test_a_console_that_kills_every_worker_is_given_up(engine: FakeConsoles) -> None:
    lab = a_console_lab()
    session = consoles.open_session(author=a_member(lab.activity.course), lab=lab)
    entry = session.entries.get()
    for _ in range(console_queue.MOST_ATTEMPTS):
        claimed()
        expire(entry)
        return_expired()

    session.refresh_from_db()
    assert (session.state, session.ended_because) == (ConsoleState.LOST, Because.NOT_OPENED)
    assert claim_next(worker="w", engine="fake") is None
    assert engine.containers == {}


def test_a_renewed_lease_is_not_taken_away() -> None:
    session = a_console()
    line = say(session)
    claim = claimed()
    expire(line)
    assert console_queue.renew(claim)

    assert return_expired() == 0
    expire(line)
    assert return_expired() == 1
    assert not console_queue.renew(claim)


# ── An engine in trouble ─────────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_is_taken_while_the_engine_does_not_answer(engine: FakeConsoles) -> None:
    lab = a_console_lab()
    session = consoles.open_session(author=a_member(lab.activity.course), lab=lab)
    engine.down = True
    work_off()
    assert session.entries.get().state == EntryState.WAITING

    engine.down = False
    work_off()
    session.refresh_from_db()
    assert session.state == ConsoleState.OPEN


def test_an_engine_that_fails_in_the_middle_ends_the_line_and_not_the_console(engine: FakeConsoles) -> None:
    session = a_console()
    say(session, "docker run web")
    say(session, "docker ps")

    def fail(_state: SessionState, _line: str) -> None:
        engine.down = True
        engine.check()

    engine.on_line = fail
    work_off()
    first, second = session.entries.lines()
    assert (first.state, first.error_code) == (EntryState.DONE, "engine_unavailable")
    assert "did not answer" in first.printed
    assert "switched off" not in first.error_message, "what the engine says is for operators"
    assert second.state == EntryState.WAITING

    engine.down = False
    engine.on_line = lambda _state, _line: None
    work_off()
    second.refresh_from_db()
    session.refresh_from_db()
    assert (second.exit_code, second.printed) == (0, ""), "what was never made is off the ledger"
    assert not session.needs_look


def test_an_engine_that_lost_everything_ends_the_console_with_a_reason(engine: FakeConsoles) -> None:
    session = a_console()
    typed(session, "docker run web")
    engine.containers.clear()
    console_queue.look_again(session, ledger_in_doubt=True)
    waits = say(session)
    work_off()

    session.refresh_from_db()
    waits.refresh_from_db()
    assert (session.state, session.ended_because) == (ConsoleState.LOST, Because.ENGINE_EMPTIED)
    assert waits.is_finished
    notice = session.entries.get(kind=EntryKind.NOTICE)
    assert "lost everything" in notice.printed
    assert console_queue.journal_of(session)[0].text == "docker run web"
    assert consoles.open_session(author=session.author, lab=session.lab) != session


def test_a_console_with_nothing_on_the_engine_survives_its_emptying(engine: FakeConsoles) -> None:
    session = a_console()
    engine.containers.clear()
    console_queue.look_again(session, ledger_in_doubt=True)

    assert typed(session, "docker run web").exit_code == 0


# ── States ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_session_moves_by_the_table_alone() -> None:
    lab = a_console_lab()
    now = timezone.now()
    fields: dict[ConsoleState, dict[str, Any]] = {
        ConsoleState.OPENING: {"ended_because": "", "ended_at": None},
        ConsoleState.OPEN: {"ended_because": "", "ended_at": None, "opened_at": now, "engine": "e"},
        ConsoleState.ENDING: {"ended_because": Because.ASKED, "ended_at": None},
        ConsoleState.ENDED: {"ended_because": Because.ASKED, "ended_at": now},
        ConsoleState.LOST: {"ended_because": Because.ASKED, "ended_at": now},
    }
    session = a_console(lab)
    for source in ConsoleState:
        for to in ConsoleState:
            ConsoleSession.objects.filter(pk=session.pk).update(state=source, **fields[source])
            moved = ConsoleSession.objects.filter(pk=session.pk).move(to, **fields[to])
            assert moved == (to in SESSION_MOVES[source]), f"{source} to {to}"


def test_an_entry_moves_by_the_table_alone() -> None:
    session = a_console()
    entry = say(session)
    lease: dict[str, Any] = {"lease_expires_at": timezone.now(), "worker": "w"}
    for source in EntryState:
        for to in EntryState:
            row = ConsoleEntry.objects.filter(pk=entry.pk)
            row.update(state=source, **(lease if source == EntryState.RUNNING else {"lease_expires_at": None}))
            moved = row.move(to, **(lease if to == EntryState.RUNNING else {"lease_expires_at": None}))
            assert moved == (to in ENTRY_MOVES[source]), f"{source} to {to}"


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "asleep"},
        {"state": ConsoleState.ENDED},
        {"ended_because": Because.IDLE},
        {"engine": ""},
    ],
)
def test_the_database_refuses_sessions_that_contradict_themselves(changes: dict[str, Any]) -> None:
    session = a_console()
    with pytest.raises(IntegrityError), transaction.atomic():
        ConsoleSession.objects.filter(pk=session.pk).update(**changes)


def test_the_database_refuses_a_second_live_console_and_a_second_running_entry() -> None:
    session = a_console()
    first, second = say(session), say(session)
    claimed()
    lease: dict[str, Any] = {"state": EntryState.RUNNING, "lease_expires_at": timezone.now(), "worker": "w"}
    with pytest.raises(IntegrityError), transaction.atomic():
        ConsoleEntry.objects.filter(pk=second.pk).update(**lease)
    assert first.pk != second.pk
    copy = ConsoleSession.objects.get(pk=session.pk)
    copy.pk, copy.key = None, "0123456789ab"  # type: ignore[assignment]
    with pytest.raises(IntegrityError), transaction.atomic():
        copy.save(force_insert=True)


# ── What it costs ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", [1, 20])
def test_typing_a_line_asks_the_same_of_a_long_console_as_of_a_short_one(
    size: int, django_assert_num_queries: Callable[..., Any]
) -> None:
    session = a_console()
    for _ in range(size):
        typed(session, "docker ps")

    by = session.author
    with django_assert_num_queries(7):  # with the two that open and close a savepoint
        consoles.type_line(by=by, session=session, text="docker ps")


@pytest.mark.parametrize("size", [1, 20])
def test_carrying_a_line_out_asks_the_same_of_a_full_queue_as_of_an_empty_one(
    size: int, engine: FakeConsoles, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    lab = a_console_lab()
    for session in [a_console(lab) for _ in range(size)]:
        say(session)

    with django_assert_max_num_queries(20):
        console_work.carry_out(claimed(), engine)

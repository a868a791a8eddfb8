"""Consoles on a real engine: a lab from its first line to its grade, and what the tender sees and does there."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from graders.commands.ending import end, sweep
from graders.commands.reconciling import reconcile
from graders.commands.state import OwnContainer, OwnNetwork, OwnVolume, SessionState
from graders.commands.watching import ends, free_share, held, kill_all
from graders.sandbox.connection import Engine
from graders.sandbox.fake import FakeSandbox
from graders.values import draw
from labs import console_work, consoles, grading
from labs.console_engine import DockerConsoles, console_engine
from labs.console_models import ConsoleEntry, ConsoleSession
from labs.console_states import Because, ConsoleState, EntryState
from labs.models import Submission
from labs.states import State
from labs.tending import Tender
from tests.labs.consoles.building import a_console, a_console_lab, a_console_plan, typed, work_off

pytestmark = [pytest.mark.engine, pytest.mark.django_db]

MIB = 1024 * 1024
PATIENCE_SECONDS = 30.0


@pytest.fixture
def real(engine_url: str, settings: Any) -> Iterator[Engine]:
    """The engine, with nothing left of this test's sessions on it afterwards."""
    settings.CONSOLE_FACTORY = "labs.console_engine.DockerConsoles"
    settings.CONSOLE_ENGINE = engine_url
    consoles_there = console_engine()
    assert isinstance(consoles_there, DockerConsoles)
    yield consoles_there.engine()
    for session in ConsoleSession.objects.all():
        end(consoles_there.engine(), session.state_of_session)


def until(seen: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not seen():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def names_on(engine: Engine, key: str) -> list[str]:
    found = engine.client.containers(all=True, filters={"name": f"dd-{key}-"})
    return [str(one["Names"][0]) for one in found]


def test_a_lab_is_played_to_full_marks_and_leaves_nothing(real: Engine) -> None:
    plan = a_console_plan(console={"prepare": ["docker volume create store"]})
    session = a_console(a_console_lab(plan=plan))
    assert session.state == ConsoleState.OPEN, list(session.entries.values())
    name = draw(session.version.lab_plan.values, seed=session.seed)["name"]

    run = typed(session, f"docker run -d --name {name} -v store:/data busybox:1.35 sleep 300")
    listed = typed(session, "docker ps --format '{{.Names}} {{.Image}}'")
    wrong = typed(session, "docker stop nobody")

    assert (run.exit_code, len(run.printed.strip())) == (0, 64), run.printed
    assert "/containers/create" in [call["path"].split("?")[0] for call in run.calls]
    assert listed.printed == f"{name} busybox:1.35\n"
    assert (wrong.exit_code, wrong.printed) == (1, "Error response from daemon: No such container: nobody\n")
    assert session.picture is not None
    assert [(one["name"], one["state"]) for one in session.picture["containers"]] == [(name, "running")]
    assert [one["name"] for one in session.picture["volumes"]] == ["store"]

    entry = consoles.hand_in_session(by=session.author, session=session)
    work_off()
    consoles.end_session(by=session.author, session=session)
    work_off()
    assert names_on(real, session.key) == []
    assert real.client.volumes(filters={"name": f"dd-{session.key}"})["Volumes"] in ([], None)
    while claim := grading.queue.claim_next(worker="w"):
        grading.grade_claim(claim, FakeSandbox())
    entry.refresh_from_db()
    submission = Submission.objects.get()
    assert (entry.submission, submission.state, submission.score) == (submission, State.GRADED, 10)


def test_two_consoles_on_one_engine_see_nothing_of_each_other(real: Engine) -> None:
    lab = a_console_lab()
    mine, theirs = a_console(lab), a_console(lab)
    typed(mine, "docker create --name web busybox:1.35")
    created = typed(theirs, "docker create --name web busybox:1.35")
    id_ = typed(mine, "docker ps -aq --no-trunc").printed.strip()

    assert created.exit_code == 0, "the same name is free for everybody"
    assert id_ not in typed(theirs, "docker ps -aq --no-trunc").printed
    assert typed(theirs, f"docker rm {id_}").printed == f"Error: No such container: {id_}\n"
    assert len(names_on(real, mine.key)) == 1


def test_the_picture_follows_a_container_that_ends_by_itself(real: Engine) -> None:
    session = a_console()
    tender = Tender(console_engine(), name="fake")
    stop = threading.Event()
    thread = threading.Thread(target=tender.follow, args=(stop,), daemon=True)
    thread.start()
    assert tender.round() == []
    work_off()
    time.sleep(0.3)  # until the engine has begun to tell
    typed(session, "docker run -d --name brief busybox:1.35 sh -c 'sleep 1; exit 3'")

    until(tender.news.is_set, "no end was told")
    tender.look_at_what_ended()
    work_off()
    session.refresh_from_db()

    stop.set()
    assert session.picture is not None
    (brief,) = session.picture["containers"]
    assert (brief["state"], brief["exit_code"]) == ("exited", 3)


def test_a_console_that_fills_the_disk_is_stopped(real: Engine) -> None:
    session = a_console(a_console_lab(plan=a_console_plan(console={"rules": {"disk_mib": 8}})))
    fill = "for i in 1 2 3; do dd if=/dev/zero of=/f$i bs=1M count=4; done; sleep 300"
    typed(session, f"docker run -d --name hog -v data:/d busybox:1.35 sh -c '{fill}'")
    state = session.state_of_session
    until(lambda: held(real, [state])[state.key] >= 12 * MIB, "the files were not counted")
    tender = Tender(console_engine(), name="fake")
    tender.round()
    work_off()

    session.refresh_from_db()
    assert session.picture is not None
    assert session.picture["containers"][0]["state"] == "exited"
    last = session.entries.shown().last()
    assert last is not None
    assert "hold 12 MiB; this lab has room for 8 MiB. So hog was stopped" in last.printed
    assert session.state == ConsoleState.OPEN
    free = free_share(real)
    assert free is None or 0 < free <= 1


def test_what_images_hold_is_counted_once_and_without_the_base(real: Engine) -> None:
    session = a_console()
    typed(session, "docker run --name aa busybox:1.35 dd if=/dev/zero of=/f bs=1M count=3")
    typed(session, "docker commit aa one")
    typed(session, "docker run --name bb one dd if=/dev/zero of=/g bs=1M count=2")
    typed(session, "docker commit bb two")
    last = typed(session, "docker rm aa bb")
    assert [row.exit_code for row in session.entries.lines()] == [0] * 5, [
        row.printed for row in session.entries.lines()
    ]
    assert last.printed == "aa\nbb\n"
    state = session.state_of_session

    amount = held(real, [state])[state.key]
    assert 5 * MIB <= amount < 5.2 * MIB, amount


def test_a_ledger_is_put_right_after_a_kill_between_writing_down_and_making(real: Engine) -> None:
    state = SessionState()
    image = str(real.client.inspect_image("busybox:1.35")["Id"])
    for name in ("made", "never"):
        own = OwnContainer(name=name, engine_name=state.engine_name("c", name), image="busybox:1.35")
        state.containers = [*state.containers, own]
    state.volumes = [OwnVolume(name=name, engine_name=state.engine_name("v", name)) for name in ("made", "never")]
    state.networks = [OwnNetwork(name=name, engine_name=state.engine_name("n", name)) for name in ("made", "never")]
    try:
        made = real.client.create_container("busybox:1.35", name=state.containers[0].engine_name, volumes=["/anon"])
        real.client.create_volume(state.volumes[0].engine_name)
        network = real.client.create_network(state.networks[0].engine_name)

        found = reconcile(real, state)

        assert (found.there, found.gone, found.everything_gone) == (4, 3, False)
        assert [(own.name, own.id, own.image_id) for own in state.containers] == [("made", made["Id"], image)]
        assert [(own.name, own.id) for own in state.networks] == [("made", network["Id"])]
        assert [own.anonymous for own in state.volumes] == [False, True], "the engine's own volume is written down"
    finally:
        end(real, state)
    assert reconcile(real, state).everything_gone


def test_a_console_of_an_emptied_engine_is_given_up(real: Engine) -> None:
    session = a_console()
    typed(session, "docker create --name web busybox:1.35")
    sweep(real, keep=list)
    Tender(console_engine(), name="fake").round()
    work_off()

    session.refresh_from_db()
    assert (session.state, session.ended_because) == (ConsoleState.LOST, Because.ENGINE_EMPTIED)


def test_ends_are_told_as_they_happen_and_a_quiet_engine_ends_the_wait(real: Engine) -> None:
    session = a_console()
    told: list[str] = []
    listening = threading.Thread(target=lambda: told.extend(ends(real.address, quiet_seconds=3)))
    listening.start()
    time.sleep(0.3)  # until the engine has begun to tell
    typed(session, "docker run --name brief busybox:1.35 true")
    listening.join(PATIENCE_SECONDS)

    assert told == [f"dd-{session.key}-c1"]
    assert kill_all(real, session.state_of_session) == []


@pytest.mark.django_db(transaction=True)
def test_threads_share_an_engine_and_carry_sessions_out_side_by_side(real: Engine) -> None:
    lab = a_console_lab()
    sessions = [a_console(lab) for _ in range(6)]
    for session in sessions:
        for line in ("docker run -d --name web busybox:1.35 sleep 60", "docker rm -f web"):
            consoles.type_line(by=session.author, session=session, text=line)

    def work() -> None:
        try:
            console_work.work(seconds=PATIENCE_SECONDS, handed_in=lambda: None)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work_off()

    lines = ConsoleEntry.objects.lines()
    assert [(line.state, line.exit_code, line.error_code) for line in lines] == [(EntryState.DONE, 0, "")] * 12

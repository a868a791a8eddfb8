"""A console whose worker is killed goes on: what was done is there, and what was lost is said to be."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from builders import a_member
from labs_sites import Site, a_site

from deploy.up import throwaway
from graders.commands.ending import end
from graders.sandbox.connection import Address
from graders.sandbox.reaching import reach
from labs import consoles
from labs.console_models import ConsoleEntry, ConsoleSession
from labs.console_states import ConsoleState, EntryState
from labs.models import WorkerHeartbeat, WorkerKind
from tests.labs.consoles.building import a_console_lab

pytestmark = [pytest.mark.engine, pytest.mark.processes, pytest.mark.django_db(transaction=True)]

PATIENCE_SECONDS = 120


@pytest.fixture
def clean_engine(engine_url: str) -> Iterator[str]:
    """The engine's address; what this test's sessions leave is removed."""
    yield engine_url
    engine = reach(Address(engine_url))
    for session in ConsoleSession.objects.all():
        end(engine, session.state_of_session)


def until(done: Callable[[], bool], site: Site) -> None:
    """Wait, starting again whoever died, as a supervisor does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < deadline, site.log_text()
        site.keep_running()
        time.sleep(0.05)


def say(session: ConsoleSession, text: str) -> ConsoleEntry:
    return consoles.type_line(by=session.author, session=session, text=text)


def test_a_worker_killed_in_the_middle_of_a_line_loses_no_console(clean_engine: str, tmp_path: Path) -> None:
    with throwaway.redis() as url, a_site(tmp_path, redis_url=url) as site:
        site.add_console_worker("consoles-0", engine=clean_engine)
        lab = a_console_lab()
        session = consoles.open_session(author=a_member(lab.activity.course), lab=lab)
        first = say(session, "docker create --name before busybox:1.35")
        until(lambda: consoles.wait_for(first, 1).is_finished, site)
        assert (first.state, first.exit_code) == (EntryState.DONE, 0), site.log_text()

        long = say(session, "docker run --name web busybox:1.35 sleep 8")
        later = say(session, "docker ps -a --format '{{.Names}}'")
        engine = reach(Address(clean_engine))
        until(lambda: bool(engine.client.containers(filters={"name": f"dd-{session.key}-c2"})), site)
        long.refresh_from_db()
        assert long.state == EntryState.RUNNING
        session.refresh_from_db()
        assert {own.name for own in session.state_of_session.containers} == {"before", "web"}
        site.kill("consoles-0")

        until(lambda: consoles.wait_for(later, 1).is_finished, site)
        told = site.log_text()

    long.refresh_from_db()
    session.refresh_from_db()
    assert (long.state, long.error_code) == (EntryState.LOST, "worker_lost"), told
    assert "lost its worker" in long.printed
    assert (later.state, later.printed) == (EntryState.DONE, "web\nbefore\n"), told
    assert session.state == ConsoleState.OPEN
    assert not WorkerHeartbeat.objects.filter(kind=WorkerKind.CONSOLES).exists(), "it said goodbye when it was stopped"

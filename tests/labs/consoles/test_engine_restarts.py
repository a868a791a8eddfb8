"""What becomes of a console when its engine is started anew: with what was on it, or emptied."""

from collections.abc import Iterator
from typing import Any

import pytest
from engines import COURSE, engine, own_slot, started_engine

from deploy.sandbox import images
from labs.console_engine import console_engine
from labs.console_states import Because, ConsoleState, EntryKind
from labs.tending import Tender
from tests.labs.consoles.building import a_console, typed, work_off

pytestmark = [pytest.mark.engine, pytest.mark.django_db]

LIMITS = ("--memory-mib", "256", "--pids", "200", "--cpus", "1", "--disk-mib", "1200")


@pytest.fixture
def name(settings: Any) -> Iterator[str]:
    """The name of an engine of this test's own that keeps what is on it over a restart."""
    with own_slot("consoles") as slot, started_engine(slot, *LIMITS, "--keep") as url:
        images.prepare(course_file=COURSE, engine_url=url)
        settings.CONSOLE_FACTORY = "labs.console_engine.DockerConsoles"
        settings.CONSOLE_ENGINE = url
        yield slot


def test_a_console_outlives_its_engine_s_restart_and_not_its_emptying(name: str) -> None:
    session = a_console()
    assert typed(session, "docker run -d --name web -v store:/data busybox:1.35 sleep 300").exit_code == 0
    tender = Tender(console_engine(), name="fake")
    assert tender.round() == []

    engine("stop", name)
    assert tender.round() == ["engine"]
    restarted = engine("start", name, *LIMITS, "--keep")
    assert restarted.returncode == 0, restarted.stderr
    assert tender.round() == []
    work_off()
    listed = typed(session, "docker ps -a --format '{{.Names}} {{.State}}'")
    assert (listed.exit_code, listed.printed) == (0, "web exited\n")
    assert typed(session, "docker start web").exit_code == 0
    assert session.state == ConsoleState.OPEN
    assert session.picture is not None
    assert [one["state"] for one in session.picture["containers"]] == ["running"]

    engine("stop", name)
    assert tender.round() == ["engine"]
    emptied = engine("start", name, *LIMITS)
    assert emptied.returncode == 0, emptied.stderr
    assert tender.round() == []
    work_off()
    session.refresh_from_db()
    assert (session.state, session.ended_because) == (ConsoleState.LOST, Because.ENGINE_EMPTIED)
    assert "Open a new console" in session.entries.get(kind=EntryKind.NOTICE).printed

"""Containers that make the engine wait for ever: they are killed from beside it, and nobody else notices."""

import time
from pathlib import Path

import pytest

from graders.commands.ending import end
from graders.commands.interpreter import Console
from graders.commands.rules import ConsoleRules
from graders.commands.verbs import executing
from graders.sandbox.connection import Address
from graders.sandbox.stuck import KILL_FILE, kill_stuck
from tests.consoles import console

_TRAP = "rm /etc/passwd; mknod /etc/passwd p"


def _started_at(at: Console) -> str:
    return str(at.engine.client.inspect_container(at.state.containers[0].id)["State"]["StartedAt"])


@pytest.mark.engine
def test_a_session_whose_health_check_holds_the_engine_up_is_ended_and_others_go_on(engine_url: str) -> None:
    with console(engine_url) as other, console(engine_url) as at:
        other.carry_out("docker run -d busybox:1.35 sleep 1000")
        before = _started_at(other)
        at.carry_out(f"docker run -d --health-cmd true --health-interval 1s busybox:1.35 sh -c '{_TRAP}; sleep 1000'")
        time.sleep(2.5)  # for the first check, which never ends
        removed = end(at.engine, at.state)
        running = other.engine.client.inspect_container(other.state.containers[0].id)["State"]["Running"]
        after = _started_at(other)

    assert removed == 1
    assert (running, after) == (True, before)


@pytest.mark.engine
def test_a_program_that_is_lured_into_a_pipe_costs_its_own_container(
    engine_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with console(engine_url, rules=ConsoleRules(foreground_seconds=1)) as at:
        at.carry_out("docker run -d --name web busybox:1.35 sleep 1000")
        at.carry_out(f"docker exec web sh -c '{_TRAP}'")
        # As if it had been put there between the look and the start.
        monkeypatch.setattr(executing, "ensure_harmless", lambda *_: None)
        lured = at.carry_out("docker exec web id")
        removed = at.carry_out("docker rm web")

    assert lured.exit_code == 1
    assert lured.stderr == (
        "Error response from daemon: the container held the engine up, so it was killed. Remove it, and make another"
        " one\n"
    )
    assert removed.stdout == "web\n"


def test_an_engine_that_takes_no_such_wishes_is_left_alone(tmp_path: Path) -> None:
    assert not kill_stuck(Address("tcp://127.0.0.1:1"), "ab" * 32)
    assert not kill_stuck(Address(f"unix://{tmp_path}/docker.sock"), "ab" * 32)
    assert not (tmp_path / KILL_FILE).exists()

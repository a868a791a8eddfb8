"""A real supervisord, with small programs."""

import itertools
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.up import ports, supervision
from deploy.up.instance import REPOSITORY, Instance
from deploy.up.programs import SYSTEM_PATH, Program, redis_command
from deploy.up.supervision import Supervisor
from deploy.up.trouble import Trouble

_numbers = itertools.count(1)
PATIENCE = 30


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    """An instance whose sockets and data are this test's own."""
    name = f"test-{os.getpid()}-{next(_numbers)}"
    made = Instance(name=name, repository=REPOSITORY, data=tmp_path / "var", environment={})
    made.data.mkdir()
    yield made
    supervisor = Supervisor(made)
    if supervisor.is_running():
        supervisor.shut_down()
    supervision.end_leftovers(made)
    for file in sorted(made.run_dir.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    made.run_dir.rmdir()


def a_sleeper(name: str, value: str = "1") -> Program:
    return Program(name, (sys.executable, "-c", "import time; time.sleep(600)"), {"VALUE": value})


def pid_of(supervisor: Supervisor, name: str) -> int:
    return int(supervisor._call("getProcessInfo", name)["pid"])


def eventually(question: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not question():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_programs_start_and_all_stop_together(instance: Instance) -> None:
    supervisor = Supervisor(instance)
    supervisor.ensure([a_sleeper("one"), a_sleeper("two")])
    supervisor.start(["one", "two"])
    pids = [pid_of(supervisor, name) for name in ("one", "two")]

    assert supervisor.states() == {"one": "RUNNING", "two": "RUNNING"}

    supervisor.shut_down()

    assert not supervisor.is_running()
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_only_a_changed_program_is_started_again(instance: Instance) -> None:
    supervisor = Supervisor(instance)
    supervisor.ensure([a_sleeper("same"), a_sleeper("changes")])
    supervisor.start(["same", "changes"])
    before = {name: pid_of(supervisor, name) for name in ("same", "changes")}

    changed = supervisor.ensure([a_sleeper("same"), a_sleeper("changes", "2")])
    supervisor.start(["same", "changes"])

    assert changed == ["changes"]
    assert pid_of(supervisor, "same") == before["same"]
    assert pid_of(supervisor, "changes") != before["changes"]


def test_a_program_that_is_no_longer_wanted_is_stopped(instance: Instance) -> None:
    supervisor = Supervisor(instance)
    supervisor.ensure([a_sleeper("stays"), a_sleeper("goes")])
    supervisor.start(["stays", "goes"])
    gone = pid_of(supervisor, "goes")

    supervisor.ensure([a_sleeper("stays")])

    assert supervisor.states() == {"stays": "RUNNING"}
    assert not Path(f"/proc/{gone}").exists()


def test_a_killed_program_is_started_again(instance: Instance) -> None:
    supervisor = Supervisor(instance)
    supervisor.ensure([a_sleeper("one")])
    supervisor.start(["one"])
    first = pid_of(supervisor, "one")

    os.kill(first, signal.SIGKILL)

    assert eventually(lambda: pid_of(supervisor, "one") not in (0, first))


def test_a_program_that_does_not_stay_up_is_named_with_its_last_words(instance: Instance) -> None:
    supervisor = Supervisor(instance)
    program = Program("fails", (sys.executable, "-c", "raise SystemExit('the harbour is closed')"))
    supervisor.ensure([program])

    with pytest.raises(Trouble, match=r"(?s)fails does not stay up.*the harbour is closed"):
        supervisor.start(["fails"])


@pytest.mark.parametrize("what", ["a sleeper", "redis"])
def test_what_a_killed_supervisord_left_is_ended_before_a_new_start(instance: Instance, what: str) -> None:
    program = (
        Program("one", tuple(redis_command(instance)), {"PATH": SYSTEM_PATH}) if what == "redis" else a_sleeper("one")
    )
    supervisor = Supervisor(instance)
    supervisor.ensure([program])
    supervisor.start(["one"])
    left = pid_of(supervisor, "one")
    os.kill(int((instance.run_dir / "supervisord.pid").read_text()), signal.SIGKILL)
    assert eventually(lambda: not supervisor.is_running())
    assert Path(f"/proc/{left}").exists()

    supervisor.ensure([program])
    supervisor.start(["one"])

    assert not Path(f"/proc/{left}").exists()
    assert supervisor.states() == {"one": "RUNNING"}


def test_a_port_of_a_supervised_program_is_known_as_that_drydocks(instance: Instance) -> None:
    supervisor = Supervisor(instance)
    supervisor.ensure([a_sleeper("one")])
    supervisor.start(["one"])

    assert ports.supervised_by(Path(f"/proc/{pid_of(supervisor, 'one')}")) == instance.name

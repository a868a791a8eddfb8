"""Sessions of jobs on an engine that grades: what a killed worker leaves is found, and nobody else's is touched."""

import pytest
from consoles import console

from graders.commands.rules import ConsoleRules
from graders.sandbox.connection import Address
from graders.sandbox.docker import DockerSandbox
from graders.sandbox.job import DockerJob
from graders.sandbox.reaching import reach

pytestmark = pytest.mark.engine

MADE = (
    "docker network create shop",
    "docker volume create store",
    "docker run -d --name web --network shop -v store:/data busybox:1.35 sleep 300",
    "docker commit web snap",
    "docker create --name nameless -v /cache busybox:1.35",
    "docker rm nameless",  # and its volume stays
)


def leave_behind(engine_url: str, job_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that was killed in the middle of its commands."""
    with monkeypatch.context() as patched:
        patched.setattr(DockerJob, "close", lambda _: False)
        with DockerSandbox(engine_url).job(job_id) as job:
            commands = job.commands(bases=["busybox:1.35"], files={}, rules=ConsoleRules())
            for line in MADE:
                carried = commands.carry_out(line)
                assert carried.exit_code == 0, carried.stderr


def left(engine_url: str) -> list[str]:
    client = reach(Address(engine_url)).client
    return [
        *(name for one in client.containers(all=True) for name in one["Names"] if name.startswith("/dd-")),
        *(one["Name"] for one in client.volumes()["Volumes"] or ()),
        *(one["Name"] for one in client.networks() if one["Name"].startswith("dd-")),
        *(tag for one in client.images() for tag in one["RepoTags"] or () if tag.startswith("dd-")),
    ]


def test_a_job_removes_what_its_commands_made(engine_url: str) -> None:
    with DockerSandbox(engine_url).job("a") as job:
        commands = job.commands(bases=["busybox:1.35"], files={}, rules=ConsoleRules())
        for line in MADE:
            commands.carry_out(line)
        assert len(left(engine_url)) == 5
    assert left(engine_url) == []


def test_whoever_opens_a_killed_job_again_begins_with_nothing(engine_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    leave_behind(engine_url, "a", monkeypatch)
    assert len(left(engine_url)) == 5
    with DockerSandbox(engine_url).job("a"):
        assert len(left(engine_url)) == 1
    DockerSandbox(engine_url).sweep()
    assert left(engine_url) == []


def test_a_sweep_removes_what_killed_jobs_left_and_no_live_session(
    engine_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with console(engine_url) as live:
        assert live.carry_out("docker create --name mine busybox:1.35").exit_code == 0
        leave_behind(engine_url, "a", monkeypatch)
        sandbox = DockerSandbox(engine_url)
        assert len(left(engine_url)) == 6
        sandbox.sweep(keep=["a"])
        assert len(left(engine_url)) == 6
        assert sandbox.sweep() >= 4
        assert len(left(engine_url)) == 2, "a nameless volume may be the live session's"
        assert live.carry_out("docker start mine").exit_code == 0
    assert sandbox.sweep() == 1
    assert left(engine_url) == []

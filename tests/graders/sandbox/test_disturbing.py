"""Disturbing a running container from outside: starting it again, freezing it, and what its HEALTHCHECK says then."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import docker
import pytest
from sandboxes import BUSYBOX, context

from graders.sandbox.base import Container, ContainerSpec, HealthPace, HttpRequest, Job, RunLimits
from graders.sandbox.docker import DockerSandbox

pytestmark = pytest.mark.engine
LIMITS = RunLimits(seconds=60)
PACE = HealthPace(interval_seconds=0.3, timeout_seconds=1)
SERVER = "echo hi > /tmp/index.html; httpd -f -p 80 -h /tmp"
ASKS = "wget -q -O /dev/null http://127.0.0.1/index.html"


@pytest.fixture(scope="module")
def sandbox(engine_url: str) -> DockerSandbox:
    return DockerSandbox(engine_url)


@pytest.fixture
def job(sandbox: DockerSandbox) -> Iterator[Job]:
    with sandbox.job("disturbing") as opened:
        yield opened


def started(job: Job, script: str, **spec: object) -> Container:
    return job.start(ContainerSpec(image=BUSYBOX, args=("sh", "-c", script), limits=LIMITS, **spec))  # type: ignore[arg-type]


def checked(job: Job, healthcheck: str, program: str = SERVER, user: str = "") -> Container:
    """A container that runs this shell program beside this HEALTHCHECK, whose own interval is an hour."""
    dockerfile = f"FROM {BUSYBOX}\nHEALTHCHECK --interval=1h CMD {healthcheck}\n{user}\nCMD {program}\n"
    built = job.build(context(dockerfile))
    assert built.ok, built.error
    return job.start(ContainerSpec(image=built.image_id, healthcheck=True, health_pace=PACE, limits=LIMITS))


def seen_within(seconds: float, look: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not look():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def test_a_container_started_again_keeps_its_files_its_output_and_its_volumes(job: Job) -> None:
    script = "cat /kept /v/kept 2> /dev/null; echo n >> /kept; echo n >> /v/kept; echo up; exec httpd -f -p 80 -h /"
    container = started(job, script, anonymous=("/v",))
    assert seen_within(20, lambda: bool(container.listeners()))
    assert container.stop(within_seconds=5).stdout == b"up\n"
    assert not container.running()
    assert container.http(HttpRequest(port=80)).status is None
    assert not container.start_again()
    assert seen_within(20, lambda: bool(container.listeners()))
    assert container.http(HttpRequest(port=80, path="/kept")).body == b"n\nn\n"
    assert container.http(HttpRequest(port=80, path="/v/kept")).body == b"n\nn\n"
    assert container.kill().stdout == b"up\nn\nn\nup\n"


def test_what_could_not_be_started_is_not_started_again(job: Job) -> None:
    container = job.start(ContainerSpec(image=BUSYBOX, entrypoint=("/none",), limits=LIMITS))
    assert container.wait().start_error
    assert container.start_again() == container.wait().start_error


def test_a_container_that_would_hold_up_the_engine_is_not_started_again(job: Job) -> None:
    container = started(job, "rm -f /etc/passwd; mkfifo /etc/passwd; echo done; exec sleep 60")
    assert seen_within(20, lambda: container.logs()[0] == b"done\n")
    container.kill()
    assert "no regular file" in container.start_again()
    assert not container.running()
    assert container.kill().stdout == b"done\n"
    assert "no regular file" in container.start_again()
    assert job.run(ContainerSpec(image=BUSYBOX, args=("echo", "hi"))).stdout == b"hi\n"


def test_a_frozen_program_turns_a_container_unhealthy_in_shell_form_and_as_any_user(job: Job) -> None:
    container = checked(job, f"{ASKS} || exit 1", program=f"{SERVER} & sleep 999 & wait", user="USER 1234")
    assert seen_within(20, lambda: container.health() == "healthy"), container.health_log()
    assert container.freeze()
    assert seen_within(20, lambda: container.health() == "unhealthy"), container.health_log()
    assert "timeout" in container.health_log()[-1].output
    assert container.running()
    assert container.http(HttpRequest(port=80, timeout_seconds=0.5)).status is None


def test_a_healthcheck_that_always_succeeds_stays_healthy_beside_a_frozen_program(job: Job) -> None:
    container = checked(job, "echo all well")
    assert seen_within(20, lambda: container.health() == "healthy")
    assert container.freeze()
    before = len(container.health_log())
    assert seen_within(20, lambda: len(container.health_log()) >= min(before + 2, 5))
    assert container.health() == "healthy"
    assert container.health_log()[-1].output == "all well\n"


def test_a_program_that_has_ended_is_not_frozen(job: Job) -> None:
    container = started(job, "true")
    container.wait()
    assert not container.freeze()


def test_processes_that_come_and_go_are_frozen_too(job: Job) -> None:
    container = started(job, "while :; do (date > /tick; true); done & while :; do true | true; done")
    assert seen_within(20, lambda: container.read_file("/tick") is not None)
    assert container.freeze()


@pytest.mark.parametrize(
    "healthcheck",
    [
        "trap '' TERM INT; while :; do sleep 1; done",
        "yes",
        "yes >&2 & yes & yes",
        "while :; do sleep 100 & done",
    ],
)
def test_a_healthcheck_that_hangs_or_floods_is_bounded_and_the_engine_goes_on(job: Job, healthcheck: str) -> None:
    container = checked(job, healthcheck)
    time.sleep(3)
    assert container.health() in {"starting", "unhealthy"}
    assert all(len(tried.output) < 8192 for tried in container.health_log())
    assert job.run(ContainerSpec(image=BUSYBOX, args=("echo", "hi"))).stdout == b"hi\n"
    assert container.kill().exit_code == 137


def test_a_user_file_swapped_under_a_healthcheck_does_not_hold_the_engine_up(job: Job) -> None:
    swap = "sleep 1; rm -f /etc/passwd; mkfifo /etc/passwd; sleep 60"
    container = checked(job, "true", program=swap, user="USER root")
    time.sleep(4)
    assert container.health() in {"starting", "unhealthy", "healthy"}
    assert job.run(ContainerSpec(image=BUSYBOX, args=("echo", "hi"))).stdout == b"hi\n"
    assert container.kill().exit_code == 137


def test_a_healthcheck_is_no_process_of_the_program(job: Job) -> None:
    container = checked(job, "exec sleep 0.7", program="sleep 98 & sleep 99; echo")
    seen: set[tuple[str, ...]] = set()

    def is_healthy() -> bool:
        seen.update(process.command for process in container.processes())
        return container.health() == "healthy"

    assert seen_within(20, is_healthy)
    assert {("sleep", "98"), ("sleep", "99")} <= seen
    assert ("sleep", "0.7") not in seen


def test_nothing_is_left_of_what_was_frozen_restarted_and_checked(sandbox: DockerSandbox, engine_url: str) -> None:
    with sandbox.job("disturbing") as job:
        job.create_network("inner")
        store = started(job, SERVER, anonymous=("/v",), network="inner", aliases=("store",))
        store.kill()
        assert not store.start_again()
        app = checked(job, "wget -q -O /dev/null http://127.0.0.1/ & sleep 1000")
        assert app.freeze()
    with closing(docker.APIClient(base_url=engine_url)) as engine:
        names = [name for found in engine.containers(all=True) for name in found["Names"]]
        names += [found["Name"] for found in (*engine.networks(), *(engine.volumes()["Volumes"] or ()))]
    assert not [name for name in names if "disturbing" in name]
    assert not [name for name in names if re.fullmatch("[0-9a-f]{64}", name)]


def test_a_program_that_attacks_what_freezes_it_is_frozen_or_told_of(job: Job) -> None:
    attack = "while :; do for p in /proc/[0-9]*; do p=${p#/proc/}; [ $p = 1 ] || [ $p = $me ] || kill -9 $p; done; done"
    container = started(job, f"(me=$(exec sh -c 'echo $PPID'); {attack}) 2> /dev/null & wait; sleep 60")
    container.freeze()  # whether it could is told, and nothing else comes of it
    assert job.run(ContainerSpec(image=BUSYBOX, args=("echo", "hi"))).stdout == b"hi\n"
    assert container.kill().exit_code == 137

"""Nothing of a job stays on the engine, however the job ended."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import docker
import pytest
from sandboxes import BUSYBOX, context

from graders.sandbox.base import (
    BuildEvent,
    BuildLimits,
    ContainerSpec,
    HttpRequest,
    Job,
    Limit,
    RunLimits,
    SandboxUnavailable,
)
from graders.sandbox.docker import DockerSandbox

pytestmark = pytest.mark.engine

STUDENTS = (
    f"FROM {BUSYBOX}\nLABEL drydock.job=somebody-else\nVOLUME /data /more\nRUN echo x > /x\n"
    "CMD trap '' TERM; while true; do sleep 0.1; done\n"
)


@pytest.fixture(scope="module")
def sandbox(engine_url: str) -> DockerSandbox:
    return DockerSandbox(engine_url)


@pytest.fixture
def engine(engine_url: str) -> Iterator[docker.APIClient]:
    client = docker.APIClient(base_url=engine_url, version="auto", timeout=30)
    yield client
    client.close()


def everything(engine: docker.APIClient) -> dict[str, set[str]]:
    """All that is on the engine, by kind."""
    return {
        "containers": {found["Id"] for found in engine.containers(all=True)},
        "volumes": {found["Name"] for found in engine.volumes()["Volumes"] or ()},
        "networks": {found["Name"] for found in engine.networks()},
        "images": {name for found in engine.images(all=True) for name in found["RepoTags"] or [found["Id"]]},
        "build cache": {found["ID"] for found in engine.df()["BuildCache"] or ()},
    }


def use_all(job: Job) -> None:
    """Make one of everything, and leave it running."""
    job.create_volume("kept")
    job.create_network("inner")
    job.build(context(f"FROM {BUSYBOX}\nRUN false\n"))
    image = job.build(context(STUDENTS)).image_id
    job.image_files(image, ["/x"])
    server = job.start(
        ContainerSpec(image=image, volumes={"/kept": "kept"}, network="inner", aliases=("web",), args=("sleep", "99"))
    )
    server.http(HttpRequest(port=80))
    job.run(ContainerSpec(image=image, args=("true",)))


@pytest.fixture
def before(sandbox: DockerSandbox, engine: docker.APIClient) -> dict[str, set[str]]:
    """What is on the engine before a job: bases and the probe's image. It is known to be clean."""
    sandbox.sweep()
    with sandbox.job("first") as job:
        job.build(context(f"FROM {BUSYBOX}\n"))
    return everything(engine)


def test_nothing_is_left_after_a_job(
    sandbox: DockerSandbox, engine: docker.APIClient, before: dict[str, set[str]]
) -> None:
    with sandbox.job("leftovers") as job:
        use_all(job)
        during = everything(engine)
    assert {kind for kind in before if during[kind] > before[kind]} == set(before)
    assert everything(engine) == before


def test_nothing_is_left_after_a_job_that_fell_over(
    sandbox: DockerSandbox, engine: docker.APIClient, before: dict[str, set[str]]
) -> None:
    def fall_over(event: BuildEvent) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), sandbox.job("leftovers") as job:  # noqa: PT012  what is left is the point
        use_all(job)
        job.build(context(f"FROM {BUSYBOX}\nRUN sleep 60\n"), on_event=fall_over)
    assert everything(engine) == before


def test_an_image_that_is_nothing_but_its_base_takes_the_base_with_it_not(
    sandbox: DockerSandbox, engine: docker.APIClient, before: dict[str, set[str]]
) -> None:
    with sandbox.job("leftovers") as job:
        assert job.build(context(f"FROM {BUSYBOX}\n")).ok
    assert everything(engine) == before


def killed_in_the_middle(url: str, job_id: str, *, building: bool) -> None:
    """A process of its own works on a job and is killed."""
    program = [sys.executable, __file__, url, job_id, "building" if building else "running"]
    paths = os.pathsep.join(sys.path)
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": paths}
    ) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "busy\n"
        worker.send_signal(signal.SIGKILL)


@pytest.mark.parametrize("building", [True, False])
def test_opening_the_job_of_a_killed_worker_again_removes_what_it_left(
    engine_url: str,
    sandbox: DockerSandbox,
    engine: docker.APIClient,
    before: dict[str, set[str]],
    building: bool,
) -> None:
    killed_in_the_middle(engine_url, "killed", building=building)
    assert everything(engine) != before
    with sandbox.job("killed") as job:
        now = everything(engine)
        assert {kind: now[kind] for kind in ("containers", "volumes", "networks", "images")} == {
            kind: before[kind] for kind in ("containers", "volumes", "networks", "images")
        }
        assert job.run(ContainerSpec(image=BUSYBOX, args=("true",))).exit_code == 0
    assert everything(engine) == before


def test_a_sweep_removes_what_killed_workers_left_but_not_what_is_to_be_kept(
    engine_url: str, sandbox: DockerSandbox, engine: docker.APIClient, before: dict[str, set[str]]
) -> None:
    killed_in_the_middle(engine_url, "kept", building=False)
    left = everything(engine)
    assert sandbox.sweep(keep=["kept"]) == 0
    assert everything(engine)["containers"] >= left["containers"]  # one may have been on its way
    killed_in_the_middle(engine_url, "swept", building=False)
    assert sandbox.sweep(keep=["kept"]) > 4
    assert everything(engine)["containers"] >= left["containers"]  # one may have been on its way
    with sandbox.job("alive"):
        assert sandbox.sweep() == 0
    assert sandbox.sweep() > 4
    assert everything(engine) == before


def test_a_sweep_for_the_unclean_only_finds_what_a_killed_worker_left_after_other_jobs_too(
    engine_url: str, sandbox: DockerSandbox, engine: docker.APIClient, before: dict[str, set[str]]
) -> None:
    killed_in_the_middle(engine_url, "lost", building=False)
    with sandbox.job("another"):
        pass
    assert sandbox.sweep(unless_clean=True) > 4
    assert everything(engine) == before
    made = engine.create_volume("drydock-job.by-nobody.volume1")["Name"]
    assert sandbox.sweep(unless_clean=True) == 0
    engine.remove_volume(made)


def test_a_probes_image_that_somebody_removed_is_made_again(sandbox: DockerSandbox, engine: docker.APIClient) -> None:
    inside = ContainerSpec(image=BUSYBOX, folders={"/given": {"a": b"a"}}, args=("cat", "/given/a"))
    engine.remove_image(sandbox.probe_image(), force=True)
    with pytest.raises(SandboxUnavailable), sandbox.job("first") as job:
        job.run(inside)
    with sandbox.job("second") as job:
        assert job.run(inside).stdout == b"a"


def test_a_job_that_fills_the_disk_is_told_so_and_the_space_returns(
    sandbox: DockerSandbox, engine: docker.APIClient, before: dict[str, set[str]]
) -> None:
    fill = "i=0; while dd if=/dev/zero of=/fill$i bs=1M count=200; do i=$((i+1)); done; exit 1"
    limits = RunLimits(seconds=120, writable_mib=300)
    with sandbox.job("filling") as job:
        built = job.build(context(f"FROM {BUSYBOX}\nRUN {fill}\n"), limits=BuildLimits(seconds=120))
        assert built.limit is Limit.DISK
        ran = job.run(ContainerSpec(image=BUSYBOX, args=("sh", "-c", fill), limits=limits))
        assert ran.limit is Limit.DISK
    with sandbox.job("after") as job:
        assert job.build(context(f"FROM {BUSYBOX}\nRUN dd if=/dev/zero of=/x bs=1M count=100\n")).ok
    assert everything(engine) == before


def work_until_killed(url: str, job_id: str, what: str) -> None:
    """What the killed process does."""
    with DockerSandbox(url).job(job_id) as job:
        use_all(job)
        slow = context(f"FROM {BUSYBOX}\nRUN sleep 60\n")
        if what == "building":
            job.build(slow, on_event=lambda event: say_busy() if event.index == 2 else None)
        say_busy()
        job.run(ContainerSpec(image=BUSYBOX, args=("sleep", "60"), limits=RunLimits(seconds=60)))


def say_busy() -> None:
    sys.stdout.write("busy\n")
    sys.stdout.flush()


if __name__ == "__main__":
    work_until_killed(*sys.argv[1:])

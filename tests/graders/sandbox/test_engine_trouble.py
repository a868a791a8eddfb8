"""An engine that dies under a job is the engine's trouble, and the next engine takes the job over."""

import threading
from collections.abc import Iterator

import docker
import pytest
from engines import COURSE, LIMITS, engine, own_slot, started_engine
from sandboxes import BUSYBOX, context

from deploy.sandbox import images
from graders.sandbox.base import BuildEvent, BuildLimits, ContainerSpec, Limit, RunLimits, SandboxUnavailable
from graders.sandbox.docker import DockerSandbox

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def slot() -> Iterator[str]:
    with own_slot("trouble") as name:
        yield name
        engine("clean", name)


def test_a_job_whose_engine_dies_is_tried_again_on_the_next_one(slot: str) -> None:
    stopping = threading.Thread(target=engine, args=("stop", slot))

    def stop(event: BuildEvent) -> None:
        if event.index == 2 and event.kind == "step_started":
            stopping.start()

    with started_engine(slot, *LIMITS) as url:
        images.prepare(course_file=COURSE, engine_url=url)
        sandbox = DockerSandbox(url)
        with pytest.raises(SandboxUnavailable), sandbox.job("a") as job:
            job.build(context(f"FROM {BUSYBOX}\nRUN sleep 30\n"), on_event=stop)
        stopping.join()
        with pytest.raises(SandboxUnavailable), sandbox.job("a"):
            pass
    with started_engine(slot, *LIMITS):
        with sandbox.job("a") as job:
            assert job.build(context(f"FROM {BUSYBOX}\nRUN true\n")).ok
        with pytest.raises(SandboxUnavailable), sandbox.job("a") as job:  # noqa: PT012  its end may raise as well
            container = job.start(ContainerSpec(image=BUSYBOX, args=("sleep", "60"), limits=RunLimits(seconds=60)))
            threading.Timer(0.5, engine, args=("stop", slot)).start()
            container.wait()


def test_an_engine_that_cannot_end_a_build_is_started_anew_and_keeps_nothing_of_it(slot: str) -> None:
    hanging = f"FROM {BUSYBOX}\nRUN rm /etc/passwd; mkfifo /etc/passwd\nUSER daemon\nRUN true\n"
    with started_engine(slot, *LIMITS) as url:
        images.prepare(course_file=COURSE, engine_url=url)
        sandbox = DockerSandbox(url)
        with sandbox.job("hanging") as job:
            built = job.build(context(hanging), limits=BuildLimits(seconds=3))
        with sandbox.job("next") as job:
            assert job.build(context(f"FROM {BUSYBOX}\nRUN true\n")).ok
        client = docker.APIClient(base_url=url)
        assert client.df()["BuildCache"] in ([], None)
        client.close()
    assert built.limit is Limit.WALL

"""What a lab may allow works on a real engine once it is allowed, and is refused before."""

from collections.abc import Iterator

import pytest
from sandboxes import BUSYBOX

from graders.archive import Submission
from graders.dockerfile.dialect import Dialect
from graders.dockerfile.parser import parse
from graders.dockerfile.policy import Policy, check_policy
from graders.sandbox.base import BuildResult, Job
from graders.sandbox.docker import DockerSandbox

pytestmark = pytest.mark.engine

NOTHING = Policy(allowed_bases=frozenset({BUSYBOX}))
MOUNTS = Policy(allowed_bases=frozenset({BUSYBOX}), allow_mounts=frozenset({"bind", "cache", "tmpfs"}))

EVERY_KIND = f"""\
FROM {BUSYBOX} AS made
RUN echo from a stage > /made
FROM {BUSYBOX}
RUN --mount=type=bind,from=made,source=/made,target=/mounted,ro cat /mounted > /stage
RUN --mount=type=bind,source=folder,target=/mounted cat /mounted/file > /context
RUN --mount=type=bind,from={BUSYBOX},source=/bin,target=/mounted ls /mounted/busybox > /image
RUN --mount=type=tmpfs,target=/mounted grep -c ' /mounted tmpfs ' /proc/mounts > /tmpfs && touch /mounted/x
RUN --mount=type=cache,id=store,target=/mounted,mode=0711 stat -c %a /mounted > /cache && touch /mounted/x
RUN ls -A /mounted > /left
"""

REMEMBERS = f"""\
FROM {BUSYBOX}
ARG STEP
RUN --mount=type=cache,target=/store,id=store echo $STEP >> /store/steps && cp /store/steps /steps
"""


@pytest.fixture(name="sandbox", scope="module")
def _sandbox(engine_url: str) -> DockerSandbox:
    return DockerSandbox(engine_url)


@pytest.fixture(name="job")
def _job(sandbox: DockerSandbox) -> Iterator[Job]:
    with sandbox.job("dockerfile-allowed") as job:
        yield job


def refused(text: str, policy: Policy) -> list[str]:
    return [refusal.rule for refusal in check_policy(parse(text), policy, Dialect())]


def build(job: Job, text: str, **options: object) -> BuildResult:
    tar = Submission.from_files({"Dockerfile": text.encode(), "folder/file": b"from the context\n"}).tar()
    built = job.build(tar, **options)  # type: ignore[arg-type]
    assert built.ok, (built.error, built.log)
    return built


def content(job: Job, built: BuildResult, path: str) -> str:
    found = job.image_files(built.image_id, [path])[path]
    assert found is not None
    return found.content.decode()


def test_every_kind_of_mount_is_there_while_its_step_runs_and_gone_afterwards(job: Job) -> None:
    assert refused(EVERY_KIND, NOTHING) == ["mount"] * 5
    assert refused(EVERY_KIND, MOUNTS) == []
    built = build(job, EVERY_KIND)
    assert {
        path: content(job, built, path).strip() for path in ("/stage", "/context", "/image", "/tmpfs", "/cache")
    } == {
        "/stage": "from a stage",
        "/context": "from the context",
        "/image": "/mounted/busybox",
        "/tmpfs": "1",
        "/cache": "711",
    }
    assert content(job, built, "/left") == ""


def test_a_cache_mount_is_kept_for_the_same_job_and_never_for_another(sandbox: DockerSandbox) -> None:
    assert refused(REMEMBERS, MOUNTS) == []
    with sandbox.job("dockerfile-cache-1") as job:
        build(job, REMEMBERS, build_args={"STEP": "first"}, use_cache=True)
        again = build(job, REMEMBERS, build_args={"STEP": "second"}, use_cache=True)
        assert content(job, again, "/steps").split() == ["first", "second"]
        fresh = build(job, REMEMBERS, build_args={"STEP": "third"})
        assert content(job, fresh, "/steps").split() == ["third"]
    with sandbox.job("dockerfile-cache-2") as job:
        other = build(job, REMEMBERS, build_args={"STEP": "other"}, use_cache=True)
        assert content(job, other, "/steps").split() == ["other"]


def test_onbuild_is_carried_out_in_the_stage_that_starts_from_it(job: Job) -> None:
    text = f"FROM {BUSYBOX} AS parent\nONBUILD RUN echo now > /when\nFROM parent\nRUN cat /when\n"
    assert refused(text, NOTHING) == ["onbuild"]
    assert refused(text, NOTHING.model_copy(update={"allow_onbuild": True})) == []
    assert content(job, build(job, text), "/when") == "now\n"


def test_add_of_an_address_passes_the_policy_and_finds_no_network(job: Job) -> None:
    text = "FROM scratch\nADD http://192.0.2.1/file /\n"
    assert refused(text, NOTHING) == ["add-url"]
    assert refused(text, NOTHING.model_copy(update={"allow_add_url": True})) == []
    built = job.build(Submission.from_files({"Dockerfile": text.encode()}).tar())
    assert not built.ok

"""Secrets reach the builds that they are promised to, and nothing else does."""

import pytest
from sandboxes import BUSYBOX

from graders.actions import Build
from graders.archive import Submission
from graders.plan import Base, InvalidPlan, parse_plan
from graders.sandbox.base import BuildResult
from graders.sandbox.docker import DockerSandbox

BASES = {"busybox": Base(name="busybox", image=BUSYBOX)}
READ = "RUN --mount=type=secret,id={id},required=true sha256sum /run/secrets/{id}\n"


def build(engine_url: str, text: str, secrets: dict[str, bytes] | None) -> BuildResult:
    context = Submission.from_files({"Dockerfile": f"FROM {BUSYBOX}\n{text}".encode()}).tar()
    with DockerSandbox(engine_url).job("secrets") as job:
        return job.build(context, secrets=secrets)


@pytest.mark.engine
def test_a_step_reads_the_secret_that_it_mounts(engine_url: str) -> None:
    result = build(
        engine_url, "RUN --mount=type=secret,id=api_token cat /run/secrets/api_token\n", {"api_token": b"s3same"}
    )
    assert result.ok, result.error
    assert "s3same" in result.log


@pytest.mark.engine
def test_a_secret_larger_than_a_window_of_http2_comes_whole(engine_url: str) -> None:
    result = build(
        engine_url, "RUN --mount=type=secret,id=large wc -c < /run/secrets/large\n", {"large": b"x" * 300_000}
    )
    assert result.ok, result.error
    assert "300000" in result.log


@pytest.mark.engine
def test_the_session_outlives_a_long_silence_of_the_build(engine_url: str) -> None:
    result = build(engine_url, f"RUN sleep 12\n{READ.format(id='late')}", {"late": b"still there"})
    assert result.ok, result.error


@pytest.mark.engine
def test_a_step_that_does_not_mount_the_secret_finds_none(engine_url: str) -> None:
    text = (
        "RUN --mount=type=secret,id=token true\n"
        "RUN test ! -e /run/secrets/token && ! env | grep -q s3same && ! grep -rq s3same /etc /run /tmp\n"
    )
    result = build(engine_url, text, {"token": b"s3same"})
    assert result.ok, (result.error, result.log)


@pytest.mark.engine
def test_a_secret_that_was_not_promised_is_not_found(engine_url: str) -> None:
    result = build(engine_url, READ.format(id="other"), {"token": b"s3same"})
    assert not result.ok
    assert "other not found" in result.error


@pytest.mark.engine
def test_no_key_of_an_agent_can_be_asked_for(engine_url: str) -> None:
    result = build(engine_url, "RUN --mount=type=ssh,required=true true\n", {"token": b"s3same"})
    assert not result.ok


def test_secrets_need_their_mounts_to_be_allowed() -> None:
    lab = """
title: Secrets
points: 1
bases: [busybox]
builds: {default: {secrets: {token: abc}}}
checks: [{id: builds, kind: builds, points: 1}]
"""
    with pytest.raises(InvalidPlan, match="does not allow"):
        parse_plan(lab, file="lab.yaml", bases=BASES)
    allowed = lab + "allow: {mounts: [secret]}\n"
    assert parse_plan(allowed, file="lab.yaml", bases=BASES).builds["default"].secrets == {"token": "abc"}


@pytest.mark.parametrize("name", ["", "a b", "../x", "x" * 65, "a,b", "a=b"])
def test_a_secret_has_a_name_that_a_mount_can_say(name: str) -> None:
    with pytest.raises(ValueError, match="name of a secret"):
        Build(secrets={name: "x"})

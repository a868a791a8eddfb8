"""What an allowed base holds back with ONBUILD is refused like the submission's own, unless the lab is about it."""

from collections.abc import Iterator
from dataclasses import replace

import docker
import pytest
from sandboxes import BUSYBOX

from graders.archive import Submission
from graders.dockerfile.dialect import Dialect
from graders.dockerfile.parser import parse
from graders.dockerfile.policy import Policy
from graders.dockerfile.triggers import judge_triggers
from graders.engine import grade
from graders.plan import Base, LabPlan, parse_plan
from graders.report import CheckOutcome, Outcome, Report
from graders.sandbox.base import Sandbox
from graders.sandbox.docker import DockerSandbox
from graders.sandbox.fake import IMAGE, FakeSandbox

TRIGGERED = "drydock-test-triggered:1"
PLAN = """
title: Inherit
points: 1
bases: [base, triggered]
checks: [{id: builds, kind: builds, points: 1}]
"""
DOCKERFILE = f"FROM {BUSYBOX} AS tools\n\nFROM {TRIGGERED}\nCOPY --from=tools /bin/true /\n"


def plan_of(**allow: object) -> LabPlan:
    bases = {"base": Base(name="base", image=BUSYBOX), "triggered": Base(name="triggered", image=TRIGGERED)}
    plan = parse_plan(PLAN, file="lab.yaml", bases=bases)
    return plan.model_copy(update={"allow": plan.allow.model_copy(update=allow)})


def graded(sandbox: Sandbox, plan: LabPlan) -> Report:
    submission = Submission.from_files({"Dockerfile": DOCKERFILE.encode()})
    return grade(plan, submission, sandbox, seed=1, job_id="inherits")


def rules(*triggers: str, allow_onbuild: bool = True) -> list[tuple[str, int | None]]:
    policy = Policy(allowed_bases=frozenset({BUSYBOX}), allow_onbuild=allow_onbuild)
    stage = parse(f"ARG A\nFROM {BUSYBOX}").final
    refusals = judge_triggers(stage, image=BUSYBOX, triggers=triggers, policy=policy, dialect=Dialect())
    for refusal in refusals:
        assert refusal.message.startswith("Line 2: ")
        assert BUSYBOX in refusal.message
    return [(refusal.rule, refusal.line) for refusal in refusals]


def test_an_image_without_triggers_is_fine() -> None:
    assert rules(allow_onbuild=False) == []


def test_triggers_are_refused_at_the_from_line() -> None:
    assert rules("RUN make", "COPY . .", allow_onbuild=False) == [("onbuild", 2)]


def test_where_onbuild_is_allowed_triggers_are_judged_as_if_they_stood_there() -> None:
    assert rules("RUN make", "COPY . /app") == []
    assert rules("RUN --network=host x", "ADD http://x /y", "COPY --from=evil /a /b", "FROB", "CMD [1]") == [
        ("unknown-flag", 2),
        ("add-url", 2),
        ("copy-from-not-allowed", 2),
        ("unknown-instruction", 2),
        ("exec-form-not-strings", 2),
    ]


def test_a_submission_on_such_a_base_is_refused_before_anything_is_built() -> None:
    sandbox = FakeSandbox(image=replace(IMAGE, onbuild=("RUN make",)))
    report = graded(sandbox, plan_of())
    assert report.outcome is Outcome.REFUSED
    assert [(refusal.rule, refusal.line) for refusal in report.refusals] == [("onbuild", 1), ("onbuild", 3)]
    assert [check.outcome for check in report.checks] == [CheckOutcome.SKIPPED]
    assert sandbox.asked("build") == []
    assert graded(sandbox, plan_of(onbuild=True)).outcome is Outcome.GRADED


@pytest.fixture(name="triggered")
def _triggered(engine_url: str) -> Iterator[DockerSandbox]:
    """An engine that has an image with a trigger."""
    client = docker.APIClient(base_url=engine_url)
    container = client.create_container(BUSYBOX, ["true"])
    name, _, tag = TRIGGERED.partition(":")
    client.commit(container, repository=name, tag=tag, changes=["ONBUILD RUN touch /inherited"])
    client.remove_container(container)
    yield DockerSandbox(engine_url)
    client.remove_image(TRIGGERED, force=True)
    client.close()


@pytest.mark.engine
def test_a_real_engines_image_tells_its_triggers(triggered: DockerSandbox) -> None:
    refused = graded(triggered, plan_of())
    assert refused.outcome is Outcome.REFUSED
    assert [(refusal.rule, refusal.line) for refusal in refused.refusals] == [("onbuild", 3)]
    assert "RUN touch /inherited" in refused.refusals[0].message
    assert refused.builds == ()

    allowed = graded(triggered, plan_of(onbuild=True))
    assert allowed.score == 1.0
    assert any("touch /inherited" in step.name for build in allowed.builds for step in build.steps)

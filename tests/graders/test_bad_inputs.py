"""What people hand in when they do not know better, or do: each ends in a clear report on a real engine."""

from collections.abc import Callable
from pathlib import Path

import pytest

from graders.archive import Submission
from graders.engine import grade
from graders.plan import LabPlan, load_plan
from graders.report import CheckOutcome, CheckResult, Outcome, Report
from graders.sandbox.docker import DockerSandbox

LAB = Path(__file__).resolve().parents[2] / "packs/containerization-review/labs/first-dockerfile"

pytestmark = pytest.mark.engine

Grade = Callable[..., Report]


@pytest.fixture(name="graded")
def _graded(engine_url: str) -> Grade:
    def graded(text: str | bytes, **limits: float) -> Report:
        plan = load_plan(LAB)
        quick = plan.limits.model_copy(update=limits)
        content = text if isinstance(text, bytes) else text.encode()
        submission = Submission.from_files({"Dockerfile": content})
        return grade(
            plan.model_copy(update={"limits": quick}), submission, DockerSandbox(engine_url), seed=1, job_id="bad"
        )

    return graded


def check(report: Report, name: str) -> CheckResult:
    return next(each for each in report.checks if each.id == name)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        (bytes(range(256)), "nul"),
        ("FROM alpine:3\n", "base-not-allowed"),
        ("eat soup\n", "unknown-instruction"),
    ],
)
def test_what_cannot_be_built_is_refused_with_a_sentence(graded: Grade, text: str | bytes, rule: str) -> None:
    report = graded(text)
    assert report.outcome is Outcome.REFUSED
    assert rule in {refusal.rule for refusal in report.refusals}
    assert all(len(refusal.message) > 20 for refusal in report.refusals)


def test_a_step_that_sleeps_for_ever_is_ended_at_its_line(graded: Grade) -> None:
    report = graded("FROM busybox:1.35\nRUN sleep 9999\nCMD true\n", build_seconds=2.0)
    builds = check(report, "builds")
    assert builds.outcome is CheckOutcome.FAILED
    assert "time limit" in builds.message
    assert builds.line == 2
    assert report.builds[0].limit == "time"
    assert check(report, "greets").outcome is CheckOutcome.SKIPPED


def test_a_step_that_fills_the_disk_fails_by_itself_and_the_space_comes_back(graded: Grade) -> None:
    filling = "FROM busybox:1.35\nRUN dd if=/dev/zero of=/fill bs=1M count=20000\n"
    builds = check(graded(filling, build_seconds=60.0), "builds")
    assert builds.outcome is CheckOutcome.FAILED
    assert builds.line == 2
    assert "disk" in builds.message + builds.hint
    again = graded('FROM busybox:1.35\nRUN dd if=/dev/zero of=/fill bs=1M count=200\nCMD ["true"]\n')
    assert check(again, "builds").outcome is CheckOutcome.PASSED


def test_a_command_that_prints_without_end_is_cut_and_ended(graded: Grade) -> None:
    report = graded('FROM busybox:1.35\nCMD ["yes", "0123456789"]\n', run_seconds=3.0, output_kib=64)
    greets = check(report, "greets")
    assert greets.outcome is CheckOutcome.FAILED
    assert "limit" in greets.message
    assert greets.line == 2
    (container,) = [each for each in report.containers if each.id == "default"]
    assert container.limit in {"output", "time"}
    assert len(container.stdout) <= 64 * 1024


def test_a_command_that_never_ends_is_ended_at_its_limit(graded: Grade) -> None:
    report = graded('FROM busybox:1.35\nCMD ["sleep", "9999"]\n', run_seconds=1.0)
    assert "time limit" in check(report, "ends").message
    assert check(report, "replaceable").outcome is CheckOutcome.PASSED


def test_an_image_that_takes_all_memory_is_ended_and_said_so(graded: Grade) -> None:
    report = graded("FROM busybox:1.35\nCMD x=a; while true; do x=$x$x; done\n", run_seconds=8.0)
    assert "memory limit" in check(report, "ends").message


def test_an_engine_that_lacks_a_base_image_is_no_learners_fault(engine_url: str) -> None:
    from graders.sandbox.base import SandboxUnavailable

    base = {"name": "ghost", "image": "ghost:1"}
    plan = LabPlan.model_validate({**load_plan(LAB).model_dump(mode="json"), "bases": [base]})
    submission = Submission.from_files({"Dockerfile": b"FROM ghost:1\n"})
    with pytest.raises(SandboxUnavailable, match="ghost"):
        grade(plan, submission, DockerSandbox(engine_url), seed=1, job_id="bad")

"""Labs that allow packages: a learner's plain RUN installs one, and a learner who wants more is told what there is."""

from collections.abc import Sequence

import pytest

from graders.archive import Submission
from graders.engine import grade
from graders.plan import Base, parse_plan
from graders.report import CheckResult, Report
from graders.sandbox.base import PackageKind
from graders.sandbox.docker import DockerSandbox
from graders.sandbox.fake import BuildCall, FakeSandbox

BASES = {"python": Base(name="python", image="python:3.11-slim")}
LAB = """
title: Serve a page
points: 1
bases: [python]
allow: {packages: [PACKAGES]}
limits: {build_seconds: 300}
checks:
  - {id: builds, kind: builds, points: 1}
"""


def graded(sandbox: DockerSandbox | FakeSandbox, dockerfile: str, *packages: PackageKind) -> Report:
    plan = parse_plan(LAB.replace("PACKAGES", ", ".join(packages)), file="lab.yaml", bases=BASES)
    submission = Submission.from_files({"Dockerfile": f"FROM python:3.11-slim\n{dockerfile}\n".encode()})
    return grade(plan, submission, sandbox, seed=3, job_id="packages")


def only_check(report: Report) -> CheckResult:
    assert not report.refusals, report.refusals
    (check,) = report.checks
    return check


@pytest.mark.engine
def test_what_a_lab_allows_is_installed_by_a_plain_run(engine_url: str) -> None:
    check = only_check(graded(DockerSandbox(engine_url), "RUN pip install itsdangerous", "pip"))

    assert check.outcome == "passed", check


@pytest.mark.engine
def test_who_wants_more_is_told_what_there_is(engine_url: str) -> None:
    check = only_check(graded(DockerSandbox(engine_url), "RUN apt-get update", "pip"))

    assert check.outcome == "failed"
    assert check.line == 2
    assert "may fetch packages with pip" in check.hint
    assert "Filtered" in check.seen


@pytest.mark.engine
def test_a_lab_that_allows_none_says_that_there_is_no_network(engine_url: str) -> None:
    check = only_check(
        graded(DockerSandbox(engine_url), "RUN apt-get update -o Acquire::Retries=0 2>&1 | tail -n 3; false")
    )

    assert check.outcome == "failed"
    assert "no network here" in check.hint


@pytest.mark.parametrize("packages", [(), ("pip",), ("apt", "npm")])
def test_every_build_gets_what_the_lab_allows_and_no_more(packages: Sequence[PackageKind]) -> None:
    sandbox = FakeSandbox()
    graded(sandbox, "RUN true", *packages)

    builds = [call.asked for call in sandbox.calls if isinstance(call.asked, BuildCall)]
    assert [build.packages for build in builds] == [tuple(packages)]

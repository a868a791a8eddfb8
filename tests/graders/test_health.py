"""Trials of a HEALTHCHECK on a scripted sandbox: when it is broken, what is said of it, and who sees it."""

import json
from dataclasses import replace
from textwrap import dedent
from typing import Any

import pytest

from graders.archive import Submission
from graders.engine import grade
from graders.plan import Base, InvalidPlan, LabPlan, parse_plan
from graders.report import CheckOutcome, CheckResult, Report
from graders.sandbox.base import ContainerSpec, Healthcheck, HealthProbe, ImageFacts, Listener
from graders.sandbox.fake import IMAGE, FakeProgram, FakeSandbox, reply

BASES = {"busybox": Base(name="busybox", image="busybox:1.35")}
GOOD, BAD = (HealthProbe(exit_code=code, output=f"said {code}\n", seconds=0.1) for code in (0, 1))
LATE = HealthProbe(exit_code=-1, output="Health check exceeded timeout (3s)", seconds=3)
SERVER = FakeProgram(
    serves=True, listeners=(Listener(port=80, loopback_only=False),), health="healthy", health_log=(GOOD,) * 5
)


def image(**healthcheck: object) -> ImageFacts:
    declared = Healthcheck(test=("CMD-SHELL", "ask"), **healthcheck)  # type: ignore[arg-type]
    return replace(IMAGE, healthcheck=declared)


def plan_of(
    check: str = "", *, runs: str = "default: {serve: {port: 80}}", more: str = "", within: float = 0.3
) -> LabPlan:
    text = f"""
    title: x
    points: 1
    bases: [busybox]
    runs: {{{runs}}}
    checks:
    - {{id: health, kind: health, points: 1, healthy_within: 0.3, unhealthy_within: {within}{check}}}
    """
    return parse_plan(dedent(text) + more, file="lab.yaml", bases=BASES)


def graded(
    program: FakeProgram, plan: LabPlan | None = None, facts: ImageFacts | None = None
) -> tuple[Report, FakeSandbox]:
    sandbox = FakeSandbox(on_run=lambda spec: program, image=facts or image())
    submission = Submission.from_files({"Dockerfile": b"FROM busybox:1.35\nHEALTHCHECK CMD ask\nCMD serve\n"})
    return grade(plan or plan_of(), submission, sandbox, seed=1, job_id="job"), sandbox


def verdict(program: FakeProgram, plan: LabPlan | None = None, facts: ImageFacts | None = None) -> CheckResult:
    return graded(program, plan, facts)[0].checks[0]


def test_a_healthcheck_that_notices_a_frozen_program_passes() -> None:
    report, sandbox = graded(SERVER)
    assert report.checks[0].outcome is CheckOutcome.PASSED
    assert report.checks[0].message == "It becomes healthy, and unhealthy once its program was frozen."
    assert len(sandbox.asked("freeze")) == 1


def test_one_that_does_not_is_shown_with_what_it_said_last() -> None:
    check = verdict(replace(SERVER, frozen_health="healthy"))
    assert check.outcome is CheckOutcome.FAILED
    assert check.message.startswith("Its HEALTHCHECK still says healthy 0.3 s after its program was frozen. Its last")
    assert '"said 0"' in check.message
    assert (check.line, check.expected) == (2, "unhealthy")


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ({"health": "starting", "health_log": (BAD,)}, 'ended with exit code 1 and printed "said 1".'),
        ({"health": "starting", "health_log": (LATE,)}, 'did not end by itself: "Health check exceeded timeout (3s)"'),
        ({"health": "starting", "health_log": ()}, "was not healthy within 0.3 s. It was not tried once."),
        ({"health_log": (GOOD, BAD, GOOD, BAD, GOOD)}, "was healthy at times only"),
    ],
)
def test_one_that_does_not_become_healthy_is_not_broken(script: dict[str, Any], told: str) -> None:
    report, sandbox = graded(replace(SERVER, **script))
    assert report.checks[0].outcome is CheckOutcome.FAILED
    assert told in report.checks[0].message
    assert not sandbox.asked("freeze")


def test_an_image_without_one_says_so() -> None:
    for facts in (IMAGE, replace(IMAGE, healthcheck=Healthcheck(test=("NONE",)))):
        report, sandbox = graded(replace(SERVER, health="none"), facts=facts)
        assert "declares no HEALTHCHECK" in report.checks[0].message
        assert len(sandbox.asked("health")) == 1


def test_it_is_tried_often_and_each_time_for_no_longer_than_it_asks() -> None:
    patient, hasty = plan_of(within=30), plan_of(within=4)
    for own, given, plan in ((None, 4.0, patient), (30.0, 4.0, patient), (1.0, 1.0, patient), (3.0, 2.0, hasty)):
        facts = image(interval_seconds=3600, timeout_seconds=own, retries=9)
        _, sandbox = graded(SERVER, plan, facts)
        (spec,) = (spec for spec in sandbox.asked("start") if isinstance(spec, ContainerSpec))
        assert spec.healthcheck
        assert (spec.health_pace.interval_seconds, spec.health_pace.retries) == (0.5, 1)
        assert spec.health_pace.timeout_seconds == given


def test_other_runs_have_none() -> None:
    more = "- {id: plain, kind: http, run: other, points: 0}\n"
    _, sandbox = graded(SERVER, plan_of(runs="default: {serve: {port: 80}}, other: {serve: {port: 80}}", more=more))
    specs = [spec for spec in sandbox.asked("start") if isinstance(spec, ContainerSpec)]
    assert [spec.healthcheck for spec in specs] == [True, False]


def test_the_program_is_broken_after_everything_else_was_asked() -> None:
    more = (
        "- {id: page, kind: http, points: 0}\n"
        "- {id: steps, kind: http_sequence, points: 0, steps: [{path: /}], hidden: true}\n"
    )
    report, sandbox = graded(SERVER, plan_of(more=more))
    assert [check.outcome.value for check in report.checks] == ["passed"] * 3
    verbs = [call.verb for call in sandbox.calls if call.verb in {"http", "freeze"}]
    assert verbs == ["http", "http", "freeze"]


def test_a_request_that_is_to_break_it_and_that_nobody_hears_fails() -> None:
    deaf = replace(SERVER, http=lambda _: reply(error="Nothing answers."))
    check = verdict(deaf, plan_of(", breaks: {request: {method: POST, path: /break}}"))
    assert check.message == "POST /break, which is to break it, got no answer: Nothing answers."


def test_a_hidden_trial_leaves_no_trace() -> None:
    plan = plan_of(", hidden: true, breaks: {request: {path: /secret}}", more="- {id: page, kind: http, points: 0}\n")
    report, _ = graded(replace(SERVER, stdout=b"GET /\n"), plan)
    shown = json.dumps(report.for_learner().model_dump(mode="json"))
    assert "secret" not in shown
    assert "unhealthy" not in shown


@pytest.mark.parametrize(
    ("check", "runs", "more", "told"),
    [
        (", run: none", "default: {serve: {port: 80}}", "", "no run `none`"),
        ("", "default: {base: busybox, serve: {port: 80}}", "", "of the lab's own base"),
        ("", "default: {serve: {port: 80}}", "- {id: two, kind: health, points: 0}\n", "tries the run `default` after"),
        ("", "default: {serve: {port: 80}}", "- {id: ends, kind: stops, points: 0}\n", "use two runs"),
        (", breaks: {request: {path: /}}", "default: {serve: {ready: started}}", "", "serves no port"),
        (", healthy_within: 0", "default: {serve: {port: 80}}", "", "`healthy_within`"),
    ],
)
def test_an_author_is_told_what_cannot_be_tried(check: str, runs: str, more: str, told: str) -> None:
    with pytest.raises(InvalidPlan) as caught:
        plan_of(check, runs=runs, more=more)
    assert told in str(caught.value)


STORE = "store: {base: busybox, args: [store], network: inner, serve: {port: 80, wait_seconds: 0.1}}"
BESIDE = f"{STORE}, default: {{network: inner, beside: [store], serve: {{port: 80, wait_seconds: 0.1}}}}"


def test_one_that_does_not_miss_what_its_program_needs_fails() -> None:
    report, sandbox = graded(SERVER, plan_of(", breaks: {stop: store}", runs=BESIDE))
    (check,) = report.checks
    assert check.outcome is CheckOutcome.FAILED
    assert "still says healthy 0.3 s after its program lost what it needs" in check.message
    assert len(sandbox.asked("stop")) == 1
    assert not sandbox.asked("freeze")


def test_one_whose_program_does_not_come_up_is_not_tried() -> None:
    report, sandbox = graded(
        replace(SERVER, listeners=()), plan_of(runs="default: {serve: {port: 80, wait_seconds: 0.1}}")
    )
    assert report.checks[0].message.startswith("Nothing listens on port 80")
    assert not sandbox.asked("freeze")


def test_what_is_only_to_become_healthy_is_left_alone() -> None:
    report, sandbox = graded(SERVER, plan_of(", breaks: null"))
    assert report.checks[0].message == "It becomes healthy."
    assert not sandbox.asked("freeze")

"""Every kind of check against its own samples: right and wrong ones on a real engine, malformed ones when read."""

import pytest
import yaml

from graders.catalogue import SEED, handed_in
from graders.checks.base import Sample
from graders.checks.registry import kinds
from graders.engine import grade
from graders.plan import Base, InvalidPlan, LabPlan, parse_plan
from graders.report import CheckOutcome, CheckResult
from graders.sandbox.docker import DockerSandbox

BASES = {
    "busybox": Base(name="busybox", image="busybox:1.35"),
    "python": Base(name="python", image="python:3.11-slim"),
}


def samples(which: str) -> list[object]:
    return [
        pytest.param(kind, sample, id=f"{kind}: {sample.about}")
        for kind, check in kinds().items()
        for sample in getattr(check.samples, which)
    ]


def plan_of(kind: str, sample: Sample) -> LabPlan:
    check = {"id": "sample", "kind": kind, "points": 1, **sample.check}
    lab = {"title": "Sample", "points": 1, "bases": ["busybox"], **sample.plan, "checks": [check]}
    if kinds()[kind].of_console:
        lab.setdefault("console", {})
    folders = {name: {path: text.encode() for path, text in files.items()} for name, files in sample.folders.items()}
    plan = parse_plan(yaml.safe_dump(lab, sort_keys=False), file="lab.yaml", bases=BASES, folders=folders.get)
    return LabPlan.model_validate(plan.model_dump(mode="json"))  # as the database keeps it


def verdict_on(kind: str, sample: Sample, engine_url: str) -> CheckResult:
    plan = plan_of(kind, sample)
    report = grade(plan, handed_in(plan, sample), DockerSandbox(engine_url), seed=SEED, job_id="sample")
    assert not report.refusals, report.refusals
    (result,) = report.checks
    return result


@pytest.mark.engine
@pytest.mark.parametrize(("kind", "sample"), samples("right"))
def test_a_right_sample_passes(kind: str, sample: Sample, engine_url: str) -> None:
    result = verdict_on(kind, sample, engine_url)
    assert result.outcome is CheckOutcome.PASSED, result
    assert result.points == 1


@pytest.mark.engine
@pytest.mark.parametrize(("kind", "sample"), samples("wrong"))
def test_a_wrong_sample_fails_and_says_why(kind: str, sample: Sample, engine_url: str) -> None:
    result = verdict_on(kind, sample, engine_url)
    assert result.outcome is CheckOutcome.FAILED, result
    assert result.points == 0
    assert sample.says in result.message, result
    if sample.line is not None:
        assert result.line == sample.line, result


@pytest.mark.parametrize(("kind", "sample"), samples("malformed"))
def test_a_malformed_sample_is_refused_in_the_authors_words(kind: str, sample: Sample) -> None:
    with pytest.raises(InvalidPlan) as caught:
        plan_of(kind, sample)
    assert sample.says in str(caught.value)
    assert all(problem.line > 1 for problem in caught.value.problems)


@pytest.mark.parametrize("kind", list(kinds()))
def test_each_kind_brings_samples_of_each_sort(kind: str) -> None:
    check = kinds()[kind]
    assert check.samples.right
    assert check.samples.wrong
    assert check.samples.malformed
    assert all(sample.says for sample in (*check.samples.wrong, *check.samples.malformed))

"""Builds that are made again: what they take over, what must hold of them, and what is built when."""

import io
import tarfile

import pytest

from graders.archive import Submission
from graders.engine import grade
from graders.plan import Base, InvalidPlan, LabPlan, parse_plan
from graders.report import CheckOutcome, Report
from graders.sandbox.base import BuildResult
from graders.sandbox.fake import BuildCall, FakeSandbox, steps

LAB = """
title: Edit
points: 1
bases: [busybox]
values: {{edit: nonce}}
builds:
  first: {{dockerfile: app/Dockerfile, target: last, args: {{A: 1, B: 2}}, files: {{a.txt: given, b.txt: given}}}}
  again: {again}
checks: [{{id: a, kind: cache_reuse, build: again, rebuilt: [COPY a.txt], points: 1}}]
"""
CHANGE = "{rebuild_of: first, change: {a.txt: '{edit}'}, append: {c.txt: '{edit}'}, args: {B: 3}}"
DOCKERFILE = b"FROM busybox:1.35 AS last\nCOPY a.txt /\n"


def plan(again: str = CHANGE) -> LabPlan:
    return parse_plan(
        LAB.format(again=again),
        file="lab.yaml",
        bases={"busybox": Base(name="busybox", image="busybox:1.35")},
    )


def graded(sandbox: FakeSandbox) -> Report:
    files = {"Dockerfile": b"FROM busybox:1.35\n", "app/Dockerfile": DOCKERFILE, "c.txt": b"mine\n"}
    return grade(plan(), Submission.from_files(files), sandbox, seed=1, job_id="x")


def files_of(call: BuildCall) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(call.context)) as tar:
        return {member.name: content.read() for member in tar if (content := tar.extractfile(member)) is not None}


def test_the_second_build_differs_by_what_was_changed_and_may_reuse_steps() -> None:
    calls: list[BuildCall] = []

    def note(call: BuildCall) -> None:
        calls.append(call)

    report = graded(FakeSandbox(on_build=note))
    first, again = calls
    edit = report.values["edit"].encode()
    assert (first.use_cache, again.use_cache) == (False, True)
    assert (again.dockerfile, again.target) == (first.dockerfile, first.target) == ("app/Dockerfile", "last")
    assert dict(first.build_args) == {"A": "1", "B": "2"}
    assert dict(again.build_args) == {"A": "1", "B": "3"}
    before, after = files_of(first), files_of(again)
    assert after == {**before, "a.txt": edit, "c.txt": b"mine\n" + edit}


def test_a_first_build_that_fails_is_not_tried_again() -> None:
    def fail(call: BuildCall) -> BuildResult:
        return steps("[1/2] FROM busybox:1.35", "[2/2] COPY a.txt /", failed=1)

    sandbox = FakeSandbox(on_build=fail)
    report = graded(sandbox)
    assert len(sandbox.asked("build")) == 1
    assert report.checks[0].message.endswith("could not be built.")
    assert report.checks[0].outcome is CheckOutcome.SKIPPED


@pytest.mark.parametrize(
    ("again", "words"),
    [
        ("{rebuild_of: frst, change: {a: b}}", "no build `frst`. Did you mean `first`?"),
        ("{rebuild_of: again, change: {a: b}}", "is a rebuild itself"),
        ("{rebuild_of: first, change: {app/Dockerfile: b}}", "is the learner's Dockerfile"),
        ("{rebuild_of: first, change: {a: b}, append: {a: b}}", "`a` is under `change` as well"),
        ("{rebuild_of: first, change: {a: b}, target: x}", "`target` is taken over from the build `first`"),
        ("{rebuild_of: first}", "needs something that differs"),
        ("{append: {a: b}}", "`append` is for a build that says what it is the `rebuild_of`"),
        ("{}", "The build `again` is made once"),
    ],
)
def test_a_rebuild_that_makes_no_sense_is_refused_at_its_place(again: str, words: str) -> None:
    with pytest.raises(InvalidPlan) as caught:
        plan(again)
    assert words in str(caught.value)
    assert all(problem.line > 1 for problem in caught.value.problems)

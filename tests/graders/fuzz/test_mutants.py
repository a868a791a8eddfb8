"""Two thousand mutated Dockerfiles and archives, two hundred of them on a real engine: none crashes the grader."""

from functools import cache

import pytest
from mutants import Mutant, mutants
from sandboxes import BUSYBOX

from graders.archive import Submission, SubmissionRefused
from graders.dockerfile.dialect import Dialect
from graders.dockerfile.model import Dockerfile
from graders.dockerfile.policy import Policy, examine
from graders.engine import grade
from graders.plan import Base, LabPlan, parse_plan
from graders.report import CheckOutcome, Outcome, Report
from graders.sandbox.docker import DockerSandbox

SEED = 7
MUTANTS = 2_000
ON_THE_ENGINE = 200
LOTS = 4
"""Each is a test of its own."""
DIALECTS = (Dialect(), Dialect.of_engine("28.0"))
EVERYTHING = Policy(
    allowed_bases=frozenset({BUSYBOX}),
    allow_add_url=True,
    allow_onbuild=True,
    allow_mounts=frozenset({"bind", "cache", "secret", "tmpfs"}),
)
PLAN = """
title: Withstand
points: 3
bases: [busybox]
limits: {build_seconds: 20}
allow: {onbuild: true, mounts: [bind, cache, tmpfs]}
checks:
  - {id: builds, kind: builds, points: 1}
  - {id: command, kind: instruction, instruction: CMD, form: exec, points: 1}
  - {id: port, kind: image_config, exposed_ports: [8000], points: 1}
"""


def taken(mutant: Mutant) -> Submission | None:
    """The submission that a mutant is, None for one that is refused; nothing else may come of it."""
    try:
        match mutant.kind:
            case "dockerfile":
                return Submission.from_tar(Submission.from_files({"Dockerfile": mutant.data, "a": b"1"}).tar())
            case "tar":
                return Submission.from_tar(mutant.data)
            case "zip":
                return Submission.from_zip(mutant.data)
    except SubmissionRefused as raised:
        refused = raised
    assert refused.code
    assert refused.message.isprintable(), (mutant.number, refused.message)
    return None


def examined(mutant: Mutant, text: bytes, policy: Policy, dialect: Dialect) -> bool:
    """Whether the Dockerfile may be built."""
    dockerfile, refusals = examine(text, policy, dialect)
    for refusal in refusals:
        assert refusal.message.isprintable(), (mutant.number, refusal.message)
        assert refusal.line is None or 1 <= refusal.line <= text.count(b"\n") + 1, mutant.number
    if dockerfile is not None:
        assert_whole(dockerfile, text)
    return not refusals


def assert_whole(dockerfile: Dockerfile, text: bytes) -> None:
    assert "".join(piece.source for piece in dockerfile.pieces).encode() == text
    for instruction in dockerfile.instructions:
        assert 1 <= instruction.line <= instruction.end_line


@cache
def buildable() -> tuple[tuple[Mutant, Submission], ...]:
    """Mutants that reach the engine, each unlike the others."""
    policy = plan().policy()
    found: dict[str, tuple[Mutant, Submission]] = {}
    for mutant in mutants(MUTANTS, seed=SEED):
        submission = taken(mutant)
        if submission is None or "Dockerfile" not in submission.files:
            continue
        if examined(mutant, submission.files["Dockerfile"], policy, Dialect()):
            found.setdefault(submission.digest, (mutant, submission))
    return tuple(found.values())[:ON_THE_ENGINE]


def plan() -> LabPlan:
    return parse_plan(PLAN, file="lab.yaml", bases={"busybox": Base(name="busybox", image=BUSYBOX)})


def test_mutants_are_read_or_refused_by_archive_parser_and_policy() -> None:
    refused = built = 0
    for mutant in mutants(MUTANTS, seed=SEED):
        submission = taken(mutant)
        if submission is None:
            refused += 1
            continue
        text = submission.files.get("Dockerfile", b"")
        verdicts = [examined(mutant, text, EVERYTHING, dialect) for dialect in DIALECTS]
        built += all(verdicts)
    assert refused > 200  # otherwise the mutants try nothing
    assert built > 200


def test_the_same_seed_makes_the_same_mutants() -> None:
    assert list(mutants(40, seed=1)) == list(mutants(40, seed=1))
    assert list(mutants(40, seed=1)) != list(mutants(40, seed=2))


@pytest.mark.engine
@pytest.mark.parametrize("lot", range(LOTS))
def test_mutants_that_reach_the_engine_end_in_a_report(engine_url: str, lot: int) -> None:
    assert len(buildable()) == ON_THE_ENGINE
    sandbox = DockerSandbox(engine_url)
    reports = [graded(sandbox, mutant, submission) for mutant, submission in buildable()[lot::LOTS]]
    assert {report.outcome for report in reports} == {Outcome.GRADED}
    assert {outcome(report, "builds") for report in reports} == {CheckOutcome.PASSED, CheckOutcome.FAILED}


def graded(sandbox: DockerSandbox, mutant: Mutant, submission: Submission) -> Report:
    report = grade(plan(), submission, sandbox, seed=mutant.number, job_id=f"mutant-{mutant.number}")
    assert not [check for check in report.checks if "not your fault" in check.message], mutant.number
    assert Report.model_validate_json(report.model_dump_json()) == report
    return report


def outcome(report: Report, check: str) -> CheckOutcome:
    return next(result.outcome for result in report.checks if result.id == check)

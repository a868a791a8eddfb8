"""Proves a lab by its solutions: the reference gets every point, each wrong one fails exactly the checks that it names.

A check that no wrong solution fails has never been seen to fail, and is reported.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, ValidationError

from graders.archive import Caps, Submission, SubmissionRefused
from graders.attached import EXPECT_FILE, SOLUTIONS, STARTER
from graders.authored import Document, InvalidFile, Problem, did_you_mean, read_yaml
from graders.console_plan import COMMANDS_FILE
from graders.engine import grade
from graders.handin import assemble
from graders.plan import LAB_FILE, InvalidPlan, LabPlan, load_plan
from graders.report import CheckOutcome, Outcome, Report
from graders.sandbox.base import Sandbox
from graders.spec import Identifier, Points, Spec, Text, problems_of
from graders.values import draw, fill
from graders.visible import listed, quoted

REFERENCE = "reference"


class Expectation(Spec):
    """What an expect.yaml says of the solution beside it."""

    about: Text = Field(min_length=1)
    score: Points
    fails: tuple[Identifier, ...] = ()
    """Ids of exactly the checks that fail; what is skipped because of them is not named."""


@dataclass(frozen=True)
class Solution:
    """A solution of a lab, read but not graded. `expected` is None for the reference."""

    name: str
    folder: Path
    files: Submission
    expected: Expectation | None
    document: Document | None


@dataclass(frozen=True)
class Verified:
    """A solution that was graded, and what is not as it was said to be."""

    solution: Solution
    report: Report
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Verification:
    """All solutions of a lab. `never_failed` are checks with points that no wrong solution fails."""

    plan: LabPlan
    solutions: tuple[Verified, ...]
    never_failed: tuple[str, ...]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that is not as it was said to be."""
        return tuple(problem for verified in self.solutions for problem in verified.problems)


def read_starter(lab_dir: Path) -> dict[str, bytes]:
    """The starter files of a lab. Raises InvalidPlan."""
    folder = lab_dir / STARTER
    return dict(_read_folder(folder).files) if folder.is_dir() else {}


def read_solutions(lab_dir: Path, plan: LabPlan) -> list[Solution]:
    """Every solution of the lab, the reference first, each with the lab's own files beside it. Raises InvalidPlan."""
    starter = read_starter(lab_dir)
    folder = lab_dir / SOLUTIONS
    names = sorted(each.name for each in folder.iterdir() if each.is_dir()) if folder.is_dir() else []
    if REFERENCE not in names:
        message = f"The lab has no {SOLUTIONS}/{REFERENCE}: a solution that gets every point."
        raise InvalidPlan([Problem(str(lab_dir / LAB_FILE), 1, 1, message)])
    ordered = [REFERENCE, *(name for name in names if name != REFERENCE)]
    solutions, problems = [], []
    for name in ordered:
        try:
            solutions.append(_read_one(folder / name, plan, starter))
        except InvalidFile as error:
            problems += error.problems
    if problems:
        raise InvalidPlan(problems)
    return solutions


def read_solution(folder: Path, lab_dir: Path) -> Submission | None:
    """What is handed in by one of the lab's own solutions, without its expect.yaml; None for any other folder."""
    if folder.resolve().parent != (lab_dir / SOLUTIONS).resolve():
        return None
    files = dict(Submission.from_directory(folder).files)
    files.pop(EXPECT_FILE, None)
    return Submission.from_files(files)


def with_values(files: Submission, plan: LabPlan, *, seed: int) -> Submission:
    """A solution of a lab of commands with the values in it that `seed` draws: what a learner who has them would type.

    Other labs' solutions, and the other files of this one's, are what they are.
    """
    commands = files.files.get(COMMANDS_FILE)
    if plan.console is None or commands is None:
        return files
    try:
        text = commands.decode()
    except UnicodeDecodeError:
        return files  # grading says on which line
    filled = str(fill(text, draw(plan.values, seed=seed)))
    return Submission.from_files({**files.files, COMMANDS_FILE: filled.encode()})


def verify_solutions(
    lab_dir: Path, sandbox: Sandbox, *, seed: int = 1, on_verified: Callable[[Verified], None] | None = None
) -> Verification:
    """Grade every solution of the lab and compare. Raises InvalidPlan, and SandboxUnavailable from the engine."""
    plan = load_plan(lab_dir)
    verified = []
    for solution in read_solutions(lab_dir, plan):
        job_id = f"verify-{lab_dir.name}-{solution.name}"
        report = grade(plan, with_values(solution.files, plan, seed=seed), sandbox, seed=seed, job_id=job_id)
        verified.append(Verified(solution, report, tuple(_differences(solution, report))))
        if on_verified is not None:
            on_verified(verified[-1])
    failed = {check for one in verified if one.solution.expected is not None for check in _failed(one.report)}
    never = tuple(check.id for check in plan.checks if check.points and check.id not in failed)
    return Verification(plan, tuple(verified), never)


def _read_folder(folder: Path) -> Submission:
    try:
        return Submission.from_directory(folder)
    except SubmissionRefused as refused:
        raise InvalidPlan([Problem(str(folder), 1, 1, refused.message)]) from None


def _read_one(folder: Path, plan: LabPlan, starter: dict[str, bytes]) -> Solution:
    files = dict(_read_folder(folder).files)
    text = files.pop(EXPECT_FILE, None)
    expected, document = None, None
    if folder.name != REFERENCE:
        if text is None:
            message = f"A wrong solution says in {EXPECT_FILE} what it scores and which checks it fails."
            raise InvalidPlan([Problem(str(folder), 1, 1, message)])
        document = read_yaml(text, file=str(folder / EXPECT_FILE))
        expected = _read_expectation(document, plan)
    try:
        handed_in = Submission.from_files(files, caps=Caps.up_to(plan.submission.max_mib))
        complete = assemble(handed_in, plan=plan, starter=starter)
    except SubmissionRefused as refused:
        raise InvalidPlan([Problem(str(folder), 1, 1, refused.message)]) from None
    return Solution(folder.name, folder, complete, expected, document)


def _read_expectation(document: Document, plan: LabPlan) -> Expectation:
    try:
        expected = Expectation.model_validate(document.value)
    except ValidationError as error:
        raise InvalidPlan(problems_of(error, document, Expectation)) from None
    known = {check.id for check in plan.checks}
    unknown = [
        document.problem(("fails", position), f"The lab has no check `{check}`. {did_you_mean(check, known)}")
        for position, check in enumerate(expected.fails)
        if check not in known
    ]
    if unknown:
        raise InvalidPlan(unknown)
    return expected


def _failed(report: Report) -> list[str]:
    return [check.id for check in report.checks if check.outcome is CheckOutcome.FAILED]


def _differences(solution: Solution, report: Report) -> Iterator[Problem]:
    expected, document = solution.expected, solution.document
    broken = next((line for line in report.commands if line.hidden and line.exit_code), None)
    if broken is not None:
        words = (broken.stderr or broken.stdout).strip()
        message = f"`prepare` fails at {quoted(broken.text)}, with exit code {broken.exit_code}: {quoted(words)}."
        yield Problem(str(solution.folder.parent.parent / LAB_FILE), 1, 1, message)
    elif report.outcome is Outcome.REFUSED:
        reasons = " ".join(refusal.message for refusal in report.refusals)
        yield Problem(str(solution.folder), 1, 1, f"The solution {solution.name} is refused: {reasons}")
    elif expected is None or document is None:
        for check in report.checks:
            if check.outcome is not CheckOutcome.PASSED:
                message = f"The reference does not pass `{check.id}`: {check.message}"
                yield Problem(str(solution.folder), 1, 1, message)
    else:
        failed = _failed(report)
        told = {check.id: check.message for check in report.checks}
        for check_id in failed:
            if check_id not in expected.fails:
                yield document.problem(("fails",), f"It fails `{check_id}` too: {told[check_id]}")
        passed = [check_id for check_id in expected.fails if check_id not in failed]
        if passed:
            yield document.problem(("fails",), f"It does not fail {listed([f'`{check_id}`' for check_id in passed])}.")
        if float(expected.score) != report.score:
            yield document.problem(("score",), f"It scores {report.score:g}, not {float(expected.score):g}.")

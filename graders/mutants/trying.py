"""Grades the mutants of a lab's reference: one that still gets every point shows what no check notices."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from graders.authored import Problem
from graders.engine import grade
from graders.mutants.making import mutants_of
from graders.mutants.mutant import Mutant
from graders.mutants.survivors import read_survivors
from graders.plan import load_plan
from graders.report import CheckOutcome, Outcome, Report
from graders.sandbox.base import Sandbox
from graders.solutions import read_solutions, with_values


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A mutant that was graded. `noticed_by` are the checks that it fails, or `policy` where it was refused."""

    mutant: Mutant
    noticed_by: tuple[str, ...]
    why: str = ""
    """The author's explanation of a survivor."""

    @property
    def survived(self) -> bool:
        """Whether it got every point."""
        return not self.noticed_by


@dataclass(frozen=True, kw_only=True)
class Mutated:
    """All mutants of a lab. `problems` are explanations that explain nothing."""

    tried: tuple[Tried, ...]
    problems: tuple[Problem, ...]

    @property
    def noticed(self) -> int:
        """How many do not survive."""
        return sum(not each.survived for each in self.tried)

    @property
    def survivors(self) -> tuple[Tried, ...]:
        """Those that get every point, explained or not."""
        return tuple(each for each in self.tried if each.survived)

    @property
    def unexplained(self) -> tuple[Tried, ...]:
        """The survivors of which the author says nothing."""
        return tuple(each for each in self.survivors if not each.why)


def try_mutants(
    lab_dir: Path, sandbox: Sandbox, *, seed: int = 1, on_tried: Callable[[Tried], None] | None = None
) -> Mutated:
    """Grade every mutant of the lab's reference. Raises InvalidPlan, and SandboxUnavailable from the engine.

    The share that is noticed is the lab's mutation score (DeMillo, Lipton, Sayward 1978); explained survivors count as
    survivors.
    """
    plan = load_plan(lab_dir)
    explained = read_survivors(lab_dir)
    reference = read_solutions(lab_dir, plan)[0].files
    tried = []
    for number, mutant in enumerate(mutants_of(reference, plan)):
        job_id = f"mutant-{lab_dir.name}-{number}"
        report = grade(plan, with_values(mutant.files, plan, seed=seed), sandbox, seed=seed, job_id=job_id)
        tried.append(Tried(mutant=mutant, noticed_by=_noticed_by(report), why=explained.reasons.get(mutant.change, "")))
        if on_tried is not None:
            on_tried(tried[-1])
    made = [each.mutant.change for each in tried]
    survived = [each.mutant.change for each in tried if each.survived]
    return Mutated(tried=tuple(tried), problems=tuple(explained.problems(made=made, survived=survived)))


def _noticed_by(report: Report) -> tuple[str, ...]:
    if report.outcome is Outcome.REFUSED:
        return ("policy",)
    return tuple(check.id for check in report.checks if check.outcome is not CheckOutcome.PASSED)

"""Grades what a pack's labs ship, and mutants of their references, on sandbox engines; says what is not as declared."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from authoring.pack_tree import unsafe
from authoring.packs import LabFiles, Pack
from authoring.side_by_side import side_by_side
from graders.authored import InvalidFile, Problem
from graders.mutants.survivors import read_survivors
from graders.mutants.trying import Mutated, try_mutants
from graders.plan import LabPlan, load_plan
from graders.sandbox.base import Sandbox
from graders.solutions import Verification, read_solutions, verify_solutions

_UNEXPLAINED = "NOT EXPLAINED: let a check notice it, or say in mutants.yaml why none needs to."


@dataclass(frozen=True, kw_only=True)
class CheckedLab:
    """A lab whose solutions were graded, and, where asked for, mutants of its reference."""

    name: str
    verification: Verification
    mutated: Mutated | None
    seconds: float

    @property
    def faults(self) -> tuple[str, ...]:
        """Everything that is not as it must be, in words."""
        problems = [str(problem) for problem in self.verification.problems]
        never = [
            f"No wrong solution fails the check `{check}`: nothing shows that it can fail."
            for check in self.verification.never_failed
        ]
        stale = [str(problem) for problem in self.mutated.problems] if self.mutated else []
        return (*problems, *never, *stale)


def unreadable(pack: Pack) -> list[Problem]:
    """What is wrong in the files that only checking reads: the labs' solutions, and what is said of survivors."""
    return [problem for lab in pack.labs.values() for problem in _unreadable(lab.folder, lab.plan)]


def unreadable_beside(folder: Path) -> list[Problem]:
    """The same of a pack that cannot be loaded, so that all is told at once: of those of its labs that can be read."""
    problems: list[Problem] = []
    if any(unsafe(folder)):
        return problems
    for lab in sorted((folder / "labs").glob("*/")):
        try:
            plan = load_plan(lab)
        except InvalidFile:
            continue
        problems += _unreadable(lab, plan)
    return problems


def _unreadable(lab: Path, plan: LabPlan) -> Iterator[Problem]:
    for read in (lambda: read_survivors(lab), lambda: read_solutions(lab, plan)):
        try:
            read()
        except InvalidFile as error:
            yield from error.problems


def check_labs(
    pack: Pack,
    *,
    sandboxes: Sequence[Sandbox],
    tell: Callable[[str], object],
    jobs: int = 1,
    mutants: bool = True,
    only: str | None = None,
) -> list[CheckedLab]:
    """Grade every solution of every lab (or of the one named) and its mutants, `jobs` labs at once on each engine.

    Tells of each lab as it is done. Raises SandboxUnavailable when an engine cannot be used, and InvalidPlan for what
    `unreadable` would have named.
    """
    wanted = [(name, lab) for name, lab in pack.labs.items() if only in (None, name)]

    def check(named: tuple[str, LabFiles], sandbox: Sandbox) -> CheckedLab:
        name, lab = named
        began = time.monotonic()
        verification = verify_solutions(lab.folder, sandbox)
        mutated = try_mutants(lab.folder, sandbox) if mutants and not verification.problems else None
        return CheckedLab(name=name, verification=verification, mutated=mutated, seconds=time.monotonic() - began)

    def tell_one(checked: CheckedLab, done: int) -> None:
        tell(f"[{done} of {len(wanted)}] {_line(checked)} ({checked.seconds:.0f} s)")
        for fault in checked.faults:
            tell(f"    {fault}")

    return side_by_side(wanted, sandboxes=sandboxes, jobs=jobs, do=check, on_done=tell_one)


def _line(checked: CheckedLab) -> str:
    solutions = checked.verification.solutions
    wrong = sum(bool(each.problems) for each in solutions)
    verdict = f"{wrong} NOT as declared" if wrong else "as declared"
    mutated = checked.mutated
    mutants = f"; {mutated.noticed} of {len(mutated.tried)} mutants noticed" if mutated else ""
    return f"{checked.name}: {len(solutions)} solutions {verdict}{mutants}"


def mutation_score(checked: Sequence[CheckedLab]) -> float:
    """The share of mutants that are noticed, over all labs; 1 where there are none."""
    tried = sum(len(each.mutated.tried) for each in checked if each.mutated)
    return sum(each.mutated.noticed for each in checked if each.mutated) / tried if tried else 1.0


def summary(checked: Sequence[CheckedLab]) -> Iterator[str]:
    """A table of the labs, and below it each mutant that survives, with its explanation where there is one."""
    wide = max([len("lab"), *(len(each.name) for each in checked)])
    yield ""
    yield f"{'lab':<{wide}}  solutions  as declared  mutants  noticed  explained"
    for each in checked:
        solutions = each.verification.solutions
        right = sum(not one.problems for one in solutions)
        yield f"{each.name:<{wide}}  {len(solutions):>9}  {right:>11}  {_counts(each.mutated)}"
    for each in checked:
        if each.mutated and each.mutated.survivors:
            yield ""
            yield f"{each.name}: mutants that get every point"
            for tried in each.mutated.survivors:
                yield f"  {tried.mutant.change}"
                yield f"    {tried.why or _UNEXPLAINED}"


def _counts(mutated: Mutated | None) -> str:
    if mutated is None:
        return f"{'-':>7}  {'-':>7}  {'-':>9}"
    explained = len(mutated.survivors) - len(mutated.unexplained)
    return f"{len(mutated.tried):>7}  {mutated.noticed:>7}  {explained:>9}"

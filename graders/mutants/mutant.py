"""What a mutant is: a reference solution with one small change, which a lab's checks ought to notice."""

from dataclasses import dataclass

from graders.archive import Submission


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A reference with one change.

    `change` names it in words that stay the same when lines move, such as `leave out: USER 1000`: a lab's list of
    explained survivors goes by it. `line` is where the file was changed.
    """

    operator: str
    file: str
    line: int
    change: str
    files: Submission


def told_apart(mutants: list[Mutant]) -> list[Mutant]:
    """The mutants, each with a `change` of its own: the second of two that read alike ends in `(2)`."""
    seen: dict[str, int] = {}
    apart = []
    for mutant in mutants:
        seen[mutant.change] = number = seen.get(mutant.change, 0) + 1
        change = mutant.change if number == 1 else f"{mutant.change} ({number})"
        apart.append(
            Mutant(operator=mutant.operator, file=mutant.file, line=mutant.line, change=change, files=mutant.files)
        )
    return apart

"""Reads a lab's mutants.yaml: the survivors that its author knows of, and why each does no harm."""

from collections.abc import Iterable
from pathlib import Path

from pydantic import Field, RootModel, ValidationError

from graders.authored import Document, Problem, did_you_mean, read_yaml
from graders.plan import InvalidPlan
from graders.spec import Spec, Text, problems_of

SURVIVORS_FILE = "mutants.yaml"


class Survivor(Spec):
    """One mutant that no check notices."""

    mutant: Text = Field(min_length=1)
    """Its change, as `course check` prints it."""
    why: Text = Field(min_length=10)
    """Why nothing needs to notice it."""


class Survivors(RootModel[tuple[Survivor, ...]]):
    """A whole mutants.yaml."""


class Explained:
    """The explanations of a lab, by the change of the mutant."""

    def __init__(self, document: Document | None, survivors: Iterable[Survivor]) -> None:
        self._document = document
        self.reasons = {survivor.mutant: survivor.why for survivor in survivors}

    def problems(self, *, made: Iterable[str], survived: Iterable[str]) -> list[Problem]:
        """Explanations of mutants that are not made, or that do not survive."""
        made, survived = list(made), set(survived)
        found = []
        for place, change in enumerate(self.reasons):
            if self._document is None or change in survived:
                continue
            message = f"`{change}` does not survive: leave the explanation out."
            if change not in made:
                message = f"The reference has no mutant `{change}`. {did_you_mean(change, made)}"
            found.append(self._document.problem((place, "mutant"), message))
        return found


def read_survivors(lab_dir: Path) -> Explained:
    """The explanations of the lab in this folder; none without the file. Raises InvalidPlan."""
    file = lab_dir / SURVIVORS_FILE
    if not file.is_file():
        return Explained(None, ())
    document = read_yaml(file.read_bytes(), file=str(file))
    try:
        survivors = Survivors.model_validate(document.value).root
    except ValidationError as error:
        raise InvalidPlan(problems_of(error, document, Survivors)) from None
    twice = [
        document.problem((place, "mutant"), f"`{survivor.mutant}` is explained twice.")
        for place, survivor in enumerate(survivors)
        if survivor.mutant in {earlier.mutant for earlier in survivors[:place]}
    ]
    if twice:
        raise InvalidPlan(twice)
    return Explained(document, survivors)

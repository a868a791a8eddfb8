"""Makes the mutants of a lab's reference: of its Dockerfiles, its ignore files and its commands."""

from collections.abc import Iterator

from graders.archive import Submission
from graders.console_plan import COMMANDS_FILE
from graders.dockerfile.errors import DockerfileError
from graders.dockerfile.parser import parse
from graders.mutants.commands import edits_of_commands
from graders.mutants.edits import Edit
from graders.mutants.mutant import Mutant, told_apart
from graders.mutants.operators import OPERATORS
from graders.plan import LabPlan


def mutants_of(reference: Submission, plan: LabPlan) -> list[Mutant]:
    """Every mutant of the reference, in the order of its files and of the operators. Two that are the same are one."""
    made: dict[tuple[str, str], Mutant] = {}
    for file in sorted(reference.files):
        if not plan.submission.is_editable(file):
            continue
        text = reference.files[file].decode(errors="replace")
        for operator, edit in _edits(file, text, of_commands=plan.console is not None):
            if edit.text != text:
                files = Submission.from_files(
                    {**reference.files, file: edit.text.encode()}, executable=reference.executable
                )
                mutant = Mutant(operator=operator, file=file, line=edit.line, change=edit.change, files=files)
                made.setdefault((file, edit.text), mutant)
    return told_apart(list(made.values()))


def _edits(file: str, text: str, *, of_commands: bool) -> Iterator[tuple[str, Edit]]:
    name = file.rpartition("/")[2]
    if file == COMMANDS_FILE and of_commands:
        yield from (("commands", edit) for edit in edits_of_commands(text))
    elif name == "Dockerfile" or name.endswith(".Dockerfile"):
        try:
            dockerfile = parse(text)
        except DockerfileError:
            return  # it is no reference; grading it says what is wrong
        for operator, make in OPERATORS.items():
            yield from ((operator, edit) for edit in make(dockerfile))
    elif name.endswith(".dockerignore"):
        yield from (("ignore", edit) for edit in _edits_of_ignore_file(text))


def _edits_of_ignore_file(text: str) -> Iterator[Edit]:
    """Each pattern is left out."""
    lines = text.splitlines(keepends=True)
    for place, line in enumerate(lines):
        pattern = line.strip()
        if pattern and not pattern.startswith("#"):
            yield Edit(place + 1, f"ignore no {pattern}", "".join([*lines[:place], *lines[place + 1 :]]))

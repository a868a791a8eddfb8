"""Files of the lab itself that grading needs beside what was handed in: a solution to compare with, a checker to run.

A plan that is stored carries them along (`LabPlan.attached`), so that a submission is graded by what the lab held when
it was published. Folders are named as in the lab: `solutions/reference`, `starter`, `checker`.
"""

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator

from graders.archive import Submission, SubmissionRefused
from graders.authored import Place, Problem
from graders.spec import InsidePath

if TYPE_CHECKING:
    from graders.plan import LabPlan

STARTER, SOLUTIONS = "starter", "solutions"
EXPECT_FILE = "expect.yaml"
"""What a wrong solution says of itself; no part of it."""
_MOST_BYTES = 2 * 1024 * 1024


def _base64(value: str) -> str:
    try:
        base64.b64decode(value, validate=True)
    except binascii.Error:
        raise ValueError("must be base64") from None
    return value


Attached = dict[InsidePath, dict[InsidePath, Annotated[str, AfterValidator(_base64)]]]
"""Folder -> path in it -> content in base64."""

ReadFolder = Callable[[str], Mapping[str, bytes] | None]
"""Reads a folder of the lab by its name; None when there is none."""


class BadFolder(Exception):
    """A folder of the lab cannot be attached; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def reader(lab_dir: Path) -> ReadFolder:
    """Reads the folders of the lab at `lab_dir`; what cannot be read raises BadFolder."""

    def read(name: str) -> Mapping[str, bytes] | None:
        folder = lab_dir / name
        if not folder.is_dir():
            return None
        try:
            return Submission.from_directory(folder).files
        except SubmissionRefused as refused:
            raise BadFolder(Problem(str(folder), 1, 1, refused.message)) from None

    return read


def nothing(name: str) -> None:
    """Reads no folder: for plans that stand alone."""
    del name


def attach(plan: "LabPlan", read: ReadFolder) -> tuple["LabPlan", list[tuple[Place, str]]]:
    """The plan with every folder that it needs, and what is wrong with them, each with its place in the plan."""
    attached: dict[str, dict[str, str]] = {}
    problems: list[tuple[Place, str]] = []
    total = 0
    for place, name, needed in _wanted(plan):
        files = read(name)
        if not files:
            if needed:
                problems.append((place, f"The lab has no folder `{name}` with files in it."))
            continue
        if name not in attached:
            total += sum(map(len, files.values()))
            attached[name] = {path: base64.b64encode(content).decode() for path, content in files.items()}
        if total > _MOST_BYTES:
            message = f"With `{name}`, what the lab brings itself is over {_MOST_BYTES // 2**20} MiB; make it smaller."
            problems.append((place, message))
            break
    return plan.model_copy(update={"attached": attached}), problems


def _wanted(plan: "LabPlan") -> Iterator[tuple[Place, str, bool]]:
    """The folders to attach: place in the plan, name, and whether it must be there."""
    for name, build in plan.builds.items():
        if build.solution is not None:
            yield ("builds", name, "solution"), f"{SOLUTIONS}/{build.solution}", True
            yield ("builds", name, "solution"), STARTER, False
    for position, check in enumerate(plan.checks):
        for folder in check.folders():
            yield ("checks", position, "folder"), folder, True


def files_of(attached: Attached, folder: str) -> dict[str, bytes]:
    """The files of one attached folder, by their path in it."""
    return {path: base64.b64decode(content) for path, content in attached.get(folder, {}).items()}


def solution_of(attached: Attached, name: str) -> Submission:
    """One of the lab's solutions as it would be handed in: the starter's files, its own in their place."""
    files = {**files_of(attached, STARTER), **files_of(attached, f"{SOLUTIONS}/{name}")}
    files.pop(EXPECT_FILE, None)
    return Submission.from_files(files)

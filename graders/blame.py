"""Finds the Dockerfile line to blame: by a build step, by a row of the image's history, or by what took effect."""

import re
from collections.abc import Iterator, Mapping, Sequence

from graders.dockerfile.errors import ExpansionError
from graders.dockerfile.expansion import expand, global_scope
from graders.dockerfile.model import Dockerfile, Instruction, Stage
from graders.dockerfile.policy import SCRATCH
from graders.sandbox.base import HistoryEntry

_STEP = re.compile(r"\[(?:(?P<stage>[^\s\]]+)\s+)?(?P<number>\d+)/\d+\]\s+(?P<keyword>[A-Za-z]+)")
_UNNAMED_STAGE = re.compile(r"stage-(\d+)")
_MAKE_STEPS = frozenset({"FROM", "RUN", "COPY", "ADD", "WORKDIR"})
"""Instructions that BuildKit carries out as steps; the others only change the image's configuration."""
_ONLY_DECLARE = frozenset({"FROM", "ONBUILD"})
"""Instructions that leave no row in the image's history."""


def target_stage(dockerfile: Dockerfile, target: str = "") -> Stage:
    """The stage that becomes the image."""
    if target:
        named = dockerfile.stage_named(target)
        if named is not None:
            return named
        if target.isascii() and target.isdigit() and int(target) < len(dockerfile.stages):
            return dockerfile.stages[int(target)]
    return dockerfile.final


def lineage(dockerfile: Dockerfile, target: str = "") -> tuple[Stage, ...]:
    """The stages that the image stands on, the deepest first, ending with the image's own."""
    stages = [target_stage(dockerfile, target)]
    while True:
        first = stages[0]
        name = _base_of(dockerfile, first, {})
        below = next((stage for stage in dockerfile.stages[: first.index] if stage.name == name), None)
        if below is None:
            return tuple(stages)
        stages.insert(0, below)


def _base_of(dockerfile: Dockerfile, stage: Stage, args: Mapping[str, str]) -> str:
    try:
        return expand(stage.base, global_scope(dockerfile, args), escape=dockerfile.escape).text
    except ExpansionError:
        return ""


def in_effect(dockerfile: Dockerfile, keyword: str, target: str = "") -> Instruction | None:
    """The last instruction of this keyword on the way to the image: for CMD and its like, the one that counts."""
    if keyword == "FROM":
        return lineage(dockerfile, target)[-1].opening
    found = [each for stage in lineage(dockerfile, target) for each in stage.instructions if each.keyword == keyword]
    return found[-1] if found else None


def line_in_effect(dockerfile: Dockerfile, *keywords: str, target: str = "") -> int | None:
    """The line of the first of these keywords that is in effect."""
    for keyword in keywords:
        found = in_effect(dockerfile, keyword, target)
        if found is not None:
            return found.line
    return None


def line_that_sets(dockerfile: Dockerfile, keyword: str, name: str, target: str = "") -> int | None:
    """The line of the last instruction on the way to the image that gives this name a value: an ENV, a LABEL."""
    stages = lineage(dockerfile, target)
    found = [each for stage in stages for each in stage.instructions if each.keyword == keyword]
    return next((each.line for each in reversed(found) if name in dict(each.pairs)), None)


def root_base(dockerfile: Dockerfile, target: str = "", args: Mapping[str, str] | None = None) -> str:
    """The reference of the base image at the bottom, empty for `scratch` and where it cannot be worked out."""
    base = _base_of(dockerfile, lineage(dockerfile, target)[0], args or {})
    return "" if base == SCRATCH else base


def bases(dockerfile: Dockerfile, args: Mapping[str, str] | None = None) -> list[str]:
    """The references of every base image that a FROM names, in the order of the stages."""
    return list(dict.fromkeys(base for _, base in stages_from_images(dockerfile, args)))


def stages_from_images(dockerfile: Dockerfile, args: Mapping[str, str] | None = None) -> list[tuple[Stage, str]]:
    """The stages that start from an image, each with its reference."""
    names: set[str | None] = {SCRATCH, ""}
    found: list[tuple[Stage, str]] = []
    for stage in dockerfile.stages:
        base = _base_of(dockerfile, stage, args or {})
        if base not in names:
            found.append((stage, base))
        names.add(stage.name)
    return found


def line_of_step(dockerfile: Dockerfile, name: str) -> int | None:
    """The line of a build step by its name, such as `[builder 2/3] RUN make`."""
    found = _STEP.match(name)
    if found is None:
        return None
    stage = _stage_of_step(dockerfile, found["stage"])
    if stage is None:
        return None
    carried_out = [each for each in stage.instructions if each.keyword in _MAKE_STEPS]
    if not _continues(dockerfile, stage):
        carried_out.insert(0, stage.opening)
    position = int(found["number"]) - 1
    if position < len(carried_out) and carried_out[position].keyword == found["keyword"].upper():
        return carried_out[position].line
    return None


def _continues(dockerfile: Dockerfile, stage: Stage) -> bool:
    """Whether a stage stands on `scratch` or on another stage: the engine counts no step for its FROM then."""
    base = _base_of(dockerfile, stage, {})
    return base == SCRATCH or any(below.name == base.lower() for below in dockerfile.stages[: stage.index])


def _stage_of_step(dockerfile: Dockerfile, name: str | None) -> Stage | None:
    if name is None:
        return dockerfile.stages[0] if len(dockerfile.stages) == 1 else None
    named = dockerfile.stage_named(name)
    if named is not None:
        return named
    number = _UNNAMED_STAGE.fullmatch(name)
    if number and int(number[1]) < len(dockerfile.stages):
        return dockerfile.stages[int(number[1])]
    return None


def lines_of_history(dockerfile: Dockerfile, history: Sequence[HistoryEntry], target: str = "") -> list[int | None]:
    """The line of each row of an image's history, oldest first; None for the base's rows and where it is uncertain."""
    written = [
        each
        for stage in lineage(dockerfile, target)
        for each in stage.instructions
        if each.keyword not in _ONLY_DECLARE
    ]
    lines: list[int | None] = [None] * len(history)
    for position, instruction in zip(range(len(history) - 1, -1, -1), reversed(written), strict=False):
        if instruction.keyword not in _keywords_of(history[position].created_by):
            break
        lines[position] = instruction.line
    return lines


def _keywords_of(created_by: str) -> Iterator[str]:
    """BuildKit writes `COPY a b # buildkit`, the classic builder `/bin/sh -c #(nop) COPY …`, or a bare command."""
    text = created_by.strip()
    if text.startswith("/bin/sh -c #(nop)"):
        text = text.removeprefix("/bin/sh -c #(nop)").strip()
    elif not text.partition(" ")[0].isupper():
        yield "RUN"
    yield text.partition(" ")[0].upper()

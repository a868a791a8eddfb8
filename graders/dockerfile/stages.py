"""From a row of instructions to build stages: each FROM opens one, and only ARG may stand before the first."""

from dataclasses import replace

from graders.dockerfile.errors import DockerfileError
from graders.dockerfile.instructions import READERS, unknown_instruction
from graders.dockerfile.model import Instruction, Stage


def into_stages(instructions: tuple[Instruction, ...]) -> tuple[tuple[Instruction, ...], tuple[Stage, ...]]:
    """The instructions, each with the index of its stage, and the stages. Raises DockerfileError if there is none."""
    placed: list[Instruction] = []
    inside: list[list[Instruction]] = []
    for each in instructions:
        if each.keyword == "FROM":
            inside.append([])
        elif not inside and each.keyword not in READERS:
            message = f"Line {each.line}: {unknown_instruction(each.spelling)}"
            raise DockerfileError("unknown-instruction", each.line, message)
        elif not inside and each.keyword != "ARG":
            message = f"Line {each.line}: {each.spelling[:40]} comes before the first FROM; only ARG may stand there."
            raise DockerfileError("before-from", each.line, message)
        stage = len(inside) - 1 if inside else None
        instruction = replace(
            each, stage=stage, nested=replace(each.nested, stage=stage) if each.nested is not None else None
        )
        placed.append(instruction)
        if inside:
            inside[-1].append(instruction)
    if not inside:
        raise DockerfileError("no-from", None, "The Dockerfile has no FROM line: name the image that it builds on.")
    stages = tuple(_stage(index, body) for index, body in enumerate(inside))
    return tuple(placed), stages


def _stage_name(opening: Instruction) -> str | None:
    _, *named = opening.words  # nothing, or AS and the name
    return named[-1].lower() if named else None


def _stage(index: int, body: list[Instruction]) -> Stage:
    opening = body[0]
    return Stage(index, _stage_name(opening), opening.words[0], opening.line, opening, tuple(body[1:]))

"""Puts the engine's names of a session's own images into its Dockerfiles: the builder finds images by those alone.

Only FROM and COPY --from can name an image. Line numbers stay as they are, so that every message still fits the file.
"""

import re
from collections.abc import Iterator, Mapping

from graders.commands.model import CommandRefused
from graders.commands.state import FoundImage, SessionState
from graders.dockerfile.errors import ExpansionError
from graders.dockerfile.expansion import expand, expand_words, global_scope, scopes
from graders.dockerfile.model import Dockerfile, Instruction, Stage
from graders.dockerfile.references import Reference

_ONE_PORT = re.compile(r"[0-9]{1,5}(?:/[a-z]+)?")
_NOTHING = "scratch"
_STAGE_NUMBER = re.compile(r"[+-]?[0-9]+")


def with_engine_names(dockerfile: Dockerfile, state: SessionState, build_arguments: Mapping[str, str]) -> str:
    """The Dockerfile's text with every own image under its name on the engine.

    The policy has found nothing against it. Raises CommandRefused for a line in which the name cannot be found.
    """
    changed: dict[int, str] = {}
    for stage in dockerfile.stages:
        if engine := _own(state, base_of(dockerfile, stage, build_arguments)):
            changed[stage.opening.line] = _opening(stage.opening, engine)
    for step in _copies(dockerfile):
        source = step.flag("from") or ""
        engine = _own(state, source)
        if engine and not _STAGE_NUMBER.fullmatch(source) and dockerfile.stage_named(source) is None:
            changed[step.line] = _copying(step, source, engine)
    return "".join(
        changed.get(piece.line, piece.source) if piece.kind == "instruction" else piece.source
        for piece in dockerfile.pieces
    )


def own_bases(dockerfile: Dockerfile, state: SessionState, build_arguments: Mapping[str, str]) -> dict[str, FoundImage]:
    """The session's own images that stages begin with, by the word that names them, variables filled in."""
    words = {base_of(dockerfile, stage, build_arguments) for stage in dockerfile.stages}
    found = {word: state.image(word) for word in sorted(words) if _own(state, word)}
    return {word: image for word, image in found.items() if image is not None}


def ensure_plain_ports(
    dockerfile: Dockerfile, build_arguments: Mapping[str, str], environments: Mapping[str, Mapping[str, str]]
) -> None:
    """Refuse an EXPOSE that an own image's variables could make many ports of; `environments` are theirs, by word.

    The policy counts ports, but takes the variables of a base for none. Raises CommandRefused.
    """
    for step, scope in scopes(
        dockerfile, build_arguments=build_arguments, base_environment=lambda base: environments.get(base, {})
    ):
        if step.keyword != "EXPOSE":
            continue
        for word in step.words:
            if "$" in word and not _is_one_port(word, scope, dockerfile.escape):
                raise CommandRefused(
                    f"Line {step.line}: EXPOSE {word[:60]} is not for certain one port; write the ports out.",
                    code="dockerfile-refused",
                )


def base_of(dockerfile: Dockerfile, stage: Stage, build_arguments: Mapping[str, str]) -> str:
    """The image that a stage begins with, variables filled in; empty for an earlier stage."""
    try:
        base = expand(stage.base, global_scope(dockerfile, build_arguments), escape=dockerfile.escape).text
    except ExpansionError:
        return ""
    return "" if any(each.name == base for each in dockerfile.stages[: stage.index]) else base


def parent_of(dockerfile: Dockerfile, state: SessionState, build_arguments: Mapping[str, str], target: str) -> str:
    """Id of the image that the built one begins with, where it is known; stages below it are gone through."""
    stages = dockerfile.stages
    stage = dockerfile.stage_named(target) if target else dockerfile.final
    if stage is None and target.isdecimal() and int(target[:9]) < len(stages):
        stage = stages[int(target[:9])]
    while stage is not None:
        if base := base_of(dockerfile, stage, build_arguments):
            found = state.image(base) if base != _NOTHING else None
            return found.id if found is not None else ""
        at, name = stage.index, stage.base
        stage = next((each for each in stages[:at] if each.name == name), None)
    return ""


def _is_one_port(word: str, scope: Mapping[str, str | None], escape: str) -> bool:
    try:
        unknown = expand(word, scope, escape=escape).unknown
        ports = expand_words(word, scope, escape=escape)
    except ExpansionError:
        return False
    return not unknown and len(ports) == 1 and _ONE_PORT.fullmatch(ports[0]) is not None


def _own(state: SessionState, image: str) -> str:
    """An own image's name on the engine; empty for what is none of the session's, and for `scratch`, which is nothing.

    Docker lets an image be called so, and still begins with nothing.
    """
    if image == _NOTHING:
        return ""
    reference = Reference.parse(image)
    return state.references.get(str(reference), "") if reference is not None else ""


def _copies(dockerfile: Dockerfile) -> Iterator[Instruction]:
    return (step for step in dockerfile.instructions if step.keyword == "COPY" and step.flag("from"))


def _opening(step: Instruction, engine: str) -> str:
    _, *named = step.words
    return " ".join([step.spelling, *map(str, step.flags), engine, *named]) + _ends(step.source)


def _copying(step: Instruction, source: str, engine: str) -> str:
    flag = f"--from={source}"
    if step.source.count(flag) != 1:
        raise CommandRefused(
            f"Line {step.line}: which part of it names your image {source[:80]} cannot be told for certain. Write"
            f" {flag[:90]} once, on one line, or begin a stage with it (FROM {source[:80]} AS files) and copy from"
            " that.",
            code="dockerfile-refused",
        )
    return step.source.replace(flag, f"--from={engine}")


def _ends(source: str) -> str:
    """The line ends of what stood there, so that the lines after it keep their numbers."""
    return "\n" * source.count("\n")

"""Sees what proofs ask of builds: whether and where they fail, and what their images hold."""

import json
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from graders.actions import Build
from graders.blame import line_of_step, root_base
from graders.causes import engine_words, without_places
from graders.dockerfile.model import Dockerfile
from graders.image.contents import Search
from graders.proofs.shows import Asked, Value
from graders.proofs.trouble import CannotTell
from graders.sandbox.base import BuildResult, FileFacts, FileKind, ImageFacts, Job, StepState
from graders.visible import visible

_MB = 1_000_000


def facts_of_build(
    asked: Sequence[Asked], job: Job, result: BuildResult, *, dockerfile: Dockerfile, build: Build
) -> dict[str, Value]:
    """What was asked of a build, by key; None for what only an image could tell, where there is none."""
    seen = {one.key: _of_result(one.fact, result, dockerfile) for one in asked if one.fact in _OF_RESULT}
    rest = [one for one in asked if one.fact not in _OF_RESULT]
    if not result.ok or not rest:
        return {**seen, **{one.key: None for one in rest}}
    image = job.image(result.image_id)
    paths = sorted({one.path for one in rest if one.path})
    files = job.image_files(result.image_id, paths) if paths else {}
    held = _texts_in(job, result.image_id, {one.text for one in rest if one.fact == "holds"})
    for one in rest:
        if one.path:
            seen[one.key] = fact_of_file(one.fact, files.get(one.path))
        elif one.fact == "holds":
            seen[one.key] = one.text in held
        elif one.fact == "added_mb":
            base = root_base(dockerfile, build.target, build.args)
            seen[one.key] = (image.size_bytes - (job.image(base).size_bytes if base else 0)) / _MB
        else:
            seen[one.key] = OF_IMAGE[one.fact](image)
    return seen


_OF_RESULT = frozenset({"works", "line", "log", "error", "reused"})


def _of_result(fact: str, result: BuildResult, dockerfile: Dockerfile) -> Value:
    step = result.steps[result.failed_step] if result.failed_step is not None else None
    match fact:
        case "works":
            return result.ok
        case "line":
            return None if step is None else line_of_step(dockerfile, step.name)
        case "log":
            return visible(without_places("".join(each.log for each in result.steps)))
        case "reused":
            return sum(each.state is StepState.CACHED for each in result.steps)
        case _:
            return visible(engine_words(without_places(result.error)))


def _texts_in(job: Job, image_id: str, texts: set[str]) -> set[str]:
    """Those of the texts that are in a layer of the image, or in what it says of itself."""
    if not texts:
        return set()
    found = job.layers(image_id, search=Search(texts=frozenset(texts)))
    if found.limit:
        raise CannotTell(f"The image could not be looked through: {found.limit}")
    return {find.text for layer in found.layers for find in layer.finds} | {find.text for find in found.config_finds}


def fact_of_file(fact: str, file: FileFacts | None) -> Value:
    """Whether a path exists, or its content; None where it is no regular file."""
    if fact == "exists":
        return file is not None
    return None if file is None or file.kind is not FileKind.FILE else visible(file.content)


OF_IMAGE: dict[str, Callable[[ImageFacts], Value]] = {
    "exists": lambda image: True,
    "size_mb": lambda image: image.size_bytes / _MB,
    "layers": lambda image: len(image.layer_ids),
    "workdir": lambda image: str(PurePosixPath(image.workdir or "/")),
    "user": lambda image: visible(image.user),
    "cmd": lambda image: _as_json(image.cmd),
    "entrypoint": lambda image: _as_json(image.entrypoint),
    "env": lambda image: visible("\n".join(f"{name}={value}" for name, value in image.env.items())),
    "ports": lambda image: visible("\n".join(image.exposed_ports)),
    "volumes": lambda image: visible("\n".join(image.volumes)),
    "history": lambda image: visible("\n".join(row.created_by for row in image.history)),
}
"""What an image says of itself."""


def _as_json(words: Sequence[str] | None) -> str:
    return visible(json.dumps(list(words or ()), ensure_ascii=False))

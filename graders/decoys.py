"""What must hold of decoys, the files that lie beside a submission and must not reach the image."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from graders.authored import Place
from graders.context import IGNORE_FILE
from graders.image.needles import SHORTEST
from graders.spec import templates_in
from graders.values import Values

if TYPE_CHECKING:
    from graders.actions import Build
    from graders.plan import LabPlan

_UNMISTAKABLE = ("hex", "nonce", "sentence")
"""Kinds of drawn values that are not in an image by chance."""


def decoys_of(builds: Mapping[str, "Build"], values: Values) -> dict[str, dict[str, tuple[str, ...]]]:
    """The decoys of each build: path, and the drawn values that its text is made of."""
    return {
        name: {path: _drawn_in(text, values) for path, text in build.decoys.items()}
        for name, build in builds.items()
        if build.decoys
    }


def _drawn_in(text: str, values: Values) -> tuple[str, ...]:
    named = dict.fromkeys(name for _, name in templates_in(text))
    return tuple(values[name] for name in named if len(values.get(name, "")) >= SHORTEST)


def asked_decoy_faults(place: Place, asked: Iterable[str], plan: "LabPlan") -> Iterator[tuple[Place, str]]:
    """Builds whose decoys a check looks for, and that have none."""
    for name in sorted(asked):
        if name in plan.builds and not plan.builds[name].decoys:
            yield place, f'The build `{name}` has no decoys to look for; give it `decoys: {{notes.txt: "{{secret}}"}}`.'


def decoy_faults(plan: "LabPlan") -> Iterator[tuple[Place, str]]:
    """What is wrong with the decoys of a plan, each with its place and a whole sentence."""
    for name, build in plan.builds.items():
        elsewhere = {value for _, value in templates_in([build.files, build.args, build.target])}
        for path, text in build.decoys.items():
            place: Place = ("builds", name, "decoys", path)
            yield from ((place, sentence) for sentence in _faults(plan, build, path, text, elsewhere))


def _faults(plan: "LabPlan", build: "Build", path: str, text: str, elsewhere: set[str]) -> Iterator[str]:
    if path == build.dockerfile or path.rpartition("/")[2].endswith(IGNORE_FILE):
        yield f"`{path}` is read by the builder; it cannot be a decoy."
    if path in build.files:
        yield f"`{path}` is under `files` as well; it is either wanted in the image or not."
    drawn = [value for _, value in templates_in(text) if value in plan.values]
    if not any(plan.values[value].kind in _UNMISTAKABLE for value in drawn):
        yield (
            f"The decoy `{path}` needs a drawn value of the kind nonce, hex or sentence in its text: "
            "it is found again by that, whatever it is called then."
        )
    yield from (
        f"The value `{value}` of the decoy `{path}` is used in this build's files or arguments, too, "
        "so it would be found without the decoy."
        for value in drawn
        if value in elsewhere
    )

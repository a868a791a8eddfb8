"""A build that is made again after something was changed, to see which steps are reused: a build with `rebuild_of`."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from graders.actions import Build
from graders.authored import Place, did_you_mean

if TYPE_CHECKING:
    from graders.plan import LabPlan

_TAKEN_OVER = ("dockerfile", "solution", "target", "files", "decoys", "secrets")


def completed(builds: Mapping[str, Build]) -> dict[str, Build]:
    """The builds, each with `rebuild_of` filled up by what it takes over from the build that it names."""
    return {
        name: _after(builds[build.rebuild_of], build) if build.rebuild_of and build.rebuild_of in builds else build
        for name, build in builds.items()
    }


def _after(first: Build, again: Build) -> Build:
    taken = {field: getattr(first, field) for field in _TAKEN_OVER}
    taken["args"] = {**first.args, **again.args}
    taken["files"] = {**first.files, **again.change}
    return again.model_copy(update=taken)


def with_first(names: Iterable[str], builds: Mapping[str, Build]) -> set[str]:
    """These builds, and those that they are made again after."""
    wanted = set(names)
    return wanted | {build.rebuild_of for name in wanted if (build := builds.get(name)) and build.rebuild_of}


def rebuild_faults(plan: "LabPlan") -> Iterator[tuple[Place, str]]:
    """What is wrong with the rebuilds of a plan, each with its place and a whole sentence."""
    for name, build in plan.builds.items():
        place: Place = ("builds", name)
        if build.rebuild_of is None:
            for field in sorted({"change", "append"} & build.said()):
                yield (*place, field), f"`{field}` is for a build that says what it is the `rebuild_of`."
        else:
            yield from (((*place, *where), sentence) for where, sentence in _faults(plan, build))


def _faults(plan: "LabPlan", build: Build) -> Iterator[tuple[Place, str]]:
    first = plan.builds.get(build.rebuild_of or "")
    if first is None:
        near = did_you_mean(build.rebuild_of or "", plan.builds)
        yield ("rebuild_of",), f"There is no build `{build.rebuild_of}`. {near}"
        return
    if first.rebuild_of is not None:
        yield ("rebuild_of",), f"The build `{build.rebuild_of}` is a rebuild itself; name the first one."
    for field in sorted(set(_TAKEN_OVER) & build.said()):
        yield (field,), f"`{field}` is taken over from the build `{build.rebuild_of}`; leave it out."
    if not (build.change or build.append or build.args):
        yield ("rebuild_of",), "A rebuild needs something that differs: `change`, `append` or `args`."
    for path in sorted({*build.change, *build.append}):
        field = "change" if path in build.change else "append"
        if path == first.dockerfile:
            yield (field, path), f"`{path}` is the learner's Dockerfile; a rebuild is of the same one."
    for path in sorted(set(build.change) & set(build.append)):
        yield ("append", path), f"`{path}` is under `change` as well."


def asked_rebuild_faults(place: Place, asked: Iterable[str], plan: "LabPlan") -> Iterator[tuple[Place, str]]:
    """Builds that a check takes for rebuilds, and that are none."""
    for name in sorted(asked):
        if name in plan.builds and plan.builds[name].rebuild_of is None:
            yield (
                (*place, "build"),
                f"The build `{name}` is made once; name one with `rebuild_of: {name}` and a `change`.",
            )

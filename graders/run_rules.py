"""What must hold of one run of a plan: what stands where in its container, how it ends, and what can be seen of it."""

from collections.abc import Iterable, Iterator, Mapping

from graders.actions import Run
from graders.authored import Place, did_you_mean
from graders.checks.patterns import read_pattern
from graders.observations import Pair, Wants
from graders.sandbox.base import MountKind

Found = Iterator[tuple[Place, str]]

_IN_MEMORY = ("/proc", "/sys", "/dev")
_GIVE_SERVE = "give it `serve`, such as `serve: {ready: started}` or `serve: {ready: {log: PATTERN}}`"


def about_run(place: Place, name: str, run: Run, bases: list[str]) -> Found:
    """Contradictions of the run itself; `bases` are the names of the lab's."""
    yield from _serving(place, run)
    yield from _mounted(place, run)
    if run.base is not None and run.base not in bases:
        yield (*place, "base"), f"This lab has no base `{run.base}`. {did_you_mean(run.base, bases)}"
    if run.stop is not None and run.serve is None:
        yield (*place, "stop"), f"The run `{name}` ends by itself; to have something to stop, {_GIVE_SERVE}."
    if run.user is not None and not run.user.strip():
        yield (*place, "user"), "`user` must not be empty; leave it out for the image's own."
    if run.entrypoint is not None and not any(run.entrypoint):
        yield (*place, "entrypoint"), "`entrypoint` must name a program; leave it out for the image's own."


def about_wants(place: Place, name: str, run: Run, wants: Wants) -> Found:
    """Contradictions between a run and what a check wants of it."""
    if wants.ended and run.serve is not None and run.stop is None:
        yield (
            place,
            (
                f"The run `{name}` serves until it is killed, so it has no exit code of its own; with "
                "`stop: {within_seconds: 5}` it ends by its stop signal."
            ),
        )
    if run.serve is None and name in wants.lasting | wants.stops | wants.memory:
        yield place, f"The run `{name}` ends by itself; to see something of it while it is up, {_GIVE_SERVE}."
    if run.base is not None and name in wants.own_user | wants.written | wants.stops:
        yield place, f"The run `{name}` is of the lab's own base `{run.base}`, not of what is handed in."
    if name in wants.own_user and run.user is not None:
        yield place, f"The run `{name}` sets a user, so it does not show whom the image runs as."
    if name in wants.own_user and run.base is None and run.build not in wants.images:
        yield (*place[:-1], "build"), f"The run `{name}` is of the build `{run.build}`; say so in `build`."
    if name in wants.mounted:
        yield from _about_mount(place, name, run, *wants.mounted[name])
    for other, path in sorted(wants.run_files):
        inside = [where for where in (*run.tmpfs, *_IN_MEMORY) if f"{path}/".startswith(f"{where}/")]
        if other == name and inside:
            yield place, f"{path} is in memory ({inside[0]}), and gone when the container has ended."


def _about_mount(place: Place, name: str, run: Run, path: str, kind: MountKind) -> Found:
    """An image can ask for a volume without a name; all else, only the run can put there."""
    fields: dict[MountKind, tuple[str, Iterable[str]]] = {
        MountKind.VOLUME: ("volumes", run.volumes),
        MountKind.ANONYMOUS: ("anonymous", run.anonymous),
        MountKind.FOLDER: ("folders", run.folders),
        MountKind.TMPFS: ("tmpfs", run.tmpfs),
    }
    field, paths = fields[kind]
    if path in paths:
        return
    if path in run.mounted():
        yield (*place[:-1], "path"), f"The run `{name}` puts something else at {path}, under another field."
    elif kind is not MountKind.ANONYMOUS:
        yield (*place[:-1], "path"), f"No image can have this at {path}; the run `{name}` must, under its `{field}`."


def about_pair(place: Place, pair: Pair, runs: Mapping[str, Run], before: set[str]) -> Found:
    """Contradictions between two runs that are compared; `before` are the runs that the second one comes after."""
    if pair.first not in runs or pair.then not in runs:
        return
    first, then = runs[pair.first], runs[pair.then]
    if pair.first == pair.then:
        yield (*place, "again"), f"The run `{pair.first}` cannot come after itself."
    elif pair.first not in before:
        yield (
            (*place, "again"),
            f"The run `{pair.then}` must come after `{pair.first}`: give it `after: [{pair.first}]`.",
        )
    if first.of_build != then.of_build:
        yield (*place, "again"), f"The runs `{pair.first}` and `{pair.then}` are not of one image."
    stores = [_volume_at(pair.path, first), _volume_at(pair.path, then)]
    shared = stores[0] is not None and stores[0] == stores[1]
    if pair.kept is True and not shared:
        yield (
            (*place, "path"),
            (
                f"{pair.path} is in no volume that both `{pair.first}` and `{pair.then}` have; "
                "give both the same one under `volumes`."
            ),
        )
    if pair.kept is False and shared:
        yield (
            (*place, "path"),
            f"{pair.path} is in the volume `{stores[0]}`, which both `{pair.first}` and `{pair.then}` have.",
        )


def _volume_at(path: str, run: Run) -> str | None:
    """The name of the volume that a path of this run is in."""
    above = [where for where in run.mounted() if f"{path}/".startswith(f"{where}/")]
    return run.volumes.get(max(above, key=len)) if above else None


def _serving(place: Place, run: Run) -> Found:
    if run.serve is None or not run.serve.ready.log:
        return
    try:
        read_pattern(run.serve.ready.log)
    except ValueError as error:
        yield (*place, "serve", "ready", "log"), f"`log` {error}."


def _mounted(place: Place, run: Run) -> Found:
    for field, paths in (
        ("volumes", run.volumes),
        ("anonymous", run.anonymous),
        ("folders", run.folders),
        ("tmpfs", run.tmpfs),
    ):
        for path in paths:
            if path == "/":
                yield (*place, field), "Nothing can take the place of the whole file system."
            elif path == "/etc" or path.startswith("/etc/"):
                yield (*place, field), f"Nothing can be mounted at {path}: the engine looks up users in /etc."
            elif run.mounted().count(path) > 1:
                yield (*place, field), f"Two things are to stand at {path}; a path takes one."
    for path, files in run.folders.items():
        for file in files:
            if any(other.startswith(f"{file}/") for other in files):
                yield (*place, "folders", path, file), f"`{file}` cannot be a file and a folder."

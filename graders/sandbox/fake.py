"""A scripted sandbox, where the engine is not the point: nothing is built, nothing runs.

Everything has a friendly default (builds succeed, containers exit with 0, servers answer 200), every answer
can be scripted by a plain function, every call is recorded in `calls`, and `break_on` makes a verb raise
SandboxUnavailable.

    sandbox = FakeSandbox(on_run=lambda spec: FakeProgram(stdout=b"hello\n"))
    sandbox.break_on("build", times=2)
    with sandbox.job("a") as job: ...
"""

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from graders.commands.end_state import EndState, EndWants, Line
from graders.commands.model import Carried
from graders.commands.rules import ConsoleRules
from graders.image.contents import ImageLayers, LayerContents, Search
from graders.sandbox.base import (
    DEFAULT_BUILD_LIMITS,
    BuildEvent,
    BuildLimits,
    BuildResult,
    BuildStep,
    Commands,
    Container,
    ContainerSpec,
    EngineInfo,
    FileFacts,
    FileKind,
    HealthProbe,
    HistoryEntry,
    HttpReply,
    HttpRequest,
    ImageFacts,
    Job,
    Limit,
    Listener,
    MountFacts,
    MountKind,
    PackageKind,
    Process,
    RunResult,
    Sandbox,
    SandboxUnavailable,
    StepState,
)

IMAGE = ImageFacts(
    image_id="sha256:fake",
    size_bytes=2_000_000,
    entrypoint=None,
    cmd=("sh",),
    env={"PATH": "/bin"},
    workdir="",
    user="",
    exposed_ports=(),
    volumes=(),
    labels={},
    stop_signal="",
    shell=None,
    healthcheck=None,
    history=(HistoryEntry(created_by="COPY / /", size_bytes=2_000_000, empty_layer=False),),
    layer_ids=("sha256:layer",),
)
"""An image as good as any; `replace(IMAGE, user="app")` makes another."""


@dataclass(frozen=True, kw_only=True)
class BuildCall:
    """What a build was asked for."""

    job_id: str
    number: int
    """1 for the job's first build."""
    context: bytes
    dockerfile: str
    target: str
    build_args: Mapping[str, str]
    secrets: Mapping[str, bytes] | None
    packages: tuple[PackageKind, ...]
    use_cache: bool
    limits: BuildLimits


@dataclass(frozen=True, kw_only=True)
class FakeProgram:
    """What a container of the fake does.

    `serves` keeps it running until it is stopped or killed; otherwise it has ended at once.
    """

    exit_code: int | None = 0
    stdout: bytes = b""
    stderr: bytes = b""
    seconds: float = 0.01
    limit: Limit | None = None
    stdout_cut: bool = False
    stderr_cut: bool = False
    start_error: str = ""
    again_error: str = ""
    """Why it does not start a second time."""
    serves: bool = False
    stops: bool = True
    """Whether it ends by its stop signal, or has to be killed."""
    processes: tuple[Process, ...] = (Process(pid=1, uid=0, command=("app",)),)
    listeners: tuple[Listener, ...] = ()
    health: str = "none"
    frozen_health: str = "unhealthy"
    """What its health is once it has been frozen."""
    health_log: tuple[HealthProbe, ...] = ()
    changes: tuple[str, ...] = ()
    memory_peak: int | None = 8 * 1024 * 1024
    files: Mapping[str, FileFacts | bytes] = field(default_factory=dict)
    http: Callable[[HttpRequest], HttpReply] | Mapping[str, HttpReply] | None = None
    """By function, or by path; a path that is missing answers 404."""
    exec: Callable[[Sequence[str]], RunResult] | None = None

    def result(self) -> RunResult:
        """Its ending, as the sandbox reports it."""
        return RunResult(
            exit_code=self.exit_code,
            stdout=self.stdout,
            stderr=self.stderr,
            seconds=self.seconds,
            limit=self.limit,
            stdout_cut=self.stdout_cut,
            stderr_cut=self.stderr_cut,
            start_error=self.start_error,
        )


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of the sandbox: the verb is the method's name, `asked` its main argument."""

    job_id: str
    verb: str
    asked: object = None


def reply(
    body: bytes = b"", *, status: int | None = 200, headers: Mapping[str, str] | None = None, error: str = ""
) -> HttpReply:
    """Make a reply for a scripted server."""
    return HttpReply(
        status=None if error else status, headers=dict(headers or {}), body=body, seconds=0.001, error=error
    )


def steps(
    *names: str,
    log: str = "",
    failed: int | None = None,
    exit_code: int = 1,
) -> BuildResult:
    """Make a build result out of step names; `failed` (0-based) is the step that fails with `exit_code`."""
    named = names or ("[1/1] FROM busybox",)
    error = ""
    made = []
    for position, name in enumerate(named):
        state = StepState.DONE
        if failed is not None and position == failed:
            state = StepState.FAILED
            error = f"process did not complete successfully: exit code: {exit_code}"
        elif failed is not None and position > failed:
            state = StepState.NOT_REACHED
        made.append(
            BuildStep(
                index=position + 1,
                total=len(named),
                name=name,
                state=state,
                seconds=0.01 if state is not StepState.NOT_REACHED else 0.0,
                log=log if position == (failed if failed is not None else len(named) - 1) else "",
                error=error if state is StepState.FAILED else "",
            )
        )
    return BuildResult(
        image_id="" if failed is not None else IMAGE.image_id,
        steps=tuple(made),
        log=log,
        seconds=0.01 * len(named),
        error=error,
        failed_step=failed,
        exit_code=exit_code if failed is not None else None,
    )


class FakeSandbox(Sandbox):
    """A `Sandbox` of plain Python. Safe to share between threads.

    Args:
        on_build: answers a build with a BuildResult, an ImageFacts (a success with it), or None (default).
        on_run: answers a container's spec with a FakeProgram, or None for the default one.
        image: facts of images that `on_build` says nothing of, and of base images.
        files: what `image_files` finds, by path: bytes for a regular file.
        layers: what `layers` finds, in every image.
        on_line: answers a line of docker commands, None as if it had printed nothing.
        end: what is there when lines have been carried out, whatever they were; the journal is put in.
    """

    def __init__(
        self,
        *,
        on_build: Callable[[BuildCall], BuildResult | ImageFacts | None] | None = None,
        on_run: Callable[[ContainerSpec], FakeProgram | None] | None = None,
        image: ImageFacts = IMAGE,
        files: Mapping[str, FileFacts | bytes] | None = None,
        layers: ImageLayers | None = None,
        on_line: Callable[[str], Carried | None] | None = None,
        end: EndState | None = None,
        heredocs: bool = False,
        name: str = "fake",
    ) -> None:
        self.on_build = on_build
        self.on_run = on_run
        self.default_image = image
        self.files = dict(files or {})
        self.layers = layers or ImageLayers(layers=(LayerContents(),), rows=(0,))
        self.on_line = on_line
        self.end = end or EndState()
        self.heredocs = heredocs
        self.name = name
        self.calls: list[Call] = []
        self.open_jobs: set[str] = set()
        self._broken: dict[str, tuple[int | None, str]] = {}
        self._lock = threading.Lock()

    def break_on(self, verb: str, *, times: int | None = None, message: str = "the engine is down") -> None:
        """Make `verb` (a method's name, or `*`) raise SandboxUnavailable, `times` times or until `mend`."""
        with self._lock:
            self._broken[verb] = (times, message)

    def mend(self) -> None:
        """Undo every `break_on`."""
        with self._lock:
            self._broken.clear()

    def asked(self, verb: str) -> list[object]:
        """What `verb` was called with, in order."""
        with self._lock:
            return [call.asked for call in self.calls if call.verb == verb]

    def info(self) -> EngineInfo:
        """Say who it is."""
        self.record("", "info")
        return EngineInfo(name=self.name, version="0-fake", api_version="0", heredocs=self.heredocs)

    @contextmanager
    def job(self, job_id: str) -> Iterator["FakeJob"]:
        """Open a job; a job that was left open under this id is forgotten."""
        self.record(job_id, "job")
        with self._lock:
            self.open_jobs.add(job_id)
        try:
            yield FakeJob(self, job_id)
        finally:
            with self._lock:
                self.open_jobs.discard(job_id)

    def sweep(self, *, keep: Iterable[str] = (), unless_clean: bool = False) -> int:
        """Forget jobs left open, except those named; returns how many. With `unless_clean` it always is: none."""
        kept = set(keep)
        self.record("", "sweep", kept)
        if unless_clean:
            return 0
        with self._lock:
            left = self.open_jobs - kept
            self.open_jobs &= kept
        return len(left)

    def record(self, job_id: str, verb: str, asked: object = None) -> None:
        """Note a call, and raise SandboxUnavailable where `break_on` asked for it."""
        with self._lock:
            self.calls.append(Call(job_id=job_id, verb=verb, asked=asked))
            for name in (verb, "*"):
                if name not in self._broken:
                    continue
                times, message = self._broken[name]
                if times == 0:
                    continue
                if times is not None:
                    self._broken[name] = (times - 1, message)
                raise SandboxUnavailable(message)


class FakeJob(Job):
    """A job of the fake."""

    def __init__(self, sandbox: FakeSandbox, job_id: str) -> None:
        self.id = job_id
        self._sandbox = sandbox
        self._images: dict[str, ImageFacts] = {}
        self._builds = 0
        self.volumes: list[str] = []
        self.networks: list[str] = []

    def build(
        self,
        context: bytes,
        *,
        dockerfile: str = "Dockerfile",
        target: str = "",
        build_args: Mapping[str, str] | None = None,
        secrets: Mapping[str, bytes] | None = None,
        packages: Sequence[PackageKind] = (),
        use_cache: bool = False,
        limits: BuildLimits = DEFAULT_BUILD_LIMITS,
        on_event: Callable[[BuildEvent], None] | None = None,
    ) -> BuildResult:
        """Answer as scripted, and send the events of its steps."""
        self._builds += 1
        call = BuildCall(
            job_id=self.id,
            number=self._builds,
            context=context,
            dockerfile=dockerfile,
            target=target,
            build_args=dict(build_args or {}),
            secrets=dict(secrets) if secrets is not None else None,
            packages=tuple(packages),
            use_cache=use_cache,
            limits=limits,
        )
        self._sandbox.record(self.id, "build", call)
        answer = self._sandbox.on_build(call) if self._sandbox.on_build else None
        result = replace(answer if isinstance(answer, BuildResult) else steps(), packages=tuple(packages))
        facts = answer if isinstance(answer, ImageFacts) else self._sandbox.default_image
        if result.ok:
            digest = hashlib.sha256(f"{self.id}/{self._builds}".encode()).hexdigest()
            image_id = result.image_id if result.image_id != IMAGE.image_id else f"sha256:{digest}"
            result = replace(result, image_id=image_id)
            self._images[image_id] = replace(facts, image_id=image_id)
        self._send(result, on_event)
        return result

    def image(self, image_id: str) -> ImageFacts:
        """Facts of an image this job built, or of a base."""
        self._sandbox.record(self.id, "image", image_id)
        return self._images.get(image_id, replace(self._sandbox.default_image, image_id=image_id))

    def image_files(
        self, image_id: str, paths: Iterable[str], *, max_bytes: int = 64 * 1024
    ) -> Mapping[str, FileFacts | None]:
        """Look up `paths` among the scripted files."""
        wanted = tuple(paths)
        self._sandbox.record(self.id, "image_files", wanted)
        return {path: _file(self._sandbox.files, path, max_bytes) for path in wanted}

    def layers(self, image_id: str, *, search: Search) -> ImageLayers:
        """Answer as scripted."""
        self._sandbox.record(self.id, "layers", search)
        return self._sandbox.layers

    def start(self, spec: ContainerSpec) -> "FakeContainer":
        """Start what the script says for this spec."""
        self._sandbox.record(self.id, "start", spec)
        program = self._sandbox.on_run(spec) if self._sandbox.on_run else None
        return FakeContainer(self._sandbox, self.id, spec, program or FakeProgram())

    def run(self, spec: ContainerSpec) -> RunResult:
        """Start and wait."""
        self._sandbox.record(self.id, "run", spec)
        return self.start(spec).wait()

    def create_volume(self, name: str) -> None:
        """Note a volume."""
        self._sandbox.record(self.id, "create_volume", name)
        self.volumes.append(name)

    def create_network(self, name: str) -> None:
        """Note a network."""
        self._sandbox.record(self.id, "create_network", name)
        self.networks.append(name)

    def commands(self, *, bases: Sequence[str], files: Mapping[str, bytes], rules: ConsoleRules) -> "FakeCommands":
        """Note it, and take lines."""
        self._sandbox.record(self.id, "commands", {"bases": tuple(bases), "files": dict(files), "rules": rules})
        return FakeCommands(self._sandbox, self.id)

    def _send(self, result: BuildResult, on_event: Callable[[BuildEvent], None] | None) -> None:
        if on_event is None:
            return
        for step in result.steps:
            if step.state is StepState.NOT_REACHED:
                continue
            started = BuildEvent(kind="step_started", index=step.index, total=step.total, name=step.name)
            events = [started]
            if step.log:
                events.append(replace(started, kind="log", text=step.log))
            events.append(replace(started, kind="step_finished", state=step.state))
            for event in events:
                on_event(event)


class FakeCommands(Commands):
    """A session of the fake."""

    def __init__(self, sandbox: FakeSandbox, job_id: str) -> None:
        self._sandbox = sandbox
        self._job_id = job_id

    def carry_out(self, line: str) -> Carried:
        """Answer as scripted."""
        self._sandbox.record(self._job_id, "carry_out", line)
        answer = self._sandbox.on_line(line) if self._sandbox.on_line else None
        return answer or Carried()

    def begin(self) -> None:
        """Note it."""
        self._sandbox.record(self._job_id, "begin")

    def look(self, wants: EndWants, *, journal: Sequence[Line] = ()) -> EndState:
        """What was scripted, with the journal."""
        self._sandbox.record(self._job_id, "look", wants)
        return self._sandbox.end.model_copy(update={"journal": tuple(journal)})


class FakeContainer(Container):
    """A container of the fake."""

    def __init__(self, sandbox: FakeSandbox, job_id: str, spec: ContainerSpec, program: FakeProgram) -> None:
        self.id = hashlib.sha256(f"{job_id}/{id(self)}".encode()).hexdigest()
        self.spec = spec
        self.program = program
        self._sandbox = sandbox
        self._job_id = job_id
        self._frozen = False
        self._ended = not program.serves or bool(program.start_error)

    def wait(self) -> RunResult:
        """Its ending; a program that serves for ever is ended by its wall limit."""
        self._record("wait")
        if self._ended:
            return self.program.result()
        self._ended = True
        return replace(self.program.result(), exit_code=137, limit=Limit.WALL, seconds=self.spec.limits.seconds)

    def stop(self, *, within_seconds: float) -> RunResult:
        """End it by its signal, or kill it where the script says that it does not listen."""
        self._record("stop", within_seconds)
        was_running, self._ended = not self._ended, True
        if was_running and not self.program.stops:
            return replace(self.program.result(), exit_code=137, limit=Limit.WALL, seconds=within_seconds)
        return self.program.result()

    def kill(self) -> RunResult:
        """End it at once."""
        self._record("kill")
        was_running, self._ended = not self._ended, True
        return replace(self.program.result(), exit_code=137) if was_running else self.program.result()

    def running(self) -> bool:
        """Whether it serves still."""
        return not self._ended

    def logs(self) -> tuple[bytes, bytes]:
        """Its scripted output."""
        self._record("logs")
        return self.program.stdout, self.program.stderr

    def processes(self) -> tuple[Process, ...]:
        """Its scripted processes, while it runs."""
        self._record("processes")
        return () if self._ended else self.program.processes

    def listeners(self) -> tuple[Listener, ...]:
        """Its scripted sockets, while it runs."""
        self._record("listeners")
        return () if self._ended else self.program.listeners

    def http(self, request: HttpRequest) -> HttpReply:
        """Answer as scripted."""
        self._record("http", request)
        if self._ended:
            return reply(error="The connection was refused.")
        script = self.program.http
        if script is None:
            return reply()
        if isinstance(script, Mapping):
            return script.get(request.path, reply(b"not found", status=404))
        return script(request)

    def exec(self, command: Sequence[str], *, user: str | None = None, seconds: float = 5.0) -> RunResult:
        """Answer as scripted."""
        self._record("exec", tuple(command))
        if self.program.exec is None:
            return RunResult(exit_code=0, stdout=b"", stderr=b"", seconds=0.01)
        return self.program.exec(command)

    def read_file(self, path: str, *, max_bytes: int = 64 * 1024) -> FileFacts | None:
        """Look up a path among the program's files, then the image's."""
        self._record("read_file", path)
        return _file({**self._sandbox.files, **self.program.files}, path, max_bytes)

    def changes(self) -> tuple[str, ...]:
        """As scripted."""
        self._record("changes")
        return self.program.changes

    def mounts(self) -> tuple[MountFacts, ...]:
        """What its spec asked for."""
        self._record("mounts")
        kinds = {
            **dict.fromkeys(self.spec.volumes, MountKind.VOLUME),
            **dict.fromkeys(self.spec.anonymous, MountKind.ANONYMOUS),
            **dict.fromkeys(self.spec.folders, MountKind.FOLDER),
            **dict.fromkeys(self.spec.tmpfs, MountKind.TMPFS),
        }
        names = {path: f"{self.id}{path}" for path, kind in kinds.items() if kind is not MountKind.TMPFS}
        names |= dict(self.spec.volumes)
        return tuple(
            MountFacts(
                path=path,
                kind=kind,
                name=names.get(path, ""),
                writable=kind is not MountKind.FOLDER or not self.spec.folders_read_only,
            )
            for path, kind in sorted(kinds.items())
        )

    def memory_peak(self) -> int | None:
        """As scripted, while it runs."""
        self._record("memory_peak")
        return None if self._ended else self.program.memory_peak

    def health(self) -> str:
        """As scripted."""
        self._record("health")
        return self.program.frozen_health if self._frozen else self.program.health

    def health_log(self) -> tuple[HealthProbe, ...]:
        """As scripted."""
        self._record("health_log")
        return self.program.health_log

    def start_again(self) -> str:
        """Run again what serves and starts."""
        self._record("start_again")
        self._ended = not self.program.serves or bool(self.program.again_error)
        return self.program.again_error

    def freeze(self) -> bool:
        """Note it, while it runs."""
        self._record("freeze")
        self._frozen = not self._ended
        return self._frozen

    def _record(self, verb: str, asked: object = None) -> None:
        self._sandbox.record(self._job_id, verb, asked)


def _file(files: Mapping[str, FileFacts | bytes], path: str, max_bytes: int) -> FileFacts | None:
    found = files.get(path)
    if not isinstance(found, bytes):
        return found
    return FileFacts(
        path=path,
        kind=FileKind.FILE,
        size_bytes=len(found),
        mode=0o644,
        uid=0,
        gid=0,
        content=found[:max_bytes],
        content_cut=len(found) > max_bytes,
    )

"""The seam between grading and a container engine: what a sandbox can be asked, and what it answers.

Two implementations exist: `graders.sandbox.docker` (a real Docker engine) and `graders.sandbox.fake`
(scripted, for tests where the engine is not the point). Grading code knows only this module.

A *job* is everything done for one submission. Whatever a job makes is written into its ledger before it is
made, and removed when the job ends, however it ends.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, Protocol

from graders.image.contents import ImageLayers, Search

if TYPE_CHECKING:  # these modules know this one
    from graders.commands.end_state import EndState, EndWants, Line
    from graders.commands.model import Carried
    from graders.commands.rules import ConsoleRules

MIB = 1024 * 1024

PackageKind = Literal["pip", "apt", "npm"]
"""A tool that a lab may let fetch packages while an image is built."""


class SandboxUnavailable(Exception):
    """The engine cannot be reached or does not work: no submission is to blame, so the job is tried again."""


class DiskFull(SandboxUnavailable):
    """The engine's disk is full, which the job that runs there has done: its own limit, where somebody can say so."""


class Limit(StrEnum):
    """A limit that ended a build or a run, in the words reports use."""

    WALL = "time"
    MEMORY = "memory"
    PIDS = "processes"
    DISK = "disk"
    OUTPUT = "output"


@dataclass(frozen=True, kw_only=True)
class EngineInfo:
    """What the engine says of itself."""

    name: str
    version: str
    api_version: str
    heredocs: bool
    """Whether the engine's own Dockerfile frontend understands heredocs."""


@dataclass(frozen=True, kw_only=True)
class BuildLimits:
    """Bounds of one build. Memory, processes and disk are the engine's own."""

    seconds: float = 60.0
    log_bytes: int = 2 * MIB


DEFAULT_BUILD_LIMITS = BuildLimits()


@dataclass(frozen=True, kw_only=True)
class RunLimits:
    """Bounds of one container."""

    seconds: float = 10.0
    memory_mib: int = 256
    pids: int = 64
    cpus: float = 1.0
    output_bytes: int = MIB
    writable_mib: int = 256


class StepState(StrEnum):
    """How a build step ended."""

    DONE = "done"
    CACHED = "cached"
    FAILED = "failed"
    NOT_REACHED = "not reached"


@dataclass(frozen=True, kw_only=True)
class BuildStep:
    """One instruction as the engine carried it out, in the engine's order."""

    index: int
    """1-based, over the steps that stand in the Dockerfile."""
    total: int
    name: str
    """As the engine prints it, such as `[2/3] RUN make`."""
    state: StepState
    seconds: float
    log: str
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class BuildEvent:
    """Something that happened while building; sent as it happens."""

    kind: str
    """`step_started`, `step_finished` or `log`."""
    index: int
    total: int
    name: str
    text: str = ""
    state: StepState | None = None


@dataclass(frozen=True, kw_only=True)
class BuildResult:
    """A finished build. `image_id` is empty when it failed."""

    image_id: str
    steps: tuple[BuildStep, ...]
    log: str
    seconds: float
    error: str = ""
    """The engine's own words for why it failed."""
    failed_step: int | None = None
    """Index into `steps` (0-based) of the step to blame."""
    exit_code: int | None = None
    limit: Limit | None = None
    log_cut: bool = False
    packages: tuple[PackageKind, ...] = ()
    """Tools that had a way to their registries; nothing else had a network."""

    @property
    def ok(self) -> bool:
        """Whether an image came out."""
        return bool(self.image_id)


@dataclass(frozen=True, kw_only=True)
class HistoryEntry:
    """One row of the image's history, oldest first."""

    created_by: str
    size_bytes: int
    empty_layer: bool


@dataclass(frozen=True, kw_only=True)
class Healthcheck:
    """HEALTHCHECK as the image's config holds it; times in seconds."""

    test: tuple[str, ...]
    interval_seconds: float | None = None
    timeout_seconds: float | None = None
    retries: int | None = None


@dataclass(frozen=True, kw_only=True)
class ImageFacts:
    """What the engine knows of an image, read without extracting anything."""

    image_id: str
    size_bytes: int
    """Unpacked, all layers, the base's included."""
    entrypoint: tuple[str, ...] | None
    cmd: tuple[str, ...] | None
    env: Mapping[str, str]
    workdir: str
    user: str
    exposed_ports: tuple[str, ...]
    """Such as `8000/tcp`, sorted."""
    volumes: tuple[str, ...]
    labels: Mapping[str, str]
    stop_signal: str
    shell: tuple[str, ...] | None
    healthcheck: Healthcheck | None
    history: tuple[HistoryEntry, ...]
    layer_ids: tuple[str, ...]
    onbuild: tuple[str, ...] = ()
    """Instructions that are carried out in whatever is built from it."""


class FileKind(StrEnum):
    """What a path in an image or container is."""

    FILE = "file"
    FOLDER = "folder"
    SYMLINK = "symlink"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class FileFacts:
    """A path as found in an image or container; content only of regular files, capped."""

    path: str
    kind: FileKind
    size_bytes: int
    mode: int
    uid: int
    gid: int
    link_target: str = ""
    content: bytes = b""
    content_cut: bool = False


@dataclass(frozen=True, kw_only=True)
class HealthPace:
    """Times and tries of a HEALTHCHECK in the place of the image's own, which may be minutes."""

    interval_seconds: float = 0.5
    timeout_seconds: float = 3.0
    retries: int = 1
    start_seconds: float = 60.0
    """Failures do not count so long, until the first success."""


@dataclass(frozen=True, kw_only=True)
class HealthProbe:
    """One try of a HEALTHCHECK, as the engine recorded it."""

    exit_code: int
    """-1 when it was ended at its timeout or could not be started; `output` says which."""
    output: str
    """The engine keeps the first 4 KiB."""
    seconds: float


@dataclass(frozen=True, kw_only=True)
class ContainerSpec:
    """How a container is to be run. No capabilities and no new privileges: these are not up for choice."""

    image: str
    """Image id from a build of this job, or an allowed base's reference."""
    args: tuple[str, ...] | None = None
    """Replaces CMD, as arguments of `docker run` do; None keeps it."""
    entrypoint: tuple[str, ...] | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: bytes = b""
    user: str | None = None
    read_only: bool = False
    volumes: Mapping[str, str] = field(default_factory=dict)
    """Container path -> name of a volume of this job."""
    anonymous: tuple[str, ...] = ()
    """Paths that get a volume without a name, as VOLUME and `docker run -v /path` make them."""
    folders: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)
    """Container path -> files by their path below it: a folder of its own, there before it starts, root's."""
    folders_read_only: bool = False
    tmpfs: tuple[str, ...] = ()
    """Paths that are folders in memory, gone with the container."""
    hostname: str | None = None
    network: str | None = None
    """Name of an internal network of this job; None is no network."""
    aliases: tuple[str, ...] = ()
    healthcheck: bool = False
    """Whether the image's HEALTHCHECK is left on."""
    health_pace: HealthPace = HealthPace()
    """How often it is tried then."""
    limits: RunLimits = RunLimits()


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """A container that has ended, or was ended."""

    exit_code: int | None
    stdout: bytes
    stderr: bytes
    seconds: float
    limit: Limit | None = None
    stdout_cut: bool = False
    stderr_cut: bool = False
    start_error: str = ""
    """The engine's words when the container could not be started at all (command not found, user unknown)."""


@dataclass(frozen=True, kw_only=True)
class HttpRequest:
    """A request a probe sends from beside the container."""

    port: int
    method: str = "GET"
    path: str = "/"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    timeout_seconds: float = 5.0


@dataclass(frozen=True, kw_only=True)
class HttpReply:
    """What came back. `error` says in plain words why nothing did, and is empty otherwise."""

    status: int | None
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    seconds: float
    error: str = ""
    body_cut: bool = False


@dataclass(frozen=True, kw_only=True)
class Listener:
    """A listening TCP socket in the container's network namespace."""

    port: int
    loopback_only: bool


@dataclass(frozen=True, kw_only=True)
class Process:
    """A process in a container, as seen from outside: PID inside the container where known."""

    pid: int
    uid: int
    """As inside the container."""
    command: tuple[str, ...]
    executable: str = ""
    """Path of the program's file, which it cannot lie about as it can about its command; empty where not known."""
    heeds: int | None = None
    """Bit n - 1 is set where signal n is caught or held back by it, None where not known; no other moves PID 1."""


class MountKind(StrEnum):
    """What stands at a path of a container in the place of its own file system."""

    VOLUME = "volume"
    """A volume with a name."""
    ANONYMOUS = "anonymous"
    """A volume without one, from VOLUME or the run."""
    FOLDER = "folder"
    """A folder that was there before, what a bind mount of the host would be."""
    TMPFS = "tmpfs"


@dataclass(frozen=True, kw_only=True)
class MountFacts:
    """A mount of a container, as the engine tells of it."""

    path: str
    kind: MountKind
    name: str = ""
    """What the engine calls the volume behind it: two mounts of one name hold the same files."""
    writable: bool = True


class Container(Protocol):
    """A started container of this job."""

    id: str

    def wait(self) -> RunResult:
        """Wait until it ends, or end it at its wall limit; then read its output, capped."""

    def stop(self, *, within_seconds: float) -> RunResult:
        """Send its stop signal, kill after `within_seconds`, read its output; `limit` is WALL if killed."""

    def kill(self) -> RunResult:
        """End it at once and read its output."""

    def running(self) -> bool:
        """Whether it still runs."""

    def logs(self) -> tuple[bytes, bytes]:
        """stdout and stderr up to now, capped."""

    def processes(self) -> tuple[Process, ...]:
        """Its processes, PID 1 first; empty when it has ended."""

    def listeners(self) -> tuple[Listener, ...]:
        """Its listening TCP sockets, IPv4 and IPv6, read from outside its file system."""

    def http(self, request: HttpRequest) -> HttpReply:
        """Send a request to its 127.0.0.1 from a sidecar; never raises for what the student's server does."""

    def exec(self, command: Sequence[str], *, user: str | None = None, seconds: float = 5.0) -> RunResult:
        """Run a program of the container's own image inside it: only for labs that are about that."""

    def read_file(self, path: str, *, max_bytes: int = 64 * 1024) -> FileFacts | None:
        """A path in its file system, streamed and capped; None when there is none."""

    def changes(self) -> tuple[str, ...]:
        """Paths that it added or changed in its own layer, folders too; not in volumes. A bounded number."""

    def mounts(self) -> tuple[MountFacts, ...]:
        """What is mounted, by path; it need not run."""

    def memory_peak(self) -> int | None:
        """The most memory it has held at once, in bytes, kept file contents included; None when it does not run."""

    def health(self) -> str:
        """`none`, `starting`, `healthy` or `unhealthy`."""

    def health_log(self) -> tuple[HealthProbe, ...]:
        """The last tries of its HEALTHCHECK, oldest first; the engine keeps five."""

    def start_again(self) -> str:
        """Start it again after `stop` or `kill`: the same container, with its files and volumes.

        What it prints follows what it printed before. Its addresses may be new, its name on a network stays. Returns
        why it could not be started, in the engine's words, and nothing when it was; then its first ending stands.
        """

    def freeze(self) -> bool:
        """Hold every process that its program started, itself included, as if the program hung.

        Its HEALTHCHECK goes on, as it does beside a program that hangs. False when it has ended, or would not be held.
        """


class Commands(Protocol):
    """Somebody's docker commands, carried out a line at a time on objects of their own."""

    def carry_out(self, line: str) -> "Carried":
        """Carry a line out. A wrong one is a result, never an exception."""

    def begin(self) -> None:
        """Forget what was typed up to now: what the lab did before its learner began."""

    def look(self, wants: "EndWants", *, journal: "Sequence[Line]" = ()) -> "EndState":
        """See what is there now."""


class Job(Protocol):
    """What can be done for one submission. Leaving the `with` block removes all of it."""

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
        """Build an image from a canonical context tar. A failing build is a result, never an exception.

        `secrets` are what RUN may mount by id; None where no such mount is allowed. `packages` are tools that may fetch
        from their registries, through the engine's proxy; there is no other network. Without `use_cache` nothing is
        reused; with it, only what this job built before.
        """

    def image(self, image_id: str) -> ImageFacts:
        """The image's config, history and size."""

    def image_files(
        self, image_id: str, paths: Iterable[str], *, max_bytes: int = 64 * 1024
    ) -> Mapping[str, FileFacts | None]:
        """Look up paths in the image's final file system without starting it; symlinks are not followed."""

    def layers(self, image_id: str, *, search: Search) -> ImageLayers:
        """Read every layer of an image, streamed and bounded, and look for texts in what a learner's layers hold.

        It costs what saving the image costs: seconds for a large base.
        """

    def start(self, spec: ContainerSpec) -> Container:
        """Create and start a container. One that cannot start is a Container whose `wait()` tells why."""

    def run(self, spec: ContainerSpec) -> RunResult:
        """Start and wait."""

    def create_volume(self, name: str) -> None:
        """Make a volume; `name` is the job's own and need not be unique on the engine."""

    def create_network(self, name: str) -> None:
        """Make an internal network; `name` is the job's own."""

    def commands(self, *, bases: Sequence[str], files: Mapping[str, bytes], rules: "ConsoleRules") -> Commands:
        """Begin a session of docker commands, once a job.

        `bases` are references that it may use, `files` what lies in the folder that it is in.
        """


class Sandbox(Protocol):
    """One engine. One build at a time: an engine's limits are shared by what runs on it at once."""

    def info(self) -> EngineInfo:
        """Ask the engine who it is. Raises SandboxUnavailable."""

    def job(self, job_id: str) -> AbstractContextManager[Job]:
        """Open a job. Leftovers of an earlier, killed job with this id are removed first."""

    def sweep(self, *, keep: Iterable[str] = (), unless_clean: bool = False) -> int:
        """Remove what jobs left behind, except those named; returns how many objects went.

        With `unless_clean`, nothing is looked for where every job is known to have left nothing.
        """

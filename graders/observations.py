"""What was seen in the sandbox, and what a check may ask to see. Checks judge observations and touch nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from graders.actions import DEFAULT, Build, Ready, Request
from graders.checker import Checked, Checker
from graders.commands.end_state import EndState, EndWants
from graders.dockerfile.model import Dockerfile
from graders.exchanges import Exchange, SeenExchange
from graders.health import HealthTrial, SeenHealth
from graders.image.seen import SeenLayers
from graders.sandbox.base import (
    BuildResult,
    FileFacts,
    HttpReply,
    ImageFacts,
    Listener,
    MountFacts,
    MountKind,
    Process,
    RunResult,
)
from graders.trials import Trial, Trials

Fact = Literal["stop", "memory"]
"""What may be told of a run beside its output: how its stop went, and how much memory it held."""


@dataclass(frozen=True, kw_only=True)
class Wants:
    """What a check must see to judge. Wanting an image or a run wants its build too."""

    sources: frozenset[str] = frozenset()
    """Builds whose Dockerfile is read."""
    builds: frozenset[str] = frozenset()
    """Results of builds, whether an image came out or not."""
    images: frozenset[str] = frozenset()
    """Facts of the images that builds made, and of the bases they stand on."""
    paths: frozenset[tuple[str, str]] = frozenset()
    """Files of images: build and absolute path."""
    layers: frozenset[str] = frozenset()
    """Builds whose images are read layer by layer, which takes as long as saving them."""
    texts: frozenset[tuple[str, str]] = frozenset()
    """Texts that are looked for in what a build's layers hold and say: build and text. Its layers are wanted, too."""
    contents: frozenset[tuple[str, str]] = frozenset()
    """Paths whose content is wanted of every layer that has them: build and absolute path."""
    decoys: frozenset[str] = frozenset()
    """Builds whose decoys are looked for in their layers."""
    runs: frozenset[str] = frozenset()
    """How runs went."""
    processes: frozenset[str] = frozenset()
    """Runs whose processes are looked at while they run."""
    requests: Mapping[str, Request] = field(default_factory=dict)
    """Requests of the check's own, under keys of its own, sent in this order."""
    named_requests: tuple[str, ...] = ()
    """Requests of the plan, by name: sent once, whoever asks."""
    listens: frozenset[tuple[str, int | str | None]] = frozenset()
    """Serving runs whose ports are looked at, each with the port that is waited for, None for the run's own."""
    exchanges: Mapping[str, Exchange] = field(default_factory=dict)
    """Exchanges of several steps, under keys of the check's own, played after all requests."""
    health: Mapping[str, HealthTrial] = field(default_factory=dict)
    """Trials of a HEALTHCHECK, under keys of the check's own, each the last thing done with its run."""
    requests_go_to: str | None = None
    """The run that they must go to."""
    trials: Mapping[str, Trials] = field(default_factory=dict)
    """Trials on random inputs, under keys of the check's own."""
    checker: Checker | None = None
    """A checker of the lab's own, run when the rest has been seen."""
    ended: bool = False
    """Whether the runs must end by themselves, or by their stop signal."""
    stops: frozenset[str] = frozenset()
    """Serving runs that are ended by their stop signal."""
    lasting: frozenset[str] = frozenset()
    """Runs that must be serving ones, since something is looked at while they are up."""
    memory: frozenset[str] = frozenset()
    """Serving runs whose memory is measured before they end."""
    run_files: frozenset[tuple[str, str]] = frozenset()
    """Files of containers, volumes included, when they have ended: run and absolute path."""
    written: frozenset[str] = frozenset()
    """Runs whose own layer is looked through for what they wrote, when they have ended."""
    mounts: frozenset[str] = frozenset()
    """Runs whose mounts are asked of the engine."""
    mounted: Mapping[str, tuple[str, MountKind]] = field(default_factory=dict)
    """What must stand at a path of a run, by the run."""
    awaited: frozenset[tuple[str, str]] = frozenset()
    """Texts that a serving run should print once it was asked: run and text. They are waited for a moment."""
    pairs: tuple["Pair", ...] = ()
    """Runs that are compared with each other."""
    rebuilds: frozenset[str] = frozenset()
    """Builds that must be made again after another, to see what is reused."""
    own_user: frozenset[str] = frozenset()
    """Runs that must run as the image's own user."""
    end: EndWants = field(default_factory=EndWants)
    """Files at the end of a session of docker commands."""

    def read_by_layer(self) -> frozenset[str]:
        """Builds whose images must be read layer by layer."""
        asked = {build for build, _ in (*self.texts, *self.contents)}
        return self.layers | self.decoys | asked

    def runs_named(self) -> frozenset[str]:
        """Every run that is wanted by name, for whatever reason; requests name theirs beside."""
        files = {name for name, _ in self.run_files}
        files |= {name for pair in self.pairs for name in (pair.first, pair.then)}
        return self.runs | self.processes | self.stops | self.lasting | self.memory | files | self.written | self.mounts


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two containers of one image, the second started when the first has ended, and what they share at a path."""

    first: str
    then: str
    path: str
    kept: bool | None = None
    """Whether a volume that both have must be there, or must not; None where it does not matter."""


@dataclass(frozen=True, kw_only=True)
class SeenStop:
    """How a container took its stop signal."""

    was_running: bool
    """Whether there was anything to stop."""
    within_seconds: float
    """How long it was given."""
    seconds: float
    """How long it took, at least; what decides is whether the run met its time limit."""
    heeds: int | None = None
    """The signals that its first process caught or held back just before, as `Process.heeds` gives them."""


@dataclass(frozen=True, kw_only=True)
class SeenRun:
    """A container that ran, and what was seen of it meanwhile."""

    name: str
    build: str
    """The build whose image it was; empty for one of the lab's own bases."""
    result: RunResult
    """How it ended, without what it printed when hidden checks asked it something."""
    secret_result: RunResult | None = None
    """The same with all that it printed, where that differs: for hidden checks only."""
    processes: tuple[Process, ...] = ()
    listeners: tuple[Listener, ...] = ()
    port: int | None = None
    """The port it was to serve, None for a run that ends or that serves none."""
    waited_for: Ready | None = None
    """What was to show that it is up, None for a run that ends."""
    ready: bool = False
    """Whether that was seen in time."""
    wait_seconds: float = 0
    """How long it was given for that."""
    health: str = "none"
    """What its HEALTHCHECK said last, where it was waited for."""
    ended_early: bool = False
    """Whether a run that was to serve ended by itself."""
    instead: str = ""
    """What was seen last in the place of what was waited for, in a sentence, where there was something."""
    replies: Mapping[str, HttpReply] = field(default_factory=dict)
    """By the name of the request, or the key that its check gave it."""
    exchanges: Mapping[str, SeenExchange] = field(default_factory=dict)
    """By the key that its check gave it; empty where the run was not ready."""
    health_trials: Mapping[str, SeenHealth] = field(default_factory=dict)
    """By the key that its check gave it; empty where the run was not ready."""
    beside: Mapping[str, "SeenRun"] = field(default_factory=dict)
    """What became of the runs that were up beside it, in the order in which they were started."""
    ours: bool = False
    """Whether the lab itself brings the image of a run that was beside another."""
    stop: SeenStop | None = None
    """How it took its stop signal, None where it was sent none."""
    memory_peak_bytes: int | None = None
    """The most memory it held at once, None where it was not measured or had ended."""
    mounts: tuple[MountFacts, ...] = ()
    """What was mounted, by path."""
    written: tuple[FileFacts, ...] = ()
    """Files that it wrote in its own layer, the beginning of each: a bounded number, logs first."""


@dataclass(kw_only=True)
class Observations:
    """Everything seen so far. A check finds here at least what it wanted."""

    sources: Mapping[str, Dockerfile]
    """The Dockerfile of each build."""
    targets: Mapping[str, str] = field(default_factory=dict)
    """The stage that each build stops at; empty for the last."""
    build_specs: Mapping[str, Build] = field(default_factory=dict)
    """How each build is made, with values put in."""
    files_in: Mapping[str, bytes] = field(default_factory=dict)
    """What was handed in."""
    values: Mapping[str, str] = field(default_factory=dict)
    """What was drawn."""
    seed: int = 0
    """What it was drawn by."""
    requests: Mapping[str, Request] = field(default_factory=dict)
    """The plan's named requests, with values put in."""
    builds: dict[str, BuildResult] = field(default_factory=dict)
    images: dict[str, ImageFacts] = field(default_factory=dict)
    bases: dict[str, ImageFacts | None] = field(default_factory=dict)
    """The base that each build's image stands on; None for `scratch`."""
    files: dict[tuple[str, str], FileFacts | None] = field(default_factory=dict)
    layers: dict[str, SeenLayers] = field(default_factory=dict)
    """What the image of each build holds, layer by layer, of those that were read."""
    decoys: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """The decoys of each build: path and the drawn values in it."""
    runs: dict[str, SeenRun] = field(default_factory=dict)
    run_files: dict[tuple[str, str], FileFacts | None] = field(default_factory=dict)
    """Files of containers that have ended, by run and path."""
    trials: dict[str, tuple[Trial, ...]] = field(default_factory=dict)
    """By the key that its check gave them."""
    checkers: dict[str, Checked] = field(default_factory=dict)
    """What the lab's own checkers came to, by the id of their check."""
    end: EndState | None = None
    """What a session of docker commands left, in a lab with a console."""

    def dockerfile(self, build: str = DEFAULT) -> Dockerfile:
        """The Dockerfile of a build."""
        return self.sources[build]

    def target(self, build: str = DEFAULT) -> str:
        """The stage a build stops at."""
        return self.targets.get(build, "")

"""What was seen in the sandbox, and what a check may ask to see. Checks judge observations and touch nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from graders.actions import DEFAULT, Ready, Request
from graders.dockerfile.model import Dockerfile
from graders.sandbox.base import BuildResult, FileFacts, HttpReply, ImageFacts, Listener, Process, RunResult


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
    runs: frozenset[str] = frozenset()
    """How runs went."""
    processes: frozenset[str] = frozenset()
    """Runs whose processes are looked at while they run."""
    requests: Mapping[str, Request] = field(default_factory=dict)
    """Requests of the check's own, under keys of its own, sent in this order."""
    named_requests: tuple[str, ...] = ()
    """Requests of the plan, by name: sent once, whoever asks."""
    ended: bool = False
    """Whether the runs must end by themselves."""
    own_user: frozenset[str] = frozenset()
    """Runs that must run as the image's own user."""

    def runs_named(self) -> frozenset[str]:
        """Every run that is wanted by name, for whatever reason; requests name theirs beside."""
        return self.runs | self.processes


@dataclass(frozen=True, kw_only=True)
class SeenRun:
    """A container that ran, and what was seen of it meanwhile."""

    name: str
    build: str
    result: RunResult
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
    replies: Mapping[str, HttpReply] = field(default_factory=dict)
    """By the name of the request, or the key that its check gave it."""


@dataclass(kw_only=True)
class Observations:
    """Everything seen so far. A check finds here at least what it wanted."""

    sources: Mapping[str, Dockerfile]
    """The Dockerfile of each build."""
    targets: Mapping[str, str] = field(default_factory=dict)
    """The stage that each build stops at; empty for the last."""
    files_in: Mapping[str, bytes] = field(default_factory=dict)
    """What was handed in."""
    requests: Mapping[str, Request] = field(default_factory=dict)
    """The plan's named requests, with values put in."""
    builds: dict[str, BuildResult] = field(default_factory=dict)
    images: dict[str, ImageFacts] = field(default_factory=dict)
    bases: dict[str, ImageFacts | None] = field(default_factory=dict)
    """The base that each build's image stands on; None for `scratch`."""
    files: dict[tuple[str, str], FileFacts | None] = field(default_factory=dict)
    runs: dict[str, SeenRun] = field(default_factory=dict)

    def dockerfile(self, build: str = DEFAULT) -> Dockerfile:
        """The Dockerfile of a build."""
        return self.sources[build]

    def target(self, build: str = DEFAULT) -> str:
        """The stage a build stops at."""
        return self.targets.get(build, "")

"""What a plan can have done in the sandbox: builds, runs of what they made, and requests to what runs."""

import re
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import quote

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue, model_validator

from graders.sandbox.base import BuildLimits, ContainerSpec, RunLimits
from graders.spec import (
    TEMPLATE,
    HeaderName,
    Identifier,
    ImagePath,
    ImagePaths,
    InsidePath,
    Line,
    Port,
    Spec,
    Text,
    VariableName,
    one_or_many,
)
from graders.values import Quoting

DEFAULT = "default"
"""Name of the build and of the run that need not be named."""


def _secret_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", value):
        raise ValueError("must be the name of a secret, such as api_token")
    return value


SecretName = Annotated[str, AfterValidator(_secret_name)]
Seconds = Annotated[float, Field(gt=0, le=600)]


class Limits(Spec):
    """Bounds of every build and run of a lab."""

    build_seconds: Seconds = 60
    run_seconds: Seconds = 10
    memory_mib: int = Field(default=256, ge=16, le=4096)
    pids: int = Field(default=64, ge=4, le=1024)
    cpus: float = Field(default=1.0, gt=0, le=8)
    output_kib: int = Field(default=256, ge=1, le=4096)
    disk_mib: int = Field(default=128, ge=1, le=4096)
    """What a run may write."""

    def for_build(self) -> BuildLimits:
        """The bounds of one build."""
        return BuildLimits(seconds=self.build_seconds)

    def for_run(self, seconds: float | None = None, *, memory_mib: int | None = None) -> RunLimits:
        """The bounds of one container."""
        return RunLimits(
            seconds=seconds or self.run_seconds,
            memory_mib=memory_mib or self.memory_mib,
            pids=self.pids,
            cpus=self.cpus,
            output_bytes=self.output_kib * 1024,
            writable_mib=self.disk_mib,
        )


class Build(Spec):
    """One build of the submission."""

    dockerfile: InsidePath = "Dockerfile"
    solution: Identifier | None = None
    """Made from this one of the lab's own solutions, not from what was handed in; learners are told nothing of it."""
    target: Text = ""
    args: dict[VariableName, Text] = Field(default_factory=dict)
    files: dict[InsidePath, Text] = Field(default_factory=dict)
    """Put into the context over what was handed in: what no learner can know beforehand has to be copied, not typed."""
    decoys: dict[InsidePath, Text] = Field(default_factory=dict)
    """Put beside what was handed in, too, but to be left out: `context_clean` looks for the drawn values in them."""
    secrets: dict[SecretName, Text] = Field(default_factory=dict)
    """What `RUN --mount=type=secret,id=NAME` finds in /run/secrets/NAME; the lab must allow secret mounts."""
    rebuild_of: Identifier | None = None
    """Made again after this build, from the same but for `change`, `append` and `args`, reusing what can be reused."""
    change: dict[InsidePath, Text] = Field(default_factory=dict)
    """Of a rebuild: files with another text than before."""
    append: dict[InsidePath, Text] = Field(default_factory=dict)
    """Of a rebuild: texts put to the end of files."""


def _ready_word(value: Any) -> Any:
    if isinstance(value, str):
        if value not in {"port", "health", "started"}:
            raise ValueError("must be port, health, started, {log: PATTERN} or {http: /PATH}")
        return {} if value == "port" else {value: True}
    return value


class Ready(Spec):
    """When a serving run counts as up: by what it prints, by its answer, by its HEALTHCHECK, or at once."""

    log: Text = ""
    """A regular expression found in what it prints."""
    http: Text = Field(default="", pattern=r"^(/[^\s#]*)?$", max_length=2000)
    """A path that it answers with a status below 400."""
    health: bool = False
    """Its own HEALTHCHECK calls it healthy."""
    started: bool = False
    """It runs; nothing is waited for."""

    @model_validator(mode="after")
    def _one_sign(self) -> "Ready":
        if sum(map(bool, (self.log, self.http, self.health, self.started))) > 1:
            raise ValueError("waits for one thing: port, health, started, {log: PATTERN} or {http: /PATH}")
        return self

    @property
    def is_port(self) -> bool:
        """Whether something must listen on the run's port, as where nothing else is said."""
        return not (self.log or self.http or self.health or self.started)


class Serve(Spec):
    """A run that keeps running and is asked things, until the last question is answered."""

    port: Port | None = None
    """Where it serves; a worker that nobody asks has none."""
    ready: Annotated[
        Ready, BeforeValidator(_ready_word, json_schema_input_type=Literal["port", "health", "started"] | Ready)
    ] = Ready()
    """What is waited for before it is asked: `port`, `health`, `started`, `{log: PATTERN}` or `{http: /PATH}`."""
    wait_seconds: Annotated[float, Field(gt=0, le=120)] = 5
    """How long it may take until it is ready."""

    @model_validator(mode="after")
    def _port_to_wait_for(self) -> "Serve":
        if self.port is None and (self.ready.is_port or self.ready.http):
            raise ValueError("needs the `port` that is waited for; a run without one says `ready: started`, or by log")
        return self


class Stop(Spec):
    """How a serving run is ended: as `docker stop` does, by its stop signal, and killed only if that does not help."""

    after_seconds: Annotated[float, Field(ge=0, le=60)] = 0.5
    """How long it is left alone before, once it is up and has been asked everything."""
    within_seconds: Annotated[float, Field(gt=0, le=60)] = 5
    """How long it may take to end."""


def _hostname(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", value) and not TEMPLATE.search(value):
        raise ValueError("must be a host's name: lower-case letters, digits and hyphens")
    return value


class Run(Spec):
    """One container. Without `serve` it runs to its end."""

    build: Identifier = DEFAULT
    base: Identifier | None = None
    """One of the lab's bases to run in the place of what was built: something of the lab's own, such as a store."""
    args: tuple[Text, ...] | None = None
    """Take the place of CMD, as arguments of `docker run` do."""
    entrypoint: (
        Annotated[tuple[Text, ...], BeforeValidator(one_or_many, json_schema_input_type=str | int | list[str | int])]
        | None
    ) = None
    """Takes the place of ENTRYPOINT, as `docker run --entrypoint` does; CMD does not count then."""
    hostname: Annotated[Text, AfterValidator(_hostname)] | None = None
    env: dict[VariableName, Text] = Field(default_factory=dict)
    stdin: Text = ""
    user: Text | None = None
    read_only: bool = False
    volumes: dict[ImagePath, Identifier] = Field(default_factory=dict)
    """Path in the container -> volume of this grading; runs that name the same volume share it."""
    anonymous: ImagePaths = ()
    """Paths that get a volume without a name, a new one for each container."""
    folders: dict[ImagePath, dict[InsidePath, Text]] = Field(default_factory=dict)
    """Path in the container -> folder that the lab provides, as its files: what a bind mount of the host is."""
    folders_read_only: bool = False
    tmpfs: ImagePaths = ()
    """Paths that are folders in memory."""
    network: Identifier | None = None
    """An internal network of this grading, where the run is known by its own name."""
    beside: tuple[Identifier, ...] = ()
    """Serving runs that are up, each in a container of its own, while this one runs."""
    after: tuple[Identifier, ...] = ()
    """Runs that have ended before this one starts."""
    seconds: Seconds | None = None
    """Its own time limit, where the lab's does not fit."""
    memory_mib: Annotated[int, Field(ge=16, le=4096)] | None = None
    """Its own memory limit."""
    serve: Serve | None = None
    stop: Stop | None = None
    """Ends by its stop signal what serves, which is killed where nothing is said."""

    @model_validator(mode="after")
    def _one_image(self) -> "Run":
        if self.base is not None and self.build != DEFAULT:
            raise ValueError("is of a `build` or of a `base`, not of both")
        return self

    def in_container(self, image: str, limits: RunLimits) -> ContainerSpec:
        """The container that this run is, of an image by its id; on no network."""
        return ContainerSpec(
            image=image,
            args=self.args,
            entrypoint=self.entrypoint,
            hostname=self.hostname,
            env=self.env,
            stdin=self.stdin.encode(),
            user=self.user,
            read_only=self.read_only,
            volumes=self.volumes,
            anonymous=self.anonymous,
            folders={
                path: {name: text.encode() for name, text in files.items()} for path, files in self.folders.items()
            },
            folders_read_only=self.folders_read_only,
            tmpfs=self.tmpfs,
            limits=limits,
        )

    @property
    def of_build(self) -> str:
        """The build whose image is run; empty for one of a base."""
        return "" if self.base is not None else self.build

    def mounted(self) -> list[str]:
        """Every path that something stands at in the place of the image's own files."""
        return [*self.volumes, *self.anonymous, *self.folders, *self.tmpfs]


class Payload(Spec):
    """What a request carries."""

    headers: dict[HeaderName, Line] = Field(default_factory=dict)
    body: Text = ""
    json_value: JsonValue = Field(default=None, alias="json")
    """Sent as JSON, with the header that says so."""

    @model_validator(mode="after")
    def _one_body(self) -> "Payload":
        if self.body and self.json_value is not None:
            raise ValueError("carries either `body` or `json`, not both")
        return self


Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


class Message(Spec):
    """Fields of what is sent to a serving run that is known otherwise."""

    port: Port | None = None
    """Where it differs from the run's own."""
    method: Method = "GET"
    """How it is asked."""
    path: Text = Field(default="/", pattern=r"^(/|\{[a-z][a-z0-9_]*\})[^\s#]*$", max_length=2000)
    """What is asked for; drawn values in it are percent-encoded."""
    send: Payload = Payload()
    """What it carries: `headers`, and either `body` or `json`."""
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 5
    """How long the answer may take."""


class Asking(Message):
    """Fields of a request: where it goes and what it carries."""

    run: Identifier = DEFAULT


class Request(Asking):
    """An HTTP request to a serving run, sent once from beside its container."""

    quoting: ClassVar[Quoting] = {"path": quote}

    @classmethod
    def of(cls, asking: Asking) -> "Request":
        """The request that the fields of `asking` describe."""
        chosen: dict[str, Any] = {name: getattr(asking, name) for name in Asking.model_fields}
        return cls(**chosen)

"""What is there when a session is handed in, and how it came to be: all that is graded of a console lab, as data.

`graders.commands.looking_back.look` makes one of what the engine says of the session's own objects. Who made what, and
what was typed, comes from the ledger and the journal; no label and no output of a container is trusted with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from graders.commands.model import Carried, Done
from graders.commands.state import with_tag
from graders.report import EngineReport
from graders.sandbox.base import FileFacts, FileKind, MountKind

SCHEMA: Literal["drydock.console/1"] = "drydock.console/1"

ContainerState = Literal["created", "running", "paused", "restarting", "removing", "exited", "dead"]
_KEPT_CHARACTERS = 4096
"""Of what a line printed, on each stream."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FoundFile(_Frozen):
    """What was found at a path."""

    kind: FileKind
    size_bytes: int = 0
    mode: int = 0
    uid: int = 0
    text: str = ""
    """The beginning of a regular file; bytes that are no UTF-8 become `\\xff`."""
    cut: bool = False
    link_target: str = ""

    @classmethod
    def of(cls, facts: FileFacts | None) -> "FoundFile | None":
        """The same as a sandbox tells of it."""
        if facts is None:
            return None
        return cls(
            kind=facts.kind,
            size_bytes=facts.size_bytes,
            mode=facts.mode,
            uid=facts.uid,
            text=text_of(facts.content),
            cut=facts.content_cut,
            link_target=facts.link_target,
        )


class EndMount(_Frozen):
    """What stands at a path of a container in the place of its own file system."""

    path: str
    kind: MountKind
    name: str = ""
    """The volume, as the session shows it."""
    read_only: bool = False


class EndContainer(_Frozen):
    """A container of the session."""

    name: str
    id: str
    image: str
    """As it was typed."""
    image_id: str
    state: ContainerState
    exit_code: int | None = None
    """None while it has not ended."""
    made_by: Literal["create", "run"] = "create"
    started: bool = False
    """Whether it has ever run."""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    """What is run, or the arguments of the entrypoint."""
    env: Mapping[str, str] = Field(default_factory=dict)
    """The image's included."""
    user: str = ""
    workdir: str = ""
    hostname: str = ""
    labels: Mapping[str, str] = Field(default_factory=dict)
    mounts: tuple[EndMount, ...] = ()
    networks: tuple[str, ...] = ()
    """Of the session's own."""
    auto_remove: bool = False
    tty: bool = False
    oom_killed: bool = False
    files: Mapping[str, FoundFile | None] = Field(default_factory=dict)
    """What was wanted of it, by path; None where nothing is."""


class EndImage(_Frozen):
    """An image of the session, or a base of the lab."""

    id: str
    references: tuple[str, ...] = ()
    """With their tags; an image without one is dangling."""
    base: bool = False
    made_by: Literal["build", "commit", ""] = ""
    """Empty for a base."""
    parent: str = ""
    """Id of the image it was made from, where known."""
    from_container: str = ""
    """Name of the container that was committed."""
    entrypoint: tuple[str, ...] | None = None
    cmd: tuple[str, ...] | None = None
    env: Mapping[str, str] = Field(default_factory=dict)
    workdir: str = ""
    user: str = ""
    exposed_ports: tuple[str, ...] = ()
    """Such as `8000/tcp`."""
    volumes: tuple[str, ...] = ()
    labels: Mapping[str, str] = Field(default_factory=dict)
    history: tuple[str, ...] = ()
    """What each row was created by, oldest first."""
    layers: tuple[str, ...] = ()
    """Digests of its layers, oldest first: one that stands on another begins with the other's."""
    size_bytes: int = 0
    files: Mapping[str, FoundFile | None] = Field(default_factory=dict)


class EndVolume(_Frozen):
    """A volume of the session."""

    name: str
    anonymous: bool = False
    used_by: tuple[str, ...] = ()
    """Names of the containers that mount it, running or not."""
    files: Mapping[str, FoundFile | None] = Field(default_factory=dict)
    """By their path in the volume, which begins with a slash."""


class EndNetwork(_Frozen):
    """A network of the session."""

    name: str
    containers: tuple[str, ...] = ()


class Line(_Frozen):
    """A line of the journal: what was typed and what came of it."""

    number: int = Field(ge=1)
    text: str
    exit_code: int
    done: tuple[Done, ...] = ()
    """The docker commands in it, in the order in which they were carried out."""
    stdout: str = ""
    stderr: str = ""
    """What it printed, the beginning of each."""

    @classmethod
    def of(cls, number: int, text: str, carried: Carried) -> Self:
        """The line with what came of it."""
        return cls(
            number=number,
            text=text,
            exit_code=carried.exit_code,
            done=carried.done,
            stdout=_kept(carried.stdout),
            stderr=_kept(carried.stderr),
        )


class EndState(_Frozen):
    """A session at its end, as JSON: what a submission keeps, and what grading reads."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)

    schema_: Literal["drydock.console/1"] = Field(default=SCHEMA, alias="schema")
    containers: tuple[EndContainer, ...] = ()
    images: tuple[EndImage, ...] = ()
    """The bases of the lab first."""
    volumes: tuple[EndVolume, ...] = ()
    networks: tuple[EndNetwork, ...] = ()
    folder: Mapping[str, FoundFile | None] = Field(default_factory=dict)
    """Files of the lab's folder that were wanted."""
    journal: tuple[Line, ...] = ()
    engine: EngineReport | None = None

    def container(self, name: str) -> EndContainer | None:
        """The container of this name."""
        return next((one for one in self.containers if one.name == name.removeprefix("/")), None)

    def image(self, reference: str) -> EndImage | None:
        """The image with this reference; `latest` where it has no tag."""
        return next((one for one in self.images if with_tag(reference) in map(with_tag, one.references)), None)

    def volume(self, name: str) -> EndVolume | None:
        """The volume of this name."""
        return next((one for one in self.volumes if one.name == name), None)

    def network(self, name: str) -> EndNetwork | None:
        """The network of this name."""
        return next((one for one in self.networks if one.name == name), None)


@dataclass(frozen=True, kw_only=True)
class EndWants:
    """Files that checks want to see at the end."""

    container_files: frozenset[tuple[str, str]] = frozenset()
    """Container and absolute path."""
    image_files: frozenset[tuple[str, str]] = frozenset()
    """Reference and absolute path."""
    volume_files: frozenset[tuple[str, str]] = frozenset()
    """Volume and path in it, which begins with a slash."""
    folder_files: frozenset[str] = frozenset()
    """Paths in the lab's folder."""

    def __or__(self, other: "EndWants") -> "EndWants":
        """What either wants."""
        return EndWants(
            container_files=self.container_files | other.container_files,
            image_files=self.image_files | other.image_files,
            volume_files=self.volume_files | other.volume_files,
            folder_files=self.folder_files | other.folder_files,
        )


def text_of(content: bytes) -> str:
    """A file's content as text; NUL characters are spelled out, since not every database keeps them."""
    return content.decode("utf-8", errors="backslashreplace").replace("\0", "\\x00")


def _kept(text: str) -> str:
    return text[:_KEPT_CHARACTERS].replace("\0", "\\x00")

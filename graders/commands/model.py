"""A docker command as data, what carrying it out printed, and what went to the daemon for it."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

FlagValue = bool | int | float | str | tuple[str, ...]
"""What a flag holds: a switch, a number, a text, or every text given for one that may be repeated."""

Stream = Literal["out", "err"]
Kind = Literal["container", "image", "volume", "network"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Command(_Frozen):
    """One docker command, read: `docker rm -f web` is `("container", "rm")` with the flag `force` and one argument."""

    path: tuple[str, ...]
    """What it does, in one form whatever was typed: ("container", "ls") for `docker ps`, ("inspect",), ("version",)."""
    called: str
    """As it was called, such as `docker ps`: what docker's own messages name."""
    flags: Mapping[str, FlagValue] = Field(default_factory=dict)
    """The flags that were given, under their long names without dashes; flags that were not are left out."""
    args: tuple[str, ...] = ()
    """What is no flag, in order; for `run`, `create` and `exec` also the program's own words."""

    def flag(self, name: str) -> FlagValue | None:
        """What the flag holds, None where it was not given."""
        return self.flags.get(name)

    def is_on(self, name: str) -> bool:
        """Whether a switch was given, and not as `--name=false`."""
        return self.flags.get(name) is True

    def text(self, name: str, default: str = "") -> str:
        """What a flag of one text holds."""
        value = self.flags.get(name)
        return default if value is None else str(value)

    def texts(self, name: str) -> tuple[str, ...]:
        """Every text given for a flag that may be repeated."""
        value = self.flags.get(name)
        return value if isinstance(value, tuple) else ()


class Call(_Frozen):
    """One request that went to the daemon: what the docker CLI sends for the same command."""

    method: str
    path: str
    """With names and ids as the session shows them, without the API's version: `/containers/create?name=web`."""
    status: int


class Piece(_Frozen):
    """A piece of what was printed, in the order in which it was."""

    stream: Stream
    text: str


class Touched(_Frozen):
    """An object that a command was about."""

    kind: Kind
    name: str
    """As the session shows it: a container's name, an image's reference as typed, a volume's name."""
    id: str
    """The engine's; a volume's name."""
    made: bool = False
    """Whether the command made it."""
    removed: bool = False


class Done(_Frozen):
    """One docker command of a line, carried out or refused: an entry of the journal that grading reads."""

    command: Command | None
    """None where what was typed is no docker command that could be read."""
    exit_code: int
    touched: tuple[Touched, ...] = ()
    stdout: str = ""
    """What the command itself printed, cut at a few KiB, whether or not it was piped on."""


class Carried(_Frozen):
    """What came of one line."""

    pieces: tuple[Piece, ...] = ()
    exit_code: int = 0
    calls: tuple[Call, ...] = ()
    done: tuple[Done, ...] = ()
    """One for each docker command in it, in the order in which they were carried out."""
    cut: bool = False
    """Whether more was printed than is kept."""
    clears: bool = False
    """Whether the screen is to be emptied."""
    our_fault: bool = False
    """Whether a mistake of the console's own kept something from being carried out: nothing to judge anybody by."""

    @property
    def stdout(self) -> str:
        """What went to standard output."""
        return "".join(piece.text for piece in self.pieces if piece.stream == "out")

    @property
    def stderr(self) -> str:
        """What went to standard error."""
        return "".join(piece.text for piece in self.pieces if piece.stream == "err")


class CommandRefused(Exception):
    """A command cannot be read, or is not to be carried out here.

    `message` is what is printed: docker's own words where docker has some, then why it is not available here. It is
    printed to standard error; `exit_code` is the one that docker gives.
    """

    def __init__(self, message: str, *, code: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        """Stable: `unknown-command`, `unknown-flag`, `not-available`, `bad-value`, `too-few-arguments`, `syntax`, …"""
        self.exit_code = exit_code

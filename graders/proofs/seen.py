"""What came of a proof's plan on an engine: the facts that were asked for, and the terminal's output."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from graders.proofs.shows import Value
from graders.visible import visible

MOST_OF_ONE = 8 * 1024
"""Characters of one piece of the terminal's output."""
MOST_IN_ALL = 40 * 1024

TerminalKind = Literal["typed", "out", "err", "note"]


class TerminalLine(BaseModel):
    """A piece of what a terminal shows: a command that was typed, what it printed, or a remark of ours."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: TerminalKind
    text: str


class Seen(BaseModel):
    """All that was seen. Plain data, inert, and bounded: it can be kept, and shown to anybody."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: str = ""
    """The engine's version."""
    facts: dict[str, Value] = Field(default_factory=dict)
    """By the words that name each (`Asked.key`)."""
    terminal: tuple[TerminalLine, ...] = ()
    trouble: str = ""
    """Why it could not be carried out, in a sentence; then nothing follows from the facts."""


class Terminal:
    """Gathers a terminal's output, made fit to be shown and cut where it is too long."""

    def __init__(self) -> None:
        self._pieces: list[TerminalLine] = []
        self._room = MOST_IN_ALL

    def typed(self, command: str) -> None:
        """A command."""
        self._add("typed", command)

    def out(self, text: str | bytes) -> None:
        """What was printed to standard output."""
        self._add("out", text)

    def err(self, text: str | bytes) -> None:
        """What was printed to standard error."""
        self._add("err", text)

    def note(self, text: str) -> None:
        """A remark of ours, such as how it ended."""
        self._add("note", text)

    def pieces(self) -> tuple[TerminalLine, ...]:
        """All of it."""
        return tuple(self._pieces)

    def _add(self, kind: TerminalKind, text: str | bytes) -> None:
        # Cut first: what is made visible grows with what is left of it.
        shown = visible(text[: MOST_OF_ONE + 1]).rstrip("\n")
        if not shown or self._room <= 0:
            return
        most = min(MOST_OF_ONE, self._room)
        self._pieces.append(TerminalLine(kind=kind, text=shown[:most]))
        self._room -= min(len(shown), most)
        if len(shown) > most:
            self._pieces.append(TerminalLine(kind="note", text="More was printed than is kept."))

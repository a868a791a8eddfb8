"""What came of one command of a line, and what carries out a word that is no docker command."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from graders.commands.model import Piece

if TYPE_CHECKING:
    from graders.commands.interpreter import Console


@dataclass(frozen=True)
class Ran:
    """What came of one command."""

    pieces: tuple[Piece, ...] = ()
    exit_code: int = 0
    clears: bool = False
    """Whether the screen is to be emptied."""
    commands: tuple[tuple[str, ...], ...] = ()
    """Commands that are to be carried out in its place: what `xargs` makes of its input."""

    @property
    def stdout(self) -> str:
        """What goes on through a pipe."""
        return "".join(piece.text for piece in self.pieces if piece.stream == "out")

    def with_streams_joined(self) -> "Ran":
        """The same, with everything printed to standard output, as `2>&1` has it."""
        return replace(self, pieces=tuple(piece.model_copy(update={"stream": "out"}) for piece in self.pieces))


OwnWord = Callable[[list[str], str, "Console"], Ran]
"""Carries a word out, given its arguments and what was piped into it. Raises CommandRefused."""


def printed(text: str, *, exit_code: int = 0) -> Ran:
    """Make what came of a command that printed this."""
    return Ran((Piece(stream="out", text=text),) if text else (), exit_code)

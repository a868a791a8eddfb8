"""What the comparison of the console with the docker CLI is made of: lines in scenarios, and what differs, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Part = Literal["exit code", "stdout", "stderr", "first line of stderr", "columns", "number of lines", "words", "steps"]
"""What can still be compared where not all is equal: `columns` is a table's first line, `words` is stdout with its
white space evened out and its lines sorted, `steps` are a build's, by their names."""


@dataclass(frozen=True)
class Line:
    """A line as a student types it. Unless it says otherwise, all that docker prints and sends is the same here."""

    text: str
    differs: str = ""
    """Why what is printed cannot be equal."""
    still: tuple[Part, ...] = ("exit code",)
    """What is equal even so."""
    calls_differ: str = ""
    """Why other requests go to the daemon."""


TERMINAL = "the console adds how the same is done without a terminal"
HELP = "commands and flags that are not offered here are left out, which also makes columns narrower"


def without_terminal(text: str) -> Line:
    """A line that wants a terminal, which nobody sits at on either side."""
    return Line(text, differs=TERMINAL, still=("exit code", "stdout", "first line of stderr"))


def shows_help(text: str) -> Line:
    """A line that lists what there is."""
    return Line(text, differs=HELP)


@dataclass(frozen=True)
class Scenario:
    """Lines that build on each other, carried out in a session without containers, volumes or networks."""

    name: str
    lines: tuple[Line, ...]
    files: Mapping[str, str] = field(default_factory=dict)
    """The lab's folder."""


def scenario(name: str, *lines: str | Line, files: Mapping[str, str] | None = None) -> Scenario:
    """A scenario; a line given as a text is one that is equal in everything."""
    read = tuple(line if isinstance(line, Line) else Line(line) for line in lines)
    return Scenario(name=name, lines=read, files=dict(files or {}))

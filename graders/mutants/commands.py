"""Makes mutants of a commands.txt: a line, a flag or a value goes missing, or another verb is typed.

Lines that only look around are left alone: without them the engine ends up the same.
"""

import shlex
from collections.abc import Iterator, Sequence
from itertools import pairwise

from graders.commands.lines import typed_lines
from graders.commands.model import CommandRefused
from graders.commands.parser import parse
from graders.mutants.edits import Edit

_LOOKING = frozenset(
    {"ps", "images", "logs", "inspect", "history", "port", "top", "stats", "diff", "version", "info", "events", "ls"}
)
_NEIGHBOURS = {
    "run": "create",
    "create": "run",
    "kill": "pause",
    "stop": "pause",
    "pause": "kill",
    "unpause": "restart",
    "start": "pause",
    "rm": "kill",
}
"""Verbs, and for each another that somebody might take for it."""


def edits_of_commands(text: str) -> Iterator[Edit]:
    """Each edit of the commands, line by line."""
    lines = [_Typed(number, line) for number, line in typed_lines(text)]
    doing = [line for line in lines if not line.looks]
    for line in doing:
        yield Edit(line.number, f"leave out: {line.text}", _text(lines, line, None))
    for first, second in pairwise(doing):
        if set(first.names) & set(second.names):
            swapped = [second if each is first else first if each is second else each for each in lines]
            text = "".join(f"{each.raw}\n" for each in swapped)
            yield Edit(first.number, f"change places: {first.text} / {second.text}", text)
    for line in doing:
        for change, words in _changed(line.words):
            yield Edit(line.number, f"{change}: {line.text}", _text(lines, line, shlex.join(words)))


class _Typed:
    """A line of the file."""

    def __init__(self, number: int, text: str) -> None:
        self.number = number
        self.text = " ".join(text.split())
        self.raw = text

    @property
    def words(self) -> list[str]:
        """Its words, when it is one docker command; nothing otherwise."""
        try:
            words = shlex.split(self.raw)
        except ValueError:
            return []
        return words if words[:1] == ["docker"] and _reads(words) is not None else []

    @property
    def names(self) -> list[str]:
        """The values of the lab that stand in it, which is what its things are called."""
        return [part.partition("}")[0] for part in self.raw.split("{")[1:]]

    @property
    def looks(self) -> bool:
        """Whether it changes nothing."""
        words = self.raw.split()
        if words[:1] != ["docker"]:
            return True
        return bool(_LOOKING & set(words[1:3])) and not ({"run", "create", "exec"} & set(words[1:2]))


def _changed(words: list[str]) -> Iterator[tuple[str, list[str]]]:
    if not words:
        return
    verb = _NEIGHBOURS.get(words[1])
    if verb is not None:
        yield f"{verb} for {words[1]}", [words[0], verb, *words[2:]]
    args = _reads(words)
    for place, word in enumerate(words):
        if not word.startswith("-"):
            continue
        before, after = words[:place], words[place + 1 :]
        if _reads([*before, *after]) == args:
            yield f"without {word}", [*before, *after]
        elif after and _reads([*before, *after[1:]]) == args:
            yield f"without {word} {after[0]}", [*before, *after[1:]]
            yield f"another value of {word}", [*before, word, f"{after[0]}x", *after[1:]]


def _reads(words: Sequence[str]) -> tuple[str, ...] | None:
    """The arguments of the command, None where docker would not understand it."""
    try:
        return parse(words).args
    except CommandRefused:
        return None


def _text(lines: Sequence[_Typed], changed: _Typed, instead: str | None) -> str:
    """The lines with another one in the place of `changed`, or with none."""
    written = [instead if each is changed else each.raw for each in lines]
    return "".join(f"{line}\n" for line in written if line is not None)

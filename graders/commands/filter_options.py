"""Options of the filters, read as GNU's read them, and the files they are given."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from graders.commands.folder import Folder
from graders.commands.model import CommandRefused, Piece

if TYPE_CHECKING:
    from graders.commands.interpreter import Console


MOST_READ_BYTES = 2 * 1024 * 1024
"""Of files, that one command reads: one that is named a thousand times is read as often."""


@dataclass
class Options:
    """What was given to a filter."""

    name: str
    switches: list[str] = field(default_factory=list)
    values: dict[str, list[str]] = field(default_factory=dict)
    args: list[str] = field(default_factory=list)

    def number(self, letter: str, default: int | None = None) -> int | None:
        """The number given with an option, which may have a sign. Raises CommandRefused for what is none."""
        if letter not in self.values:
            return default
        text = self.values[letter][-1]
        if not re.fullmatch(r"[+-]?\d{1,9}", text, re.ASCII):
            raise bad_use(self.name, f"invalid number: '{text}'", f"Say a number, as in `{self.name} -{letter} 3`.")
        return int(text)


def read_options(
    name: str,
    args: list[str],
    *,
    switches: str,
    values: str = "",
    long: Mapping[str, str] | None = None,
    stops: bool = False,
) -> Options:
    """Part a filter's words into its options and the rest; `stops` says that options end at the first of the rest.

    Raises CommandRefused for an option it has not here.
    """
    read = Options(name)
    left = list(reversed(args))
    while left:
        arg = left.pop()
        if arg == "--":
            read.args += reversed(left)
            break
        if arg == "-" or not arg.startswith("-"):
            read.args += [arg, *reversed(left)] if stops else [arg]
            if stops:
                break
        elif arg.startswith("--"):
            word, equals, value = arg[2:].partition("=")
            letter = (long or {}).get(word, "")
            if not letter or (equals and letter in switches):
                raise _unknown(name, arg, switches + values)
            _give(read, letter + value if equals else letter, left, switches=switches, values=values)
        else:
            _give(read, arg[1:], left, switches=switches, values=values)
    return read


def _give(read: Options, letters: str, left: list[str], *, switches: str, values: str) -> None:
    while letters:
        letter, letters = letters[0], letters[1:]
        if letter in switches:
            read.switches.append(letter)
        elif letter in values:
            if not letters and not left:
                raise bad_use(read.name, f"option requires an argument -- '{letter}'", "Add its value.")
            read.values.setdefault(letter, []).append(letters or left.pop())
            return
        else:
            raise _unknown(read.name, f"-{letter}", switches + values)


def inputs(
    name: str, options: Options, stdin: str, console: "Console", *, files: list[str] | None = None
) -> tuple[list[tuple[str, str]], tuple[Piece, ...]]:
    """What a filter is to read, as (file, text), and what is said of files that are not there.

    Without files it is what was piped in, with no name.
    """
    paths = options.args if files is None else files
    if not paths:
        return [("", stdin)], ()
    texts: list[tuple[str, str]] = []
    problems: list[Piece] = []
    for path, read in read_each(name, paths, stdin, console):
        if isinstance(read, Piece):
            problems.append(read)
        else:
            texts.append((path, read))
    return texts, tuple(problems)


def read_each(name: str, paths: Iterable[str], stdin: str, console: "Console") -> Iterator[tuple[str, str | Piece]]:
    """What is in each file, or what is said of one that cannot be read; `-` is what was piped in.

    Raises CommandRefused when it is too much in all.
    """
    folder = Folder(console.state, console.rules)
    left = MOST_READ_BYTES
    for path in paths:
        try:
            text = stdin if path == "-" else folder.read(path).decode(errors="replace")
        except CommandRefused as refusal:
            yield path, Piece(stream="err", text=f"{name}: {refusal.message}\n")
            continue
        left -= len(text)
        if left < 0:
            raise bad_use(name, f"more than {MOST_READ_BYTES // 1024} KiB to read at once", "Name fewer files.")
        yield path, text


def bad_use(name: str, complaint: str, advice: str) -> CommandRefused:
    """Make the refusal of a filter that is called wrongly."""
    return CommandRefused(f"{name}: {complaint}\n[console] {advice}", code="bad-value", exit_code=2)


def _unknown(name: str, option: str, known: str) -> CommandRefused:
    listed = ", ".join(f"-{letter}" for letter in known)
    return CommandRefused(
        f"{name}: {option} is not an option here\n[console] `{name}` has these: {listed}.",
        code="unknown-flag",
        exit_code=2,
    )

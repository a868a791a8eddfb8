"""Writes a command as it could be typed, and tells whether two commands ask for the same."""

import csv
import io
import shlex
from collections.abc import Iterator

from graders.commands.grammar.flags import Flag, Holds
from graders.commands.grammar.shapes import Shape
from graders.commands.grammar.table import BY_PATH
from graders.commands.model import Command, FlagValue

_SPANS = (("h", 3600 * 10**9), ("m", 60 * 10**9), ("s", 10**9), ("ms", 10**6), ("us", 10**3), ("ns", 1))
_SIZES = (("g", 1024**3), ("m", 1024**2), ("k", 1024), ("b", 1))


def written(command: Command) -> str:
    """The command as one could type it, in the shortest way to call it: reading it gives the same command.

    Raises KeyError for a path that is not in the grammar.
    """
    shape = BY_PATH[command.path]
    words = ["docker", *shape.calls[0].split()]
    for flag in sorted(shape.flags, key=lambda flag: flag.name):
        if flag.name in command.flags:
            words += _flag_words(flag, command.flags[flag.name])
    if any(arg.startswith("-") and arg != "-" for arg in (command.args[:1] if shape.stops else command.args)):
        words.append("--")
    return shlex.join([*words, *command.args])


def normal(command: Command) -> Command:
    """The command without what makes no difference: how it was called, and flags that say what is so anyway.

    Two commands that ask for the same in the same order have the same normal form; the order of flags is none.
    """
    shape = BY_PATH.get(command.path)
    flags = dict(command.flags) if shape is None else dict(sorted(_telling(shape, command)))
    called = f"docker {shape.calls[0]}" if shape is not None else command.called
    return Command(path=command.path, called=called, flags=flags, args=command.args)


def same_command(one: Command, other: Command) -> bool:
    """Whether two commands ask for the same, whatever they were called and however their flags were given."""
    return normal(one) == normal(other)


def _telling(shape: Shape, command: Command) -> Iterator[tuple[str, FlagValue]]:
    for name, value in command.flags.items():
        flag = shape.by_name.get(name)
        if flag is None or value != flag.default:
            yield name, value


def _flag_words(flag: Flag, value: FlagValue) -> list[str]:
    if flag.holds is Holds.SWITCH:
        short = f"-{flag.short}" if flag.short else f"--{flag.name}"
        return [short] if value is True else [f"--{flag.name}=false"]
    spelled = f"-{flag.short}" if flag.short else f"--{flag.name}"
    values = value if isinstance(value, tuple) else (value,)
    return [word for one in values for word in (spelled, _value_text(flag, one))]


def _value_text(flag: Flag, value: FlagValue) -> str:
    match flag.holds:
        case Holds.DURATION if isinstance(value, int):
            return _amount(value, _SPANS)
        case Holds.SIZE if isinstance(value, int):
            return _amount(value, _SIZES)
        case Holds.DECIMAL:
            return f"{value:.9f}".rstrip("0").rstrip(".")
        case Holds.STRINGS:
            line = io.StringIO()
            csv.writer(line, lineterminator="").writerow([value])
            return line.getvalue()
        case _:
            return str(value)


def _amount(value: int, units: tuple[tuple[str, int], ...]) -> str:
    """The amount in the largest unit that gives a whole number."""
    unit, size = next((unit, size) for unit, size in units if value % size == 0)
    return f"{value // size}{unit}"

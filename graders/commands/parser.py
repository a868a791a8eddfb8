"""Reads the words of one docker command, as docker's CLI reads them, into a `Command`.

The rules of flags are those of the library that the CLI uses (spf13/pflag): `-abc` is three switches, `-eA=1` is
`-e A=1`, `--name=x` is `--name x`, `--` ends flags, and what is given last counts where a flag does not repeat.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from graders.commands.grammar.elsewhere import NO_COMMANDS
from graders.commands.grammar.flags import Flag, Holds
from graders.commands.grammar.root import GLOBAL_FLAGS, HELP
from graders.commands.grammar.shapes import Shape
from graders.commands.grammar.table import BY_CALL, GROUP_BY_NAME
from graders.commands.grammar.values import BadValue, Value, go_quoted, read_value
from graders.commands.helping import group_help, root_help
from graders.commands.lines import read_line
from graders.commands.model import Command, CommandRefused
from graders.commands.wording import (
    bad_flag,
    command_not_offered,
    flag_not_offered,
    not_a_command,
    wrong_count,
)

HELP_PATH = ("help",)
"""The path of a command that asks for help; its arguments are what it asks about, without `docker`."""
VERSION_PATH = ("--version",)
"""The path of `docker --version`."""


def parse(words: Sequence[str], *, offered_only: bool = True) -> Command:
    """Read the words of a docker command, the first being `docker`.

    Raises CommandRefused, in docker's words and with its exit code. `--help` and `docker help` give a command with the
    path HELP_PATH. Without `offered_only`, for commands that nobody carries out, what docker has and the console has
    not is read, too: flags as far as the grammar knows them, and what follows a command without one word by word.
    """
    flags, rest = _read_flags("docker", {flag.name: flag for flag in GLOBAL_FLAGS}, list(words[1:]), stops=True)
    flags.raise_complaint(usage=root_help)
    if not rest:
        return _help() if "version" not in flags.values else Command(path=VERSION_PATH, called="docker")
    if offered_only:
        flags.raise_refused()
    if rest[0] == "help":
        return _help(*_topic(rest[1:]))
    name, rest = rest[0], rest[1:]
    if name in GROUP_BY_NAME:
        return _parse_group(name, rest, asks_help=flags.asks_help, offered_only=offered_only)
    shape = BY_CALL.get(name)
    if shape is None and name in NO_COMMANDS and not offered_only:
        return Command(path=(name,), called=f"docker {name}", args=tuple(rest))
    if shape is None:
        return _unknown(name, rest, asks_help=flags.asks_help)
    return _parse_shape(shape, name, rest, asks_help=flags.asks_help, offered_only=offered_only)


def read_command(text: str, *, offered_only: bool = True) -> Command:
    """Read a line that is one docker command and nothing else: no pipes, nothing substituted. Raises CommandRefused.

    For answers and proofs, where nothing is carried out; `offered_only` as in `parse`.
    """
    line = read_line(text)
    if len(line.pipelines) != 1 or len(line.pipelines[0].commands) != 1 or line.pipelines[0].joined:
        raise CommandRefused("Write one docker command, and nothing else.", code="not-one-command")
    words = [word.plain for word in line.pipelines[0].commands[0]]
    plain = [word for word in words if word is not None]
    if len(plain) < len(words):
        raise CommandRefused("Write the words themselves: nothing is substituted here.", code="not-one-command")
    if plain[0] != "docker":
        raise CommandRefused("Write a command that begins with `docker`.", code="no-docker-command")
    return parse(plain, offered_only=offered_only)


def _parse_group(name: str, words: list[str], *, asks_help: bool, offered_only: bool) -> Command:
    group = GROUP_BY_NAME[name]
    if group.refused and not offered_only:
        return Command(path=(name,), called=f"docker {name}", args=tuple(words))
    if group.refused:
        raise command_not_offered(f"docker {name}", group.refused)
    flags, rest = _read_flags(f"docker {name}", {}, words, stops=True)
    flags.raise_complaint(usage=lambda: group_help(group))
    call = f"{name} {rest[0]}" if rest else name
    shape = BY_CALL.get(call)
    if shape is not None:
        asks_help = asks_help or flags.asks_help
        return _parse_shape(shape, call, rest[1:], asks_help=asks_help, offered_only=offered_only)
    if asks_help or flags.asks_help or any(word in {"--help", "-h"} for word in rest):
        return _help(name)
    raise CommandRefused(group_help(group), code="unknown-command" if rest else "help", exit_code=1 if rest else 0)


def _parse_shape(shape: Shape, call: str, words: list[str], *, asks_help: bool, offered_only: bool) -> Command:
    called = f"docker {shape.named(call)}"
    if shape.refused and not offered_only:
        return Command(path=shape.path, called=called, args=tuple(words))
    if shape.refused:
        if asks_help or any(word in {"--help", "-h"} for word in words):
            return _help(*call.split())
        raise command_not_offered(called, shape.refused)
    flags, args = _read_flags(called, shape.by_name, words, stops=shape.stops, offered_only=offered_only)
    flags.raise_complaint()
    if asks_help or flags.asks_help:
        return _help(*call.split())
    miscounted = wrong_count(shape, called, len(args))
    if miscounted is not None:
        raise miscounted
    flags.raise_refused()
    return Command(path=shape.path, called=called, flags=flags.values, args=tuple(args))


def _unknown(name: str, rest: list[str], *, asks_help: bool) -> Command:
    flags, _ = _read_flags("docker", {flag.name: flag for flag in GLOBAL_FLAGS}, rest, stops=False)
    if name not in NO_COMMANDS:
        flags.raise_complaint(usage=root_help)
    if asks_help or flags.asks_help:
        return _help()
    raise not_a_command(name, NO_COMMANDS.get(name, ""))


def _topic(words: list[str]) -> list[str]:
    topic = [word for word in words if not word.startswith("-")]
    for length in (2, 1):
        if " ".join(topic[:length]) in BY_CALL:
            return topic[:length]
    if not topic or topic[0] in GROUP_BY_NAME:
        return topic[:1]
    raise CommandRefused(f"unknown help topic: {' '.join(topic)}", code="unknown-command")


def _help(*topic: str) -> Command:
    return Command(path=HELP_PATH, called=" ".join(("docker", *topic)), args=topic)


@dataclass
class _Flags:
    """The flags of one command as they are read."""

    called: str
    by_name: dict[str, Flag]
    offered_only: bool = True
    values: dict[str, Value] = field(default_factory=dict)
    asks_help: bool = False
    complaint: str = ""
    code: str = ""
    refusals: list[CommandRefused] = field(default_factory=list)

    def complain(self, words: str, code: str) -> None:
        self.complaint, self.code = self.complaint or words, self.code or code

    def raise_complaint(self, *, usage: Callable[[], str] | None = None) -> None:
        """Raise what docker complains of; where a command has commands of its own, it tells its usage too."""
        if self.complaint:
            raise bad_flag(self.called, self.complaint, code=self.code, usage=usage() if usage else "")

    def raise_refused(self) -> None:
        if self.refusals:
            raise self.refusals[0]

    def give(self, flag: Flag, text: str, given: str) -> None:
        try:
            value = read_value(flag, text)
        except BadValue as bad:
            self.complain(f'invalid argument {go_quoted(text)} for "{flag.spelled}" flag: {bad}', "bad-value")
            return
        if flag is HELP:
            self.asks_help = value is True
            return
        named = str(value).lower() if isinstance(value, bool) else value
        if self.offered_only and flag.refused and value != flag.default and named not in flag.only:
            self.refusals.append(flag_not_offered(self.called, flag, given))
        if self.offered_only and not flag.offered:
            return
        held = self.values.get(flag.name)
        if isinstance(value, tuple):
            value = (*held, *value) if isinstance(held, tuple) else value
            if not value:
                return
        self.values[flag.name] = value


def _read_flags(
    called: str, by_name: Mapping[str, Flag], words: list[str], *, stops: bool, offered_only: bool = True
) -> tuple[_Flags, list[str]]:
    """Part the words into flags and arguments; at the first complaint it stops reading, as docker does."""
    flags = _Flags(called, {"help": HELP, **by_name}, offered_only)
    args: list[str] = []
    left = list(reversed(words))
    while left and not flags.complaint:
        word = left.pop()
        if word == "--":
            args += reversed(left)
            break
        if word.startswith("--"):
            _long(flags, word[2:], left)
        elif word.startswith("-") and word != "-":
            _short(flags, word[1:], left)
        else:
            args.append(word)
            if stops:
                args += reversed(left)
                break
    return flags, args


def _long(flags: _Flags, word: str, left: list[str]) -> None:
    if word[0] in "-=":
        flags.complain(f"bad flag syntax: --{word}", "unknown-flag")
        return
    name, equals, value = word.partition("=")
    flag = flags.by_name.get(name)
    if flag is None:
        flags.complain(f"unknown flag: --{name}", "unknown-flag")
    elif equals:
        flags.give(flag, value, f"--{word}" if flag.only else f"--{name}")
    elif flag.holds is Holds.SWITCH:
        flags.give(flag, "true", f"--{name}")
    elif left:
        value = left.pop()
        flags.give(flag, value, f"--{name} {value}" if flag.only else f"--{name}")
    else:
        flags.complain(f"flag needs an argument: --{name}", "needs-value")


def _short(flags: _Flags, letters: str, left: list[str]) -> None:
    by_short = {flag.short: flag for flag in flags.by_name.values() if flag.short}
    by_short.setdefault("h", HELP)
    while letters and not flags.complaint:
        letter, rest = letters[0], letters[1:]
        flag = by_short.get(letter)
        if flag is None:
            shown = letter if letter.isascii() else chr(letter.encode()[0])
            flags.complain(f"unknown shorthand flag: {_quoted_letter(shown)} in -{letters}", "unknown-flag")
        elif len(rest) > 1 and rest[0] == "=":
            flags.give(flag, rest[1:], f"-{letter}{rest}" if flag.only else f"-{letter}")
            return
        elif flag.holds is Holds.SWITCH:
            flags.give(flag, "true", f"-{letter}")
            letters = rest
        elif rest or left:
            value = rest or left.pop()
            flags.give(flag, value, f"-{letter} {value}" if flag.only else f"-{letter}")
            return
        else:
            flags.complain(f"flag needs an argument: '{letter}' in -{letters}", "needs-value")


def _quoted_letter(letter: str) -> str:
    inner = go_quoted(letter)[1:-1]
    return "'\\''" if letter == "'" else f"'{inner.replace(chr(92) + chr(34), chr(34))}'"

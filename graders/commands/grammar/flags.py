"""A flag of a docker command as data: how it is spelled, what it holds, what docker says of it, whether it is offered.

What a flag holds in `Command.flags`, by its kind: a switch True or False; `text` a text; `texts`, `strings` and
`filters` every text that was given, in order; `number` an int; `size` an int of bytes; `duration` an int of
nanoseconds, as the daemon's API counts; `decimal` a float.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from graders.commands.grammar.rules import filter_rule

Rule = Callable[[str], str | None]
"""What docker's own CLI asks of a value: its complaint, or None."""


class Holds(Enum):
    """What a flag holds; the value is how docker's help names it where the flag has no word of its own."""

    SWITCH = ""
    TEXT = "string"
    TEXTS = "list"
    STRINGS = "strings"
    """Several in one, parted by commas, and repeatable."""
    FILTERS = "filter"
    NUMBER = "int"
    UNSIGNED = "uint16"
    SIZE = "bytes"
    DURATION = "duration"
    DECIMAL = "decimal"

    @property
    def repeats(self) -> bool:
        """Whether every value that is given counts, not only the last one."""
        return self in {Holds.TEXTS, Holds.STRINGS, Holds.FILTERS}


@dataclass(frozen=True)
class Flag:
    """One flag of one command."""

    name: str
    """Its long name, without dashes: the key in `Command.flags`."""
    holds: Holds
    about: str = ""
    """Docker's own words of it, as its help prints them."""
    short: str = ""
    metavar: str = ""
    """What the help calls its value, where that is not the kind's usual word."""
    takes: str = ""
    """What a value names, for completion: `container`, `image`, `volume`, `network`, `file`, or nothing known."""
    aliases: tuple[str, ...] = ()
    """Other long names of it that docker knows and does not show, such as `net` of `network`."""
    default: bool | int | str | None = None
    """What it holds where it is not given, as far as saying it makes no difference."""
    only: tuple[str, ...] = ()
    """The values that are offered, where the flag is offered with these alone."""
    refused: str = ""
    """Why it is not offered here and what to do instead, in one sentence; empty for a flag that is offered."""
    rule: Rule | None = None

    @property
    def offered(self) -> bool:
        """Whether it may be given, at least with some of its values."""
        return not self.refused or bool(self.only)

    @property
    def spelled(self) -> str:
        """How docker's messages name it: `-f, --force`, or `--name`."""
        return f"-{self.short}, --{self.name}" if self.short else f"--{self.name}"


def switch(name: str, about: str, *, short: str = "", on: bool = False) -> Flag:
    """Make a switch; `on` says that it is on where it is not given."""
    return Flag(name, Holds.SWITCH, about, short=short, default=on)


def text(name: str, about: str, *, short: str = "", metavar: str = "", takes: str = "", default: str = "") -> Flag:
    """Make a flag of one text."""
    return Flag(name, Holds.TEXT, about, short=short, metavar=metavar, takes=takes, default=default)


def texts(
    name: str, about: str, *, short: str = "", metavar: str = "", takes: str = "", rule: Rule | None = None
) -> Flag:
    """Make a flag of texts, given once for each."""
    return Flag(name, Holds.TEXTS, about, short=short, metavar=metavar, takes=takes, rule=rule)


def number(name: str, about: str, *, short: str = "", default: int | None = None) -> Flag:
    """Make a flag of a whole number."""
    return Flag(name, Holds.NUMBER, about, short=short, default=default)


def filters(about: str, *, short: str = "f") -> Flag:
    """Make `--filter`."""
    return Flag("filter", Holds.FILTERS, about, short=short, rule=filter_rule)


def size(name: str, about: str, *, short: str = "") -> Flag:
    """Make a flag of an amount of bytes, such as `64m`."""
    return Flag(name, Holds.SIZE, about, short=short)


def template(about: str, *, short: str = "") -> Flag:
    """Make `--format`."""
    return text("format", about, short=short)


def duration(name: str, about: str) -> Flag:
    """Make a flag of a time such as `5s`."""
    return Flag(name, Holds.DURATION, about, default=0)


def also(flag: Flag, *aliases: str) -> Flag:
    """Give a flag further long names, which docker does not show."""
    return replace(flag, aliases=aliases)


def only(flag: Flag, *values: str, why: str) -> Flag:
    """Offer a flag with these values alone."""
    return replace(flag, only=values, refused=why)


def refuse(why: str, *flags: Flag) -> tuple[Flag, ...]:
    """Know flags that docker has, and offer none of them, for this reason."""
    return tuple(replace(flag, refused=why) for flag in flags)

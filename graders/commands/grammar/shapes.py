"""A docker command as data: the ways it is called, its arguments and its flags, and what docker's help says of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from graders.commands.grammar.flags import Flag


@dataclass(frozen=True)
class Shape:
    """One docker command. Its `path` is what `Command.path` holds, however it was called."""

    path: tuple[str, ...]
    calls: tuple[str, ...]
    """Every way to call it, without `docker`: the first is the one that courses teach."""
    arguments: str
    """Of its usage line: `[OPTIONS] CONTAINER [CONTAINER...]`."""
    about: str
    """Docker's one line."""
    least: int = 0
    most: int | None = None
    """How many arguments it takes; None where there is no end to them."""
    flags: tuple[Flag, ...] = ()
    takes: tuple[str, ...] = ()
    """What the arguments name, for completion; the last one goes for all that follow."""
    stops: bool = False
    """Whether flags end at the first argument, and what follows is a program's own."""
    refused: str = ""
    """Why the command is not offered here and what to do instead; empty for one that is."""
    more: str = ""
    """What docker's help says in place of the one line, where it says more."""
    notes: str = ""
    """What is different here, for its help."""

    @cached_property
    def by_name(self) -> Mapping[str, Flag]:
        """Its flags by each of their long names."""
        return {name: flag for flag in self.flags for name in (flag.name, *flag.aliases)}

    @cached_property
    def by_short(self) -> Mapping[str, Flag]:
        """Its flags by their letter."""
        return {flag.short: flag for flag in self.flags if flag.short}

    def named(self, call: str) -> str:
        """The call by its own name where it is an alias: `container ls` for `container ps`, as docker names it."""
        group, _, name = call.rpartition(" ")
        return next((known for known in self.calls if name and known.rpartition(" ")[0] == group), call)

    def usage(self, called: str) -> str:
        """Its usage line or lines, as it was called."""
        return f"{called} {self.arguments}".rstrip()


@dataclass(frozen=True)
class Group:
    """A management command such as `docker volume`: it does nothing by itself but list its own."""

    name: str
    about: str
    refused: str = ""

"""A template that was read, as data. Nodes print themselves as Go prints them, for messages that name one."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Operand:
    """Something that has a value."""

    position: int


@dataclass(frozen=True)
class Dot(Operand):
    """The value at hand: `.`."""

    def __str__(self) -> str:
        return "."


@dataclass(frozen=True)
class Nil(Operand):
    """The word `nil`."""

    def __str__(self) -> str:
        return "nil"


@dataclass(frozen=True)
class Literal(Operand):
    """A text, a number or a truth value, as it was written."""

    written: str
    value: str | int | float | bool

    def __str__(self) -> str:
        return self.written


@dataclass(frozen=True)
class Function(Operand):
    """A function by its name."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Fields(Operand):
    """Fields of the value at hand: `.State.Status`."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return "".join(f".{name}" for name in self.names)


@dataclass(frozen=True)
class Variable(Operand):
    """A variable, and fields of it: `$v.Name`."""

    name: str
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name + "".join(f".{name}" for name in self.names)


@dataclass(frozen=True)
class Chain(Operand):
    """Fields of what stands in parentheses: `(index .Mounts 0).Name`."""

    base: Operand
    names: tuple[str, ...]

    def __str__(self) -> str:
        base = f"({self.base})" if isinstance(self.base, Pipe) else str(self.base)
        return base + "".join(f".{name}" for name in self.names)


@dataclass(frozen=True)
class Called(Operand):
    """One stage of a pipeline: an operand, and what it is called with."""

    words: tuple[Operand, ...]

    def __str__(self) -> str:
        return " ".join(f"({word})" if isinstance(word, Pipe) else str(word) for word in self.words)


@dataclass(frozen=True)
class Pipe(Operand):
    """Stages of which each gets what the one before it gave, and the variables that get the last."""

    stages: tuple[Called, ...]
    variables: tuple[str, ...] = ()
    declares: bool = True

    def __str__(self) -> str:
        told = " | ".join(str(stage) for stage in self.stages)
        if not self.variables:
            return told
        return f"{', '.join(self.variables)} {':=' if self.declares else '='} {told}"


@dataclass(frozen=True)
class Text:
    """Text between actions."""

    text: str


@dataclass(frozen=True)
class Action:
    """`{{…}}`: prints what the pipeline gives, or sets variables."""

    pipe: Pipe


@dataclass(frozen=True)
class Branch:
    """`if`, `with` or `range`."""

    word: str
    pipe: Pipe
    body: tuple[Part, ...]
    otherwise: tuple[Part, ...] = field(default=())


@dataclass(frozen=True)
class Jump:
    """`break` or `continue`."""

    word: str


Part = Text | Action | Branch | Jump

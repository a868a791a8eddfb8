"""What a parsed Dockerfile is: instructions, stages, comments and directives, each with its place in the text."""

from dataclasses import dataclass
from typing import Literal

PieceKind = Literal["bom", "directive", "comment", "blank", "instruction"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of whole lines. The pieces' sources, one after the other, are the file."""

    kind: PieceKind
    line: int
    end_line: int
    source: str


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment line, without its `#` and outer spaces."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Directive:
    """A parser directive such as `# escape=x`; `marker` is how it was spelled: `#`, `//` or `json`."""

    name: str
    value: str
    line: int
    marker: Literal["#", "//", "json"]


@dataclass(frozen=True, slots=True)
class Flag:
    """An instruction's flag: `--from=build` is name `from`, value `build`; `--link` has no value."""

    name: str
    value: str | None

    def __str__(self) -> str:
        return f"--{self.name}" if self.value is None else f"--{self.name}={self.value}"


@dataclass(frozen=True, slots=True)
class Heredoc:
    """A heredoc's body as it stands in the file; `expand` is false when its word was quoted, `chomp` true for `<<-`."""

    name: str
    content: str
    expand: bool
    chomp: bool
    line: int


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction. `arguments` is the text after keyword and flags, continuation lines joined as the engine does.

    `words` are the arguments as the engine splits them, before quotes and variables are worked out: the elements of the
    exec form, the words of COPY, ADD, FROM, EXPOSE and VOLUME, or the one text of the shell form.
    `unread` is what stands behind an exec form's closing bracket: the engine takes no notice of it.
    `pairs` are the names and values of ENV, LABEL and ARG (an ARG without a default has the value None).
    `stage` is the index of the stage it stands in, None before the first FROM. `nested` is what ONBUILD holds back.
    """

    keyword: str
    spelling: str
    line: int
    end_line: int
    source: str
    logical: str
    flags: tuple[Flag, ...] = ()
    arguments: str = ""
    words: tuple[str, ...] = ()
    is_exec: bool = False
    unread: str = ""
    pairs: tuple[tuple[str, str | None], ...] = ()
    heredocs: tuple[Heredoc, ...] = ()
    comments: tuple[Comment, ...] = ()
    nested: "Instruction | None" = None
    stage: int | None = None

    def flag(self, name: str) -> str | None:
        """The value of the flag, None when it is not given (an empty text when it is given bare)."""
        for flag in self.flags:
            if flag.name == name:
                return flag.value or ""
        return None


@dataclass(frozen=True, slots=True)
class Stage:
    """A build stage: `name` in lower case as the engine keeps it, `base` as written, the instructions after FROM."""

    index: int
    name: str | None
    base: str
    line: int
    opening: Instruction
    instructions: tuple[Instruction, ...]


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """A whole Dockerfile; `escape` is the character that continues lines."""

    source: str
    pieces: tuple[Piece, ...]
    directives: tuple[Directive, ...]
    escape: str
    instructions: tuple[Instruction, ...]
    stages: tuple[Stage, ...]
    comments: tuple[Comment, ...]

    @property
    def global_arguments(self) -> tuple[Instruction, ...]:
        """The ARG lines before the first FROM: the only variables that FROM can use."""
        return tuple(each for each in self.instructions if each.stage is None)

    @property
    def final(self) -> Stage:
        """The stage that becomes the image."""
        return self.stages[-1]

    def all(self, keyword: str) -> tuple[Instruction, ...]:
        """Every instruction with this keyword (any case), in order."""
        wanted = keyword.upper()
        return tuple(each for each in self.instructions if each.keyword == wanted)

    def stage_named(self, name: str) -> Stage | None:
        """The stage with this name, in any case; of several, the last, as the engine takes it."""
        wanted = name.lower()
        return next((stage for stage in reversed(self.stages) if stage.name == wanted), None)

"""Read a Dockerfile as BuildKit's own frontend does, or say in a sentence why it cannot be read.

The rules come from moby/buildkit, frontend/dockerfile/parser and frontend/dockerfile/instructions, as they stand in
engines since 20.10.24. Where engines of different ages would read a line differently (<< EOF with a space, an escape
directive below a check), it is an error here, so that what is judged is what is built. What an engine reads though
nobody should build it is for the policy to refuse.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from graders.dockerfile.directives import escape_of, read_directives, syntax_message
from graders.dockerfile.errors import DockerfileError
from graders.dockerfile.heredocs import KEYWORDS as HEREDOC_KEYWORDS
from graders.dockerfile.heredocs import openers, read_body
from graders.dockerfile.instructions import read_arguments
from graders.dockerfile.model import Comment, Directive, Dockerfile, Flag, Heredoc, Instruction, Piece, PieceKind
from graders.dockerfile.stages import into_stages
from graders.dockerfile.text import BOM, SPACES, decode, split_lines, without_end
from graders.dockerfile.words import split_flags, split_keyword

MAX_INSTRUCTIONS = 500
_REPEATABLE_FLAGS = frozenset({"mount", "exclude"})


def parse(text: str | bytes) -> Dockerfile:
    """The parsed Dockerfile. Raises DockerfileError, and nothing else, for whatever is malformed.

    A keyword that no engine knows is kept (policy refuses it by name), so are flags and directives.
    """
    read = _read(text)
    placed, stages = into_stages(read.instructions)
    return replace(read, instructions=placed, stages=stages)


def parse_instructions(text: str | bytes) -> tuple[Instruction, ...]:
    """The instructions of a text that is no whole Dockerfile, such as what an image's ONBUILD holds; none has a stage.

    Raises DockerfileError as `parse` does, but neither for a missing FROM nor for the order of instructions.
    """
    return _read(text).instructions


def _read(text: str | bytes) -> Dockerfile:
    """Everything but the stages."""
    source = decode(text)
    directives = read_directives(source)
    _refuse_foreign_syntax(directives)
    escape = escape_of(directives, source)
    pieces, instructions, comments = _Reader(source, escape, {each.line for each in directives}).read()
    if not instructions:
        message = "The Dockerfile holds only comments: it needs at least a FROM line."
        raise DockerfileError("no-instructions", None, message)
    return Dockerfile(source, pieces, directives, escape, instructions, (), comments)


def _refuse_foreign_syntax(directives: tuple[Directive, ...]) -> None:
    """A `syntax` behind // or in JSON: no Dockerfile at all, yet newer engines would hand it to another builder."""
    for each in directives:
        if each.name == "syntax" and each.marker != "#":
            raise DockerfileError("syntax-directive", each.line, syntax_message(each))


@dataclass(frozen=True, slots=True)
class _Logical:
    """A line with those that continue it, joined as the engine joins them."""

    text: str
    line: int
    after: int
    comments: tuple[Comment, ...]


class _Reader:
    """One pass over the physical lines."""

    def __init__(self, source: str, escape: str, directive_lines: set[int]) -> None:
        self.has_bom = source.startswith(BOM)
        self.lines = split_lines(source.removeprefix(BOM))
        self.escape = escape
        self.directive_lines = directive_lines
        self.instructions: list[Instruction] = []
        self.comments: list[Comment] = []

    def read(self) -> tuple[tuple[Piece, ...], tuple[Instruction, ...], tuple[Comment, ...]]:
        pieces = tuple(self._pieces())
        return pieces, tuple(self.instructions), tuple(self.comments)

    def _pieces(self) -> Iterator[Piece]:
        if self.has_bom:
            yield Piece("bom", 1, 1, BOM)
        at = 0
        while at < len(self.lines):
            text = self.lines[at].strip(SPACES + "\n")
            number = at + 1
            kind: PieceKind
            if text.startswith("#"):
                kind = "directive" if number in self.directive_lines else "comment"
                self.comments.append(Comment(number, text[1:].strip(SPACES)))
            elif not text:
                kind = "blank"
            else:
                instruction = self._instruction(at)
                self.instructions.append(instruction)
                if len(self.instructions) > MAX_INSTRUCTIONS:
                    message = f"The Dockerfile has over {MAX_INSTRUCTIONS} instructions; no engine builds that."
                    raise DockerfileError("too-many-instructions", None, message)
                yield Piece("instruction", number, instruction.end_line, instruction.source)
                at = instruction.end_line
                continue
            yield Piece(kind, number, number, self.lines[at])
            at += 1

    def _instruction(self, at: int) -> Instruction:
        logical = self._logical(at)
        self.comments.extend(logical.comments)
        instruction = self._read(logical.text, logical.line)
        after = logical.after
        heredocs: list[Heredoc] = []
        innermost = instruction.nested or instruction
        if innermost.keyword in HEREDOC_KEYWORDS and not innermost.is_exec:
            for opener in openers(logical.text, logical.line):
                heredoc, after = read_body(opener, self.lines, after, line=logical.line)
                heredocs.append(heredoc)
        source = "".join(self.lines[at:after])
        return replace(instruction, end_line=after, source=source, heredocs=tuple(heredocs), comments=logical.comments)

    def _logical(self, at: int) -> _Logical:
        parts: list[str] = []
        comments: list[Comment] = []
        start = at
        going_on = True
        while going_on and at < len(self.lines):
            line = without_end(self.lines[at])
            at += 1
            if at - 1 == start:
                line = line.lstrip(SPACES)
            elif line.lstrip(SPACES).startswith("#"):
                comments.append(Comment(at, line.strip(SPACES)[1:].strip(SPACES)))
                continue
            elif not line.strip(SPACES):
                continue
            line, going_on = self._without_continuation(line)
            parts.append(line)
        return _Logical("".join(parts), start + 1, at, tuple(comments))

    def _without_continuation(self, line: str) -> tuple[str, bool]:
        bare = line.rstrip(" \t")
        if not bare.endswith(self.escape) or bare.endswith(self.escape * 2):
            return line, False  # a doubled one is an escaped one, and ends the line like any other letter
        return bare[:-1], True

    def _read(self, logical: str, line: int, *, nested: bool = False) -> Instruction:
        spelling, rest = split_keyword(logical)
        if not spelling:
            raise DockerfileError("no-instruction", line, f"Line {line} goes on with {self.escape} but says nothing.")
        keyword = spelling.upper() if spelling.isascii() else spelling
        flags, arguments = split_flags(rest, line)
        _refuse_repeated(flags, keyword=keyword, line=line)
        read = read_arguments(keyword, arguments, line=line, escape=self.escape)
        inner = self._nested(arguments, line, nested=nested) if keyword == "ONBUILD" else None
        return Instruction(
            keyword=keyword,
            spelling=spelling,
            line=line,
            end_line=line,
            source="",
            logical=logical.strip(SPACES),
            flags=flags,
            arguments=arguments,
            words=read.words,
            is_exec=read.is_exec,
            unread=read.unread,
            pairs=read.pairs,
            nested=inner,
        )

    def _nested(self, text: str, line: int, *, nested: bool) -> Instruction:
        keyword = split_keyword(text)[0].upper()
        if nested or keyword in ("ONBUILD", "FROM", "MAINTAINER"):
            raise DockerfileError("malformed", line, f"Line {line}: ONBUILD cannot hold back {keyword}.")
        return self._read(text, line, nested=True)


def _refuse_repeated(flags: tuple[Flag, ...], *, keyword: str, line: int) -> None:
    for name, count in Counter(flag.name for flag in flags).items():
        if count > 1 and name not in _REPEATABLE_FLAGS:
            raise DockerfileError("repeated-flag", line, f"Line {line}: {keyword} can have only one --{name}.")

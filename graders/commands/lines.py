"""A line as data: pipelines of simple commands, joined by `;`, `&&` and `||`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from graders.commands.shell_refusals import refused
from graders.commands.words import JOINS_STREAMS, Sign, Substitution, Text, Token, Word, read_tokens

MOST_COMMANDS = 20
"""Of one line, those in `$(…)` counted."""

Joint = Literal[";", "&&", "||"]

_KEYWORDS = frozenset(
    {"if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "select"}
    | {"function", "time", "coproc", "{", "}", "[[", "]]"}
)


@dataclass(frozen=True)
class Pipeline:
    """Commands whose output each goes into the next."""

    joint: Joint
    """How it follows the one before: `&&` only when that succeeded, `||` only when it did not."""
    commands: tuple[tuple[Word, ...], ...]
    joined: frozenset[int] = frozenset()
    """Which of the commands have `2>&1`, by their place: what they print to standard error goes where the rest goes."""


@dataclass(frozen=True)
class Line:
    """What was typed."""

    pipelines: tuple[Pipeline, ...]


def read_line(text: str, *, most_bytes: int = 16 * 1024) -> Line:
    """Read a line and all that is substituted in it. Raises CommandRefused for what this console does not do."""
    if len(text) > most_bytes or len(text.encode(errors="replace")) > most_bytes:
        raise refused("too-long", most=most_bytes)
    line = _read(text.replace("\r\n", "\n").removesuffix("\r"), depth=0)
    if _count(line) > MOST_COMMANDS:
        raise refused("too-many-commands", most=MOST_COMMANDS)
    return line


def read_inside(part: Substitution) -> Line:
    """Read the line in a `$(…)`. Raises CommandRefused."""
    return _read(part.text, depth=part.depth)


def typed_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a file of commands, each with the number it begins on, those that end in `\\` put together.

    Lines that are empty or only a comment are left out.
    """
    start = 0
    held: list[str] = []
    lines = text.replace("\r\n", "\n").split("\n")
    for number, line in enumerate(lines, start=1):
        start = start if held else number
        held.append(line)
        ends = len(line) - len(line.rstrip("\\"))
        if ends % 2 and number < len(lines) and not (len(held) == 1 and line.lstrip().startswith("#")):
            continue
        whole = "\n".join(held)
        held = []
        if whole.strip() and not (whole.lstrip().startswith("#") and "\n" not in whole):
            yield start, whole


def _read(text: str, *, depth: int) -> Line:
    pipelines: list[Pipeline] = []
    joint: Joint = ";"
    commands: list[tuple[Word, ...]] = []
    words: list[Word] = []
    joined: set[int] = set()
    tokens = read_tokens(text, depth=depth)
    for token in tokens:
        if isinstance(token, Word):
            words.append(token)
            continue
        if token.text == JOINS_STREAMS and words:
            joined.add(len(commands))
            continue
        if not words:
            if token.is_line_feed:
                continue  # a blank line, or a command that goes on in the next one
            raise refused("syntax", sign=token.text)
        commands.append(_checked(words))
        words = []
        if token.text != "|":
            pipelines.append(Pipeline(joint, tuple(commands), frozenset(joined)))
            commands, joined, joint = [], set(), _joint(token)
    if words:
        commands.append(_checked(words))
        pipelines.append(Pipeline(joint, tuple(commands), frozenset(joined)))
    elif commands or joint != ";":
        raise refused("syntax", sign=_last_sign(tokens))
    line = Line(tuple(pipelines))
    for part in _substitutions(line):
        read_inside(part)
    return line


def _joint(token: Sign) -> Joint:
    match token.text:
        case "&&":
            return "&&"
        case "||":
            return "||"
        case _:
            return ";"


def _last_sign(tokens: list[Token]) -> str:
    return next((token.text for token in reversed(tokens) if isinstance(token, Sign)), ";")


def _checked(words: list[Word]) -> tuple[Word, ...]:
    first = words[0]
    bare = all(isinstance(part, Text) and not part.quoted for part in first.parts)
    plain = first.plain or ""
    if bare and plain in _KEYWORDS:
        raise refused("keyword")
    shown = next((part.text for part in first.parts[:1] if isinstance(part, Text) and not part.quoted), "")
    if _assigns(shown):
        raise refused("variable")
    return tuple(words)


def _assigns(text: str) -> bool:
    name, equals, _ = text.partition("=")
    return bool(equals) and name.isidentifier()


def _substitutions(line: Line) -> Iterator[Substitution]:
    for pipeline in line.pipelines:
        for words in pipeline.commands:
            for word in words:
                yield from (part for part in word.parts if isinstance(part, Substitution))


def _count(line: Line) -> int:
    inside = sum(_count(read_inside(part)) for part in _substitutions(line))
    return inside + sum(len(pipeline.commands) for pipeline in line.pipelines)

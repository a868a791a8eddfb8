"""Cuts a template into text and the tokens of its actions, as Go's text/template does.

What is not supported is no token of its own: it is refused when it is read.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto

from graders.commands.templating.faults import UnreadableTemplate

KEYWORDS = frozenset(("block", "break", "continue", "define", "else", "end", "if", "nil", "range", "template", "with"))
_SPACE = " \t\r\n"
_TRIM = "- "


class Kind(Enum):
    """What a token is."""

    TEXT = auto()
    OPEN = auto()
    CLOSE = auto()
    SPACE = auto()
    FIELD = auto()
    DOT = auto()
    VARIABLE = auto()
    IDENTIFIER = auto()
    KEYWORD = auto()
    BOOL = auto()
    NUMBER = auto()
    CHARACTER = auto()
    STRING = auto()
    RAW = auto()
    PIPE = auto()
    DECLARE = auto()
    ASSIGN = auto()
    LEFT = auto()
    RIGHT = auto()
    OTHER = auto()
    END = auto()


@dataclass(frozen=True)
class Token:
    """A token, and where it begins in the template."""

    kind: Kind
    text: str
    position: int

    def named(self) -> str:
        """The token as messages name it."""
        if self.kind is Kind.END:
            return "EOF"
        if self.kind in {Kind.KEYWORD, Kind.DOT}:
            return f"<{self.text}>"
        quoted = self.text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
        return f'"{quoted}"' if len(self.text) <= 10 else f'"{quoted[:10]}"...'  # noqa: PLR2004  # as Go cuts it


_TOKENS = (
    (Kind.SPACE, re.compile(r"[ \t\r\n]+")),
    (Kind.DECLARE, re.compile(r":=")),
    (Kind.ASSIGN, re.compile(r"=")),
    (Kind.PIPE, re.compile(r"\|")),
    (Kind.LEFT, re.compile(r"\(")),
    (Kind.RIGHT, re.compile(r"\)")),
    (
        Kind.NUMBER,
        re.compile(r"[+-]?(?:0[xX][0-9a-fA-F_]+|(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"),
    ),
    (Kind.FIELD, re.compile(r"\.[^\W\d]\w*")),
    (Kind.DOT, re.compile(r"\.")),
    (Kind.VARIABLE, re.compile(r"\$\w*")),
    (Kind.IDENTIFIER, re.compile(r"[^\W\d]\w*")),
)
_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_CHARACTER = re.compile(r"'(?:[^'\\\n]|\\.)*'")
_WORDS = (Kind.NUMBER, Kind.FIELD, Kind.VARIABLE, Kind.IDENTIFIER)
_AFTER_A_WORD = _SPACE + ".,|:()=}"


def line_of(text: str, position: int) -> int:
    """The line that a position is on, counted from 1."""
    return 1 + text.count("\n", 0, position)


def unreadable(text: str, position: int, message: str) -> UnreadableTemplate:
    """What is raised for a mistake at a position of a template."""
    return UnreadableTemplate(f"template: :{line_of(text, position)}: {message}")


def tokens_of(text: str) -> list[Token]:
    """Cut a template into tokens; the last one says that it ends. Raises UnreadableTemplate."""
    found: list[Token] = []
    at, trims_next = 0, False
    while True:
        opening = text.find("{{", at)
        plain = text[at : opening if opening >= 0 else len(text)]
        start = at
        if trims_next:
            start += len(plain) - len(plain.lstrip(_SPACE))
            plain = plain.lstrip(_SPACE)
        trims_before = (
            opening >= 0 and text[opening + 2 : opening + 3] == "-" and text[opening + 3 : opening + 4] in _SPACE
        )
        trims_before = trims_before and opening + 3 < len(text)
        if trims_before:
            plain = plain.rstrip(_SPACE)
        if plain:
            found.append(Token(Kind.TEXT, plain, start))
        if opening < 0:
            found.append(Token(Kind.END, "", len(text)))
            return found
        inside = opening + 2 + (len(_TRIM) if trims_before else 0)
        if text.startswith("/*", inside):
            at, trims_next = _after_comment(text, inside)
            continue
        found.append(Token(Kind.OPEN, "{{", opening))
        at, trims_next = _action(text, inside, found)


def _after_comment(text: str, at: int) -> tuple[int, bool]:
    end = text.find("*/", at)
    if end < 0:
        raise unreadable(text, at, "unclosed comment")
    end += 2
    if text.startswith("}}", end):
        return end + 2, False
    if text[end : end + 1] in tuple(_SPACE) and text.startswith("-}}", end + 1):
        return end + 4, True
    raise unreadable(text, end, "comment ends before closing delimiter")


def _action(text: str, at: int, found: list[Token]) -> tuple[int, bool]:
    """Read the tokens of an action; gives where it ends, and whether the text after it loses its leading space."""
    depth = 0
    while True:
        trims = text[at : at + 1] in tuple(_SPACE) and text.startswith("-}}", at + 1)
        if trims or text.startswith("}}", at):
            if depth > 0:
                raise unreadable(text, at, "unclosed left paren")
            found.append(Token(Kind.CLOSE, "}}", at))
            return at + (4 if trims else 2), trims
        if at >= len(text):
            raise unreadable(text, at, "unclosed action")
        token = _token(text, at)
        if token.kind is Kind.SPACE and text.startswith("-}}", at + len(token.text)):
            token = Token(Kind.SPACE, token.text[:-1], at)  # the last of it belongs to the trim marker
        depth += {Kind.LEFT: 1, Kind.RIGHT: -1}.get(token.kind, 0)
        if token.text:
            found.append(token)
        at += len(token.text)


def _token(text: str, at: int) -> Token:
    first = text[at]
    if first == '"':
        return _quoted(text, at, _STRING, Kind.STRING, "unterminated quoted string")
    if first == "'":
        return _quoted(text, at, _CHARACTER, Kind.CHARACTER, "unterminated character constant")
    if first == "`":
        end = text.find("`", at + 1)
        if end < 0:
            raise unreadable(text, at, "unterminated raw quoted string")
        return Token(Kind.RAW, text[at : end + 1], at)
    for kind, pattern in _TOKENS:
        if match := pattern.match(text, at):
            return _word(text, Token(kind, match[0], at)) if kind in _WORDS else Token(kind, match[0], at)
    if first == ":":
        raise unreadable(text, at, "expected :=")
    if first.isascii() and first.isprintable():
        return Token(Kind.OTHER, first, at)
    shown = f" '{first}'" if first.isprintable() else ""
    raise unreadable(text, at, f"unrecognized character in action: U+{ord(first):04X}{shown}")


def _quoted(text: str, at: int, pattern: re.Pattern[str], kind: Kind, unterminated: str) -> Token:
    match = pattern.match(text, at)
    if match is None:
        raise unreadable(text, at, unterminated)
    return Token(kind, match[0], at)


def _word(text: str, token: Token) -> Token:
    """A token that may only be followed by what ends a word, with its kind said more closely."""
    end = token.position + len(token.text)
    after = text[end : end + 1]
    if token.kind is Kind.NUMBER:
        if after and (after.isalnum() or after in "_+-"):
            raise unreadable(text, token.position, f'bad number syntax: "{token.text}{after}"')
        return token
    broken = after == "}" and not text.startswith("}}", end)
    if broken or (after and after not in _AFTER_A_WORD):
        raise unreadable(text, token.position, f"bad character U+{ord(after):04X} '{after}'")
    if token.kind is Kind.IDENTIFIER:
        if token.text in KEYWORDS:
            return Token(Kind.KEYWORD, token.text, token.position)
        if token.text in {"true", "false"}:
            return Token(Kind.BOOL, token.text, token.position)
    return token

"""Makes two spellings of a shell's line alike: white space outside quotes does not matter, nor around operators."""

import re
import shlex
from collections.abc import Iterator

_OPERATORS = re.compile(r"&&|\|\||;;|[;|&]")
_CONTINUED = re.compile(r"\\\n")
_PLAIN = re.compile(r"[^\s\"'\\;|&<>()$`]+|\s+|.", re.DOTALL)
_QUOTED = re.compile(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_FOR_A_SHELL = re.compile(r"[;|&<>()$`*?\[\]{}~#\n]")


def squeezed(text: str) -> str:
    """The line with single spaces between its words; what stands in quotes or behind a backslash stays as it is."""
    words: list[str] = []
    word = ""
    for piece in _pieces(_CONTINUED.sub(" ", text)):
        if piece.isspace() or _OPERATORS.fullmatch(piece):
            if word:
                words.append(word)
                word = ""
            if not piece.isspace():
                words.append(piece)
        else:
            word += piece
    if word:
        words.append(word)
    return " ".join(words)


def _pieces(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        if text[at] == "\\":
            piece = text[at : at + 2]
        elif text[at] in "'\"":
            found = _QUOTED.match(text, at)
            piece = found[0] if found else text[at:]
        else:
            found = _OPERATORS.match(text, at) or _PLAIN.match(text, at)
            piece = found[0] if found else text[at]
        yield piece
        at += len(piece)


def words_of(text: str) -> tuple[str, ...] | None:
    """The words that a shell would make of the line; None where it would do more than part it into words."""
    if _FOR_A_SHELL.search(text):
        return None
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return None

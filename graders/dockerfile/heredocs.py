"""Heredocs: which words of a line open one, and the lines that belong to it."""

import re
from dataclasses import dataclass

from graders.dockerfile.errors import DockerfileError, ExpansionError
from graders.dockerfile.expansion import raw_words
from graders.dockerfile.model import Heredoc
from graders.dockerfile.text import SPACES, without_end

KEYWORDS = frozenset({"ADD", "COPY", "RUN"})

_SPACE = "[" + re.escape(SPACES) + "]"
_OPENER = re.compile(r"\d*<<(-?)([^<]*)")
_MIGHT_OPEN = re.compile(rf"(?:^|{_SPACE})\d*<<(?!<)-?(?:[^\s-]|{_SPACE}+['\"A-Za-z_])")
_ODD_VARIABLE = re.compile(r"\$\{(?!\w+\})")
_LIKE_A_NAME = re.compile(r"['\"A-Za-z_]")
_PART = re.compile(r"""'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.?)|([^'"\\]+)""")
_ESCAPED_IN_QUOTES = re.compile(r"\\([\"$\\])")
_QUOTED_PARTS = (1, 2)


@dataclass(frozen=True, slots=True)
class Opener:
    """A heredoc that a line opens, still without its body."""

    name: str
    expand: bool
    chomp: bool


def openers(logical: str, line: int) -> tuple[Opener, ...]:
    """The heredocs that this logical line opens, in order.

    Raises DockerfileError where engines could disagree on whether there is one, or on how it ends.
    """
    if _MIGHT_OPEN.search(logical) is None:
        return ()
    try:
        words = raw_words(logical)
    except ExpansionError as error:
        raise _odd(line, f"because {error.message}") from error
    if _ODD_VARIABLE.search(logical):
        raise _odd(line, "because of the ${…} on it")
    found: list[Opener] = []
    for word, following in zip(words, [*words[1:], ""], strict=True):
        opener = _OPENER.fullmatch(word)
        if opener is None:
            continue
        if not opener[2]:
            if _LIKE_A_NAME.match(following) and "((" not in logical:
                raise _odd(line, f"because of {word} {following[:40]}")
            continue
        name, quoted = _unquoted(opener[2])
        if not name:
            raise _odd(line, f"because of {word[:40]!r}")
        found.append(Opener(name, expand=not quoted, chomp=bool(opener[1])))
    return tuple(found)


def _unquoted(word: str) -> tuple[str, bool]:
    """The word without its quotes and escapes, and whether it had quotes; variables in it stay as written."""
    parts: list[str] = []
    quoted = False
    for found in _PART.finditer(word):
        single, double, escaped, plain = found.groups("")
        parts.append(single + _ESCAPED_IN_QUOTES.sub(r"\1", double) + escaped + plain)
        quoted = quoted or found.lastindex in _QUOTED_PARTS
    return "".join(parts), quoted


def read_body(opener: Opener, lines: list[str], start: int, *, line: int) -> tuple[Heredoc, int]:
    """The heredoc whose body begins at `lines[start]`, and the index after its closing line."""
    body: list[str] = []
    for index in range(start, len(lines)):
        closing = without_end(lines[index])
        if opener.chomp:
            closing = closing.lstrip("\t")
        if closing == opener.name:
            return Heredoc(opener.name, "".join(body), opener.expand, opener.chomp, start + 1), index + 1
        body.append(lines[index])
    message = (
        f"Line {line} opens a heredoc (<<{opener.name}) that no later line closes; "
        f"end it with {opener.name} alone on a line."
    )
    raise DockerfileError("open-heredoc", line, message)


def _odd(line: int, reason: str) -> DockerfileError:
    message = (
        f"Line {line}: it is not clear whether << opens a heredoc here, {reason}. "
        "Write a heredoc as <<NAME, with no space behind the <<; put any other << in quotes."
    )
    return DockerfileError("odd-heredoc", line, message)

"""`${NAME#pattern}`, `${NAME%pattern}`, `${NAME/pattern/text}`: what newer engines take away from a value, or replace.

A pattern is literal but for `*` and `?`; a backslash takes their meaning away. Every piece is searched for once, so
that no pattern, however it is made, takes longer than the value is long times the pattern.
"""

import re
from enum import Enum

from graders.dockerfile.errors import ExpansionError


class _Wild(Enum):
    """What stands for other letters."""

    ANY = "?"
    RUN = "*"


_Token = str | _Wild
_WILD = {each.value: each for each in _Wild}
_TAKEN_AS_THEY_ARE = "*?\\"
_END_THE_PATTERN = "}/"


def without_start(value: str, pattern: str, *, longest: bool) -> str:
    """The value without what the pattern matches at its start."""
    end = _end(_tokens(pattern), value, 0, longest=longest)
    return value if end is None else value[end:]


def without_end(value: str, pattern: str, *, longest: bool) -> str:
    """The value without what the pattern matches at its end."""
    backwards = value[::-1]
    end = _end(_tokens(pattern)[::-1], backwards, 0, longest=longest)
    return value if end is None else backwards[end:][::-1]


def replaced(value: str, pattern: str, text: str, *, every: bool) -> str:
    """The value with `text` for the first match of the pattern, or for every one; each match is as long as can be."""
    if every and "$" in text:
        raise ExpansionError("a $ in what ${…//…} puts in means something else to the engine")
    tokens = _tokens(pattern)
    if not tokens:  # it matches before every letter, and after the last
        return text.join(["", *value, ""]) if every else text + value
    first, *_ = _pieces(tokens)
    out: list[str] = []
    at = 0
    while found := first.search(value, at):
        end = _end(tokens, value, found.start(), longest=True)
        if end is None:
            break  # what follows the first piece is not there, and will not be further on
        out += [value[at : found.start()], text]
        at = end
        if not every or at == len(value):
            break
    return "".join([*out, value[at:]])


def _tokens(pattern: str) -> list[_Token]:
    tokens: list[_Token] = []
    letters = iter(pattern)
    for letter in letters:
        if letter != "\\":
            tokens.append(_WILD.get(letter, letter))
            continue
        escaped = next(letters, "")
        if not escaped or escaped not in _TAKEN_AS_THEY_ARE + _END_THE_PATTERN:
            raise ExpansionError(f"\\{escaped} means nothing in a pattern")
        tokens.append(escaped)
    return tokens


def _pieces(tokens: list[_Token]) -> list[re.Pattern[str]]:
    """What stands between the stars."""
    pieces = [""]
    for token in tokens:
        if token is _Wild.RUN:
            pieces.append("")
        else:
            pieces[-1] += "." if token is _Wild.ANY else re.escape(str(token))
    return [re.compile(piece) for piece in pieces]


def _end(tokens: list[_Token], value: str, start: int, *, longest: bool) -> int | None:
    """Where a match that begins at `start` ends: each piece is taken where it comes first, the last one as asked."""
    if "\n" in value:
        raise ExpansionError("engines match no pattern across the lines of a value")
    first, *others = _pieces(tokens)
    found = first.match(value, start)
    for number, piece in enumerate(others, start=1):
        if found is None:
            return None
        is_last = number == len(others)
        found = _last(piece, value, found.end()) if is_last and longest else piece.search(value, found.end())
    return None if found is None else found.end()


def _last(piece: re.Pattern[str], value: str, start: int) -> re.Match[str] | None:
    return next((found for at in range(len(value), start - 1, -1) if (found := piece.match(value, at))), None)

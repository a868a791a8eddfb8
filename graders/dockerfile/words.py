"""How one logical line falls into keyword, flags and arguments (BuildKit's frontend/dockerfile/parser)."""

import json
import re
from dataclasses import dataclass
from typing import NoReturn

from graders.dockerfile.errors import DockerfileError
from graders.dockerfile.model import Flag
from graders.dockerfile.text import ASCII_SPACES, SPACES

_GAP = re.compile(r"[\t\v\f\r ]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_JSON_SPACES = " \t\n\r"
_BYTE_SPACES = ASCII_SPACES + "\x85\xa0"  # Go's unicode.IsSpace of a single byte


def split_keyword(line: str) -> tuple[str, str]:
    """The first word and the rest of the line."""
    keyword, *rest = _GAP.split(line.strip(SPACES), maxsplit=1)
    return keyword, rest[0] if rest else ""


def split_flags(text: str, line: int) -> tuple[tuple[Flag, ...], str]:
    """The `--name=value` words at the start, and the arguments after them.

    As in the engine, which goes through them byte by byte: quotes group and vanish, a backslash takes the next byte as
    it is whatever the escape directive says, and a quote that is never closed reaches to the end of the line.
    """
    bytes_of = text.encode().decode("latin-1")
    flags: list[Flag] = []
    at = 0
    while True:
        while at < len(bytes_of) and bytes_of[at] in _BYTE_SPACES:
            at += 1
        if not bytes_of.startswith("--", at):
            return tuple(flags), _whole(bytes_of[at:], line).strip(SPACES)
        word, at = _flag_word(bytes_of, at)
        if word == "--":
            return tuple(flags), _whole(bytes_of[at:], line).strip(SPACES)
        name, equals, value = word[2:].partition("=")
        flags.append(Flag(name, value if equals else None))


def _flag_word(text: str, at: int) -> tuple[str, int]:
    word: list[str] = []
    quote = ""
    while at < len(text):
        char = text[at]
        if char == quote:
            quote = ""
        elif not quote and char in _BYTE_SPACES:
            break
        elif not quote and char in "'\"":
            quote = char
        elif char == "\\":
            at += 1
            word.append(text[at : at + 1])
            quote = quote if at < len(text) else ""
        else:
            word.append(char)
        at += 1
    return "".join(word), at


def _whole(rest: str, line: int) -> str:
    """The text behind the flags. A byte that is a space by itself can be the second half of a letter."""
    try:
        return rest.encode("latin-1").decode()
    except UnicodeDecodeError:
        message = f"Line {line}: write the flags in plain letters, with plain spaces between them."
        raise DockerfileError("odd-flag", line, message) from None


def split_gaps(text: str) -> tuple[str, ...]:
    """Words between spaces; quotes mean nothing here."""
    return tuple(_GAP.split(text)) if text else ()


def split_assignments(text: str, escape: str) -> tuple[str, ...]:
    """Words between spaces, where quotes and escapes hold a word together and stay in it (ENV, LABEL, ARG)."""
    words: list[str] = []
    word: list[str] | None = None
    quote = ""
    at = 0
    while at < len(text):
        char = text[at]
        at += 1
        if word is None:
            if char in SPACES:
                continue
            word = []
        if char == escape and quote != "'":
            if at == len(text):
                break  # an escape at the very end is dropped
            word.append(char)
            char = text[at]
            at += 1
        elif quote:
            quote = "" if char == quote else quote
        elif char in SPACES:
            words.append("".join(word))
            word = None
            continue
        elif char in "'\"":
            quote = char
        word.append(char)
    if word:
        words.append("".join(word))
    return tuple(words)


@dataclass(frozen=True, slots=True)
class ExecForm:
    """The strings of a JSON array, and the text behind its closing bracket."""

    words: tuple[str, ...]
    rest: str


def exec_form(text: str, line: int) -> ExecForm | None:
    """The JSON array that the text opens with, or None when it opens with none and so means the shell form.

    An array that holds something else than strings is an error, as it is to every engine.
    """
    text = text.lstrip(SPACES)
    if not text.startswith("["):
        return None
    try:
        found, end = _DECODER.raw_decode(text)
    except RecursionError:
        _not_strings(line)
    except ValueError:
        return None
    if not all(isinstance(each, str) for each in found):
        _not_strings(line)
    # A lone half of a surrogate pair becomes the replacement character, as in Go.
    words = tuple(_SURROGATE.sub("\ufffd", each) for each in found)
    return ExecForm(words, text[end:].strip(_JSON_SPACES))


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def _not_strings(line: int) -> NoReturn:
    message = f'Line {line}: every element between [ and ] must be text in double quotes, as in ["python", "app.py"].'
    raise DockerfileError("exec-form-not-strings", line, message)

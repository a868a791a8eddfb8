"""How one logical line falls into keyword, flags and arguments (BuildKit's frontend/dockerfile/parser)."""

import json
import re
from typing import NoReturn

from graders.dockerfile.errors import DockerfileError
from graders.dockerfile.model import Flag
from graders.dockerfile.text import ASCII_SPACES, SPACES

_GAP = re.compile(r"[\t\v\f\r ]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_JSON_SPACES = " \t\n\r"


def split_keyword(line: str) -> tuple[str, str]:
    """The first word and the rest of the line."""
    keyword, *rest = _GAP.split(line.strip(SPACES), maxsplit=1)
    return keyword, rest[0] if rest else ""


def split_flags(text: str, line: int) -> tuple[tuple[Flag, ...], str]:
    """The `--name=value` words at the start, and the arguments after them.

    Quotes group and vanish. Escapes and letters outside ASCII are an error: engines read them differently there.
    """
    flags: list[Flag] = []
    at = 0
    while True:
        while at < len(text) and text[at] in ASCII_SPACES:
            at += 1
        if not text.startswith("--", at):
            return tuple(flags), text[at:].strip(SPACES)
        word, at = _flag_word(text, at, line)
        if word == "--":
            return tuple(flags), text[at:].strip(SPACES)
        name, equals, value = word[2:].partition("=")
        flags.append(Flag(name, value if equals else None))


def _flag_word(text: str, at: int, line: int) -> tuple[str, int]:
    word: list[str] = []
    quote = ""
    while at < len(text):
        char = text[at]
        if char in "\\`" or not char.isascii():
            message = f"Line {line}: write the flag {''.join(word)}… without escapes and in plain letters."
            raise DockerfileError("odd-flag", line, message)
        if quote:
            if char == quote:
                quote = ""
            else:
                word.append(char)
        elif char in ASCII_SPACES:
            break
        elif char in "'\"":
            quote = char
        else:
            word.append(char)
        at += 1
    if quote:
        message = f"Line {line}: the quote in the flag {''.join(word)} is never closed."
        raise DockerfileError("open-quote", line, message)
    return "".join(word), at


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


def exec_form(text: str, line: int) -> tuple[str, ...] | None:
    """The strings of a JSON array, or None when the text is no JSON array and so means the shell form.

    An array with text after it, or with something else than strings in it, is an error: engines read these differently.
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
    after = text[end:].strip(_JSON_SPACES)
    if after:
        message = (
            f"Line {line}: after the closing ] stands {after[:40]!r}. Some engines ignore that, others read the whole "
            "line as a shell command; remove it, or start with something else than [."
        )
        raise DockerfileError("text-after-exec-form", line, message)
    # A lone half of a surrogate pair becomes the replacement character, as in Go.
    return tuple(_SURROGATE.sub("\ufffd", each) for each in found)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def _not_strings(line: int) -> NoReturn:
    message = f'Line {line}: every element between [ and ] must be text in double quotes, as in ["python", "app.py"].'
    raise DockerfileError("exec-form-not-strings", line, message)

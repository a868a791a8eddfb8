"""Regular expressions of authors, run on text of learners: with a time limit, so that no text holds grading up."""

from typing import Annotated

import regex
from pydantic import AfterValidator

from graders.spec import TEMPLATE, Text

_SECONDS = 1.0


class SlowPattern(Exception):
    """The expression took too long on this text: a fault of the pattern, not of whoever printed the text."""


def compile_pattern(pattern: str) -> "regex.Pattern[str]":
    """Compile an author's expression. Raises ValueError that says what is wrong."""
    try:
        return regex.compile(pattern, regex.MULTILINE)
    except regex.error as error:
        raise ValueError(f"is no regular expression: {error}") from None


def read_pattern(pattern: str) -> None:
    """Try an expression in which `{name}` stands for a drawn text. Raises ValueError that says what is wrong."""
    compile_pattern(TEMPLATE.sub("drawn", pattern))


def _readable(pattern: str) -> str:
    read_pattern(pattern)
    return pattern


PatternText = Annotated[Text, AfterValidator(_readable)]
"""A regular expression of an author's."""


def search(pattern: str, text: str) -> bool:
    """Whether the expression is found, `^` and `$` meaning lines; it is given a second. Raises SlowPattern."""
    return first_match(pattern, text) is not None


def first_match(pattern: str, text: str) -> str | None:
    """What the expression finds first: its first group where it has one, else all of it. Raises SlowPattern."""
    try:
        found = compile_pattern(pattern).search(text, timeout=_SECONDS)
        if found is None:
            return None
        return str((found[1] or "") if found.re.groups else found[0])
    except TimeoutError:
        raise SlowPattern(f"the pattern {pattern!r} took longer than {_SECONDS} s") from None

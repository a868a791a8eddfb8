"""Reads a docker command as people type and paste it: behind a prompt or sudo, with a word processor's dashes."""

import re
from collections.abc import Callable, Iterator

from graders.commands.grammar.table import SHAPES
from graders.commands.model import Command, CommandRefused
from graders.commands.parser import read_command

_PROMPT = re.compile(r"^(?:[\w.-]+@[\w.-]+:\S*[$#]\s+|[$#%>]\s*(?=(?:sudo\s+)?docker\s)|[$#]\s+)")
_SUDO = re.compile(r"^sudo\s+(?:-E\s+)?(?=docker\s)")
_BUILDX = re.compile(r"^docker\s+buildx\s+(?:build|b)(?=\s)")
_LOAD = re.compile(r"\s--load(?:=true)?(?=\s)")
"""That the image is to be among the engine's own, as it is anyway."""
_IN_BACKTICKS = re.compile(r"^(`+)([^`]+)\1$")
_THIS_FOLDER = re.compile(r"\$PWD\b|\$\{PWD\}|\$\(pwd\)")
STANDS_FOR_THIS_FOLDER = "__PWD__"
_QUOTED_OR_NOT = re.compile(r"('[^']*'|\"(?:[^\"\\]|\\.)*\")", re.DOTALL)
_LONE_BACKSLASH = re.compile(r"(?<=\s)\\(?=[ \t])")
"""What is left of a line that went on behind a backslash, where a page's field dropped the end of the line."""
_DASHED = re.compile(r"(?<!\S)[\u2010-\u2015\u2212]+([\w-]+)")
_QUOTES = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb", '"') | dict.fromkeys("\u2018\u2019", "'"))
_FROM_A_WORD_PROCESSOR = frozenset({"dash", "curly-quote"})
_LONG_NAMES = frozenset(name for shape in SHAPES for name in shape.by_name)


def command_of(text: str) -> Command:
    """The command that was meant, `$PWD` standing for itself. Raises CommandRefused, as docker's own client would."""
    return _read(_bare(text))


def needs_keys_of_its_own(text: str) -> bool:
    """Whether it is read only because dashes or quotes of a word processor are taken for those of a keyboard."""
    try:
        _as_typed(_bare(text))
    except CommandRefused as refused:
        return refused.code in _FROM_A_WORD_PROCESSOR
    return False


def _bare(text: str) -> str:
    """The command alone."""
    line = text.strip()
    if found := _IN_BACKTICKS.match(line):
        line = found[2].strip()
    line = _SUDO.sub("", _PROMPT.sub("", line))
    return "".join(_outside_quotes(_THIS_FOLDER.sub(STANDS_FOR_THIS_FOLDER, line), _without_lone_backslashes))


def _read(line: str) -> Command:
    try:
        return _as_typed(line)
    except CommandRefused as refused:
        if refused.code not in _FROM_A_WORD_PROCESSOR:
            raise
    return _as_typed("".join(_outside_quotes(line, _as_on_a_keyboard)))


def _as_typed(line: str) -> Command:
    builds = _LOAD.sub("", _BUILDX.sub("docker build", line)) if _BUILDX.match(line) else line
    if builds != line:
        try:
            return read_command(builds, offered_only=False)
        except CommandRefused:  # with an option of buildx alone: kept word by word
            pass
    return read_command(line, offered_only=False)


def _outside_quotes(line: str, change: Callable[[str], str]) -> Iterator[str]:
    for place, piece in enumerate(_QUOTED_OR_NOT.split(line)):
        yield piece if place % 2 else change(piece)


def _without_lone_backslashes(text: str) -> str:
    return _LONE_BACKSLASH.sub("", text)


def _as_on_a_keyboard(text: str) -> str:
    return _DASHED.sub(_dashes, text).translate(_QUOTES)


def _dashes(found: re.Match[str]) -> str:
    name: str = found[1]
    return ("--" if name in _LONG_NAMES else "-") + name

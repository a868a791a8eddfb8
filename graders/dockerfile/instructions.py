"""What each instruction's arguments mean and when they are malformed: one reader per keyword, in a table."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from difflib import get_close_matches

from graders.dockerfile.errors import DockerfileError
from graders.dockerfile.text import SPACES
from graders.dockerfile.words import exec_form, split_assignments, split_gaps

STAGE_NAME = re.compile(r"[a-z][a-z0-9._-]*")
RESERVED_STAGE_NAMES = frozenset({"scratch", "context"})
_NAMED_FROM = 3  # image AS name


@dataclass(frozen=True, slots=True)
class Arguments:
    """An instruction's arguments, read: see `model.Instruction` for what the fields hold."""

    words: tuple[str, ...] = ()
    is_exec: bool = False
    unread: str = ""
    pairs: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """What a reader is given."""

    keyword: str
    text: str
    line: int
    escape: str

    def malformed(self, message: str, *, code: str = "malformed") -> DockerfileError:
        """The error that says why this line cannot be read."""
        return DockerfileError(code, self.line, f"Line {self.line}: {message}")


Reader = Callable[[Request], Arguments]


def _command(request: Request) -> Arguments:
    """RUN, CMD, ENTRYPOINT: exec form, or the whole text for a shell (nothing at all is what the engine takes, too)."""
    found = exec_form(request.text, request.line)
    if found is None:
        return Arguments(words=(request.text,) if request.text else ())
    return Arguments(words=found.words, is_exec=True, unread=found.rest)


def _shell(request: Request) -> Arguments:
    found = exec_form(request.text, request.line)
    if found is None or not found.words:
        raise request.malformed('SHELL needs the exec form, such as SHELL ["/bin/sh", "-c"].')
    return Arguments(words=found.words, is_exec=True, unread=found.rest)


def _list(request: Request) -> Arguments:
    found = exec_form(request.text, request.line)
    if found is None:
        return Arguments(words=split_gaps(request.text))
    return Arguments(words=found.words, is_exec=True, unread=found.rest)


def _transfer(request: Request) -> Arguments:
    """COPY and ADD: sources, then the destination."""
    read = _list(request)
    if len(read.words) < 2:  # noqa: PLR2004 - a source and a destination
        raise request.malformed(
            f"{request.keyword} needs at least a source and a destination, such as {request.keyword} app.py /app/."
        )
    return read


def _volume(request: Request) -> Arguments:
    read = _list(request)
    words = tuple(word.strip(SPACES) for word in read.words)
    if not words or not all(words):
        raise request.malformed('VOLUME needs at least one path, such as VOLUME ["/data"].')
    return replace(read, words=words)


def _from(request: Request) -> Arguments:
    words = split_gaps(request.text)
    if not request.text.isascii():
        raise request.malformed("names of images and stages are written in plain letters; this FROM holds others.")
    named = len(words) == _NAMED_FROM and words[1].lower() == "as"
    if len(words) != 1 and not named:
        raise request.malformed(
            "FROM takes an image, or an image and a name: FROM image AS name. A comment needs a line of its own."
        )
    if named and STAGE_NAME.fullmatch(words[2].lower()) is None:
        raise request.malformed(
            f"{words[2]!r} cannot name a stage: a letter first, then letters, digits, dots, dashes and underscores.",
            code="bad-stage-name",
        )
    if named and words[2].lower() in RESERVED_STAGE_NAMES:
        raise request.malformed(f"a stage cannot be called {words[2]}; choose another name.", code="bad-stage-name")
    return Arguments(words=words)


def _assignments(request: Request) -> Arguments:
    """ENV and LABEL: `name=value …`, or the old `name value`."""
    words = split_assignments(request.text, request.escape)
    keyword = request.keyword
    if not words:
        raise request.malformed(f"{keyword} needs a name and a value, such as {keyword} NAME=value.")
    if "=" not in words[0]:
        name, *rest = re.split(r"[\t\v\f\r ]+", request.text, maxsplit=1)
        if not rest:
            raise request.malformed(f"{keyword} {name} has no value; write {keyword} {name}=value.")
        return Arguments(pairs=((name, rest[0]),))
    pairs: list[tuple[str, str | None]] = []
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise request.malformed(
                f'{word!r} has no = sign; write name=value, and put a value with spaces in "double quotes".'
            )
        if not name:
            raise request.malformed(f"{word!r} has no name before its = sign.")
        pairs.append((name, value))
    return Arguments(pairs=tuple(pairs))


def _arg(request: Request) -> Arguments:
    words = split_assignments(request.text, request.escape)
    if not words:
        raise request.malformed("ARG needs a name, such as ARG VERSION=1.0.")
    pairs: list[tuple[str, str | None]] = []
    for word in words:
        name, equals, value = word.partition("=")
        if not name:
            raise request.malformed(f"{word!r} has no name before its = sign.")
        pairs.append((name, value if equals else None))
    return Arguments(pairs=tuple(pairs))


def _expose(request: Request) -> Arguments:
    words = split_gaps(request.text)
    if not words:
        raise request.malformed("EXPOSE needs a port, such as EXPOSE 8000.")
    return Arguments(words=words)


def _text(request: Request) -> Arguments:
    """WORKDIR, USER, STOPSIGNAL, MAINTAINER: the whole rest is one value."""
    if not request.text:
        raise request.malformed(f"{request.keyword} needs a value after it.")
    return Arguments(words=(request.text,))


def _healthcheck(request: Request) -> Arguments:
    kind, *rest = re.split(r"[\t\n\v\f\r ]+", request.text, maxsplit=1)
    command = rest[0] if rest else ""
    if kind.upper() == "NONE":
        if command:
            raise request.malformed("HEALTHCHECK NONE takes nothing after it.")
        return Arguments(words=("NONE",))
    if kind.upper() != "CMD" or not kind.isascii():
        raise request.malformed("HEALTHCHECK is followed by its flags, then CMD and a command, or by NONE.")
    if not command:
        raise request.malformed("HEALTHCHECK CMD needs a command after it.")
    found = exec_form(command, request.line)
    if found is None:
        return Arguments(words=("CMD", command))
    if not found.words:
        raise request.malformed("HEALTHCHECK CMD [] checks nothing; name a command.")
    return Arguments(words=("CMD", *found.words), is_exec=True, unread=found.rest)


def _onbuild(request: Request) -> Arguments:
    if not request.text:
        raise request.malformed("ONBUILD needs an instruction after it.")
    return Arguments()


READERS: dict[str, Reader] = {
    "ADD": _transfer,
    "ARG": _arg,
    "CMD": _command,
    "COPY": _transfer,
    "ENTRYPOINT": _command,
    "ENV": _assignments,
    "EXPOSE": _expose,
    "FROM": _from,
    "HEALTHCHECK": _healthcheck,
    "LABEL": _assignments,
    "MAINTAINER": _text,
    "ONBUILD": _onbuild,
    "RUN": _command,
    "SHELL": _shell,
    "STOPSIGNAL": _text,
    "USER": _text,
    "VOLUME": _volume,
    "WORKDIR": _text,
}


def unknown_instruction(spelling: str) -> str:
    """What to say about a keyword that is not in the table."""
    near = get_close_matches(spelling.upper(), READERS, n=1)
    hint = f"did you mean {near[0]}?" if near else "if it belongs to the line above, end that line with a \\."
    return f"there is no instruction {spelling[:40]!r}; {hint}"


def read_arguments(keyword: str, text: str, *, line: int, escape: str) -> Arguments:
    """The arguments of one instruction; a keyword that is not in the table keeps its text unread."""
    reader = READERS.get(keyword)
    if reader is None:
        return Arguments(words=(text,) if text else ())
    return reader(Request(keyword, text, line, escape))

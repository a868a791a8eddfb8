"""The build context: what was handed in, without what .dockerignore keeps out, as the docker command would send it.

The rules are those of moby/patternmatcher: patterns count from the top folder, `**` spans folders, `!` takes back, the
last pattern that fits decides, and what lies in a folder that is kept out is kept out too. Matching takes time in
proportion to pattern times path, whatever is written.
"""

import posixpath
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from graders.actions import Build
from graders.archive import Caps, Submission

IGNORE_FILE = ".dockerignore"
HIDDEN_DOCKERFILE = ".drydock.Dockerfile"
"""Where the Dockerfile lies when .dockerignore keeps it out: the builder needs it, COPY must not find it."""

_CAPS = Caps(files=100_000, total_bytes=2**30, file_bytes=2**30, junk=True)
"""What is here has passed the lab's own caps before."""
_BOM = "\ufeff"
_ANY_FOLDERS = "**"

P = TypeVar("P")
T = TypeVar("T")
CharTest = Callable[[str], bool]


class BadPattern(Exception):
    """A line of .dockerignore is no pattern; `line` is 1-based."""

    def __init__(self, line: int, text: str, why: str) -> None:
        super().__init__(f"{why}: {text}")
        self.line = line
        self.text = text
        self.why = why


@dataclass(frozen=True)
class _Pattern:
    takes_back: bool
    parts: tuple[tuple[CharTest | None, ...] | None, ...]
    """A tuple of tests for each folder or file name (None is `*`); None for `**`."""

    def fits(self, path: str) -> bool:
        """Whether the path, or a folder that it lies in, fits."""
        names = path.split("/")
        return any(_matches(self.parts, names[:depth], _name_fits) for depth in range(1, len(names) + 1))


def read_ignore(text: str) -> tuple[_Pattern, ...]:
    """The patterns of a .dockerignore. Raises BadPattern."""
    lines = enumerate(text.removeprefix(_BOM).splitlines(), start=1)
    return tuple(pattern for number, line in lines if (pattern := _read_line(number, line)) is not None)


def is_ignored(path: str, patterns: Sequence[_Pattern]) -> bool:
    """Whether the patterns keep the path out: the last that fits decides."""
    return next((not pattern.takes_back for pattern in reversed(patterns) if pattern.fits(path)), False)


def ignore_file_of(submission: Submission, dockerfile: str) -> str | None:
    """The file that says what is kept out: the Dockerfile's own, or the common one; None when there is neither."""
    return next((name for name in (f"{dockerfile}{IGNORE_FILE}", IGNORE_FILE) if name in submission.files), None)


def patterns_for(submission: Submission, dockerfile: str) -> tuple[_Pattern, ...]:
    """What is kept out of builds of this Dockerfile. Raises BadPattern."""
    name = ignore_file_of(submission, dockerfile)
    return () if name is None else read_ignore(submission.files[name].decode("utf-8", errors="replace"))


@dataclass(frozen=True)
class Context:
    """What is sent to the builder, as a tar archive, and the Dockerfile's place in it."""

    tar: bytes
    dockerfile: str


def context_of(submission: Submission, build: Build) -> Context:
    """The context of one build, with the files and the decoys that the plan puts into it.

    Raises BadPattern for .dockerignore, and SubmissionRefused when a handed-in file is in the way of the plan's.
    """
    dockerfile = build.dockerfile
    if build.files or build.decoys:
        replaced = {path: text.encode() for path, text in {**build.files, **build.decoys}.items()}
        submission = submission.with_files(replaced, caps=_CAPS)
    if build.append:
        before = submission.files
        longer = {path: before.get(path, b"") + text.encode() for path, text in build.append.items()}
        submission = submission.with_files(longer, caps=_CAPS)
    patterns = patterns_for(submission, dockerfile)
    if not patterns:
        return Context(submission.tar(), dockerfile)
    kept = {path: content for path, content in submission.files.items() if not is_ignored(path, patterns)}
    place = dockerfile
    if dockerfile not in kept:
        place = HIDDEN_DOCKERFILE
        kept[place] = submission.files[dockerfile]
    left = Submission.from_files(kept, executable=submission.executable & kept.keys(), caps=_CAPS)
    return Context(left.tar(), place)


def _read_line(number: int, line: str) -> _Pattern | None:
    text = line.strip()
    if not text or line.startswith("#"):
        return None
    takes_back = text.startswith("!")
    written = text.removeprefix("!").strip()
    if not written:
        raise BadPattern(number, text, "There is nothing after the !")
    clean = posixpath.normpath(written).lstrip("/")
    if clean in {"", "."}:
        return None
    parts = (None if part == _ANY_FOLDERS else tuple(_read_name(number, part)) for part in clean.split("/"))
    return _Pattern(takes_back, tuple(parts))


def _read_name(number: int, name: str) -> Iterator[CharTest | None]:
    position = 0
    while position < len(name):
        char = name[position]
        position += 1
        if char == "*":
            yield None
        elif char == "?":
            yield _anything
        elif char == "[":
            test, position = _read_class(number, name, position)
            yield test
        elif char == "\\":
            if position == len(name):
                raise BadPattern(number, name, "There is nothing after the last \\")
            yield name[position].__eq__
            position += 1
        else:
            yield char.__eq__


def _read_class(number: int, name: str, start: int) -> tuple[CharTest, int]:
    """A class such as `[a-z]` or `[^0-9]`, and where it ends."""
    position = start + 1 if name[start : start + 1] == "^" else start
    negated = position != start
    ranges: list[tuple[str, str]] = []
    while name[position : position + 1] != "]" or not ranges:
        low, position = _read_char(number, name, position)
        high = low
        if name[position : position + 1] == "-":
            high, position = _read_char(number, name, position + 1)
        ranges.append((low, high))
    return (lambda char: any(low <= char <= high for low, high in ranges) != negated), position + 1


def _read_char(number: int, name: str, position: int) -> tuple[str, int]:
    if name[position : position + 1] == "\\":
        position += 1
    if position >= len(name) or (name[position] in "-]" and name[position - 1 : position] != "\\"):
        raise BadPattern(number, name, "A [ has no proper end")
    return name[position], position + 1


def _anything(char: str) -> bool:
    del char
    return True


def _name_fits(tests: tuple[CharTest | None, ...], name: str) -> bool:
    return _matches(tests, name, lambda test, char: test(char))


def _matches(pattern: Sequence[P | None], items: Sequence[T], fits: Callable[[P, T], bool]) -> bool:
    """Match item by item; None in the pattern spans any number of items. Only the last None needs to be tried again."""
    at = position = 0
    restart: tuple[int, int] | None = None
    while position < len(items):
        wanted = pattern[at] if at < len(pattern) else None
        if at < len(pattern) and wanted is None:
            at += 1
            restart = (at, position)
        elif wanted is not None and fits(wanted, items[position]):
            at += 1
            position += 1
        elif restart is not None:
            restart = (restart[0], restart[1] + 1)
            at, position = restart
        else:
            return False
    return all(part is None for part in pattern[at:])

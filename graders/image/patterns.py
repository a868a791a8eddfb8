"""Patterns of paths in an image, as authors write them, matched while its folders are walked through.

`/var/cache/apk/*` counts from the root, `*.swp` and `.git/` fit anywhere. `*` and `?` stay within a name, `**` spans
folders, and `[abc]` is one of these characters. With a `/` at its end, a pattern fits folders only. What lies in a
folder that fits, fits too.

A name is looked at once for each pattern, whatever the path to it: no path that a learner makes is long enough to
make this slow, and no pattern either (fnmatch does not go back in what a `*` has taken).
"""

import fnmatch
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_LONGEST = 300

Part = re.Pattern[str] | None
"""A test for a name; None is `**`."""
State = frozenset[tuple[int, int]]
"""How far which pattern has come: its number, and that of its next part."""


@dataclass(frozen=True, slots=True)
class _Path:
    parts: tuple[Part, ...]
    folders_only: bool


class Patterns:
    """Several patterns, tried at once. Raises ValueError for one that cannot be read."""

    def __init__(self, patterns: Iterable[str]) -> None:
        anywhere: dict[bool, list[str]] = {False: [], True: []}
        self._paths: list[_Path] = []
        for written in dict.fromkeys(patterns):
            names = _names(written)
            folders_only = written.endswith("/")
            if len(names) == 1 and not written.startswith("/"):
                anywhere[folders_only].append(fnmatch.translate(names[0]))
                continue
            parts = [None if name == "**" else re.compile(fnmatch.translate(name)) for name in names]
            if not written.startswith("/"):
                parts.insert(0, None)
            self._paths.append(_Path(tuple(parts), folders_only))
        self._names = re.compile("|".join(anywhere[False])) if anywhere[False] else None
        self._folders = re.compile("|".join(anywhere[True])) if anywhere[True] else None

    def start(self) -> State:
        """Where every pattern stands at the root."""
        return frozenset(state for number in range(len(self._paths)) for state in self._reached(number, 0))

    def step(self, state: State, name: str, *, is_folder: bool) -> tuple[State, bool]:
        """Where the patterns stand after one more name, and whether one of them fits all of the path."""
        after = {
            reached
            for number, position in state
            for reached in self._after(number, position, name)
        }  # fmt: skip
        fits = any(
            position == len(self._paths[number].parts) and (is_folder or not self._paths[number].folders_only)
            for number, position in after
        )
        if not fits and self._names is not None:
            fits = self._names.match(name) is not None
        if not fits and is_folder and self._folders is not None:
            fits = self._folders.match(name) is not None
        return frozenset(after), fits

    def _after(self, number: int, position: int, name: str) -> Iterator[tuple[int, int]]:
        parts = self._paths[number].parts
        if position < len(parts):
            part = parts[position]
            if part is None:
                yield from self._reached(number, position)
            elif part.match(name):
                yield from self._reached(number, position + 1)

    def _reached(self, number: int, position: int) -> Iterator[tuple[int, int]]:
        """This place, and those behind the `**` that may stand for nothing."""
        parts = self._paths[number].parts
        yield number, position
        while position < len(parts) and parts[position] is None:
            position += 1
            if position < len(parts):
                yield number, position


class Paths:
    """Tries one path after the other; those of one folder should follow each other, since the last folder is kept."""

    def __init__(self, patterns: Patterns) -> None:
        self._patterns = patterns
        self._folder = ""
        self._state, self._top = patterns.start(), ""

    def first_fit(self, path: str, *, is_folder: bool = False) -> str:
        """The path, or the uppermost folder on the way to it, that fits; empty when none does."""
        folder, _, name = path.rpartition("/")
        if folder != self._folder:
            self._enter(folder)
        if self._top or not name:
            return self._top
        return path if self._patterns.step(self._state, name, is_folder=is_folder)[1] else ""

    def _enter(self, folder: str) -> None:
        self._folder, self._state, self._top = folder, self._patterns.start(), ""
        names = [name for name in folder.split("/") if name]
        for depth, name in enumerate(names, start=1):
            self._state, fits = self._patterns.step(self._state, name, is_folder=True)
            if fits:
                self._top = "/" + "/".join(names[:depth])
                return


def _names(pattern: str) -> list[str]:
    names = [name for name in pattern.split("/") if name]
    if not names or len(pattern) > _LONGEST or set(names) <= {"**", "*"} or ".." in names:
        raise ValueError(f"must hold patterns such as `*.swp`, `.git/` or `/var/cache/apk/*`, not {pattern!r:.60}")
    return [*names[:-1], "*"] if names[-1] == "**" else names  # what lies below fits anyway

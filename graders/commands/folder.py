"""The lab's folder: the files that a session's commands find in `.`, kept in the ledger.

There is nothing outside it, and nothing in it but regular files; a folder is there as long as a file lies in it.
"""

import base64
import binascii
import posixpath
from collections.abc import Iterator, Mapping

from graders.archive import Caps, Submission, SubmissionRefused
from graders.archive.limits import MIB, in_words
from graders.archive.paths import clean_path, shown
from graders.commands.model import CommandRefused
from graders.commands.rules import ConsoleRules
from graders.commands.state import SessionState

TOP = ""
"""The folder itself, as `place` gives it."""
HOME = "/lab"
"""What `pwd` calls the folder; a path that begins with it, such as `$PWD/app`, is one in the folder."""


class Folder:
    """The folder of one session. Paths are as students write them: `.`, `./a`, `src/app.py`."""

    def __init__(self, state: SessionState, rules: ConsoleRules) -> None:
        self._state = state
        self._caps = Caps(
            files=rules.files,
            total_bytes=int(rules.folder_mib * MIB),
            file_bytes=int(rules.folder_mib * MIB),
            junk=True,
        )

    @property
    def room_bytes(self) -> int:
        """How many bytes may still be added."""
        return max(self._caps.total_bytes - sum(map(len, self.files().values())), 0)

    def files(self) -> dict[str, bytes]:
        """Every file by its path, in the order of the paths."""
        return {path: _bytes(self._state.files[path]) for path in sorted(self._state.files)}

    def place(self, path: str) -> str:
        """The path as the folder keeps it, `TOP` for the folder itself. Raises CommandRefused for what lies outside."""
        if "\0" in path or not path:
            raise CommandRefused("An empty name is no path: name a file of the lab's folder.", code="bad-path")
        if path == HOME or path.startswith(f"{HOME}/"):
            path = f".{path.removeprefix(HOME)}"
        if path.startswith(("/", "~")):
            raise CommandRefused(
                f"{shown(path)} lies outside the lab's folder, and there is nothing outside it here."
                " Paths begin in the folder: write src/app.py, not /src/app.py.",
                code="bad-path",
            )
        clean = posixpath.normpath(path)
        if clean == ".." or clean.startswith("../"):
            raise CommandRefused(
                f"{shown(path)} leads out of the lab's folder, and there is nothing outside it here.", code="bad-path"
            )
        try:
            return clean_path(clean, self._caps)
        except SubmissionRefused as refusal:
            raise CommandRefused(refusal.message, code="bad-path") from refusal

    def is_file(self, path: str) -> bool:
        """Whether there is a file at the path."""
        return self.place(path) in self._state.files

    def is_folder(self, path: str) -> bool:
        """Whether the path is the lab's folder, or one in it."""
        place = self.place(path)
        return place == TOP or any(name.startswith(f"{place}/") for name in self._state.files)

    def read(self, path: str) -> bytes:
        """The content of a file. Raises CommandRefused where there is none."""
        place = self.place(path)
        if place in self._state.files:
            return _bytes(self._state.files[place])
        if self.is_folder(path):
            raise CommandRefused(f"{shown(path)}: Is a directory", code="is-a-folder")
        raise CommandRefused(f"{shown(path)}: No such file or directory", code="no-such-file")

    def below(self, path: str) -> dict[str, bytes]:
        """The files in a folder, by their paths in it. Raises CommandRefused where it is none."""
        place = self.place(path)
        if place in self._state.files:
            raise CommandRefused(f"{shown(path)}: Not a directory", code="not-a-folder")
        if not self.is_folder(path):
            raise CommandRefused(f"{shown(path)}: No such file or directory", code="no-such-file")
        begin = f"{place}/" if place else ""
        return {name.removeprefix(begin): content for name, content in self.files().items() if name.startswith(begin)}

    def listing(self, path: str = ".") -> list[str]:
        """What `ls` shows of a path: the names in a folder, those of folders with a / behind; of a file, its own."""
        if self.place(path) in self._state.files:
            return [path]
        return sorted(set(_tops(self.below(path))))

    def write(self, path: str, content: bytes) -> None:
        """Put a file there, in place of the one that is. Raises CommandRefused where it cannot be, or has no room."""
        self.write_all({path: content})

    def write_all(self, contents: Mapping[str, bytes]) -> None:
        """Put files there, all or none. Raises CommandRefused."""
        new: dict[str, bytes] = {}
        for path, content in contents.items():
            place = self.place(path)
            if place == TOP or self.is_folder(path):
                raise CommandRefused(f"{shown(path)}: Is a directory", code="is-a-folder")
            new[place] = content
        if not new:
            return
        try:
            Submission.from_files({**self.files(), **new}, caps=self._caps)
        except SubmissionRefused as refusal:
            room = f" The lab's folder takes {self._caps.files} files and {in_words(self._caps.total_bytes)} in all."
            full = refusal.code in {"too-large", "too-many-files"}
            code = "folder-full" if full else "bad-path"
            raise CommandRefused(refusal.message + (room if full else ""), code=code) from refusal
        self._state.files = {**self._state.files, **{place: _text(content) for place, content in new.items()}}

    def remove(self, path: str) -> None:
        """Remove a file. Raises CommandRefused where there is none."""
        self.read(path)
        left = dict(self._state.files)
        del left[self.place(path)]
        self._state.files = left


def kept(files: Mapping[str, bytes]) -> dict[str, str]:
    """Files as the ledger keeps them: what a session begins with."""
    return {path: _text(content) for path, content in sorted(files.items())}


def _tops(names: Mapping[str, bytes]) -> Iterator[str]:
    for name in names:
        top, slash, _ = name.partition("/")
        yield top + slash


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as trouble:
        raise ValueError("A file of the ledger is not base64.") from trouble


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()

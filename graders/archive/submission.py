"""A submission: a safe, canonical set of files, however it was handed in."""

import hashlib
import io
import tarfile
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Self

from graders.archive.basket import Basket, Entry
from graders.archive.folders import read_folder
from graders.archive.limits import Caps, SubmissionRefused, check_upload
from graders.archive.tars import read_tar
from graders.archive.zips import read_zip

DEFAULT_CAPS = Caps()
DOCKERFILE = "Dockerfile"

_MTIME = 1_577_836_800  # the first second of 2020, in every archive: content alone makes a difference
_FOLDER_MODE, _FILE_MODE, _PROGRAM_MODE = 0o755, 0o644, 0o755


class Submission:
    """Regular files under clean relative paths, sorted; nothing in it can reach outside a folder it is put into.

    Make one by `from_files`, `from_zip`, `from_tar` or `from_directory`; each raises SubmissionRefused, and nothing
    else, for what cannot be taken. Two with the same files and executable bits have the same `digest`.
    """

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        ordered = {path: entries[path] for path in sorted(entries)}
        self.files: Mapping[str, bytes] = MappingProxyType({path: each.content for path, each in ordered.items()})
        self.executable: frozenset[str] = frozenset(path for path, each in ordered.items() if each.executable)

    @classmethod
    def from_files(
        cls, files: Mapping[str, bytes], *, executable: Iterable[str] = (), caps: Caps = DEFAULT_CAPS
    ) -> Self:
        """From contents by path; `executable` names those that may be run (by their names in `files`)."""
        basket = Basket(caps)
        programs = frozenset(executable)
        for name, content in files.items():
            path = basket.admit(name)
            if path is not None and not name.endswith("/"):
                basket.put(path, content, executable=name in programs)
        return cls._of(basket)

    @classmethod
    def from_zip(cls, data: bytes, *, caps: Caps = DEFAULT_CAPS) -> Self:
        """From a zip archive; a folder around everything, as zipping a folder makes it, is taken away."""
        return cls._from_archive(data, read_zip, caps)

    @classmethod
    def from_tar(cls, data: bytes, *, caps: Caps = DEFAULT_CAPS) -> Self:
        """From a tar archive, plain or gzipped; a folder around everything is taken away."""
        return cls._from_archive(data, read_tar, caps)

    @classmethod
    def from_directory(cls, folder: Path | str, *, caps: Caps = DEFAULT_CAPS) -> Self:
        """From a folder on disk; links are refused, not followed."""
        basket = Basket(caps)
        read_folder(Path(folder), basket)
        return cls._of(basket)

    @classmethod
    def _from_archive(cls, data: bytes, read: Callable[[bytes, Basket], None], caps: Caps) -> Self:
        check_upload(data, caps)
        basket = Basket(caps)
        read(data, basket)
        if not basket.has_root:
            basket.entries = _without_wrapping(basket.entries)
        return cls._of(basket)

    @classmethod
    def _of(cls, basket: Basket) -> Self:
        if not basket.entries:
            raise SubmissionRefused("empty", "There is no file in the submission.")
        return cls(basket.entries)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Submission) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"Submission({len(self.files)} files, {self.digest[:12]})"

    @cached_property
    def total_bytes(self) -> int:
        """The sizes of all files together."""
        return sum(map(len, self.files.values()))

    @cached_property
    def digest(self) -> str:
        """sha256 (hexadecimal) over paths, executable bits and contents."""
        hashed = hashlib.sha256(b"submission/1\n")
        for path, content in self.files.items():
            name = path.encode()
            kind = "x" if path in self.executable else "-"
            hashed.update(f"{kind} {len(name)} {len(content)}\n".encode() + name + content)
        return hashed.hexdigest()

    def with_files(self, files: Mapping[str, bytes], *, caps: Caps = DEFAULT_CAPS) -> "Submission":
        """The same with these files added or replaced; what may be executed stays so."""
        return Submission.from_files({**self.files, **files}, executable=self.executable, caps=caps)

    def require(self, path: str = DOCKERFILE) -> bytes:
        """The content of a file that must be there; SubmissionRefused says what was found in its place."""
        if path in self.files:
            return self.files[path]
        code = "no-dockerfile" if path == DOCKERFILE else "missing-file"
        near = next((each for each in self.files if _looks_like(each, path)), None)
        hint = f" Rename {near!r} to {path!r}." if near is not None else ""
        where = " in the top folder" if "/" not in path else ""
        raise SubmissionRefused(code, f"There is no file called {path!r}{where}.{hint}")

    def tar(self) -> bytes:
        """An uncompressed tar archive of it, the same bytes every time: owner 0, one date, modes 0644 and 0755."""
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
            archive.addfile(_header(".", tarfile.DIRTYPE, _FOLDER_MODE))
            for folder in self._folders():
                archive.addfile(_header(folder, tarfile.DIRTYPE, _FOLDER_MODE))
            for path, content in self.files.items():
                header = _header(path, tarfile.REGTYPE, _PROGRAM_MODE if path in self.executable else _FILE_MODE)
                header.size = len(content)
                archive.addfile(header, io.BytesIO(content))
        return out.getvalue()

    def _folders(self) -> list[str]:
        found = {str(parent) for path in self.files for parent in Path(path).parents}
        return sorted(found - {"."})


def _header(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.type = kind
    header.mode = mode
    header.mtime = _MTIME
    return header


def _without_wrapping(entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """Without the folder around everything, where the Dockerfile lies in it."""
    dockerfiles = [path for path in entries if path.rpartition("/")[2].casefold() == DOCKERFILE.casefold()]
    top = min((path.rpartition("/")[0] for path in dockerfiles), key=len, default="")
    if not top or not all(path.startswith(f"{top}/") for path in entries):
        return dict(entries)
    return {path.removeprefix(f"{top}/"): entry for path, entry in entries.items()}


def _looks_like(path: str, wanted: str) -> bool:
    name = path.rpartition("/")[2].casefold()
    return name in (wanted.casefold(), f"{wanted}.txt".casefold(), f"{wanted}.dockerfile".casefold())

"""Where files are gathered, one by one, while the caps are kept."""

from dataclasses import dataclass

from graders.archive.limits import MIB, Caps, SubmissionRefused, in_words
from graders.archive.paths import clean_path, is_junk, same_place, shown


@dataclass(frozen=True, slots=True)
class Entry:
    """A file taken: its content and whether it may be executed."""

    content: bytes
    executable: bool


class Basket:
    """Takes files until a cap is reached; what is in it is safe by name and by size."""

    def __init__(self, caps: Caps) -> None:
        self.caps = caps
        self.entries: dict[str, Entry] = {}
        self.total_bytes = 0
        self._seen = 0
        self._places: dict[str, str] = {}
        self._folders: dict[str, str] = {}
        self._real_folders: set[str] = set()
        self.has_root = False

    def admit(self, name: str) -> str | None:
        """The clean path for an entry's name, None for what is left out. Call it for every entry, before reading it."""
        self._seen += 1
        if self._seen > self.caps.entries:
            raise self._too_many()
        path = clean_path(name, self.caps)
        self.has_root = self.has_root or not path
        return None if not path or (is_junk(path) and not self.caps.junk) else path

    def refuse_size(self, name: str, size: int) -> None:
        """Refuse a file that has `size` bytes, or says so, when that is more than there is room for."""
        if size > self.caps.file_bytes:
            raise SubmissionRefused(
                "too-large",
                f"The file {shown(name)} is too large; a file may have at most {in_words(self.caps.file_bytes)}.",
            )
        if size > self.caps.total_bytes - self.total_bytes:
            raise self.too_large_together()

    def refuse_growth(self, name: str, size: int, packed: int) -> None:
        """Refuse what grows beyond reason when it is unpacked; no name means the whole archive."""
        if size > MIB and size > self.caps.ratio * max(packed, 1):
            what = shown(name) if name else "The archive"
            raise SubmissionRefused(
                "zip-bomb",
                f"{what} grows more than {self.caps.ratio} times when it is unpacked; that is not taken.",
            )

    def put(self, path: str, content: bytes, *, executable: bool) -> None:
        """Keep a file under a path that `admit` gave."""
        self.refuse_size(path, len(content))
        if len(self.entries) >= self.caps.files:
            raise self._too_many()
        self._claim(path)
        self.total_bytes += len(content)
        self.entries[path] = Entry(content, executable)

    def _claim(self, path: str) -> None:
        place = same_place(path)
        clash = self._places.get(place) or self._folders.get(place)
        parts = place.split("/")
        above = ["/".join(parts[:end]) for end in range(1, len(parts))]
        clash = clash or next((self._places[folder] for folder in above if folder in self._places), None)
        if clash is not None:
            raise SubmissionRefused(
                "duplicate-path",
                f"{shown(path)} and {shown(clash)} are the same name to some machines; keep only one of them.",
            )
        self._places[place] = path
        for folder in above:
            self._folders.setdefault(folder, path)
        real_parts = path.split("/")
        self._real_folders.update("/".join(real_parts[:end]) for end in range(1, len(real_parts)))
        if len(self._real_folders) > self.caps.files:
            raise self._too_many()

    def too_large_together(self) -> SubmissionRefused:
        """The refusal for files that are too much as a whole."""
        return SubmissionRefused(
            "too-large",
            f"All files together have more than {in_words(self.caps.total_bytes)}. Leave out what is not needed.",
        )

    def _too_many(self) -> SubmissionRefused:
        return SubmissionRefused(
            "too-many-files",
            f"There are more than {self.caps.files} files or folders. "
            "Leave out what can be made again (such as node_modules).",
        )

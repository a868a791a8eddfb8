"""Which file names are taken, and how they are made the same however an archive spells them."""

import re
import unicodedata

from graders.archive.limits import Caps, SubmissionRefused

_ODD_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # control, format (bidi marks), surrogates, line ends
_DRIVE = re.compile(r"[A-Za-z]:")
_MAX_NAME_BYTES = 255  # what a file system takes
_JUNK_FOLDERS = frozenset({"__MACOSX", ".git"})
_JUNK_FILES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})


def clean_path(name: str, caps: Caps) -> str:
    """The path, relative, with / between its parts and letters composed (NFC); `./a//b/` is `a/b`, a root is empty.

    Raises SubmissionRefused for a name that reaches outside, that is odd, or that is too long.
    """
    path = unicodedata.normalize("NFC", name)
    if ".." in re.split(r"[/\\]", path):
        message = (
            f"The file name {shown(name)} climbs out of its folder by .. in it. Pack the folder that holds the files."
        )
        raise SubmissionRefused("zip-slip", message)
    if path.startswith(("/", "\\")) or _DRIVE.match(path):
        raise SubmissionRefused(
            "absolute-path", f"The file name {shown(name)} is absolute; names must start inside the submission."
        )
    if "\\" in path:
        raise SubmissionRefused(
            "odd-name", f"The file name {shown(name)} holds a backslash; pack the files with / between folders."
        )
    if any(unicodedata.category(char) in _ODD_CATEGORIES for char in path):
        raise SubmissionRefused(
            "odd-name", f"The file name {shown(name)} holds invisible or control characters; rename the file."
        )
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if len(parts) > caps.depth:
        raise SubmissionRefused(
            "path-too-long", f"{shown(name)} lies more than {caps.depth} folders deep; make it flatter."
        )
    clean = "/".join(parts)
    if len(clean.encode()) > caps.path_bytes or any(len(part.encode()) > _MAX_NAME_BYTES for part in parts):
        raise SubmissionRefused(
            "path-too-long", f"The file name {shown(name)} is longer than {caps.path_bytes} bytes; shorten it."
        )
    return clean


def is_junk(path: str) -> bool:
    """Whether an operating system or git left this there: it is left out without a word."""
    *folders, name = path.split("/")
    return (
        name in _JUNK_FILES
        or name.startswith("._")
        or name in _JUNK_FOLDERS
        or any(folder in _JUNK_FOLDERS for folder in folders)
    )


def same_place(path: str) -> str:
    """Equal for two paths that some machine takes for the same file."""
    return unicodedata.normalize("NFC", path.casefold())


def shown(name: str) -> str:
    """A name fit for a message: short, and nothing in it can act."""
    short = name if len(name) <= 60 else name[:59] + "…"  # noqa: PLR2004 - what fits a line
    return ascii(short)

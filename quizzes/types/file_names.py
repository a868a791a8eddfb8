"""Names of files that students upload, made harmless: they stand on pages, in forms and in headers of downloads."""

import re
import unicodedata

MAX_NAME = 100

_KEPT = frozenset(" ._-+()[],")
_SPACES = re.compile(r"\s+")
_NAMELESS = "file"
_OF_WINDOWS = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)


def harmless(name: str) -> str:
    """The last part of a path, letters composed (NFKC), all but letters, digits and a few signs made `_`.

    It never is empty, begins with no dot, dash or space, has at most MAX_NAME characters, keeps its ending, and is the
    same when made harmless again.
    """
    base = re.split(r"[/\\]", unicodedata.normalize("NFKC", name))[-1]
    kept = "".join(
        each if each in _KEPT or each.isalnum() else " " if each.isspace() else "_" if each.isprintable() else ""
        for each in base
    )
    plain = _SPACES.sub(" ", kept).lstrip(" .-").rstrip(" .") or _NAMELESS
    if _OF_WINDOWS.match(plain):
        plain = f"_{plain}"
    if len(plain) > MAX_NAME:
        ending = ending_of(plain)[:20]
        plain = plain[: MAX_NAME - len(ending)].rstrip(" .") + ending
    return plain


def ending_of(name: str) -> str:
    """From the last dot on, in lower case; empty for a name without."""
    stem, dot, ending = name.rpartition(".")
    return f".{ending.lower()}" if dot and stem else ""

"""Reading text that a student typed: what is invisible goes, and what is compared loosely is made alike."""

import unicodedata
from collections.abc import Iterator

from quizzes.types.base import MalformedAnswer

# Embeddings, overrides and isolates turn text around on a page; zero-width marks and the soft hyphen hide in a paste.
_INVISIBLE = {
    *range(0x202A, 0x202F), *range(0x2060, 0x2070),
    0x200B, 0x200E, 0x200F, 0x061C, 0xFEFF, 0x00AD, 0x034F, 0x180E, 0x115F, 0x1160, 0x3164, 0xFFA0,
}  # fmt: skip
_IN_PROSE = {0x200C, 0x200D, 0xFE0E, 0xFE0F}
"""Invisible too, but what some languages and emoji are joined with: they stay in what people read."""
_QUOTES = [("`", "`"), ('"', '"'), ("'", "'"), ("\u201c", "\u201d"), ("\u2018", "\u2019"), ("\u00ab", "\u00bb")]


def typed(raw: object, *, max_length: int, spaces_count: bool = False) -> str | None:
    """Read one line that was typed: controls become spaces, invisible marks and lone surrogates go. None if empty.

    Several spaces become one, unless `spaces_count`, as they do between quotation marks of a command.
    """
    if not isinstance(raw, str):
        raise MalformedAnswer("answer_type", "An answer here is text.")
    if len(raw) > 4 * max_length:
        raise _too_long(max_length)
    kept = []
    for character in raw:
        category = unicodedata.category(character)
        if category == "Cs" or _is_invisible(character):
            continue
        kept.append(" " if category in {"Cc", "Zl", "Zp", "Zs"} else character)
    line = "".join(kept).strip() if spaces_count else " ".join("".join(kept).split())
    if len(line) > max_length:
        raise _too_long(max_length)
    return line or None


def typed_text(raw: object, *, max_length: int, is_prose: bool = False) -> str | None:
    """Read several lines that were typed, kept as they are but for what is invisible. None if empty.

    Line ends become LF, other controls than tabs go, and so do empty lines at both ends. With `is_prose` what joins
    letters and emoji stays; without it, no-break and other odd spaces become spaces.
    """
    if not isinstance(raw, str):
        raise MalformedAnswer("answer_type", "An answer here is text.")
    if len(raw) > 4 * max_length:
        raise _too_long(max_length)
    text = as_shown(raw, is_prose=is_prose)
    if len(text) > max_length:
        raise _too_long(max_length)
    return text or None


def as_shown(text: str, *, is_prose: bool = False) -> str:
    """Lines as `typed_text` keeps them, however long they are."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join("".join(_shown(line, is_prose=is_prose)).rstrip() for line in lines).strip("\n")


def _shown(line: str, *, is_prose: bool) -> Iterator[str]:
    for character in line:
        category = unicodedata.category(character)
        if character == "\t" or (is_prose and ord(character) in _IN_PROSE):
            yield character
        elif category == "Zs" and not is_prose:
            yield " "
        elif category not in {"Cs", "Cc", "Zl", "Zp"} and not _is_invisible(character):
            yield character


def _is_invisible(character: str) -> bool:
    return ord(character) in _INVISIBLE or ord(character) in _IN_PROSE


def _too_long(max_length: int) -> MalformedAnswer:
    return MalformedAnswer("answer_too_long", f"An answer here has at most {max_length} characters. Shorten it.")


def composed(text: str) -> str:
    """The text in which an accent is one character with its letter, nothing is invisible, and spaces are single."""
    shown = "".join(character for character in text if not _is_invisible(character))
    return " ".join(unicodedata.normalize("NFC", shown).split())


def alike(text: str) -> str:
    """Make texts comparable: width, case, spaces, surrounding quotes and a full stop at the end do not matter."""
    folded = unicodedata.normalize("NFKC", composed(text)).casefold()
    words = " ".join(unicodedata.normalize("NFKC", folded).split())
    plain = words.removesuffix(".").rstrip() or words
    for opening, closing in _QUOTES:
        if len(plain) > 2 and plain.startswith(opening) and plain.endswith(closing):  # noqa: PLR2004 - more than quotes
            plain = plain[1:-1].strip()
    return plain

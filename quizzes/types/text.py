"""Reading text that a student typed: what is invisible goes, and what is compared loosely is made alike."""

import unicodedata

from quizzes.types.base import MalformedAnswer

# Embeddings, overrides and isolates turn text around on a page; zero-width marks and the soft hyphen hide in a paste.
_INVISIBLE = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200B, 0x200E, 0x200F, 0x061C, 0xFEFF, 0x00AD}
_QUOTES = [("`", "`"), ('"', '"'), ("'", "'"), ("\u201c", "\u201d"), ("\u2018", "\u2019"), ("\u00ab", "\u00bb")]


def typed(raw: object, *, max_length: int) -> str | None:
    """Read one line that was typed: controls become spaces, invisible marks and lone surrogates go. None if empty."""
    if not isinstance(raw, str):
        raise MalformedAnswer("answer_type", "An answer here is text.")
    if len(raw) > 4 * max_length:
        raise _too_long(max_length)
    kept = []
    for character in raw:
        category = unicodedata.category(character)
        if category == "Cs" or ord(character) in _INVISIBLE:
            continue
        kept.append(" " if category in {"Cc", "Zl", "Zp"} else character)
    line = " ".join("".join(kept).split())
    if len(line) > max_length:
        raise _too_long(max_length)
    return line or None


def typed_text(raw: object, *, max_length: int) -> str | None:
    """Read several lines that were typed, kept as they are but for what is invisible. None if empty.

    Line ends become LF, other controls than tabs go, and so do empty lines at both ends.
    """
    if not isinstance(raw, str):
        raise MalformedAnswer("answer_type", "An answer here is text.")
    if len(raw) > 4 * max_length:
        raise _too_long(max_length)
    lines = raw.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = ["".join(filter(_is_shown, line)).rstrip() for line in lines]
    text = "\n".join(kept).strip("\n")
    if len(text) > max_length:
        raise _too_long(max_length)
    return text or None


def _is_shown(character: str) -> bool:
    if character == "\t":
        return True
    return unicodedata.category(character) not in {"Cs", "Cc", "Zl", "Zp"} and ord(character) not in _INVISIBLE


def _too_long(max_length: int) -> MalformedAnswer:
    return MalformedAnswer("answer_too_long", f"An answer here has at most {max_length} characters. Shorten it.")


def alike(text: str) -> str:
    """Make texts comparable: width, case, spaces, surrounding quotes and a full stop at the end do not matter."""
    words = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    plain = words.removesuffix(".").rstrip() or words
    for opening, closing in _QUOTES:
        if len(plain) > 2 and plain.startswith(opening) and plain.endswith(closing):  # noqa: PLR2004 - more than quotes
            plain = plain[1:-1].strip()
    return plain

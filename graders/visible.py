"""Makes text of unknown origin fit to be shown: what would move the cursor, colour or reorder becomes visible."""

import unicodedata

_SHOWN_AS_THEY_ARE = {"\n", "\t"}
_TABLE_START = 0x2400  # the "control pictures": NUL is U+2400, ESC is U+241B
_DELETE, _DELETE_PICTURE = 0x7F, "\u2421"


def visible(text: str | bytes) -> str:
    """Text with control, bidirectional and invisible characters spelled out; bytes that are no UTF-8 become `\\xff`."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", errors="backslashreplace")
    text = text.replace("\r\n", "\n")
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in _SHOWN_AS_THEY_ARE else _spelled(char) for char in text)


def _spelled(char: str) -> str:
    code = ord(char)
    if code < 0x20:  # noqa: PLR2004  # the C0 control characters
        return chr(_TABLE_START + code)
    if code == _DELETE:
        return _DELETE_PICTURE
    if unicodedata.category(char) == "Zs":
        return " "
    return f"<U+{code:04X}>"


def shortened(text: str, *, limit: int = 300) -> str:
    """Cut in the middle when longer than `limit`, saying how much went."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]} … ({len(text) - 2 * half} more characters) … {text[-half:]}"


def quoted(text: str | bytes, *, limit: int = 120) -> str:
    """Text for the middle of a sentence: visible, on one line, cut, in quotes."""
    shown = visible(text).strip("\n").replace("\n", "⏎").replace("\t", " ")
    return f'"{shortened(shown, limit=limit)}"'


def last_lines(text: str, count: int = 12) -> str:
    """The last lines that hold something."""
    return "\n".join(text.rstrip().splitlines()[-count:])


def listed(items: list[str], *, word: str = "and") -> str:
    """`a, b and c`."""
    if len(items) <= 1:
        return "".join(items)
    return f"{', '.join(items[:-1])} {word} {items[-1]}"

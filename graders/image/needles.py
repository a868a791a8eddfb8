"""Finds drawn texts in a stream of bytes, also when they were encoded and when they lie across two pieces of it.

What is found: the text itself, base64 (in each of the three ways that it can lie in a longer text, wrapped lines and
the URL alphabet included), hexadecimal, percent-encoding and UTF-16. What is not: compressed and encrypted text.
"""

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

SHORTEST = 6
"""Shorter texts turn up by chance."""
_LINE_ENDS = b"\r\n"


@dataclass(frozen=True, slots=True)
class _Form:
    text: str
    encoding: str
    pattern: bytes
    wraps: bool
    """Whether tools that write it break it into lines."""


class Needles:
    """Texts to look for. Raises ValueError for one that is too short to mean anything."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.forms: tuple[_Form, ...] = tuple(form for text in sorted(set(texts)) for form in _forms(text))
        self.overlap = max((len(form.pattern) for form in self.forms), default=1) - 1

    def __bool__(self) -> bool:
        return bool(self.forms)

    def found_in(self, data: bytes) -> dict[str, str]:
        """The texts that are in `data`, each with how it is encoded there."""
        scan = Scan(self)
        scan.feed(data)
        return scan.found


class Scan:
    """Looks through one file, piece by piece; `found` maps each text to how it was encoded."""

    def __init__(self, needles: Needles) -> None:
        self.found: dict[str, str] = {}
        self._forms = needles.forms
        self._overlap = needles.overlap
        self._tail = b""
        self._joined_tail = b""

    def feed(self, piece: bytes) -> None:
        """Look through the next piece."""
        if not self._forms:
            return
        window = self._tail + piece
        joined = self._joined_tail + piece.translate(None, _LINE_ENDS)
        hits = {form.text: form.encoding for form in self._forms if form.pattern in (joined if form.wraps else window)}
        if hits:
            self.found |= {text: encoding for text, encoding in hits.items() if text not in self.found}
            self._forms = tuple(form for form in self._forms if form.text not in self.found)
        self._tail = window[-self._overlap :]
        self._joined_tail = joined[-self._overlap :]


def _forms(text: str) -> Iterator[_Form]:
    data = text.encode("utf-8", errors="surrogateescape")
    if len(data) < SHORTEST:
        raise ValueError(f"is too short to look for: {len(data)} bytes, at least {SHORTEST} are needed")
    patterns = {data: ("plain", False)}
    for pattern in _base64(data):
        patterns.setdefault(pattern, ("base64", True))
        patterns.setdefault(pattern.translate(bytes.maketrans(b"+/", b"-_")), ("base64", True))
    for digits in (data.hex(), data.hex().upper()):
        patterns.setdefault(digits.encode(), ("hex", True))
        pairs = (digits[at : at + 2] for at in range(0, len(digits), 2))
        patterns.setdefault("".join(f"%{pair}" for pair in pairs).encode(), ("percent", False))
    patterns.setdefault(quote(data, safe="").encode(), ("percent", False))
    patterns.setdefault(text.encode("utf-16-le", errors="surrogatepass"), ("utf-16", False))
    return (_Form(text, encoding, pattern, wraps) for pattern, (encoding, wraps) in patterns.items())


def _base64(data: bytes) -> Iterator[bytes]:
    """The letters that depend on `data` alone, for each place it can have in a group of three bytes."""
    for before in range(3):
        letters = base64.b64encode(bytes(before) + data).rstrip(b"=")
        first = (0, 2, 3)[before]
        last = len(letters) - 1 if (before + len(data)) % 3 else len(letters)
        yield letters[first:last]

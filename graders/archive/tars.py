"""Tar archives, plain or compressed, read by hand: the format holds more traps than a submission needs.

Regular files and folders are known, with POSIX ustar, pax and GNU long names; every other kind is refused by its name.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from graders.archive.basket import Basket
from graders.archive.limits import MIB, SubmissionRefused
from graders.archive.paths import shown

_BLOCK = 512
_MAX_RECORD_BYTES = 64 * 1024  # of a long name or of a pax record
_STEP_BYTES = MIB
_GZIP = b"\x1f\x8b"
_OTHER_FORMATS = {
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ\0": "an xz file",
    b"PK\x03\x04": "a zip archive, not a tar archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!": "a RAR archive",
}

_FILES = ("0", "\0", "7")
_FOLDER = "5"
_REFUSED = {
    "1": ("hard-link", "a hard link. Put the file itself there."),
    "2": ("symlink", "a symbolic link. Put the file itself there."),
    "3": ("special-file", "a device; only files are taken."),
    "4": ("special-file", "a device; only files are taken."),
    "6": ("special-file", "a pipe; only files are taken."),
    "S": ("sparse-file", "a sparse file; pack it without --sparse."),
}
_WITHOUT_CONTENT = frozenset("123456")
_RECORDS = frozenset("LKxg")
_OCTAL = re.compile(rb"[0-7]{0,12}")
_DIGITS = re.compile(rb"[0-9]{1,12}")


def read_tar(data: bytes, basket: Basket) -> None:
    """Put the files of a tar archive (or a .tar.gz) into the basket. Raises SubmissionRefused, nothing else."""
    for member in _members(_unpacked(data, basket), basket):
        if member.kind in _REFUSED:
            code, what = _REFUSED[member.kind]
            raise SubmissionRefused(code, f"{shown(member.name)} is {what}")
        path = basket.admit(member.name)
        if member.kind not in (*_FILES, _FOLDER):
            raise SubmissionRefused("special-file", f"{shown(member.name)} is of a kind that is not taken.")
        if path is None or member.kind == _FOLDER or member.name.endswith("/"):
            continue
        basket.put(path, member.content, executable=bool(member.mode & 0o111))


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    kind: str
    mode: int
    content: bytes


@dataclass(frozen=True, slots=True)
class _Record:
    """What long-name and pax records say about the member after them."""

    name: str | None = None
    size: int | None = None

    def with_record(self, kind: str, content: bytes) -> "_Record":
        """The same, with one more record read."""
        if len(content) > _MAX_RECORD_BYTES:
            raise SubmissionRefused("odd-name", "The tar archive holds an endless file name or attribute.")
        if kind == "K":  # where a link leads: links are refused anyway
            return self
        if kind == "L":
            return replace(self, name=_text(content.partition(b"\0")[0]))
        found = _pax(content)
        if kind == "g":
            if found.keys() & {b"path", b"size"}:
                raise _damaged("it names all its files alike")
            return self
        name = _text(found[b"path"]) if b"path" in found else self.name
        size = _pax_size(found[b"size"]) if b"size" in found else self.size
        return _Record(name, size)


def _members(data: bytes, basket: Basket) -> Iterator[_Member]:
    at = 0
    record = _Record()
    while (header := _header_at(data, at)) is not None:
        kind = chr(header[156])
        is_record = kind in _RECORDS
        name = _name(header) if record.name is None else record.name
        length = _number(header[124:136])
        if kind in _WITHOUT_CONTENT:
            length = 0
        elif not is_record and record.size is not None:
            length = record.size
        basket.refuse_size(name, length)
        content = data[at + _BLOCK : at + _BLOCK + length]
        if len(content) < length:
            raise _damaged("it ends in the middle of a file")
        at += _BLOCK + -(-length // _BLOCK) * _BLOCK
        if is_record:
            record = record.with_record(kind, content)
        else:
            yield _Member(name, kind, _number(header[100:108]), content)
            record = _Record()


def _header_at(data: bytes, at: int) -> bytes | None:
    """The header block there, None at the archive's end."""
    header = data[at : at + _BLOCK]
    if len(header) < _BLOCK:
        raise _damaged("it ends too early")
    if not any(header):
        return None
    real = sum(header[:148]) + sum(b" " * 8) + sum(header[156:])
    if _number(header[148:156]) != real:
        raise _damaged("a checksum in it is wrong")
    return header


def _name(header: bytes) -> str:
    name = header[:100].partition(b"\0")[0]
    if header[257:263] == b"ustar\0":
        prefix = header[345:500].partition(b"\0")[0]
        name = prefix + b"/" + name if prefix else name
    return _text(name)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _number(field: bytes) -> int:
    if field[0] & 0x80:
        number = int.from_bytes(field[1:], "big")
        if field[0] != 0x80:  # noqa: PLR2004 - the sign bit: a negative or a far too large number
            raise _damaged("it holds an impossible size")
        return number
    digits = field.strip(b" \0")
    if not _OCTAL.fullmatch(digits):
        raise _damaged("it holds a number that is none")
    return int(digits or b"0", 8)


def _pax(content: bytes) -> dict[bytes, bytes]:
    """The records `<length> <key>=<value>` and a line end, where the length counts itself."""
    found: dict[bytes, bytes] = {}
    content = content.rstrip(b"\0")
    at = 0
    while at < len(content):
        length = content[at : at + 13].partition(b" ")[0]
        end = at + int(length) if _DIGITS.fullmatch(length) else at
        key, equals, value = content[at + len(length) + 1 : end].partition(b"=")
        if end > len(content) or not equals or not value.endswith(b"\n"):
            raise _damaged("an attribute in it cannot be read")
        if key.startswith(b"GNU.sparse."):
            raise SubmissionRefused("sparse-file", "The tar archive holds a sparse file; pack it without --sparse.")
        found[key] = value[:-1]
        at = end
    return found


def _pax_size(value: bytes) -> int:
    if not _DIGITS.fullmatch(value):
        raise _damaged("it holds an impossible size")
    return int(value)


def _unpacked(data: bytes, basket: Basket) -> bytes:
    if data.startswith(_GZIP):
        return _gunzipped(data, basket)
    for magic, name in _OTHER_FORMATS.items():
        if data.startswith(magic):
            raise SubmissionRefused("not-an-archive", f"This is {name}. Pack the files as a .zip or a .tar.gz.")
    return data


def _gunzipped(data: bytes, basket: Basket) -> bytes:
    most = basket.caps.total_bytes + basket.caps.entries * 4 * _BLOCK
    out = bytearray()
    stream = zlib.decompressobj(wbits=31)  # one gzip member
    rest = data
    while not stream.eof:
        try:
            chunk = stream.decompress(rest, _STEP_BYTES)
        except zlib.error as error:
            raise _damaged("its gzip data cannot be unpacked") from error
        rest = stream.unconsumed_tail
        if not chunk and not rest and not stream.eof:
            raise _damaged("it ends too early")
        out += chunk
        basket.refuse_growth("", len(out), len(data))
        if len(out) > most:
            raise basket.too_large_together()
    if stream.unused_data.strip(b"\0"):
        raise _damaged("something follows its gzip data")
    return bytes(out)


def _damaged(why: str) -> SubmissionRefused:
    message = f"This is neither a zip nor a tar archive that can be read: {why}. Pack the files again."
    return SubmissionRefused("not-an-archive", message)

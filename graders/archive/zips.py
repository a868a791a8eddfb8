"""Zip archives, read by streaming and believed in nothing they say about themselves."""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from graders.archive.basket import Basket
from graders.archive.limits import SubmissionRefused
from graders.archive.paths import shown

_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_ENCRYPTED = 0x1
_UTF8_NAME = 0x800
_UNIX = 3
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others cannot be unpacked with a bound
_CHUNK = 64 * 1024
_OTHER_FORMATS = {
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"\x1f\x8b": "a gzip file",
    b"%PDF": "a PDF",
}


def read_zip(data: bytes, basket: Basket) -> None:
    """Put the files of a zip archive into the basket. Raises SubmissionRefused, and nothing else."""
    if not data.startswith(_MAGIC):
        what = next((name for magic, name in _OTHER_FORMATS.items() if data.startswith(magic)), "something else")
        raise SubmissionRefused("not-an-archive", f"This is no zip archive but {what}. Pack the files as a .zip.")
    with _trouble_is_damage(), zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.infolist():
            _read_member(archive, member, basket, packed_in_all=len(data))


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, basket: Basket, *, packed_in_all: int) -> None:
    name = _name(member)
    path = basket.admit(name)
    if path is None:
        return
    mode = member.external_attr >> 16
    _refuse_kind(name, mode)
    if name.endswith("/"):
        return
    if member.flag_bits & _ENCRYPTED:
        raise SubmissionRefused("encrypted", f"{shown(name)} is encrypted. Pack the files without a password.")
    if member.compress_type not in _METHODS:
        raise SubmissionRefused(
            "odd-compression", f"{shown(name)} is packed by an uncommon method. Pack the files as an ordinary .zip."
        )
    packed = min(member.compress_size, packed_in_all)
    basket.refuse_growth(name, member.file_size, packed)
    basket.refuse_size(name, member.file_size)
    content = bytearray()
    with archive.open(member) as stream:
        while chunk := stream.read(_CHUNK):
            content += chunk
            basket.refuse_growth(name, len(content), packed)
            basket.refuse_size(name, len(content))
    if len(content) != member.file_size:
        raise SubmissionRefused("not-an-archive", f"The archive is damaged: {shown(name)} is not as long as it says.")
    basket.put(path, bytes(content), executable=member.create_system == _UNIX and bool(mode & 0o111))
    basket.refuse_growth("", basket.total_bytes, packed_in_all)


def _refuse_kind(name: str, mode: int) -> None:
    kind = stat.S_IFMT(mode)
    if kind == stat.S_IFLNK:
        raise SubmissionRefused("symlink", f"{shown(name)} is a symbolic link. Put the file itself there.")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise SubmissionRefused("special-file", f"{shown(name)} is a device, pipe or socket; only files are taken.")


def _name(member: zipfile.ZipInfo) -> str:
    """The stored name. Some Macs write UTF-8 and do not say so; Python then reads it as code page 437."""
    name = member.orig_filename
    if member.flag_bits & _UTF8_NAME:
        return name
    try:
        return name.encode("cp437").decode("utf-8")
    except UnicodeError:
        return name


@contextmanager
def _trouble_is_damage() -> Iterator[None]:
    try:
        yield
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        ValueError,  # what is inside a field makes no sense, among them names that are no text
        LookupError,
        ArithmeticError,
        NotImplementedError,  # a version or flag from a newer format
        RuntimeError,
        OSError,  # a seek to before the start
    ) as error:
        raise SubmissionRefused(
            "not-an-archive", "The zip archive is damaged and cannot be read. Pack the files again."
        ) from error

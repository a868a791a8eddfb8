"""Files of a session's container, in and out: streamed, bounded, and nothing but regular files.

The engine opens a container's user files while it reads or writes for us, so whoever is in the container is held still
meanwhile, and its user files are looked at first: see `graders.sandbox.user_files`.
"""

import base64
import http.client
import io
import json
import posixpath
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from graders.commands.daemon import DaemonRefused
from graders.commands.doing import Doing
from graders.commands.holding import held_still as hold
from graders.commands.state import OwnContainer
from graders.commands.verbs.starting import ensure_harmless
from graders.sandbox.base import SandboxUnavailable
from graders.sandbox.connection import CALL_SECONDS, EngineConnection, engine_call, error_message, request_path

# Bits of Go's os.FileMode, which is how the engine tells of a file.
_FOLDER, _LINK = 1 << 31, 1 << 27
_MOST_MEMBERS = 5000
_MEMBER_BYTES = 4096
"""Room for what an archive says of each file."""


@dataclass(frozen=True)
class Place:
    """What is at a path of a container."""

    is_folder: bool
    link: str
    """What it points to, for a symbolic link; empty for all else."""


@dataclass
class Fetched:
    """What came out of a container: regular files by their paths, which begin with the name of what was asked for."""

    files: dict[str, bytes] = field(default_factory=dict)
    is_folder: bool = False
    left_out: list[str] = field(default_factory=list)
    """Links and special files, by their paths."""


class TooMuch(Exception):
    """There is more than was to be taken."""


@contextmanager
def held_still(doing: Doing, own: OwnContainer) -> Iterator[None]:
    """Keep a container's processes from swapping files while they are looked at. Raises DaemonRefused for a trap."""
    with hold(doing.daemon.engine, doing.state, doing.save, own.id):
        ensure_harmless(doing, own)
        yield


def place_at(doing: Doing, own: OwnContainer, path: str) -> Place | None:
    """Look at a path without following a link at its end; None where there is nothing, or no way to it."""
    with _archive(doing, own, "HEAD", {"path": path}) as reply:
        reply.read()
        return _place(reply) if reply.status == http.client.OK else None


def fetch(doing: Doing, own: OwnContainer, path: str, *, most_files: int, most_bytes: int) -> Fetched:
    """Read a file or a folder.

    Raises DaemonRefused as the daemon refuses, 404 where there is nothing, and TooMuch.
    """
    with _archive(doing, own, "GET", {"path": path}) as reply:
        if reply.status != http.client.OK:
            raise DaemonRefused(reply.status, doing.daemon.shown_message(error_message(reply.read())))
        fetched = Fetched(is_folder=_place(reply).is_folder)
        capped = _Capped(reply, most_bytes + _MOST_MEMBERS * _MEMBER_BYTES)
        try:
            with tarfile.open(fileobj=capped, mode="r|", bufsize=tarfile.BLOCKSIZE) as archive:
                for number, member in enumerate(archive):
                    if number >= _MOST_MEMBERS:
                        raise TooMuch
                    _take(archive, member, fetched, most_bytes=most_bytes)
                    if len(fetched.files) > most_files:
                        raise TooMuch
        except tarfile.TarError as trouble:
            if capped.is_spent:
                raise TooMuch from trouble
            raise SandboxUnavailable(f"The engine sent no readable archive: {trouble}") from trouble
    return fetched


def put(doing: Doing, own: OwnContainer, folder: str, files: Mapping[str, bytes], *, query: Mapping[str, str]) -> None:
    """Put files into a folder of a container, by their paths in it. Raises DaemonRefused."""
    with _archive(doing, own, "PUT", {**query, "path": folder}, body=_packed(files)) as reply:
        body = reply.read()
        if reply.status != http.client.OK:
            raise DaemonRefused(reply.status, doing.daemon.shown_message(error_message(body)))


@contextmanager
def _archive(
    doing: Doing, own: OwnContainer, method: str, query: Mapping[str, str], *, body: bytes | None = None
) -> Iterator[http.client.HTTPResponse]:
    engine = doing.daemon.engine
    connection = EngineConnection(engine.address, CALL_SECONDS)
    try:
        with engine_call("copying files of a container"):
            headers = {"Content-Type": "application/x-tar"} if body is not None else {}
            path = request_path(engine.client, f"/containers/{own.id}/archive", **query)
            connection.request(method, path, body=body, headers=headers)
            reply = connection.getresponse()
            yield reply
    finally:
        connection.close()


def _place(reply: http.client.HTTPResponse) -> Place:
    try:
        told = json.loads(base64.b64decode(reply.headers.get("X-Docker-Container-Path-Stat") or ""))
        mode, link = int(told["mode"]), str(told.get("linkTarget") or "")
    except (ValueError, KeyError, TypeError) as trouble:
        raise SandboxUnavailable("The engine did not describe a file it was asked for.") from trouble
    return Place(is_folder=bool(mode & _FOLDER), link=link if mode & _LINK else "")


def _take(archive: tarfile.TarFile, member: tarfile.TarInfo, fetched: Fetched, *, most_bytes: int) -> None:
    path = posixpath.normpath(member.name)
    if member.isdir():
        return
    if member.islnk() and posixpath.normpath(member.linkname) in fetched.files:
        content = fetched.files[posixpath.normpath(member.linkname)]
    elif not member.isreg():
        fetched.left_out.append(path)
        return
    else:
        if member.size > most_bytes:
            raise TooMuch
        source = archive.extractfile(member)
        content = source.read() if source is not None else b""
    fetched.files[path] = content
    if sum(map(len, fetched.files.values())) > most_bytes:
        raise TooMuch


def _packed(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        folders = {str(above) for path in files for above in _above(path)}
        for folder in sorted(folders):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def _above(path: str) -> Iterator[str]:
    while path := posixpath.dirname(path):
        yield path


class _Capped(io.RawIOBase):
    """A reply that ends after so many bytes, whatever it has."""

    def __init__(self, reply: http.client.HTTPResponse, cap: int) -> None:
        self._reply = reply
        self._left = cap

    @property
    def is_spent(self) -> bool:
        """Whether it has ended for that reason."""
        return self._left <= 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._reply.read(min(size, self._left) if size >= 0 else self._left)
        self._left -= len(data)
        return data

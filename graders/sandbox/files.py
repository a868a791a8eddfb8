"""Looks at one path in a container's file system without extracting anything: a stream, a cap, regular files only.

`GET /containers/{id}/archive` follows links on the way inside the container's own root, never out of it, and
describes what it found in a header before it sends a tar. A sparse file of 5 GB comes in full, so only as much is read
as is asked for, and the connection is dropped then.
"""

import base64
import http.client
import io
import json
import tarfile
from typing import Any

import docker

from graders.sandbox.base import FileFacts, FileKind, SandboxUnavailable
from graders.sandbox.connection import (
    CALL_SECONDS,
    Address,
    EngineConnection,
    engine_call,
    error_message,
    request_path,
)
from graders.sandbox.limits import is_no_path

_KINDS = {tarfile.REGTYPE: FileKind.FILE, tarfile.AREGTYPE: FileKind.FILE, tarfile.DIRTYPE: FileKind.FOLDER}
_MOST_HEADER_BYTES = 64 * 1024
_UNMAPPED = 65534
"""What a user namespace calls owners that it does not know."""


def read_path(
    address: Address, client: docker.APIClient, container_id: str, path: str, *, max_bytes: int, id_offset: int
) -> FileFacts | None:
    """Describe a path, with up to `max_bytes` of a regular file's content; None when there is nothing.

    `id_offset` is where the engine's user namespace begins: owners come as the host sees them.
    """
    connection = EngineConnection(address, CALL_SECONDS)
    try:
        with engine_call("reading a file of a container"):
            connection.request("GET", request_path(client, f"/containers/{container_id}/archive", path=path))
            reply = connection.getresponse()
            if reply.status != http.client.OK:
                words = error_message(reply.read())
                if reply.status == http.client.NOT_FOUND or is_no_path(words):
                    return None
                raise SandboxUnavailable(f"The engine cannot read {path}: {words}")
            stat = _stat(reply.headers.get("X-Docker-Container-Path-Stat") or "")
            return _read_first(reply, path=path, stat=stat, max_bytes=max_bytes, id_offset=id_offset)
    finally:
        connection.close()


def _stat(header: str) -> dict[str, Any]:
    try:
        stat = json.loads(base64.b64decode(header))
    except ValueError as trouble:
        raise SandboxUnavailable("The engine did not describe a file it was asked for.") from trouble
    if not isinstance(stat, dict):
        raise SandboxUnavailable("The engine did not describe a file it was asked for.")
    return stat


def _read_first(
    reply: http.client.HTTPResponse, *, path: str, stat: dict[str, Any], max_bytes: int, id_offset: int
) -> FileFacts:
    capped = _Capped(reply, max_bytes + _MOST_HEADER_BYTES)
    content = b""
    try:
        with tarfile.open(fileobj=capped, mode="r|", bufsize=tarfile.BLOCKSIZE) as archive:
            member = archive.next()
            if member is None:
                raise SandboxUnavailable(f"The engine sent nothing for {path}.")
            kind = FileKind.SYMLINK if member.issym() else _KINDS.get(member.type, FileKind.OTHER)
            if kind is FileKind.FILE and (source := archive.extractfile(member)):
                content = source.read(min(max_bytes, member.size))
    except tarfile.TarError as trouble:
        raise SandboxUnavailable(f"The engine sent no readable archive for {path}: {trouble}") from trouble
    size = int(stat.get("size") or 0) if kind is FileKind.FILE else 0
    return FileFacts(
        path=path,
        kind=kind,
        size_bytes=size,
        mode=member.mode,
        uid=_inside(member.uid, id_offset),
        gid=_inside(member.gid, id_offset),
        link_target=member.linkname if kind is FileKind.SYMLINK else "",
        content=content,
        content_cut=size > len(content),
    )


def _inside(number: int, offset: int) -> int:
    if not offset:
        return number
    return number - offset if number >= offset else _UNMAPPED


class _Capped(io.RawIOBase):
    """A reply that ends after so many bytes, whatever it has."""

    def __init__(self, reply: http.client.HTTPResponse, cap: int) -> None:
        self._reply = reply
        self._left = cap

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._reply.read(min(size, self._left) if size >= 0 else self._left)
        self._left -= len(data)
        return data

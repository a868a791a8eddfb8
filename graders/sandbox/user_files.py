"""Looks at an image's user files before the engine opens them, at every start: a pipe there would hold it for ever.

The engine reads /etc/passwd and /etc/group of a container while it keeps the container locked, and with no deadline: a
named pipe in their place was seen to make it unusable until it was restarted. So it does for every file that is read
out of a container (Docker 20.10 looks up the names of owners inside), and inside once more when a container starts,
with its volumes in place. No link is taken for a user file: it may lead elsewhere then, such as into /dev or /proc.
"""

import base64
import http.client
import json
from typing import Any

from graders.sandbox.base import FileFacts, FileKind
from graders.sandbox.connection import CALL_SECONDS, Engine, EngineConnection, engine_call, request_path

_USER_FILES = ("/etc", "/etc/passwd", "/etc/group")
_MOST_BYTES = 4 * 1024 * 1024
# Bits of Go's os.FileMode, which is how the engine tells of a file.
_FOLDER, _LINK = 1 << 31, 1 << 27
_SPECIAL = 1 << 26 | 1 << 25 | 1 << 24 | 1 << 21 | 1 << 19
"""Devices, named pipes, sockets, and what is no regular file for another reason."""


def user_file_fault(engine: Engine, container_id: str) -> str:
    """Why a container must be neither started nor read, in a sentence; empty when its user files can be read."""
    for path in _USER_FILES:
        found = _stat(engine, container_id, path)
        if found is None or found["mode"] & _FOLDER:
            continue
        if found["mode"] & (_SPECIAL | _LINK):
            return f"{path} of the image is no regular file, so nobody can be looked up in it"
        if found["size"] > _MOST_BYTES:
            return f"{path} of the image has {found['size']:,} bytes, more than any list of users"
    return ""


def unread(path: str) -> FileFacts:
    """What is told of a path that cannot be read for that reason: neither that it is there as it should be, nor not."""
    return FileFacts(path=path, kind=FileKind.OTHER, size_bytes=0, mode=0, uid=0, gid=0)


def _stat(engine: Engine, container_id: str, path: str) -> dict[str, Any] | None:
    connection = EngineConnection(engine.address, CALL_SECONDS)
    try:
        with engine_call("looking at a container's users"):
            connection.request("HEAD", request_path(engine.client, f"/containers/{container_id}/archive", path=path))
            reply = connection.getresponse()
            reply.read()
            if reply.status != http.client.OK:
                return None  # there is none, or no way to it: the engine finds that out at once, too
            told = json.loads(base64.b64decode(reply.headers.get("X-Docker-Container-Path-Stat") or ""))
            return {"mode": int(told["mode"]), "size": int(told["size"])}
    except (ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()

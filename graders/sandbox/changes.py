"""Which paths a container added or changed in its own layer: `docker diff`, as much of it as is worth reading."""

import http.client
import json
from collections.abc import Iterator
from typing import Any

import docker

from graders.sandbox.base import SandboxUnavailable
from graders.sandbox.connection import (
    CALL_SECONDS,
    Address,
    EngineConnection,
    engine_call,
    error_message,
    request_path,
)

_MOST_BYTES = 256 * 1024
_DELETED = 2


def changes_of(address: Address, client: docker.APIClient, container_id: str) -> tuple[str, ...]:
    """In the engine's order, folders too; only the beginning of a long list."""
    connection = EngineConnection(address, CALL_SECONDS)
    try:
        with engine_call("listing the changes of a container"):
            connection.request("GET", request_path(client, f"/containers/{container_id}/changes"))
            reply = connection.getresponse()
            body = reply.read(_MOST_BYTES)
    finally:
        connection.close()
    if reply.status != http.client.OK:
        raise SandboxUnavailable(f"The engine cannot list the changes of a container: {error_message(body)}")
    return tuple(str(each["Path"]) for each in _whole_ones(body.decode(errors="replace")) if each["Kind"] != _DELETED)


def _whole_ones(listed: str) -> Iterator[dict[str, Any]]:
    """The entries of a JSON list, up to where it was cut off."""
    decoder = json.JSONDecoder()
    position = listed.find("{")
    while position > 0:
        try:
            entry, end = decoder.raw_decode(listed, position)
        except ValueError:
            return
        yield entry
        position = listed.find("{", end)

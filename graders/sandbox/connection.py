"""Reaching an engine: its address, the SDK's client, connections of one request each, and what counts as its failure.

The SDK's client serves calls that answer at once. What streams or waits (builds, output, waiting for an end) gets a
connection of its own, so that its deadline and its end are ours.
"""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import docker
import requests
import urllib3
from docker.errors import APIError, DockerException

from graders.sandbox.base import DiskFull, SandboxUnavailable
from graders.sandbox.limits import is_disk_full
from graders.sandbox.transport import SocketAdapter

CALL_SECONDS = 60.0
"""How long a call that should answer at once may take before the engine counts as broken."""
_LAST_BREATH_SECONDS = 2.0

_TROUBLE = (
    DockerException,
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
)


@contextmanager
def engine_call(doing: str) -> Iterator[None]:
    """Turn whatever goes wrong between us and the engine into SandboxUnavailable, naming what was being done.

    Of that kind, it is DiskFull where the engine says so.
    """
    try:
        yield
    except SandboxUnavailable:
        raise
    except _TROUBLE as trouble:
        words = engine_words(trouble)
        kind = DiskFull if isinstance(trouble, APIError) and is_disk_full(words) else SandboxUnavailable
        raise kind(f"The sandbox engine failed while {doing}: {words}") from trouble


def engine_words(trouble: Exception) -> str:
    """What the engine said, without the SDK's frame around it."""
    if isinstance(trouble, APIError) and trouble.explanation:
        return str(trouble.explanation)
    return str(trouble) or type(trouble).__name__


@dataclass(frozen=True)
class Address:
    """Where an engine listens: `unix:///path` or `tcp://host:port`."""

    url: str

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme == "unix" and parts.path:
            return
        if parts.scheme == "tcp" and parts.hostname and parts.port:
            return
        raise SandboxUnavailable(f"`{self.url}` is no engine address: write unix:///path/to/socket or tcp://host:port.")

    def connect(self, seconds: float) -> socket.socket:
        """Open a connection whose reads and writes each take at most `seconds`."""
        parts = urlsplit(self.url)
        if parts.scheme == "tcp":
            return socket.create_connection((parts.hostname, parts.port), timeout=seconds)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(seconds)
        try:
            connection.connect(parts.path)
        except OSError:
            connection.close()
            raise
        return connection

    def version(self) -> dict[str, Any]:
        """Ask the engine for its versions. Raises SandboxUnavailable."""
        connection = EngineConnection(self, CALL_SECONDS)
        try:
            with engine_call("being called"):
                connection.request("GET", "/version")
                reply = connection.getresponse()
                body = reply.read()
        finally:
            connection.close()
        try:
            version = json.loads(body)
            if reply.status == http.client.OK and version["Version"] and version["ApiVersion"]:
                return dict(version)
        except (ValueError, KeyError, TypeError):
            pass
        raise SandboxUnavailable(f"What answers at {self.url} is no working Docker engine: {error_message(body)}")

    def client(self) -> docker.APIClient:
        """Make an SDK client that speaks the engine's own API version. Raises SandboxUnavailable."""
        version = self.version()["ApiVersion"]
        with engine_call("being called"):
            client = docker.APIClient(base_url=self.url, version=version, timeout=int(CALL_SECONDS))
        client.trust_env = (
            False  # no proxy stands between us and an engine, and looking for one takes longer than a call
        )
        parts = urlsplit(self.url)
        if parts.scheme == "unix":
            client.mount("http+docker://", SocketAdapter(f"http+unix://{parts.path}", seconds=int(CALL_SECONDS)))
        return client


def ensure_outlives_a_kill(address: Address) -> None:
    """Raise SandboxUnavailable if the engine is about to go.

    When something was killed and nobody here did it, it was either the kernel, out of memory, or somebody who stops
    the engine: that one was seen to refuse calls 0.4 s later. So those that were killed get their verdict later.
    """
    until = time.monotonic() + _LAST_BREATH_SECONDS
    while time.monotonic() < until:
        address.version()
        time.sleep(_LAST_BREATH_SECONDS / 20)


class EngineConnection(http.client.HTTPConnection):
    """An HTTP connection to the engine for one request."""

    def __init__(self, address: Address, seconds: float) -> None:
        super().__init__("engine", timeout=seconds)
        self._address = address
        self._seconds = seconds

    def connect(self) -> None:
        """Connect, whatever kind of address it is."""
        self.sock = self._address.connect(self._seconds)


@dataclass(frozen=True, kw_only=True)
class Engine:
    """An engine that has been reached, and what is known of it."""

    address: Address
    client: docker.APIClient
    id_offset: int
    """Where the engine's user namespace begins; 0 without one."""


def request_path(client: docker.APIClient, endpoint: str, /, **query: str) -> str:
    """Put the API version the SDK agreed on with the engine before `endpoint`, and the query behind it."""
    return f"/v{client.api_version}{endpoint}" + (f"?{urlencode(query)}" if query else "")


def wait_for_end(address: Address, client: docker.APIClient, container_id: str, seconds: float) -> bool:
    """Wait until a container does not run; False when it still does after `seconds`."""
    connection = EngineConnection(address, max(seconds, 0.001))
    try:
        connection.request("POST", request_path(client, f"/containers/{container_id}/wait"))
        reply = connection.getresponse()
        body = reply.read()
    except TimeoutError:
        return False
    finally:
        connection.close()
    if reply.status != http.client.OK:
        raise SandboxUnavailable(f"The sandbox engine cannot wait for a container: {error_message(body)}")
    return True


def error_message(body: bytes) -> str:
    """The engine's words in the body of an error reply."""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace").strip() or "no reason given"


class RawStream:
    """A connection that the engine has handed over: input goes to a process, its output comes back in frames.

    A process with a terminal has one stream, which comes as it is: `framed` is False for it, and all of it is stdout.
    """

    def __init__(
        self, address: Address, path: str, body: bytes = b"", *, seconds: float = CALL_SECONDS, framed: bool = True
    ) -> None:
        self._socket = address.connect(seconds)
        self._framed = framed
        self._header, self._stream, self._left = b"", 0, 0
        try:
            self._hand_over(path, body)
        except BaseException:
            self._socket.close()
            raise

    def _hand_over(self, path: str, body: bytes) -> None:
        self._socket.sendall(
            f"POST {path} HTTP/1.1\r\nHost: engine\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n".encode()
            + body
        )
        head = b""
        while not head.endswith(b"\r\n\r\n"):  # one byte at a time, since what follows is not ours to buffer
            byte = self._socket.recv(1)
            if not byte or len(head) > 16 * 1024:
                raise http.client.BadStatusLine(head.decode(errors="replace"))
            head += byte
        status = head.split(b" ", 2)[1]
        if status not in {b"101", b"200"}:
            raise HandOverRefused(error_message(self._socket.recv(16 * 1024)))

    def send(self, data: bytes) -> None:
        """Write to the process's input."""
        self._socket.sendall(data)

    def end_input(self) -> None:
        """Close the process's input, and keep reading."""
        self._socket.shutdown(socket.SHUT_WR)

    def set_timeout(self, seconds: float | None) -> None:
        """Bound each read and write from here on; TimeoutError when one takes longer."""
        self._socket.settimeout(seconds)

    def read(self) -> tuple[int, bytes]:
        """Next piece of output as (stream, data), stream 1 or 2; no data means that the output has ended.

        The engine sends frames: eight bytes of header (stream, three zeros, length), then the data. A TimeoutError
        loses nothing: call again.
        """
        if not self._framed:
            return 1, self._socket.recv(64 * 1024)
        while not self._left:
            piece = self._socket.recv(8 - len(self._header))
            if not piece:
                return 0, b""
            self._header += piece
            if len(self._header) == 8:  # noqa: PLR2004
                self._stream, self._left = self._header[0], int.from_bytes(self._header[4:], "big")
                self._header = b""
        data = self._socket.recv(min(self._left, 64 * 1024))
        self._left -= len(data)
        return self._stream, data

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def abort(self) -> None:
        """Hang up from another thread than the one that reads, which then sees the end."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it has ended already


class HandOverRefused(http.client.HTTPException):
    """The engine did not hand the connection over, and says why."""

"""A Docker engine's HTTP interface, over a unix socket or TCP, with the standard library only."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from typing import IO, Any
from urllib.parse import quote, urlencode, urlsplit


class EngineRefused(Exception):
    """The engine answered with an error; the text is the engine's."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket file instead of a host."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(self._path)
        except OSError:
            self.sock.close()
            raise


class EngineApi:
    """Calls to one engine. OSError: nobody answers there. EngineRefused: it answered with an error."""

    def __init__(self, url: str, timeout_seconds: float = 60) -> None:
        """`url` is unix:///path or tcp://host:port."""
        self.url = url
        self.timeout_seconds = timeout_seconds

    def ping(self) -> bool:
        """Whether an engine answers at all."""
        try:
            self.call("GET", "/_ping")
        except (OSError, EngineRefused, http.client.HTTPException):
            return False
        return True

    def call(self, method: str, path: str, *, query: dict[str, Any] | None = None, body: Any = None) -> Any:
        """One request; the answer's JSON, or None where it has none."""
        payload = None if body is None else json.dumps(body).encode()
        with self._open(method, path, query, payload, {"Content-Type": "application/json"}) as answer:
            text = answer.read()
        return json.loads(text) if text[:1] in (b"{", b"[") else None

    def events(
        self, method: str, path: str, *, query: dict[str, Any] | None = None, body: IO[bytes] | None = None
    ) -> Iterator[dict[str, Any]]:
        """One request whose answer is a stream of JSON lines; an `error` among them raises EngineRefused."""
        with self._open(method, path, query, body, {"Content-Type": "application/x-tar"}) as answer:
            for line in answer:
                if line.strip():
                    event = json.loads(line)
                    if "error" in event:
                        raise EngineRefused(500, str(event["error"]))
                    yield event

    def download(self, path: str, into: IO[bytes]) -> None:
        """One GET whose body is copied to a file."""
        with self._open("GET", path, None, None, {}) as answer:
            while chunk := answer.read(1024 * 1024):
                into.write(chunk)

    def _connect(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        if parts.scheme == "unix":
            return _UnixConnection(parts.path, self.timeout_seconds)
        if parts.scheme == "tcp" and parts.hostname:
            return http.client.HTTPConnection(parts.hostname, parts.port or 2375, timeout=self.timeout_seconds)
        raise EngineRefused(0, f"{self.url} is no engine address: write unix:///path/docker.sock or tcp://host:port.")

    def _open(
        self,
        method: str,
        path: str,
        query: dict[str, Any] | None,
        body: bytes | IO[bytes] | None,
        headers: dict[str, str],
    ) -> _Answer:
        connection = self._connect()
        try:
            target = path + (f"?{urlencode(query, doseq=True)}" if query else "")
            connection.request(method, target, body=body, headers=headers)
            answer = connection.getresponse()
            message = _message(answer.read()) if answer.status >= http.client.BAD_REQUEST else ""
        except BaseException:
            connection.close()
            raise
        if message:
            connection.close()
            raise EngineRefused(answer.status, message)
        return _Answer(connection, answer)


class _Answer:
    """A response that closes its connection when it has been read."""

    def __init__(self, connection: http.client.HTTPConnection, answer: http.client.HTTPResponse) -> None:
        self._connection = connection
        self._answer = answer

    def __enter__(self) -> http.client.HTTPResponse:
        return self._answer

    def __exit__(self, *_: object) -> None:
        self._connection.close()


def image_path(reference: str) -> str:
    """The path of an image by name; slashes and colons of the name are part of it."""
    return f"/images/{quote(reference, safe='/:@')}"


def _message(text: bytes) -> str:
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text.decode("utf-8", "replace").strip() or "the engine gave no reason"

"""A client that costs little: HTTP/1.1 over a connection that stays open, so that measuring takes few of the cores."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

_HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True)
class Reply:
    """What the server answered; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Wire:
    """One connection to a server, opened when it is needed and again after it was lost."""

    def __init__(self, host: str, port: int, *, headers: Mapping[str, str]) -> None:
        self._host, self._port = host, port
        self._fixed = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def get(self, path: str) -> Reply:
        """Ask for a page. Raises OSError or EOFError when the connection is lost."""
        return await self._send(f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\n{self._fixed}\r\n".encode())

    async def post(self, path: str, form: Mapping[str, str], *, headers: str = "") -> Reply:
        """Send a form. Raises as `get`."""
        body = urlencode(form)
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self._host}\r\n{self._fixed}{headers}"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return await self._send((head + body).encode())

    async def _send(self, request: bytes) -> Reply:
        kept = self._writer is not None
        try:
            return await self._exchange(request)
        except (OSError, EOFError):
            self.close()
            if not kept:
                raise
        return await self._exchange(request)  # a server may end a connection that nobody used for a while

    async def _exchange(self, request: bytes) -> Reply:
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        self._writer.write(request)
        head = (await self._reader.readuntil(_HEAD_END)).decode("latin-1")
        first, *lines = head.rstrip("\r\n").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await self._reader.readexactly(int(headers.get("content-length", "0")))
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Reply(int(first.split()[1]), headers, body)

    def close(self) -> None:
        """End the connection; the next request opens another."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None

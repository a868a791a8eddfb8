"""An HTTP/1.1 request as bytes, and the reply read back from bytes that nobody can vouch for.

The reply comes from a student's server: HTTP/1.0 or 1.1, with a length, chunked, or ended by closing, or no HTTP at
all. Python's own `http.client` reads it, from memory, so it can neither wait nor grow.
"""

import http.client
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass

from graders.sandbox.base import HttpReply, HttpRequest

MOST_BODY_BYTES = 256 * 1024
MOST_HEAD_BYTES = 64 * 1024
MOST_REQUEST_BYTES = 1024 * 1024
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_PATH = re.compile(r"[\x21-\x7e]+")
_LENGTH = re.compile(rb"\d{1,18}")  # of more digits, Python would not make a number at all
_SENTENCES = {
    "BadStatusLine": "What it answered does not begin like an HTTP reply.",
    "RemoteDisconnected": "It closed the connection without answering.",
    "IncompleteRead": "It closed the connection in the middle of its answer.",
    "LineTooLong": "A line of its answer's head is longer than HTTP servers send.",
}


class UnsendableRequest(ValueError):
    """A request that could not be written down as HTTP: the fault of whoever wrote the check."""


def request_bytes(request: HttpRequest) -> bytes:
    """Write a request down, asking the server to close afterwards. Raises UnsendableRequest."""
    if not _TOKEN.fullmatch(request.method):
        raise UnsendableRequest(f"`{request.method}` is no HTTP method.")
    if not request.path.startswith("/") or not _PATH.fullmatch(request.path):
        raise UnsendableRequest(f"`{request.path}` is no path: begin with / and write other signs as %xx.")
    headers = {"Host": f"localhost:{request.port}", "User-Agent": "drydock", "Accept": "*/*"}
    if request.body or request.method in {"POST", "PUT", "PATCH"}:
        headers["Content-Length"] = str(len(request.body))
    own = {name.lower() for name in request.headers}
    headers = {name: value for name, value in headers.items() if name.lower() not in own}
    headers |= {**request.headers, "Connection": "close"}
    lines = [f"{request.method} {request.path} HTTP/1.1"]
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name) or re.search(r"[\r\n\0]", value):
            raise UnsendableRequest(f"The header `{name}` cannot be sent with that value.")
        lines.append(f"{name}: {value}")
    return "\r\n".join([*lines, "", ""]).encode("utf-8") + request.body


@dataclass
class _Framing:
    body_at: int
    length: int | None
    chunked: bool


def is_complete(raw: bytes, *, method: str) -> bool:
    """Whether a reply is all there, so that a server that does not close need not be waited for.

    Only a reply that says how long it is can be known to be complete; False is always safe.
    """
    head, separator, body = raw.partition(b"\r\n\r\n")
    first = head.split(b"\r\n", 1)[0].split()
    if not separator or len(first) < 2 or not first[0].startswith(b"HTTP/") or first[1].startswith(b"1"):  # noqa: PLR2004
        return False
    if method == "HEAD" or first[1] in {b"204", b"304"}:
        return True
    names = [line.partition(b":") for line in head.split(b"\r\n")[1:]]
    fields = {name.strip().lower(): value.strip() for name, _, value in names}
    if b"transfer-encoding" in fields:
        return body.endswith(b"0\r\n\r\n")
    length = fields.get(b"content-length", b"")
    return _LENGTH.fullmatch(length) is not None and len(body) >= int(length)


def read_reply(raw: bytes, *, method: str, seconds: float, cut: bool = False) -> HttpReply:
    """Read a reply from the bytes a server sent. `cut` says that it had sent more."""
    if not raw:
        return failed_reply(_SENTENCES["RemoteDisconnected"], seconds=seconds)
    reply = http.client.HTTPResponse(_Memory(raw), method=method)  # type: ignore[arg-type]  # all it needs is makefile
    try:
        reply.begin()
        try:
            body = reply.read()
        except http.client.IncompleteRead as broken:
            body = b"" if reply.chunked and not broken.partial else broken.partial
            if not cut and len(body) <= MOST_BODY_BYTES:
                return failed_reply(_SENTENCES["IncompleteRead"], seconds=seconds)
    except http.client.HTTPException as trouble:
        default = "What it answered is not HTTP that a client could read."
        return failed_reply(_SENTENCES.get(type(trouble).__name__, default), seconds=seconds)
    except (ValueError, ArithmeticError, OSError):  # such as a length that is larger than any memory
        return failed_reply("What it answered is not HTTP that a client could read.", seconds=seconds)
    return HttpReply(
        status=reply.status,
        headers=_headers(reply),
        body=body[:MOST_BODY_BYTES],
        seconds=seconds,
        body_cut=cut or len(body) > MOST_BODY_BYTES,
    )


def failed_reply(error: str, *, seconds: float) -> HttpReply:
    """A reply that never came, with the reason in a sentence."""
    return HttpReply(status=None, headers={}, body=b"", seconds=seconds, error=error)


def _headers(reply: http.client.HTTPResponse) -> Mapping[str, str]:
    headers: dict[str, str] = {}
    for name, value in reply.getheaders():
        known = headers.get(name.lower())
        headers[name.lower()] = value if known is None else f"{known}, {value}"
    return headers


class _Memory:
    """What `http.client` takes for a socket: bytes that are all there already."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._raw)

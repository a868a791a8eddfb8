"""A builder's session: what a build may ask of its client while it runs, which is only the secrets it was promised.

BuildKit turns the call round: the client asks the engine to take over a connection (`POST /session`, moby's
session.Manager), and the engine then speaks HTTP/2 and gRPC on it as a client of ours. Served are
`moby.buildkit.secrets.v1.Secrets/GetSecret` (BuildKit's session/secrets/secrets.proto) and gRPC's own health check,
without which the engine takes the session for dead after some seconds. Everything else is "not implemented": no file
of ours, no credential, no agent can be asked for.
"""

import secrets as randomness
import socket
import struct
import threading
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self

import docker
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded, StreamReset, WindowUpdated
from h2.exceptions import ProtocolError

from graders.sandbox.base import SandboxUnavailable
from graders.sandbox.connection import CALL_SECONDS, Address, engine_call, error_message, request_path

GET_SECRET = "/moby.buildkit.secrets.v1.Secrets/GetSecret"  # noqa: S105  a method's name
_HEALTH = "/grpc.health.v1.Health/Check"
_SERVING = b"\x08\x01"
"""A HealthCheckResponse whose status is SERVING."""
_OK, _NOT_FOUND, _NOT_IMPLEMENTED, _INVALID = "0", "5", "12", "3"
"""Status codes of gRPC (doc/statuscodes.md)."""
_LARGEST_REQUEST = 64 * 1024
_LARGEST_HEAD = 16 * 1024


class SecretSession:
    """A session that hands out `secrets`, by id, as long as the `with` block lasts.

    Args:
        address: the engine.
        client: whose API version is spoken.
        secrets: id of `RUN --mount=type=secret,id=…` -> its content, at most 500 kB each (the builder's own bound).

    Entering raises SandboxUnavailable when the engine takes no session.
    """

    def __init__(self, address: Address, client: docker.APIClient, secrets: Mapping[str, bytes]) -> None:
        self.id = randomness.token_hex(16)
        self._address = address
        self._path = request_path(client, "/session")
        self._secrets = dict(secrets)
        self._connection = H2Connection(config=H2Configuration(client_side=False, header_encoding=None))
        self._requests: dict[int, tuple[str, bytearray]] = {}
        self._replies: dict[int, bytes] = {}

    def __enter__(self) -> Self:
        with engine_call("opening a session"):
            self._socket = self._address.connect(CALL_SECONDS)
            try:
                early = self._hand_over()
            except BaseException:
                self._socket.close()
                raise
        self._socket.settimeout(None)  # it is silent for as long as the build asks for nothing
        self._thread = threading.Thread(target=self._serve, args=(early,), name="build-session", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # the engine may have hung up already
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _hand_over(self) -> bytes:
        """Ask the engine to take the connection over; returns what it said beyond its reply."""
        self._socket.sendall(
            (
                f"POST {self._path} HTTP/1.1\r\nHost: engine\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"
                f"X-Docker-Expose-Session-Uuid: {self.id}\r\n"
                "X-Docker-Expose-Session-Name: drydock\r\n"
                f"X-Docker-Expose-Session-Grpc-Method: {GET_SECRET}\r\n"
                f"X-Docker-Expose-Session-Grpc-Method: {_HEALTH}\r\n\r\n"
            ).encode()
        )
        head = b""
        while b"\r\n\r\n" not in head:
            piece = self._socket.recv(4096)
            if not piece or len(head) > _LARGEST_HEAD:
                raise SandboxUnavailable("The engine closed a session while it was opened.")
            head += piece
        head, _, rest = head.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101 "):
            raise SandboxUnavailable(f"The engine takes no build session: {error_message(rest)}")
        return rest

    def _serve(self, data: bytes) -> None:
        try:
            self._connection.initiate_connection()
            self._flush()
            while True:
                self._take(data)
                self._flush()
                data = self._socket.recv(64 * 1024)
                if not data:
                    return
        except (OSError, ProtocolError):
            return  # the build that asks finds out

    def _flush(self) -> None:
        if outgoing := self._connection.data_to_send():
            self._socket.sendall(outgoing)

    def _take(self, data: bytes) -> None:
        for event in self._connection.receive_data(data) if data else ():
            match event:
                case RequestReceived(stream_id=int(stream), headers=headers):
                    path = next((value.decode() for name, value in headers or () if name == b":path"), "")
                    self._requests[stream] = (path, bytearray())
                case DataReceived(stream_id=int(stream), data=bytes(piece)):
                    self._connection.acknowledge_received_data(event.flow_controlled_length or 0, stream)
                    if stream in self._requests and len(self._requests[stream][1]) <= _LARGEST_REQUEST:
                        self._requests[stream][1].extend(piece)
                case StreamEnded(stream_id=int(stream)):
                    path, body = self._requests.pop(stream, ("", bytearray()))
                    self._answer(stream, path, bytes(body))
                case StreamReset(stream_id=int(stream)):
                    self._requests.pop(stream, None)
                    self._replies.pop(stream, None)
                case WindowUpdated():
                    for waiting in list(self._replies):
                        self._send_on(waiting)

    def _answer(self, stream: int, path: str, body: bytes) -> None:
        message, status, words = self._reply_to(path, body)
        head = [(":status", "200"), ("content-type", "application/grpc")]
        if message is None:
            self._connection.send_headers(
                stream, [*head, ("grpc-status", status), ("grpc-message", words)], end_stream=True
            )
            return
        self._connection.send_headers(stream, head)
        self._replies[stream] = b"\0" + struct.pack(">I", len(message)) + message
        self._send_on(stream)

    def _send_on(self, stream: int) -> None:
        """Send as much of a reply as the engine takes now, and the end once all is sent."""
        left = self._replies[stream]
        while left:
            room = min(self._connection.local_flow_control_window(stream), self._connection.max_outbound_frame_size)
            if room <= 0:
                self._replies[stream] = left
                return
            self._connection.send_data(stream, left[:room])
            left = left[room:]
        del self._replies[stream]
        self._connection.send_headers(stream, [("grpc-status", _OK)], end_stream=True)

    def _reply_to(self, path: str, body: bytes) -> tuple[bytes | None, str, str]:
        """The message that answers, or None with a status and its words."""
        if path == _HEALTH:
            return _SERVING, _OK, ""
        if path != GET_SECRET:
            return None, _NOT_IMPLEMENTED, "not implemented"
        secret_id = _first_text(body[5:])
        if secret_id is None:
            return None, _INVALID, "no secret named"
        content = self._secrets.get(secret_id)
        if content is None:
            return None, _NOT_FOUND, "no such secret"
        return b"\x0a" + _varint(len(content)) + content, _OK, ""


def _first_text(message: bytes) -> str | None:
    """Field 1 of a protobuf message whose first field it is, as text: GetSecretRequest.ID."""
    if message[:1] != b"\x0a" or len(message) < 2 or message[1] > 0x7F:  # noqa: PLR2004  names have up to 64 bytes
        return None
    return message[2 : 2 + message[1]].decode(errors="replace")


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:  # noqa: PLR2004  seven bits a byte
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)

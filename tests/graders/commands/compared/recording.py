"""A unix socket before an engine's own that passes everything on, and writes down which requests went through it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

_PIECE = 64 * 1024


@dataclass
class Request:
    """One request that was seen."""

    method: str
    path: str
    """As it was sent, with the version of the API and the query."""
    status: int = 0
    """0 until it is answered."""


@dataclass
class Recorder:
    """Where the CLI connects, and what came by."""

    url: str
    requests: list[Request] = field(default_factory=list)

    def take(self) -> list[Request]:
        """What came by since this was asked last."""
        taken, self.requests = self.requests, []
        return taken


@contextmanager
def recorder(engine_url: str) -> Iterator[Recorder]:
    """Listen before an engine while the block runs."""
    with TemporaryDirectory(prefix="drydock-recorder-") as folder:
        path = Path(folder) / "docker.sock"
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(str(path))
            listener.listen(64)
            recording = Recorder(url=f"unix://{path}")
            thread = threading.Thread(target=_serve, args=(listener, engine_url, recording), daemon=True)
            thread.start()
            try:
                yield recording
            finally:
                with suppress(OSError):
                    listener.shutdown(socket.SHUT_RDWR)
                thread.join(timeout=10)


def _serve(listener: socket.socket, engine_url: str, recording: Recorder) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return  # the block has ended
        engine = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        engine.connect(engine_url.removeprefix("unix://"))
        connection = _Connection(client, engine, recording)
        threading.Thread(target=connection.requests, daemon=True).start()
        threading.Thread(target=connection.answers, daemon=True).start()


class _Connection:
    """One connection of the CLI's: its requests are read one after the other, until one asks for the bare stream."""

    def __init__(self, client: socket.socket, engine: socket.socket, recording: Recorder) -> None:
        self._client, self._engine, self._recording = client, engine, recording
        self._buffer = b""
        self._unanswered: Request | None = None

    def requests(self) -> None:
        """Pass on what the CLI sends."""
        with suppress(OSError):
            while self._one_request():
                pass
        with suppress(OSError):
            self._engine.shutdown(socket.SHUT_WR)

    def answers(self) -> None:
        """Pass on what the engine answers; each answer begins a piece, since the CLI asks one thing at a time."""
        with suppress(OSError):
            while piece := self._engine.recv(_PIECE):
                if self._unanswered is not None and piece.startswith(b"HTTP/1.1 "):
                    self._unanswered.status = int(piece[9:12])
                    self._unanswered = None
                self._client.sendall(piece)
        for end in (self._client, self._engine):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _one_request(self) -> bool:
        head = self._until(b"\r\n\r\n")
        if not head:
            return False
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ", 2)
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        self._unanswered = Request(method, path)
        self._recording.requests.append(self._unanswered)
        self._engine.sendall(head)
        if "upgrade" in fields:
            self._stream()
            return False
        if fields.get("transfer-encoding") == "chunked":
            self._chunks()
        else:
            self._bytes(int(fields.get("content-length", "0")))
        return True

    def _stream(self) -> None:
        if self._buffer:
            self._engine.sendall(self._buffer)
        while piece := self._client.recv(_PIECE):
            self._engine.sendall(piece)

    def _chunks(self) -> None:
        while True:
            head = self._until(b"\r\n")
            self._engine.sendall(head)
            size = int(head.split(b";")[0], 16) if head else 0
            self._bytes(size + 2)
            if not size:
                return

    def _bytes(self, count: int) -> None:
        while count:
            if not self._buffer:
                self._buffer = self._client.recv(_PIECE)
                if not self._buffer:
                    return
            piece, self._buffer = self._buffer[:count], self._buffer[count:]
            self._engine.sendall(piece)
            count -= len(piece)

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            piece = self._client.recv(_PIECE)
            if not piece:
                return b""
            self._buffer += piece
        found, _, self._buffer = self._buffer.partition(mark)
        return found + mark

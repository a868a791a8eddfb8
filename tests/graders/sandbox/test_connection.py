"""An engine that is not there, does not answer, or answers with trouble is the engine's fault, said in a sentence."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from graders.sandbox import connection
from graders.sandbox.base import SandboxUnavailable
from graders.sandbox.docker import DockerSandbox

Answer = Callable[[bytes], bytes | None]


@contextmanager
def engine_that(answer: Answer, folder: Path) -> Iterator[str]:
    """An engine that answers each request's head with these bytes, or with silence."""
    path = folder / "engine.sock"
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen()
    held: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                accepted, _ = listener.accept()
            except OSError:
                return
            held.append(accepted)
            head = accepted.recv(64 * 1024)
            if head and (reply := answer(head)) is not None:
                accepted.sendall(reply)
                accepted.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"unix://{path}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for accepted in held:
            accepted.close()


def http(status: str, body: bytes) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


@pytest.mark.parametrize("url", ["", "docker", "unix://", "tcp://host", "http://host:1", "ssh://host:22"])
def test_an_address_that_is_none_is_refused_with_what_to_write(url: str) -> None:
    with pytest.raises(SandboxUnavailable, match=r"write unix:///path/to/socket or tcp://host:port"):
        DockerSandbox(url)


def test_an_engine_that_is_not_there(tmp_path: Path) -> None:
    sandbox = DockerSandbox(f"unix://{tmp_path}/none.sock")
    with pytest.raises(SandboxUnavailable), sandbox.job("a"):
        pass
    with pytest.raises(SandboxUnavailable) as raised:
        sandbox.info()
    assert isinstance(raised.value.__cause__, OSError)
    with pytest.raises(SandboxUnavailable):
        sandbox.sweep()


def test_an_engine_that_answers_with_an_error(tmp_path: Path) -> None:
    answer = http("500 Internal Server Error", b'{"message":"it is on fire"}')
    with engine_that(lambda head: answer, tmp_path) as url, pytest.raises(SandboxUnavailable, match="it is on fire"):
        DockerSandbox(url).info()


def test_an_engine_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CALL_SECONDS", 1.0)
    with engine_that(lambda head: None, tmp_path) as url, pytest.raises(SandboxUnavailable):
        DockerSandbox(url).info()


def test_something_else_behind_the_address(tmp_path: Path) -> None:
    with engine_that(lambda head: b"SSH-2.0-OpenSSH\r\n", tmp_path) as url, pytest.raises(SandboxUnavailable):
        DockerSandbox(url).info()


def test_frames_are_read_across_pieces_and_timeouts() -> None:
    ours, theirs = socket.socketpair()
    stream = connection.RawStream.__new__(connection.RawStream)
    stream._socket, stream._header, stream._stream, stream._left = ours, b"", 0, 0
    stream.set_timeout(0.01)
    frame = bytes([2, 0, 0, 0, 0, 0, 0, 5]) + b"hello"
    read = b""
    for position in range(len(frame)):
        theirs.sendall(frame[position : position + 1])
        with suppress(TimeoutError):
            while True:
                read += stream.read()[1]
    theirs.close()
    assert stream.read() == (0, b"")
    stream.close()
    assert read == b"hello"

"""What an engine may answer when it is to save an image: too little room, paths too long, silence, or nonsense."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from graders.image.contents import ImageLayers, Search, WalkLimits
from graders.sandbox.base import SandboxUnavailable
from graders.sandbox.connection import Address
from graders.sandbox.layers import image_layers

QUICK = WalkLimits(seconds=0.2)


@contextmanager
def engine_that_says(answer: bytes, folder: Path, *, hangs_up: bool = True) -> Iterator[str]:
    """An engine that answers one request with these bytes, and then hangs up or falls silent."""
    path = folder / "engine.sock"
    over = threading.Event()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen()

    def serve() -> None:
        accepted, _ = listener.accept()
        with accepted:
            accepted.recv(64 * 1024)
            accepted.sendall(answer)
            if not hangs_up:
                over.wait()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"unix://{path}"
    finally:
        over.set()
        thread.join()
        listener.close()


def read(url: str, limits: WalkLimits | None = None) -> ImageLayers:
    client: Any = SimpleNamespace(api_version="1.41")
    search = Search(limits=limits or WalkLimits())
    return image_layers(Address(url), client, "sha256:1", size_bytes=1, search=search)


def refusal(words: str) -> bytes:
    body = f'{{"message": "{words}"}}'.encode()
    return f"HTTP/1.1 500 Internal Server Error\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("write /tmp/docker-export-1/x/layer.tar: no space left on device", "no room"),
        ("lstat /x/y/z: file name too long", "longer than paths can be"),
    ],
)
def test_an_image_that_cannot_be_saved_is_the_images_fault(words: str, says: str, tmp_path: Path) -> None:
    with engine_that_says(refusal(words), tmp_path) as url:
        assert says in read(url).limit


def test_any_other_refusal_is_the_engines_trouble(tmp_path: Path) -> None:
    with (
        engine_that_says(refusal("the moon is in the wrong place"), tmp_path) as url,
        pytest.raises(SandboxUnavailable, match="cannot save the image sha256:1: the moon"),
    ):
        read(url)


def test_what_is_no_saved_image_is_the_engines_trouble(tmp_path: Path) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nno archive"
    with engine_that_says(answer, tmp_path) as url, pytest.raises(SandboxUnavailable, match="unreadably"):
        read(url)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\nsome"])
def test_an_engine_that_takes_too_long_over_an_image_is_not_waited_for(answer: bytes, tmp_path: Path) -> None:
    with engine_that_says(answer, tmp_path, hangs_up=False) as url:
        assert "within 0.2 seconds" in read(url, QUICK).limit


def test_an_engine_that_hangs_up_is_the_engines_trouble(tmp_path: Path) -> None:
    with engine_that_says(b"", tmp_path) as url, pytest.raises(SandboxUnavailable):
        read(url)

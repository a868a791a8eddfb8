"""A way to package registries, as an engine's gate answers for it: opened, refused, broken meanwhile."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from graders.sandbox.base import SandboxUnavailable
from graders.sandbox.connection import Address
from graders.sandbox.packages import GATE_SOCKET, Way, way_to_packages

OPEN = b'{"proxy": "http://10.0.0.1:3128"}\n'


@contextmanager
def gate_that_says(*answers: bytes, folder: Path) -> Iterator[tuple[Address, list[dict[str, object]]]]:
    """An engine whose gate gives these answers to one connection, in turn, and hangs up then."""
    asked: list[dict[str, object]] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(folder / GATE_SOCKET))
        listener.listen()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as questions:
                for answer in answers:
                    asked.append(json.loads(questions.readline()))
                    connection.sendall(answer)
                questions.readline()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield Address(f"unix://{folder}/docker.sock"), asked
        thread.join(timeout=30)


def opened(address: Address) -> Way:
    with way_to_packages(address, ["pip", "apt"]) as way:
        return way


def test_an_open_way_tells_a_build_where_its_proxy_is_and_nothing_else(tmp_path: Path) -> None:
    with gate_that_says(OPEN, folder=tmp_path) as (address, asked):
        way = opened(address)
    assert asked == [{"kinds": ["apt", "pip"]}]
    assert way.network == "default"
    assert {value for name, value in way.build_args.items() if name.lower() != "no_proxy"} == {"http://10.0.0.1:3128"}
    assert way.build_args["no_proxy"] == "localhost,127.0.0.1"


def test_a_build_that_failed_for_its_own_sake_is_judged(tmp_path: Path) -> None:
    with (
        gate_that_says(OPEN, b'{"trouble": ""}\n', folder=tmp_path) as (address, asked),
        way_to_packages(address, ["pip"]) as way,
    ):
        way.ensure_it_worked()
    assert asked[1] == {"check": True}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b'{"trouble": "the registry is down"}\n', "could not fetch packages: the registry is down"),
        (b"{}\n", "could not fetch packages"),
    ],
)
def test_a_build_that_failed_for_the_ways_sake_is_not_the_learners(answer: bytes, told: str, tmp_path: Path) -> None:
    with (
        gate_that_says(OPEN, answer, folder=tmp_path) as (address, _),
        way_to_packages(address, ["pip"]) as way,
        pytest.raises(SandboxUnavailable, match=told),
    ):
        way.ensure_it_worked()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b'{"trouble": "pip has no registry here"}\n', "cannot fetch packages: pip has no registry here"),
        (b"{}\n", "the engine does not say why"),
        (b"[]\n", "answers in an unknown way"),
        (b"hello\n", "does not answer"),
    ],
)
def test_a_gate_that_does_not_open_is_the_engines_trouble(answer: bytes, told: str, tmp_path: Path) -> None:
    with (
        gate_that_says(answer, folder=tmp_path) as (address, _),
        pytest.raises(SandboxUnavailable, match=told),
    ):
        opened(address)


def test_a_gate_that_goes_while_it_is_asked_is_the_engines_trouble(tmp_path: Path) -> None:
    with (
        gate_that_says(OPEN, folder=tmp_path) as (address, _),
        way_to_packages(address, ["pip"]) as way,
        pytest.raises(SandboxUnavailable, match="it closed the connection"),
    ):
        way.ensure_it_worked()

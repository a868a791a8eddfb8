"""The package gate lives and ends with its engine, and opens one way at a time to who asks in its words."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from engine_life import SMALL, assert_nothing_left, lock_holder, processes_of, until
from engines import ENGINE, ROOT, engine, own_slot, started_engine

from deploy.sandbox.gate import _asked_kinds, _line
from deploy.sandbox.instance import EngineTrouble

pytestmark = pytest.mark.engine


@pytest.fixture
def name(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("DRYDOCK_PACKAGES_PIP", "http://127.0.0.1:9/simple")  # an address that is only named
    with own_slot("gate") as slot:
        engine("clean", slot)
        yield slot
        engine("clean", slot)


def asked(name: str, *kinds: str) -> socket.socket:
    """A connection whose way is open."""
    gate = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    gate.settimeout(60)
    gate.connect(f"/run/drydock/{name}/packages.sock")
    gate.sendall(json.dumps({"kinds": kinds}).encode() + b"\n")
    assert json.loads(gate.recv(4096)) == {"proxy": "http://172.17.0.1:3128"}
    return gate


def program(name: str, word: str) -> int:
    """The process of an open way that has this word in its command."""
    return next(
        pid for pid in processes_of(name) if word in Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    )


def gate_of(name: str) -> int:
    """The gate is a child of the init that the engine started."""
    children = {
        int(line.split(") ")[1].split()[1]): int(line.split()[0])
        for pid in processes_of(name)
        if "engine.py" in (Path(f"/proc/{pid}/cmdline").read_text())
        for line in [Path(f"/proc/{pid}/stat").read_text()]
    }
    return children[children[lock_holder(name)]]


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_an_open_way_ends_with_its_engine(name: str, how: str) -> None:
    with started_engine(name, *SMALL), closing(asked(name, "pip")):
        assert program(name, "tinyproxy")
        if how == "stopped":
            assert engine("stop", name).returncode == 0
            assert not Path(f"/run/drydock/{name}/packages.sock").exists()
            assert not Path(f"/run/drydock/{name}/packages").exists()
        else:
            os.kill(lock_holder(name), signal.SIGKILL)
        assert_nothing_left(name)


def test_without_its_gate_an_engine_ends_so_that_a_supervisor_starts_it_again(name: str) -> None:
    command = [sys.executable, ENGINE, "run", "--name", name, "--root", ROOT / name, *SMALL]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        until(lambda: "is ready at" in (running.stdout.readline() if running.stdout else ""), "it is ready")
        os.kill(gate_of(name), signal.SIGKILL)
        assert running.wait(60) == 1
    assert_nothing_left(name)


def test_a_program_that_dies_is_told_to_who_asks(name: str) -> None:
    with started_engine(name, *SMALL), closing(asked(name, "pip")) as gate:
        pid = program(name, "TCP4-LISTEN")
        os.kill(pid, signal.SIGKILL)
        until(lambda: Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z", "it has ended")
        gate.sendall(b'{"check": true}\n')

        trouble = json.loads(gate.recv(4096))["trouble"]
        assert trouble == "A program of the way to package registries has ended: socat inside."


def test_who_comes_while_a_way_is_open_waits_until_it_is_closed(name: str) -> None:
    with started_engine(name, *SMALL):
        first = asked(name, "pip")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as second:
            second.settimeout(0.5)
            second.connect(f"/run/drydock/{name}/packages.sock")
            second.sendall(b'{"kinds": ["pip"]}\n')
            with pytest.raises(TimeoutError):
                second.recv(4096)
            first.close()
            second.settimeout(60)
            assert "proxy" in json.loads(second.recv(4096))


def test_whoever_may_not_use_the_engine_may_not_ask(name: str) -> None:
    with started_engine(name, *SMALL):
        engine_socket, gate_socket = (
            Path(f"/run/drydock/{name}/{file}.sock").stat() for file in ("docker", "packages")
        )

    assert gate_socket.st_mode & 0o777 == engine_socket.st_mode & 0o777 == 0o660
    assert (gate_socket.st_uid, gate_socket.st_gid) == (engine_socket.st_uid, engine_socket.st_gid)


@pytest.mark.parametrize(
    "said",
    [b"", b"GET / HTTP/1.0\n", b"[]\n", b"{}\n", b'{"kinds": []}\n', b'{"kinds": "pip"}\n', b'{"kinds": [["pip"]]}\n'],
)
def test_what_it_does_not_understand_it_refuses(said: bytes) -> None:
    with pytest.raises(
        EngineTrouble, match=r'Say which packages are wanted, as {"kinds": \[\.\.\.\]} of pip, apt, npm'
    ):
        _asked_kinds(said)


def test_a_line_without_end_is_not_read_for_ever() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"x" * 10_000)
        assert _line(ours) == b""

"""Which port the site gets, and what is said when it is taken."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.up import ports
from deploy.up.instance import Instance, find
from deploy.up.throwaway import free_port
from deploy.up.trouble import Trouble


def a_clone(tmp_path: Path, name: str, **environment: str) -> Instance:
    (tmp_path / name).mkdir(exist_ok=True)
    return find(tmp_path / name, environment)


@contextmanager
def listening(port: int) -> Iterator[None]:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", port))
        server.listen()
        yield


@pytest.fixture
def default_port(monkeypatch: pytest.MonkeyPatch) -> int:
    """A default that nothing else on this machine uses."""
    port = free_port()
    monkeypatch.setattr(ports, "DEFAULT_PORT", port)
    return port


def test_the_default_port_is_taken_when_it_is_free(tmp_path: Path, default_port: int) -> None:
    assert ports.choose(a_clone(tmp_path, "one"), run_root=tmp_path / "run") == (default_port, "")


def test_a_second_clone_steps_aside_and_says_so(tmp_path: Path, default_port: int) -> None:
    run_root = tmp_path / "run"
    ports.choose(a_clone(tmp_path, "one"), run_root=run_root)

    port, why = ports.choose(a_clone(tmp_path, "two"), run_root=run_root)

    assert port > default_port
    assert f"Port {default_port} belongs to another Drydock" in why


def test_a_clone_that_steps_aside_steps_over_other_programs_too(tmp_path: Path, default_port: int) -> None:
    run_root = tmp_path / "run"
    ports.choose(a_clone(tmp_path, "one"), run_root=run_root)

    with listening(default_port + 1):
        port, _ = ports.choose(a_clone(tmp_path, "two"), run_root=run_root)

    assert port > default_port + 1


def test_a_clone_keeps_its_port(tmp_path: Path, default_port: int) -> None:
    run_root = tmp_path / "run"
    ports.choose(a_clone(tmp_path, "one"), run_root=run_root)
    port, _ = ports.choose(a_clone(tmp_path, "two"), run_root=run_root)
    ports.release(a_clone(tmp_path, "one"), run_root=run_root)

    assert ports.choose(a_clone(tmp_path, "two"), run_root=run_root) == (port, "")


def test_a_clone_that_went_down_leaves_its_port(tmp_path: Path, default_port: int) -> None:
    run_root = tmp_path / "run"
    one = a_clone(tmp_path, "one")
    ports.choose(one, run_root=run_root)
    ports.release(one, run_root=run_root)

    assert ports.choose(a_clone(tmp_path, "two"), run_root=run_root) == (default_port, "")


def test_the_claim_of_a_clone_that_died_long_ago_counts_no_more(tmp_path: Path, default_port: int) -> None:
    run_root = tmp_path / "run"
    one = a_clone(tmp_path, "one")
    ports.choose(one, run_root=run_root)
    os.utime(run_root / one.name / "port", (0, 0))

    assert ports.choose(a_clone(tmp_path, "two"), run_root=run_root) == (default_port, "")


def test_a_port_of_another_program_is_refused_by_that_programs_name(tmp_path: Path, default_port: int) -> None:
    with listening(default_port), pytest.raises(Trouble) as refused:
        ports.choose(a_clone(tmp_path, "one"), run_root=tmp_path / "run")

    assert f"Port {default_port} is taken by" in str(refused.value)
    assert f"(process {os.getpid()})" in str(refused.value)
    assert f"make up DRYDOCK_PORT={default_port + 1}" in str(refused.value)


def test_a_port_that_was_asked_for_is_never_exchanged(tmp_path: Path, default_port: int) -> None:
    run_root = tmp_path / "run"
    one = a_clone(tmp_path, "one")
    ports.choose(one, run_root=run_root)

    with pytest.raises(Trouble, match=f"taken by the Drydock '{one.name}'"):
        ports.choose(a_clone(tmp_path, "two", DRYDOCK_PORT=str(default_port)), run_root=run_root)


@pytest.mark.parametrize("port", ["0", "70000", "http"])
def test_a_port_that_is_none_is_refused(tmp_path: Path, port: str) -> None:
    with pytest.raises(Trouble, match="DRYDOCK_PORT"):
        ports.choose(a_clone(tmp_path, "one", DRYDOCK_PORT=port), run_root=tmp_path / "run")


@pytest.mark.parametrize("address", ["203.0.113.7", "not an address"])
def test_an_address_that_the_machine_does_not_have_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(Trouble, match="DRYDOCK_BIND"):
        ports.choose(a_clone(tmp_path, "one", DRYDOCK_BIND=address), run_root=tmp_path / "run")

"""Containers of one internal network reach each other by name, and nothing and nobody else."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from sandboxes import BUSYBOX

from graders.sandbox.base import Container, ContainerSpec, Job, RunLimits
from graders.sandbox.docker import DockerSandbox
from graders.sandbox.protections.bench import own_addresses

pytestmark = pytest.mark.engine
LIMITS = RunLimits(seconds=60)
SERVES = "echo {word} > /tmp/word; exec httpd -f -p 9000 -h /tmp"


@pytest.fixture(scope="module")
def sandbox(engine_url: str) -> DockerSandbox:
    return DockerSandbox(engine_url)


@pytest.fixture
def job(sandbox: DockerSandbox) -> Iterator[Job]:
    with sandbox.job("networks") as opened:
        yield opened


def serving(job: Job, word: str, network: str, alias: str) -> Container:
    """A container that serves a word, once it does."""
    script = SERVES.format(word=word)
    spec = ContainerSpec(image=BUSYBOX, args=("sh", "-c", script), network=network, aliases=(alias,), limits=LIMITS)
    container = job.start(spec)
    deadline = time.monotonic() + 20
    while not container.listeners():
        assert time.monotonic() < deadline, container.wait()
        time.sleep(0.05)
    return container


def shell(job: Job, script: str, network: str = "inner") -> str:
    """What a script prints that runs in a container of its own in the network."""
    spec = ContainerSpec(image=BUSYBOX, args=("sh", "-c", script), network=network, aliases=("app",), limits=LIMITS)
    return job.run(spec).stdout.decode()


def word_at(address: str) -> str:
    return f"printf 'GET /word HTTP/1.0\\r\\n\\r\\n' | nc -w 2 {address} 9000 | tail -n 1; echo; "


def address_of(container: Container) -> str:
    """Its address in its network, as a neighbour would have to guess it."""
    seen = container.exec(("sh", "-c", "ip -4 addr show eth0 | sed -n 's/.*inet \\([0-9.]*\\).*/\\1/p'"))
    return seen.stdout.decode().strip()


def test_a_companion_is_reached_by_its_name_before_and_after_a_restart(job: Job) -> None:
    job.create_network("inner")
    store = serving(job, "kept", "inner", "store")
    assert "kept" in shell(job, word_at("store"))
    store.stop(within_seconds=0.2)
    assert "kept" not in shell(job, word_at("store"))
    assert not store.start_again()
    deadline = time.monotonic() + 20
    while not store.listeners():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "kept" in shell(job, word_at("store"))


def test_what_a_restarted_store_wrote_to_a_named_volume_is_there(job: Job) -> None:
    job.create_volume("data")
    script = "cat /data/log 2> /dev/null; date +%s%N >> /data/log; exec sleep 60"
    spec = ContainerSpec(image=BUSYBOX, args=("sh", "-c", script), volumes={"/data": "data"}, limits=LIMITS)
    store = job.start(spec)
    deadline = time.monotonic() + 20
    while store.read_file("/data/log") is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    store.kill()
    assert not store.start_again()
    while not store.logs()[0]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert len(store.kill().stdout.splitlines()) == 1


def test_containers_of_another_network_and_of_none_are_out_of_reach(job: Job) -> None:
    job.create_network("inner")
    job.create_network("other")
    serving(job, "near", "inner", "store")
    other = serving(job, "far", "other", "store-two")
    address = address_of(other)
    assert address.count(".") == 3
    printed = shell(job, word_at("store") + word_at("store-two") + word_at(address))
    assert "near" in printed
    assert "far" not in printed
    assert "far" in shell(job, word_at(address), network="other")


def test_nothing_of_the_machine_or_the_engine_is_reached_from_a_network(job: Job) -> None:
    job.create_network("inner")
    reached: list[bytes] = []
    with socket.create_server(("0.0.0.0", 0)) as canary:  # what must not be reached has to be there

        def listen() -> None:
            while not reached or reached[-1] != b"last":
                connection, _ = canary.accept()
                with connection:
                    reached.append(connection.recv(4))

        listening = threading.Thread(target=listen, daemon=True)
        listening.start()
        port = canary.getsockname()[1]
        addresses = " ".join(["$gateway", "172.17.0.1", "169.254.169.254", *own_addresses()])
        printed = shell(
            job,
            "gateway=$(ip route | sed -n 's/^default via \\([0-9.]*\\).*/\\1/p'); "
            '[ -n "$gateway" ] || gateway=$(ip -4 addr show eth0 | sed -n "s/.*inet \\([0-9]*.[0-9]*\\).*/\\1.0.1/p"); '
            f"for address in {addresses}; do (for port in {port} 53 80 2375 3128; do "
            'echo away | timeout 2 nc -w 1 "$address" "$port" > /dev/null 2>&1 && echo "reached $address:$port"; '
            "done) & done; wait; ls /var/run/docker.sock /run/docker.sock 2> /dev/null; echo done $gateway",
        )
        with socket.create_connection(("127.0.0.1", port)) as ours:
            ours.sendall(b"last")
            listening.join(timeout=20)
    word, gateway = printed.split()
    assert word == "done"
    assert gateway.count(".") == 3
    assert reached == [b"last"]


def test_no_name_of_the_outside_is_found_in_a_network(job: Job) -> None:
    job.create_network("inner")
    serving(job, "near", "inner", "store")
    printed = shell(job, "nslookup store > /dev/null && echo found; timeout 10 nslookup drydock.example; echo $?")
    lines = printed.splitlines()
    assert lines[0] == "found"
    assert lines[-1] != "0"

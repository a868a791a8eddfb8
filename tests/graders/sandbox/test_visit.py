"""Asking a server through a socket made in its network namespace, here the one that this process lives in."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from sandboxes import BUSYBOX, context

from graders.sandbox.base import ContainerSpec, HttpRequest, RunLimits
from graders.sandbox.docker import DockerSandbox
from graders.sandbox.http_exchange import MOST_REQUEST_BYTES
from graders.sandbox.listening import NETLINK_SOCK_DIAG
from graders.sandbox.members import members_of
from graders.sandbox.visit import Visit, visit

pytestmark = pytest.mark.engine  # entering a namespace takes root, as an engine does

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
Serve = Callable[[socket.socket], None]


@pytest.fixture(name="own")
def _own() -> Iterator[Visit]:
    kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, NETLINK_SOCK_DIAG)
    process = os.open("/proc/self", os.O_RDONLY | os.O_DIRECTORY)
    own = Visit(process, os.open("/proc/self/ns/net", os.O_RDONLY), kernel)
    yield own
    own.close()


@contextmanager
def server(serve: Serve) -> Iterator[int]:
    """A port where each connection is served in a thread."""
    listening = socket.create_server(("127.0.0.1", 0))

    def work() -> None:
        connection, _ = listening.accept()
        with connection:
            serve(connection)

    thread = threading.Thread(target=work)
    thread.start()
    yield listening.getsockname()[1]
    thread.join()
    listening.close()


def read_all(connection: socket.socket) -> bytes:
    received = b""
    while not received.endswith(b"\r\n\r\n"):
        received += connection.recv(1024)
    return received


def test_a_reply_is_read_piece_by_piece(own: Visit) -> None:
    def slow(connection: socket.socket) -> None:
        read_all(connection)
        for byte in OK:
            connection.sendall(bytes([byte]))

    with server(slow) as port:
        reply = own.http(HttpRequest(port=port))
    assert (reply.status, reply.body, reply.error) == (200, b"hi", "")


def test_a_reply_that_comes_before_the_request_was_read_counts(own: Visit) -> None:
    with server(lambda connection: connection.sendall(OK)) as port:
        reply = own.http(HttpRequest(port=port, method="POST", body=b"x" * 900_000))
    assert (reply.status, reply.body) == (200, b"hi")


def test_a_server_that_hangs_up_has_not_answered(own: Visit) -> None:
    with server(lambda connection: None) as port:
        reply = own.http(HttpRequest(port=port, method="POST", body=b"x" * 900_000))
    assert reply.error == "It closed the connection without answering."


def test_a_silent_server_is_waited_for_so_long_and_no_longer(own: Visit) -> None:
    heard = threading.Event()
    with server(lambda connection: heard.wait() and None) as port:
        reply = own.http(HttpRequest(port=port, timeout_seconds=0.2))
        heard.set()
    assert reply.error == "It did not answer within 0.2 seconds."


def test_a_port_where_nobody_listens_refuses(own: Visit) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert own.http(HttpRequest(port=port)).error == f"Nothing answers on port {port}: connection refused."


def test_a_request_that_is_too_large_is_not_sent(own: Visit) -> None:
    reply = own.http(HttpRequest(port=1, method="POST", body=b"x" * MOST_REQUEST_BYTES))
    assert "larger than a probe sends" in reply.error


def test_what_runs_in_this_machines_own_network_is_not_visited(
    engine_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with DockerSandbox(engine_url).job("visited") as job:
        container = job.start(ContainerSpec(image=BUSYBOX, args=("sleep", "60"), limits=RunLimits(seconds=60)))
        found = visit(container.id)
        assert found is not None
        found.close()
        monkeypatch.setattr(os.path, "samestat", lambda one, other: True)
        assert visit(container.id) is None


def test_what_a_process_is_called_and_which_groups_it_has_keeps_nobody_from_looking(engine_url: str) -> None:
    dockerfile = (
        f"FROM {BUSYBOX}\n"
        "RUN mkdir -p /etc && echo 'app:x:1000:1000::/:/bin/sh' > /etc/passwd\n"
        "RUN seq 1 12000 | sed 's/.*/g&:x:&:app/' > /etc/group\n"
        "RUN cp /bin/busybox \"/bin/$(printf 'busybox\\377')\"\n"
        "USER app\n"
        "CMD exec \"/bin/$(printf 'busybox\\377')\" sleep 60\n"
    )
    with DockerSandbox(engine_url).job("named") as job:
        built = job.build(context(dockerfile))
        container = job.start(ContainerSpec(image=built.image_id, limits=RunLimits(seconds=60)))
        while not any(process.command[-2:] == ("sleep", "60") for process in container.processes()):
            assert container.running(), container.wait()
        status = Path(f"/proc/{members_of(container.id)[0]}/status").read_bytes()
        assert (b"busybox\xff" in status, len(status) > 64 * 1024) == (True, True)
        found = visit(container.id)
        assert found is not None
        found.close()


def test_a_visit_leaves_this_process_where_it_was_and_holds_nothing(engine_url: str) -> None:
    def where() -> set[Path]:
        found = set()
        for task in Path("/proc/self/task").iterdir():
            with suppress(FileNotFoundError):  # a thread that has ended meanwhile
                found.add((task / "ns/net").readlink())
        return found

    sandbox = DockerSandbox(engine_url)
    home = where()
    held: list[int] = []
    for _ in range(3):
        with sandbox.job("visited") as job:
            script = "echo hi > /tmp/index.html; exec httpd -f -p 80 -h /tmp"
            container = job.start(ContainerSpec(image=BUSYBOX, args=("sh", "-c", script), limits=RunLimits(seconds=60)))
            while not container.listeners():
                assert container.running(), container.wait()
            assert container.http(HttpRequest(port=80)).body == b"hi\n"
            assert where() == home
            container.kill()
            assert container.listeners() == ()
        held.append(len(list(Path("/proc/self/fd").iterdir())))
    assert held[1] == held[2]

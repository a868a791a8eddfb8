"""The way to package registries lets pass what it was opened for and nothing else, and leaves nothing when it closes.

These tests need no engine: a process in a network namespace of its own stands for it, and a server on this machine's
loopback for the registry. They need root, as the engine does.
"""

import http.server
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from deploy.sandbox.instance import EngineTrouble
from deploy.sandbox.package_path import PackagePath
from deploy.sandbox.registries import Place

pytestmark = pytest.mark.engine
GATEWAY = "127.0.0.1"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that nobody can pass to, as /run/drydock/NAME is; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory(prefix="drydock-path-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def namespace() -> Iterator[int]:
    """A process with a network of its own, loopback only."""
    script = "ip link set lo up && echo up && exec sleep 600"
    with subprocess.Popen(["unshare", "--net", "sh", "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "up\n"
        yield process.pid
        process.kill()


class Registry(http.server.BaseHTTPRequestHandler):
    """Answers every page with its own address."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"page {self.path}".encode())

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@pytest.fixture
def registry() -> Iterator[int]:
    """The port of a server on this machine's loopback."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            thread.join()


def a_path(folder: Path, namespace: int, **places: Place) -> PackagePath:
    kinds = {kind: (place,) for kind, place in places.items()}
    return PackagePath(folder=folder / "packages", init_pid=namespace, gateway=GATEWAY, places=kinds)


def says(namespace: int, *lines: str) -> str:
    """What comes back when these lines are sent to the path from inside the namespace."""
    sent = "".join(f"{line}\r\n" for line in (*lines, ""))
    command = ["nsenter", f"--net=/proc/{namespace}/ns/net", "socat", "-T3", "-,ignoreeof", f"TCP4:{GATEWAY}:3128"]
    done = subprocess.run(command, input=sent, capture_output=True, text=True, check=False, timeout=30)
    return done.stdout or done.stderr


def programs_of(folder: Path) -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in command:
            found.append(command)
    return found


def test_what_it_was_opened_for_passes(folder: Path, namespace: int, registry: int) -> None:
    with closing(a_path(folder, namespace, pip=Place("http", "127.0.0.1", registry))) as path:
        assert path.proxy == f"http://{GATEWAY}:3128"
        answer = says(namespace, f"GET http://127.0.0.1:{registry}/simple/ HTTP/1.0")
        assert path.ended() == ""
        assert path.unreachable() == ""

    assert answer.startswith("HTTP/1.0 200")
    assert "page /simple/" in answer


def test_a_tunnel_to_the_place_and_port_that_it_was_opened_for_passes(
    folder: Path, namespace: int, registry: int
) -> None:
    with closing(a_path(folder, namespace, pip=Place("https", "127.0.0.1", registry))) as path:
        answer = says(namespace, f"CONNECT 127.0.0.1:{registry} HTTP/1.1")
        assert path.unreachable() == ""

    assert answer.startswith("HTTP/1.0 200")


@pytest.mark.parametrize(
    "asked",
    [
        "GET http://localhost:{port}/ HTTP/1.0",  # the same server by another name
        "GET http://127.0.0.1:{other}/ HTTP/1.0",
        "GET http://127.0.0.1/ HTTP/1.0",
        "GET http://127.0.0.1:{port}@localhost:{other}/ HTTP/1.0",
        "GET http://x@127.0.0.1:{port}/ HTTP/1.0",
        "GET http://127.0.0.1:{port}.example/ HTTP/1.0",
        "GET http://169.254.169.254/latest/meta-data HTTP/1.0",
        "GET http://registry.example/ HTTP/1.0",
        "GET http://tinyproxy.stats/ HTTP/1.0",
        "GET /simple/ HTTP/1.0|Host: 127.0.0.1:{port}",
        "GET / HTTP/1.0|Host: localhost:{other}",
        "GET / HTTP/1.0|Host: 127.0.0.1:{port}/@localhost:{other}",
        "GET http://127.0.0.1:{other}/ HTTP/1.0|Host: 127.0.0.1:{port}",
        "POST http://localhost:{port}/ HTTP/1.0",
        "CONNECT 127.0.0.1:{port} HTTP/1.1",  # opened for plain pages
        "CONNECT 127.0.0.1:{other} HTTP/1.1",
        "CONNECT registry.example:443 HTTP/1.1",
        "CONNECT 127.0.0.1:22 HTTP/1.1",
    ],
)
def test_everything_else_is_refused(folder: Path, namespace: int, registry: int, asked: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with closing(a_path(folder, namespace, pip=Place("http", "127.0.0.1", registry))):
            answer = says(namespace, *asked.format(port=registry, other=port).split("|"))
        other.settimeout(0)
        with pytest.raises(BlockingIOError):
            other.accept()

    assert answer.split(" ")[1] in ("400", "403"), answer
    assert "Server: tinyproxy" in answer
    assert "page /" not in answer


def test_with_its_end_the_connections_programs_and_files_go(folder: Path, namespace: int, registry: int) -> None:
    path = a_path(folder, namespace, pip=Place("http", "127.0.0.1", registry))
    command = ["nsenter", f"--net=/proc/{namespace}/ns/net", "socat", "-u", f"TCP4:{GATEWAY}:3128", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as idle:
        says(namespace, f"GET http://127.0.0.1:{registry}/ HTTP/1.0")
        assert programs_of(folder)
        path.close()
        assert idle.wait(30) is not None
    path.close()

    assert programs_of(folder) == []
    assert list(folder.iterdir()) == []
    assert "refused" in says(namespace, "GET http://127.0.0.1/ HTTP/1.0")


def test_a_registry_that_is_down_is_noticed(folder: Path, namespace: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    for scheme in ("http", "https"):
        with closing(a_path(folder, namespace, pip=Place(scheme, "127.0.0.1", port))) as path:
            assert path.unreachable().startswith("pip: 127.0.0.1: ")


def test_a_program_that_ended_is_noticed_and_nothing_is_let_in_around_it(
    folder: Path, namespace: int, registry: int
) -> None:
    with closing(a_path(folder, namespace, pip=Place("http", "127.0.0.1", registry))) as path:
        path._programs["tinyproxy"].send_signal(signal.SIGKILL)
        path._programs["tinyproxy"].wait()
        assert path.ended() == "tinyproxy"
        assert "page" not in says(namespace, f"GET http://127.0.0.1:{registry}/ HTTP/1.0")


def test_its_programs_are_nobody(folder: Path, namespace: int, registry: int) -> None:
    with closing(a_path(folder, namespace, pip=Place("http", "127.0.0.1", registry))) as path:
        owners = {name: Path(f"/proc/{program.pid}").stat().st_uid for name, program in path._programs.items()}

    assert owners == {"tinyproxy": 65534, "socat outside": 65534, "socat inside": 65534}


def test_the_machines_own_proxy_is_gone_through(
    folder: Path, namespace: int, registry: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRYDOCK_PACKAGES_PROXY", f"http://me:pw@127.0.0.1:{registry}")
    with closing(a_path(folder, namespace, pip=Place("http", "registry.example", 80))) as path:
        answer = says(namespace, "GET http://registry.example/simple/ HTTP/1.0")
        assert path.unreachable() == ""

    assert "page http://registry.example" in answer


def test_a_proxy_address_that_makes_no_sense_is_said_so(
    folder: Path, namespace: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRYDOCK_PACKAGES_PROXY", "socks5://127.0.0.1:1080")

    with pytest.raises(EngineTrouble, match=r"DRYDOCK_PACKAGES_PROXY must be http://host:port"):
        a_path(folder, namespace, pip=Place("http", "registry.example", 80))
    assert not (folder / "packages").exists()


def test_a_build_that_keeps_its_way_busy_is_not_taken_for_a_registry_that_is_down(
    folder: Path, namespace: int, registry: int
) -> None:
    with closing(a_path(folder, namespace, pip=Place("http", "127.0.0.1", registry))) as path:
        hold = f"for i in $(seq 80); do socat -u TCP4:{GATEWAY}:3128 - & done; echo busy; wait"
        command = ["nsenter", f"--net=/proc/{namespace}/ns/net", "sh", "-c", hold]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as flood:
            assert flood.stdout
            assert flood.stdout.readline() == "busy\n"
            assert path.unreachable() == ""
            flood.wait(60)  # cut off
        assert "refused" in says(namespace, f"GET http://127.0.0.1:{registry}/ HTTP/1.0")

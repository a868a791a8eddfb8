"""Looking at a running container from outside: its sockets, its server, its processes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sandboxes import BUSYBOX, context

from graders.sandbox import http_exchange, job, members, probe, processes
from graders.sandbox.base import Container, ContainerSpec, HttpReply, HttpRequest, Job, Listener, RunLimits
from graders.sandbox.docker import DockerSandbox

pytestmark = pytest.mark.engine
LIMITS = RunLimits(seconds=30)


@pytest.fixture(scope="module", params=["from here", "by a sidecar"])
def sandbox(engine_url: str, request: pytest.FixtureRequest) -> Iterator[DockerSandbox]:
    """An engine on this machine, and one that might as well be elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "by a sidecar":
            patch.setattr(job, "visit", lambda container_id: None)
        yield DockerSandbox(engine_url)


@contextmanager
def served(sandbox: DockerSandbox, script: str) -> Iterator[tuple[Job, Container]]:
    """A container that runs this script, once something listens in it."""
    with sandbox.job("probing") as opened:
        container = opened.start(ContainerSpec(image=BUSYBOX, args=("sh", "-c", script), limits=LIMITS))
        while not container.listeners():
            assert container.running(), container.wait()
        yield opened, container


def answered(sandbox: DockerSandbox, script: str, **request: object) -> HttpReply:
    """What a server answers that hands each connection to a script."""
    handler = f"cat > /handle <<'END'\n{script}\nEND\nexec nc -ll -p 80 -e sh /handle"
    with served(sandbox, handler) as (_, container):
        return container.http(HttpRequest(port=80, **request))  # type: ignore[arg-type]


def test_a_request_arrives_as_it_was_written_and_so_does_the_answer(sandbox: DockerSandbox) -> None:
    reply = answered(
        sandbox,
        "printf 'HTTP/1.1 201 Made\\r\\nX-Kind: echo\\r\\n\\r\\n'; timeout 1 cat",
        method="POST",
        path="/add?a=1",
        headers={"X-Nonce": "n1"},
        body=b"\x00\xff{}",
    )
    assert (reply.status, reply.error) == (201, "")
    assert reply.headers["x-kind"] == "echo"
    lines = reply.body.split(b"\r\n")
    assert lines[0] == b"POST /add?a=1 HTTP/1.1"
    assert b"X-Nonce: n1" in lines
    assert lines[-1] == b"\x00\xff{}"
    assert 0 < reply.seconds < 5


def test_a_probe_that_may_have_more_cpu_than_its_engine_is_heard_all_the_same(
    sandbox: DockerSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "_LIMITS", RunLimits(memory_mib=32, pids=24, cpus=64, writable_mib=4))
    assert answered(sandbox, "printf 'HTTP/1.1 200 OK\\r\\n\\r\\nhi'; timeout 1 cat").body.startswith(b"hi")


def test_a_port_where_nothing_listens_is_told_apart_from_a_server_that_is_silent(sandbox: DockerSandbox) -> None:
    with served(sandbox, "exec nc -ll -p 80 -e sleep 60") as (_, container):
        refused = container.http(HttpRequest(port=81))
        silent = container.http(HttpRequest(port=80, timeout_seconds=0.5))
        again = container.http(HttpRequest(port=81))
    assert refused.error == again.error == "Nothing answers on port 81: connection refused."
    assert silent.error == "It did not answer within 0.5 seconds."
    assert (refused.status, silent.status) == (None, None)
    assert silent.seconds < 2


def test_a_server_that_does_not_close_is_not_waited_for(sandbox: DockerSandbox) -> None:
    reply = answered(
        sandbox, "printf 'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nhi'; sleep 30", timeout_seconds=20.0
    )
    assert (reply.status, reply.body) == (200, b"hi")
    assert reply.seconds < 10


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("true", "without answering"),
        ("echo hello", "does not begin like an HTTP reply"),
        ("printf 'HTTP/1.1 200 OK\\r\\nContent-Length: 9\\r\\n\\r\\nhi'", "in the middle"),
    ],
)
def test_a_server_that_speaks_no_http_is_told_so(sandbox: DockerSandbox, script: str, words: str) -> None:
    assert words in answered(sandbox, script).error


def test_an_answer_without_end_is_cut(sandbox: DockerSandbox) -> None:
    started = time.monotonic()
    reply = answered(sandbox, "printf 'HTTP/1.1 200 OK\\r\\n\\r\\n'; exec cat /dev/zero", timeout_seconds=20.0)
    assert reply.body_cut
    assert len(reply.body) == http_exchange.MOST_BODY_BYTES
    assert time.monotonic() - started < 20


def test_a_server_bound_to_loopback_is_reached_and_told_apart(sandbox: DockerSandbox) -> None:
    script = "echo hi > /tmp/index.html; httpd -p 127.0.0.1:8001 -h /tmp; exec httpd -f -p 8000 -h /tmp"
    with served(sandbox, script) as (_, container):
        while len(container.listeners()) < 2:
            assert container.running()
        assert container.http(HttpRequest(port=8001)).body == b"hi\n"
        assert container.listeners() == (
            Listener(port=8000, loopback_only=False),
            Listener(port=8001, loopback_only=True),
        )


def test_a_container_that_has_ended_answers_nothing(sandbox: DockerSandbox) -> None:
    with sandbox.job("probing") as opened:
        container = opened.start(ContainerSpec(image=BUSYBOX, args=("true",)))
        container.wait()
        assert container.http(HttpRequest(port=80)).error == "The container has ended."
        assert container.listeners() == ()
        assert container.processes() == ()


def test_processes_are_seen_with_the_users_and_numbers_they_have_inside(sandbox: DockerSandbox) -> None:
    with sandbox.job("probing") as opened:
        spec = ContainerSpec(image=BUSYBOX, args=("sh", "-c", "sleep '9 9' 2>&-; sleep 99 & wait"), user="1234")
        container = opened.start(spec)
        while len(found := container.processes()) < 2 or found[1].command != ("sleep", "99"):
            assert container.running()
    assert found[0].pid == 1
    assert found[1].pid > 1
    assert {process.uid for process in found} == {1234}
    assert found[0].command == ("sh", "-c", "sleep '9 9' 2>&-; sleep 99 & wait")
    assert found[1].command == ("sleep", "99")


def test_processes_are_found_where_control_groups_are_not_in_the_usual_place(
    sandbox: DockerSandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(members, "_GROUPS", tmp_path)
    with sandbox.job("probing") as opened:
        container = opened.start(ContainerSpec(image=BUSYBOX, args=("sh", "-c", "sleep 99 & wait")))
        while len(found := container.processes()) < 2:
            assert container.running()
        assert found[0].pid == 1
        assert members.members_of("0" * 64) == []


def test_processes_are_seen_on_an_engine_elsewhere_too(sandbox: DockerSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_here", lambda container_id, id_offset: iter(()))
    with sandbox.job("probing") as opened:
        spec = ContainerSpec(image=BUSYBOX, args=("sh", "-c", "sleep 99 & wait"), user="1234")
        container = opened.start(spec)
        while len(found := container.processes()) < 2:
            assert container.running()
    assert [process.uid for process in found] == [1234, 1234]
    assert found[0].pid == 1
    assert found[1].command == ("sleep", "99")


def test_tricks_of_the_image_do_not_reach_the_probes(sandbox: DockerSandbox) -> None:
    dockerfile = (
        f"FROM {BUSYBOX}\nENV PATH=/evil LD_PRELOAD=/evil/x.so http_proxy=http://127.0.0.1:9\nCOPY evil /evil\n"
        'SHELL ["/evil/sh", "-c"]\nENTRYPOINT ["/bin/busybox"]\nCMD ["httpd", "-f", "-p", "80", "-h", "/evil"]\n'
        "HEALTHCHECK --interval=1s CMD sleep 9999\nSTOPSIGNAL SIGKILL\nVOLUME /proc-not /data\nEXPOSE 1-65535\n"
    )
    evil = {"evil/sh": b"#!/bin/true\n", "evil/nc": b"#!/bin/true\n", "evil/index.html": b"page"}
    with sandbox.job("probing") as opened:
        built = opened.build(context(dockerfile, evil))
        assert built.ok, built.error
        assert len(opened.image(built.image_id).exposed_ports) == 65535
        container = opened.start(ContainerSpec(image=built.image_id, limits=LIMITS))
        while not container.listeners():
            assert container.running(), container.wait()
        assert container.http(HttpRequest(port=80)).body == b"page"
        assert container.processes()[0].command[:2] == ("/bin/busybox", "httpd")
        assert container.health() == "none"
        assert container.stop(within_seconds=5).exit_code == 137


def test_the_sidecar_shares_nothing_but_the_network(sandbox: DockerSandbox) -> None:
    with served(sandbox, "exec httpd -f -p 80") as (_, container):
        inside = container.exec(["sh", "-c", "ps; ls /tmp"]).stdout.decode()
        assert "httpd" in inside
        assert "read -r order" not in inside
        assert "talk" not in inside

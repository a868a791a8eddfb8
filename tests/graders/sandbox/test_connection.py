"""An engine that is not there, does not answer, or answers with trouble is the engine's fault, said in a sentence."""

import base64
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.client import BadStatusLine
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import docker
import pytest
import requests

from graders.image.contents import MIB, Search, WalkLimits
from graders.sandbox import buildkit, connection, stuck
from graders.sandbox.base import BuildLimits, SandboxUnavailable
from graders.sandbox.buildkit import BuildOrder, build
from graders.sandbox.changes import changes_of
from graders.sandbox.connection import Address, Engine, HandOverRefused, ensure_outlives_a_kill, wait_for_end
from graders.sandbox.docker import DockerSandbox
from graders.sandbox.files import read_path
from graders.sandbox.layers import image_layers
from graders.sandbox.stuck import RESTART_FILE, start_anew
from graders.sandbox.user_files import user_file_fault

Answer = Callable[[bytes], bytes | None]
CLIENT = docker.APIClient(base_url="unix:///run/none/docker.sock", version="1.41")


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
    stream._socket, stream._header, stream._stream, stream._left, stream._framed = ours, b"", 0, 0, True
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


def test_waiting_for_an_end_goes_no_further_than_its_time(tmp_path: Path) -> None:
    with engine_that(lambda head: None, tmp_path) as url:
        assert not wait_for_end(Address(url), CLIENT, "id", 0.05)


def test_an_engine_that_cannot_wait_is_trouble(tmp_path: Path) -> None:
    answer = http("404 Not Found", b'{"message":"No such container: id"}')
    with (
        engine_that(lambda head: answer, tmp_path) as url,
        pytest.raises(SandboxUnavailable, match="cannot wait for a container: No such container: id"),
    ):
        wait_for_end(Address(url), CLIENT, "id", 5)


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (http("409 Conflict", b'{"message":"it is paused"}'), HandOverRefused, "it is paused"),
        (http("500 Internal Server Error", b"no JSON"), HandOverRefused, "no JSON"),
        (b"HTTP/1.1 101 UPGRADED\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", BadStatusLine, "HTTP/1.1 101"),
        (b"HTTP/1.1 101", BadStatusLine, "HTTP/1.1 101"),
    ],
)
def test_an_engine_that_does_not_hand_a_connection_over_says_why(
    answer: bytes, kind: type[Exception], words: str, tmp_path: Path
) -> None:
    with engine_that(lambda head: answer, tmp_path) as url, pytest.raises(kind, match=words):
        connection.RawStream(Address(url), "/exec/id/start", b"{}", seconds=5)


def test_a_connection_that_was_handed_over_may_be_hung_up_twice(tmp_path: Path) -> None:
    frames = bytes([1, 0, 0, 0, 0, 0, 0, 2]) + b"hi"
    with engine_that(lambda head: b"HTTP/1.1 101 UPGRADED\r\n\r\n" + frames, tmp_path) as url:
        stream = connection.RawStream(Address(url), "/exec/id/start", seconds=5)
        assert stream.read() == (1, b"hi")
        assert stream.read() == (0, b"")
        stream.abort()
        stream.close()
        stream.abort()  # what has ended is not ended again


def test_an_engine_may_be_reached_over_tcp() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        address = Address(f"tcp://127.0.0.1:{port}")
        with address.connect(5) as ours:
            theirs, _ = listener.accept()
            theirs.close()
            assert ours.recv(1) == b""
    with pytest.raises(OSError, match="refused"):
        address.connect(5)


def test_killed_work_is_not_judged_while_its_engine_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_LAST_BREATH_SECONDS", 0.2)
    version = http("200 OK", b'{"Version":"1","ApiVersion":"1.41"}')
    answers = [version, version, http("503 Service Unavailable", b'{"message":"shutting down"}')]

    def answer(head: bytes) -> bytes:
        return answers.pop(0) if len(answers) > 1 else answers[0]

    with engine_that(answer, tmp_path) as url, pytest.raises(SandboxUnavailable, match="shutting down"):
        ensure_outlives_a_kill(Address(url))


def test_killed_work_is_judged_once_its_engine_has_lived_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_LAST_BREATH_SECONDS", 0.1)
    version = http("200 OK", b'{"Version":"1","ApiVersion":"1.41"}')
    asked: list[bytes] = []

    def answer(head: bytes) -> bytes:
        asked.append(head)
        return version

    with engine_that(answer, tmp_path) as url:
        ensure_outlives_a_kill(Address(url))
    assert asked
    assert all(b"/version" in head for head in asked)


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"Version": "", "ApiVersion": "1"}', b"hello"])
def test_what_knows_no_version_is_no_engine(body: bytes, tmp_path: Path) -> None:
    with (
        engine_that(lambda head: http("200 OK", body), tmp_path) as url,
        pytest.raises(SandboxUnavailable, match="is no working Docker engine"),
    ):
        Address(url).version()


def test_an_engine_without_a_switch_is_left_to_its_operator(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert not start_anew(Address(f"unix://{tmp_path}/engine.sock"))
    assert not start_anew(Address("tcp://127.0.0.1:1"))
    assert caplog.text.count("restart the engine") == 2


def test_an_engine_that_takes_the_wish_is_waited_for(tmp_path: Path) -> None:
    wish = tmp_path / RESTART_FILE
    wish.touch()
    asked: list[bytes] = []

    def answer(head: bytes) -> bytes:
        asked.append(head)
        return http("200 OK" if len(asked) > 1 else "503 Service Unavailable", b'{"Version":"1","ApiVersion":"1.41"}')

    def restart() -> None:
        while not wish.stat().st_size:
            time.sleep(0.01)
        wish.write_text("")

    restarter = threading.Thread(target=restart, daemon=True)
    restarter.start()
    with engine_that(answer, tmp_path) as url:
        assert start_anew(Address(url))
    restarter.join(timeout=30)
    assert len(asked) == 2


def test_an_engine_that_does_not_come_back_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(stuck, "_RESTART_SECONDS", 0.3)
    (tmp_path / RESTART_FILE).touch()
    assert not start_anew(Address(f"unix://{tmp_path}/engine.sock"))
    assert (tmp_path / RESTART_FILE).read_text() == "A build cannot be ended.\n"
    assert "is not back after" in caplog.text


def test_an_engine_that_leaves_a_removal_unanswered_is_started_anew_and_one_that_is_gone_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(stuck, "start_anew", lambda address, why: asked.append(why))
    for trouble in (requests.ConnectionError("refused"), requests.ReadTimeout("silent")):
        with (
            pytest.raises(SandboxUnavailable),
            stuck.anew_when_stuck(Address("tcp://127.0.0.1:1")),
            connection.engine_call("removing leftovers"),
        ):
            raise trouble
    assert asked == ["Something cannot be removed"]


ORDER = BuildOrder(context=b"", build_id="id", tag="drydock-job/a:1", limits=BuildLimits(seconds=5))
TRACE = b'{"id":"moby.buildkit.trace","aux":"%s"}\n'


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (http("500 Internal Server Error", b'{"message":"no builder"}'), "refused to build: no builder"),
        (http("200 OK", b"<html>\n"), "progress is not JSON"),
        (http("200 OK", b'{"stream":"half'), "progress is not JSON"),
        (http("200 OK", TRACE % b"eA"), "progress cannot be read"),
        (http("200 OK", b'{"id":"moby.buildkit.trace"}\n'), "progress cannot be read"),
        (http("200 OK", b'{"stream":"hello"}\n'), "ended the build without saying how it went"),
        (http("200 OK", b'{"error":"failed to solve: transport is closing"}\n'), "could not build"),
    ],
)
def test_a_build_that_the_engine_does_not_carry_out_is_the_engines_trouble(
    answer: bytes, words: str, tmp_path: Path
) -> None:
    with engine_that(lambda head: answer, tmp_path) as url, pytest.raises(SandboxUnavailable, match=words):
        build(Address(url), CLIENT, ORDER)


def test_a_build_needs_no_last_line_break_to_be_told(tmp_path: Path) -> None:
    answer = http("200 OK", b'{"id":"moby.image.id","aux":{"ID":"sha256:1"}}')
    with engine_that(lambda head: answer, tmp_path) as url:
        assert build(Address(url), CLIENT, ORDER).image_id == "sha256:1"


def test_a_progress_without_end_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buildkit, "_LONGEST_LINE", 1000)
    answer = http("200 OK", b"x" * 2000)
    with engine_that(lambda head: answer, tmp_path) as url, pytest.raises(SandboxUnavailable, match="has no end"):
        build(Address(url), CLIENT, ORDER)


def stat(**told: object) -> str:
    return base64.b64encode(json.dumps(told).encode()).decode()


def archived(header: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nX-Docker-Container-Path-Stat: {header}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (http("500 Internal Server Error", b'{"message":"lstat: input/output error"}'), "cannot read /x: lstat"),
        (archived("!", b""), "did not describe a file"),
        (archived(base64.b64encode(b"[]").decode(), b""), "did not describe a file"),
        (archived(stat(size=1), b""), "for /x"),
        (archived(stat(size=1), bytes(1024)), "sent nothing for /x"),
        (archived(stat(size=1), b"no tar" * 200), "no readable archive for /x"),
    ],
)
def test_a_file_that_the_engine_does_not_show_is_the_engines_trouble(answer: bytes, words: str, tmp_path: Path) -> None:
    with engine_that(lambda head: answer, tmp_path) as url, pytest.raises(SandboxUnavailable, match=words):
        read_path(Address(url), CLIENT, "id", "/x", max_bytes=10, id_offset=0)


@pytest.mark.parametrize(
    "answer",
    [
        http("404 Not Found", b'{"message":"Could not find the file"}'),
        http("500 Internal Server Error", b'{"message":"open /x/y: not a directory"}'),
    ],
)
def test_a_path_that_leads_nowhere_holds_nothing(answer: bytes, tmp_path: Path) -> None:
    with engine_that(lambda head: answer, tmp_path) as url:
        assert read_path(Address(url), CLIENT, "id", "/x", max_bytes=10, id_offset=0) is None


def test_changes_that_the_engine_does_not_list_are_the_engines_trouble(tmp_path: Path) -> None:
    answer = http("500 Internal Server Error", b'{"message":"layer not known"}')
    with engine_that(lambda head: answer, tmp_path) as url, pytest.raises(SandboxUnavailable, match="layer not known"):
        changes_of(Address(url), CLIENT, "id")


def test_a_list_of_changes_is_read_as_far_as_it_came(tmp_path: Path) -> None:
    listed = b'[{"Path":"/a","Kind":1},{"Path":"/gone","Kind":2},{"Path":"/b","Kind":0},{"Pat'
    with engine_that(lambda head: http("200 OK", listed), tmp_path) as url:
        assert changes_of(Address(url), CLIENT, "id") == ("/a", "/b")


FOLDER = archived(stat(mode=1 << 31 | 0o755, size=10), b"")
PLAIN = archived(stat(mode=0o644, size=10), b"")
PIPE = archived(stat(mode=1 << 25, size=0), b"")
LINK = archived(stat(mode=1 << 27 | 0o777, size=5), b"")


@pytest.mark.parametrize(
    ("found", "fault"),
    [
        ({}, ""),
        ({"/etc": archived("!", b"")}, ""),  # what cannot be understood is left to the engine
        ({"/etc/passwd": PLAIN}, ""),
        ({"/etc/passwd": FOLDER}, ""),
        ({"/etc/passwd": PIPE}, "no regular file"),
        ({"/etc/passwd": archived(stat(mode=0o644, size=5_000_000), b"")}, "has 5,000,000 bytes"),
        ({"/etc/passwd": LINK}, "/etc/passwd of the image is no regular file"),
        ({"/etc/group": LINK}, "/etc/group of the image is no regular file"),
        ({"/etc": LINK}, "/etc of the image is no regular file"),
    ],
)
def test_the_files_that_name_users_are_looked_at_before_the_engine_opens_them(
    found: dict[str, bytes], fault: str, tmp_path: Path
) -> None:
    there = {"/etc": FOLDER, **found}

    def answer(head: bytes) -> bytes:
        path = parse_qs(urlsplit(head.split(b" ")[1].decode()).query)["path"][0]
        return there.get(path) or http("404 Not Found", b'{"message":"Could not find the file"}')

    with engine_that(answer, tmp_path) as url:
        said = user_file_fault(Engine(address=Address(url), client=CLIENT, id_offset=0), "id")
    assert fault in said if fault else not said


def test_an_image_that_is_too_large_is_not_even_asked_for() -> None:
    search = Search(limits=WalkLimits(image_bytes=MIB))
    found = image_layers(Address("unix:///run/none/docker.sock"), CLIENT, "id", size_bytes=3 * MIB, search=search)
    assert found.limit == "The image has 3 MiB; up to 1 MiB are read."


@pytest.mark.parametrize("words", ["no space left on device", "file name too long"])
def test_an_image_that_the_engine_cannot_save_for_its_own_sake_is_told(words: str, tmp_path: Path) -> None:
    answer = http("500 Internal Server Error", json.dumps({"message": f"write /x: {words}"}).encode())
    with engine_that(lambda head: answer, tmp_path) as url:
        found = image_layers(Address(url), CLIENT, "id", size_bytes=1, search=Search())
    assert found.limit
    assert not found.layers


def test_an_image_that_comes_too_slowly_is_told(tmp_path: Path) -> None:
    with engine_that(lambda head: None, tmp_path) as url:
        found = image_layers(Address(url), CLIENT, "id", size_bytes=1, search=Search(limits=WalkLimits(seconds=0.1)))
    assert found.limit == "The image could not be read within 0.1 seconds."


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\nno", b""])
def test_an_engine_that_takes_no_build_session_is_trouble(answer: bytes, tmp_path: Path) -> None:
    order = replace(ORDER, secrets={"token": b"x"})
    with engine_that(lambda head: answer, tmp_path) as url, pytest.raises(SandboxUnavailable, match="session"):
        build(Address(url), CLIENT, order)

"""Requests as bytes, and replies from servers of every kind of honesty."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.sandbox.base import HttpReply, HttpRequest
from graders.sandbox.http_exchange import (
    MOST_BODY_BYTES,
    UnsendableRequest,
    is_complete,
    read_reply,
    request_bytes,
)


def read(raw: bytes, *, method: str = "GET") -> HttpReply:
    return read_reply(raw, method=method, seconds=0.1)


def test_a_request_is_written_out_whole() -> None:
    request = HttpRequest(
        port=8000, method="POST", path="/add?x=1", headers={"Content-Type": "application/json"}, body=b"{}"
    )
    head, _, body = request_bytes(request).partition(b"\r\n\r\n")
    assert body == b"{}"
    assert head.split(b"\r\n") == [
        b"POST /add?x=1 HTTP/1.1",
        b"Host: localhost:8000",
        b"User-Agent: drydock",
        b"Accept: */*",
        b"Content-Length: 2",
        b"Content-Type: application/json",
        b"Connection: close",
    ]


def test_a_header_of_ones_own_replaces_the_usual_one() -> None:
    sent = request_bytes(HttpRequest(port=80, headers={"host": "example.test"}))
    assert sent.lower().count(b"host:") == 1


@pytest.mark.parametrize(
    "request_",
    [
        HttpRequest(port=80, method="GET / HTTP/1.1\r\nX: "),
        HttpRequest(port=80, path="no-slash"),
        HttpRequest(port=80, path="/a b"),
        HttpRequest(port=80, path="/a\r\nX: y"),
        HttpRequest(port=80, headers={"X": "a\r\nY: b"}),
        HttpRequest(port=80, headers={"X:": "a"}),
    ],
)
def test_a_request_that_would_smuggle_something_is_not_sent(request_: HttpRequest) -> None:
    with pytest.raises(UnsendableRequest):
        request_bytes(request_)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", id="with a length"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1\r\ni\r\n0\r\n\r\n", id="chunked"
        ),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\nhi", id="ended by closing"),
        pytest.param(b"HTTP/1.1 200\r\n\r\nhi", id="without a reason"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", id="after a 100"),
        pytest.param(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", id="with bare line feeds"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi and more", id="with more than it said"),
    ],
)
def test_a_reply_is_read_however_it_is_framed(raw: bytes) -> None:
    reply = read(raw)
    assert (reply.status, reply.body, reply.error) == (200, b"hi", "")


def test_header_names_are_in_lower_case_and_repeated_ones_are_joined() -> None:
    reply = read(b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 0\r\n\r\n")
    assert reply.headers["x-a"] == "1, 2"


def test_a_reply_without_a_body_is_whole() -> None:
    assert read(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", method="HEAD").body == b""
    assert read(b"HTTP/1.1 204 No Content\r\n\r\n").status == 204


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "without answering"),
        (b"hello\n", "does not begin like an HTTP reply"),
        (b"HTTP/1.1 abc OK\r\n\r\n", "does not begin like an HTTP reply"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi", "in the middle"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhi", "in the middle"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", "longer than"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"f" * 40 + b"\r\nhi", "not HTTP"),
    ],
)
def test_what_is_no_reply_is_told_in_a_sentence(raw: bytes, words: str) -> None:
    reply = read(raw)
    assert reply.status is None
    assert words in reply.error


def test_a_long_body_is_cut() -> None:
    reply = read(b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * (MOST_BODY_BYTES + 1))
    assert len(reply.body) == MOST_BODY_BYTES
    assert reply.body_cut


def test_a_reply_cut_by_the_probe_is_a_reply_all_the_same() -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n" + b"x" * MOST_BODY_BYTES
    reply = read_reply(raw, method="GET", seconds=0.1, cut=True)
    assert (reply.status, reply.body_cut) == (200, True)


@pytest.mark.parametrize(
    ("raw", "complete"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", False),
        (b"HTTP/1.1 200 OK\r\n\r\nhi", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: " + b"1" * 5000 + b"\r\n\r\nhi", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", True),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n", True),
        (b"HTTP/1.1 100 Continue\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\n", False),
        (b"", False),
    ],
)
def test_only_a_reply_that_says_how_long_it_is_is_known_to_be_complete(raw: bytes, complete: bool) -> None:
    assert is_complete(raw, method="GET") is complete


@given(st.binary(max_size=300))
def test_any_bytes_make_a_reply_or_an_error(tail: bytes) -> None:
    for raw in (tail, b"HTTP/1.1 200 OK\r\n" + tail, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + tail):
        reply = read(raw)
        assert (reply.status is None) == bool(reply.error)

"""BuildKit's progress messages, decoded from bytes a real engine sent, and from bytes no engine would send."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sandboxes import traced

from graders.sandbox.trace import UnreadableTrace, Vertex, decode_status


def last_vertexes(name: str) -> dict[str, Vertex]:
    """By name, each as last heard of."""
    return {vertex.name: vertex for data in traced(name) for vertex in decode_status(data).vertexes}


def test_a_step_comes_with_its_name_its_times_and_what_it_is_made_from() -> None:
    found = last_vertexes("succeeds")
    base, run = (
        found["[1/3] FROM docker.io/library/busybox:1.35"],
        found["[2/3] RUN echo hello && sleep 1 && echo w >&2"],
    )
    assert run.inputs == (base.digest,)
    assert run.started is not None
    assert run.completed is not None
    assert 1.0 < run.completed - run.started < 1.5
    assert not run.cached
    assert run.error == ""


def test_a_failed_step_comes_with_the_engines_words() -> None:
    found = last_vertexes("fails_with_3")["[2/3] RUN echo hello && exit 3"]
    assert found.error == "executor failed running [/bin/sh -c echo hello && exit 3]: exit code: 3"


def test_log_chunks_come_with_their_step_stream_and_time() -> None:
    logs = [log for data in traced("succeeds") for log in decode_status(data).logs]
    run = last_vertexes("succeeds")["[2/3] RUN echo hello && sleep 1 && echo w >&2"]
    assert [(log.vertex, log.stream, log.data) for log in logs] == [
        (run.digest, 1, b"hello\n"),
        (run.digest, 2, b"w\n"),
    ]
    first, second = (log.at for log in logs)
    assert run.started is not None
    assert first is not None
    assert second is not None
    assert run.started < first < first + 1 < second


def test_fields_that_are_not_known_are_skipped() -> None:
    varint, fixed64, text, fixed32 = b"\x78\x01", b"\x79" + b"x" * 8, b"\x7a\x02hi", b"\x7d" + b"x" * 4
    step = b"\x0a\x03abc" + varint + fixed64 + text + fixed32
    status = decode_status(varint + b"\x0a" + bytes([len(step)]) + step + text)
    assert [vertex.digest for vertex in status.vertexes] == ["abc"]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\x0a", id="a length is missing"),
        pytest.param(b"\x0a\x05abc", id="less than the length says"),
        pytest.param(b"\x0b", id="a group, which nobody sends any more"),
        pytest.param(b"\xff" * 11, id="a number without end"),
        pytest.param(b"\x08\x01", id="a number where a step belongs"),
        pytest.param(b"\x79abc", id="a short fixed field"),
    ],
)
def test_bytes_that_are_no_message_are_refused(data: bytes) -> None:
    with pytest.raises(UnreadableTrace):
        decode_status(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        decode_status(data)
    except UnreadableTrace:
        return


@given(st.integers(min_value=0, max_value=2000), st.binary(min_size=1, max_size=3))
def test_damaged_messages_are_read_or_refused(position: int, damage: bytes) -> None:
    data = max(traced("two_stages"), key=len)
    position %= len(data)
    try:
        decode_status(data[:position] + damage + data[position + len(damage) :])
    except UnreadableTrace:
        return

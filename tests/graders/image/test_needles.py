"""Drawn texts are found in streams of bytes, encoded ones and ones that lie across two pieces too."""

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.image.needles import Needles, Scan

TOKEN = "aB3kQ9zL0pX7vT5mW1cR8yHd"
AWKWARD = "a b/c+d?é\n1"


def found(data: bytes, *texts: str) -> dict[str, str]:
    return Needles(texts or (TOKEN,)).found_in(data)


@pytest.mark.parametrize("before", range(3))
@pytest.mark.parametrize("after", [b"", b"x", b"yz", b"tail"])
def test_base64_is_found_wherever_the_text_lies_in_it(before: int, after: bytes) -> None:
    data = b"h" * before + TOKEN.encode() + after
    assert found(base64.b64encode(data)) == {TOKEN: "base64"}
    assert found(base64.urlsafe_b64encode(data)) == {TOKEN: "base64"}


def test_lines_of_an_encoding_do_not_hide_it() -> None:
    data = base64.encodebytes(b"q" * 50 + TOKEN.encode() + b"q" * 50)
    assert b"\n" in data.strip()
    assert found(data) == {TOKEN: "base64"}
    wrapped = b"\r\n".join(TOKEN.encode().hex().encode()[at : at + 7] for at in range(0, 48, 7))
    assert found(wrapped) == {TOKEN: "hex"}


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TOKEN.encode(), "plain"),
        (TOKEN.encode().hex().encode(), "hex"),
        (TOKEN.encode().hex().upper().encode(), "hex"),
        ("".join(f"%{byte:02x}" for byte in TOKEN.encode()).encode(), "percent"),
        (TOKEN.encode("utf-16-le"), "utf-16"),
    ],
)
def test_each_encoding_is_named(data: bytes, encoding: str) -> None:
    assert found(b"before " + data + b" after") == {TOKEN: encoding}


def test_what_needs_quoting_is_found_quoted() -> None:
    assert found(quote(AWKWARD, safe="").encode(), AWKWARD) == {AWKWARD: "percent"}


def test_what_is_not_there_is_not_found() -> None:
    assert found(b"nothing " * 1000) == {}
    assert found(TOKEN[:-1].encode()) == {}
    assert not Needles(())


def test_a_short_text_cannot_be_looked_for() -> None:
    with pytest.raises(ValueError, match="too short"):
        Needles(["12345"])


@given(st.integers(0, 60), st.lists(st.integers(1, 20), max_size=12), st.sampled_from(["plain", "base64", "hex"]))
def test_a_text_across_pieces_is_found(before: int, cuts: list[int], how: str) -> None:
    data = b"." * before + TOKEN.encode() + b"." * 9
    data = {"plain": data, "base64": base64.encodebytes(data), "hex": data.hex().encode()}[how]
    scan = Scan(Needles([TOKEN, "something else"]))
    for size in cuts:
        scan.feed(data[:size])
        data = data[size:]
    scan.feed(data)
    assert scan.found == {TOKEN: how}

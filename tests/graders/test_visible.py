"""Text of unknown origin, as it is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.visible import last_lines, listed, quoted, shortened, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ntext\t.", "plain\ntext\t."),
        ("\x1b[31mred\x07", "␛[31mred␇"),
        ("a\r\nb\rc", "a\nb␍c"),
        ("\u202egnp.exe\u2066", "<U+202E>gnp.exe<U+2066>"),
        ("zero\u200bwidth\ufeff", "zero<U+200B>width<U+FEFF>"),
        ("\x7f\x85", "␡<U+0085>"),
        ("Ünïcödé ✓ 漢字", "Ünïcödé ✓ 漢字"),
        ("a\u00a0b\u3000c", "a b c"),
        (b"\xff\xfeok", "\\xff\\xfeok"),
        (b"\x00", "␀"),
    ],
)
def test_what_could_deceive_is_spelled_out(text: str | bytes, shown: str) -> None:
    assert visible(text) == shown


@given(st.one_of(st.binary(), st.text()))
def test_nothing_unprintable_is_left(text: str | bytes) -> None:
    assert all(char.isprintable() or char in "\n\t" for char in visible(text))


def test_quotes_hold_one_short_line() -> None:
    assert quoted("a\nb\n") == '"a⏎b"'
    assert len(quoted("x" * 1000)) < 200
    assert shortened("abcdef", limit=4) == "ab … (2 more characters) … ef"


def test_lists_and_last_lines_read_well() -> None:
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"], word="or") == "a, b or c"
    assert last_lines("1\n2\n3\n\n", 2) == "2\n3"

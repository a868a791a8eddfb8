"""Expressions compute exactly, and nothing of Python can be reached through them."""

import ast
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizzes.amounts import FUNCTIONS, MAX_BITS, MAX_ITEMS, MAX_TEXT, Amount, ExpressionError, bounded, write
from quizzes.expressions import read_expression

VALUES: dict[str, Amount] = {
    "n": Fraction(3),
    "half": Fraction(1, 2),
    "word": "amber",
    "holds": True,
    "all": (Fraction(2), Fraction(1)),
}


def result(text: str) -> Any:
    return read_expression(text).value(VALUES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("n * 1024", 3072),
        ("0.1 + 0.2 == 0.3", True),
        ("n / 4 * 4", 3),
        ("-n // 2", -2),
        ("-n % 2", 1),
        ("2 ** 10", 1024),
        ("2 ** -1", Fraction(1, 2)),
        ("1_000 + 1e3", 2000),
        ("round(2.5)", 3),
        ("round(-2.5)", -3),
        ("round(n / 7, 2)", Fraction(43, 100)),
        ("floor(-half)", -1),
        ("ceil(half)", 1),
        ("abs(-n)", 3),
        ("min(n, 1, 2) + max(all)", 3),
        ("int('42') + int(2.9)", 44),
        ("len(word) + len(all)", 7),
        ("str(half) + word", "0.5amber"),
        ("format(n, 2)", "3.00"),
        ("format(1 / 3, 3)", "0.333"),
        ("format(-1 / 16, 2)", "-0.06"),
        ("join(', ', all)", "2, 1"),
        ("join('-', word, n, true)", "amber-3-true"),
        ("upper(word) + lower('X')", "AMBERx"),
        ("word * 2", "amberamber"),
        ("word[0] + word[-1]", "ar"),
        ("[n, word][1]", "amber"),
        ("all + [n]", (2, 1, 3)),
        ("'many' if n > 2 and not n > 9 else 'few'", "many"),
        ("1 < n <= 3", True),
        ("n in all or word in 'amber alert'", True),
        ("n not in all and holds", True),
        ("'a' < 'b'", True),
        ("True == true", True),
    ],
)
def test_an_expression_comes_to_what_arithmetic_says(text: str, expected: object) -> None:
    assert result(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("n +", "cannot be read"),
        ("n\n+ 1", "single line"),
        ("1" * 501, "longer than 500"),
        ("(" * 250 + "1" + ")" * 250, "longer than 500"),
        ("(" * 240 + "1" + ")" * 240, "cannot be read"),
        ("-" * 60 + "1", "nested deeper"),
        ("n.numerator", "do not have"),
        ("word.__class__.__mro__", "do not have"),
        ("(lambda: 1)()", "do not have"),
        ("[x for x in all]", "do not have"),
        ("{n}", "do not have"),
        ("{'a': 1}", "do not have"),
        ("f'{n}'", "do not have"),
        ("(n := 4)", "do not have"),
        ("b'bytes'", "do not have"),
        ("1j", "do not have"),
        ("None", "do not have"),
        ("...", "do not have"),
        ("n @ n", "do not have"),
        ("n << 9", "do not have"),
        ("~n", "do not have"),
        ("n is n", "do not have"),
        ("all[0:1]", "do not have"),
        ("[*all]", "do not have"),
        ("max(*all)", "do not have"),
        ("round(n, places=2)", "do not have"),
        ("min.__call__(1)", "do not have"),
        ("FUNCTIONS['min'](1)", "do not have"),
        ("eval('1')", "calls `eval`"),
        ("__import__('os')", "calls `__import__`"),
        ("open('x')", "calls `open`"),
        ("rond(2.5)", "Did you mean `round`?"),
        ("round()", "takes 1 to 2 values"),
        ("join(',')", "takes at least 2"),
        ("len", "without calling it"),
        ("0x1F", "written in a way"),
        ("1e999", "written in a way"),
        ("9" * 80, "more than 64 digits"),
    ],
)
def test_what_the_language_does_not_have_is_refused_when_it_is_read(text: str, said: str) -> None:
    with pytest.raises(ExpressionError) as error:
        read_expression(text)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("9 ** 9 ** 9", "more than 64 digits"),
        ("9 ** 99", "more than 64 digits"),
        ("2 ** half", "whole numbers"),
        ("0 ** -1", "divides by zero"),
        ("n / (n - 3)", "divides by zero"),
        ("n % 0", "divides by zero"),
        ("'a' * 10 ** 9", "more than 2000"),
        ("join('" + "x" * 200 + "', " + ", ".join(["'y'"] * 30) + ")", "more than 2000"),
        ("all * 100", "takes numbers, not a list"),
        ("word + n", "takes texts, not a number; `str(…)`"),
        ("word - 1", "takes numbers, not a text"),
        ("holds + 1", "takes numbers, not true or false"),
        ("n == word", "compares a number with a text"),
        ("all < all", "which of two is larger"),
        ("not n", "write a comparison"),
        ("n and n", "write a comparison"),
        ("[all]", "list in a list"),
        ("word[9]", "past the end"),
        ("n[0]", "picks from a list"),
        ("int('4.5')", "whole numbers only"),
        ("str(1 / 3)", "cannot hold"),
        ("round(n, 99)", "0 to 12"),
        ("min([])", "needs something"),
        ("len(n)", "takes a text or a list"),
    ],
)
def test_what_cannot_be_computed_is_refused_with_the_reason(text: str, said: str) -> None:
    with pytest.raises(ExpressionError) as error:
        result(text)
    assert said in str(error.value)


LEAVES = st.sampled_from(
    ["n", "half", "word", "holds", "all", "0", "7", "0.25", "'text'", "true", "[n, 1]", "x", "None"]
)
NODES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(
            inner, st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "<", "==", "in", "and", "or"]), inner
        ).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"),
        st.tuples(st.sampled_from([*sorted(FUNCTIONS), "eval", "getattr"]), st.lists(inner, max_size=3)).map(
            lambda call: f"{call[0]}({', '.join(call[1])})"
        ),
        inner.map(lambda part: f"{part}.__class__"),
        inner.map(lambda part: f"(lambda: {part})()"),
        inner.map(lambda part: f"[y for y in {part}]"),
        inner.map(lambda part: f"(-{part})"),
        st.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]} if {parts[1]} else {parts[2]})"),
        st.tuples(inner, inner).map(lambda parts: f"{parts[0]}[{parts[1]}]"),
    ),
    max_leaves=12,
)
ESCAPES = (ast.Attribute, ast.Lambda, ast.ListComp, ast.GeneratorExp, ast.JoinedStr, ast.NamedExpr, ast.Await)


@given(NODES)
def test_an_expression_gives_a_bounded_value_or_an_error_and_nothing_else(text: str) -> None:
    try:
        value = read_expression(text).value(VALUES | {"x": Fraction(0)})
    except ExpressionError:
        return
    nodes = list(ast.walk(ast.parse(text, mode="eval")))
    assert not any(isinstance(node, ESCAPES) for node in nodes)
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    assert all(isinstance(call.func, ast.Name) and call.func.id in FUNCTIONS for call in calls)
    bounded(value)
    for item in value if isinstance(value, tuple) else (value,):
        assert isinstance(item, Fraction | str | bool)


@given(st.text(max_size=60))
def test_no_text_at_all_makes_the_reader_fail_otherwise(text: str) -> None:
    try:
        names = read_expression(text).names
    except ExpressionError as error:
        assert str(error)  # noqa: PT017 - it is refused with a reason, or read
    else:
        assert all(name.isidentifier() for name in names)


@given(st.fractions(max_denominator=10**6), st.integers(0, 6))
def test_rounding_is_to_the_nearest_with_halves_away_from_zero(number: Fraction, places: int) -> None:
    rounded = FUNCTIONS["round"].does(number, Fraction(places))
    assert isinstance(rounded, Fraction)
    assert abs(rounded - number) <= Fraction(1, 2 * 10**places)
    if abs(rounded - number) == Fraction(1, 2 * 10**places):
        assert abs(rounded) > abs(number)
    assert Fraction(str(FUNCTIONS["format"].does(number, Fraction(places)))) == rounded


def test_the_bounds_are_what_they_say() -> None:
    assert bounded(Fraction(2**MAX_BITS - 1)) == 2**MAX_BITS - 1
    for large in (Fraction(2**MAX_BITS), "x" * (MAX_TEXT + 1), tuple([Fraction(1)] * (MAX_ITEMS + 1))):
        with pytest.raises(ExpressionError):
            bounded(large)
    assert write(Fraction(1, 2**10)) == "0.0009765625"
    assert write((Fraction(5, 2), "a", False)) == "2.5, a, false"

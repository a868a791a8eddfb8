"""Drawn values: repeatable, different where there is room, and put only where a plan asks for them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.values import Drawn, draw, fill

KINDS = {
    "word": r"[a-z]+\d\d",
    "sentence": r"[a-z]+( [a-z]+){4}",
    "number": r"\d{4}",
    "port": r"\d{5}",
    "hex": r"[0-9a-f]{16}",
    "nonce": r"[A-Za-z0-9]{24}",
    "path": r"/[a-z]+/[a-z]+\d\d",
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_looks_as_documented(kind: str) -> None:
    for seed in range(50):
        assert re.fullmatch(KINDS[kind], draw({"it": Drawn.model_validate({"kind": kind})}, seed=seed)["it"])


def test_a_port_is_neither_privileged_nor_one_that_clients_are_given() -> None:
    ports = [int(draw({"it": Drawn(kind="port")}, seed=seed)["it"]) for seed in range(200)]
    assert min(ports) >= 10_000
    assert max(ports) < 30_000


def test_two_values_of_one_kind_differ() -> None:
    declared = {name: Drawn(kind="number", at_least=1, at_most=3) for name in "abc"}
    for seed in range(50):
        assert len(set(draw(declared, seed=seed).values())) == 3


def test_where_there_is_no_room_values_may_be_the_same() -> None:
    assert draw({name: Drawn(kind="choice", of=("x",)) for name in "ab"}, seed=1) == {"a": "x", "b": "x"}


@given(st.integers(min_value=0, max_value=2**31))
def test_the_same_seed_draws_the_same(seed: int) -> None:
    declared = {"word": Drawn(kind="word"), "nonce": Drawn(kind="nonce")}
    assert draw(declared, seed=seed) == draw(declared, seed=seed)


def test_filling_reaches_keys_and_lists_and_leaves_other_braces() -> None:
    filled = fill({"{a}": ["{a}{b}", {"n": 3, "t": '{"j": {"k": 1}}'}], "x": "{{a}} {c} {3}"}, {"a": "1", "b": "2"})
    assert filled == {"1": ["12", {"n": 3, "t": '{"j": {"k": 1}}'}], "x": "{a} {c} {3}"}


def test_a_value_is_never_taken_for_a_template() -> None:
    assert fill("{a}", {"a": "{b}", "b": "no"}) == "{b}"

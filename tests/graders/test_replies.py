"""What is wrong with a reply over HTTP, in a sentence that quotes it and gives no more away than what was asked."""

import pytest

from graders.replies import Expecting, as_json, at, expected, json_of, objection
from graders.sandbox.base import HttpReply


def reply(body: bytes = b"", *, status: int = 200, **headers: str) -> HttpReply:
    return HttpReply(status=status, headers=headers, body=body, seconds=0)


DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize(
    ("expecting", "came", "told"),
    [
        ({}, reply(), ""),
        ({"status": [201, 204]}, reply(b"no"), 'is answered with 200, not 201 or 204: "no"'),
        ({"headers": {"Server": "nginx"}}, reply(), "is answered without the header Server"),
        (
            {"headers": {"Server": "nginx"}},
            reply(server="Apache"),
            'is answered with the header Server: "Apache", without "nginx"',
        ),
        ({"headers": {"Server": "nginx"}}, reply(server="NGINX/1"), ""),
        ({"equals": "yes"}, reply(b"no"), 'is answered with "no", not "yes"'),
        ({"equals": "yes"}, reply(b" yes\n"), ""),
        ({"contains": ["a", "b"]}, reply(b"a"), 'is answered with "a", without "b"'),
        ({"contains": ["a", "b"]}, reply(b"ab"), ""),
        ({"json": {"": 1}}, reply(b"one"), 'is answered with "one", which is no JSON'),
        ({"json": {"": 1}}, reply(b""), "which is no JSON"),
        ({"json": {"a.0": 1}}, reply(b'{"a": []}'), 'that has nothing at "a.0"'),
        ({"json": {"a.b": 1}}, reply(b'{"a": 7}'), 'that has nothing at "a.b"'),
        ({"json": {"a": 1}}, reply(b'{"a": 2}'), 'is answered with JSON that has "2" at "a", not "1"'),
        ({"json": {"": 1}}, reply(b"2"), 'is answered with JSON that has "2", not "1"'),
        ({"json": {"a.1.b": "x"}}, reply(b'{"a": [0, {"b": "x"}]}'), ""),
    ],
)
def test_the_first_thing_that_is_wrong_is_told(expecting: dict[str, object], came: HttpReply, told: str) -> None:
    found = objection(Expecting.model_validate(expecting), came)
    assert told in found if told else not found


@pytest.mark.parametrize(
    ("wanted", "body", "same"),
    [
        (True, b"1", False),
        (True, b"true", True),
        (1, b"true", False),
        (1, b"1.0", True),
        ("12", b"12", True),  # drawn values are texts
        ("12", b'"12"', True),
        ("12", b"13", False),
        (None, b"null", True),
        ([1, "2"], b"[1, 2]", True),
        ([1], b"[1, 2]", False),
        ([1, 2], b"[2, 1]", False),
        ({"a": [True]}, b'{"a": [true]}', True),
        ({"a": [True]}, b'{"a": [1]}', False),
        ({"a": 1}, b'{"a": 1, "b": 2}', False),
        ({"a": 1}, b"[1]", False),
    ],
)
def test_json_is_compared_by_what_it_says(wanted: object, body: bytes, *, same: bool) -> None:
    assert (objection(Expecting.model_validate({"json": {"": wanted}}), reply(body)) == "") is same


def test_json_that_is_nested_without_end_is_no_json_and_ends_nothing() -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        json_of(DEEP)
    assert "which is no JSON" in objection(Expecting.model_validate({"json": {"": 1}}), reply(DEEP))


def test_a_value_too_deep_to_write_is_left_out() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert as_json(deep) == "…"
    while deep:  # taken apart from the outside: Python would end it by recursion
        deep = deep.pop()  # type: ignore[assignment]


@pytest.mark.parametrize("path", ["a.x", "a.-1", "a.²", "b", "a.0.0"])
def test_a_path_that_leads_nowhere_is_a_lookup_error(path: str) -> None:
    with pytest.raises(LookupError):
        at({"a": [1]}, path)


def test_what_was_expected_is_a_line_each() -> None:
    expecting = Expecting.model_validate(
        {"status": [200, 201], "headers": {"A": "x"}, "contains": ["y"], "json": {"": [1], "b": "ä"}}
    )
    assert expected(expecting).splitlines() == ["status 200 or 201", "A: …x…", "y", "body = [1]", 'b = "ä"']
    assert expected(Expecting(equals="z")).splitlines() == ["status 200", "z"]

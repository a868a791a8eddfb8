"""What an author gets wrong in a question is said in words, at its place."""

from typing import Any

import pytest
from pydantic import ValidationError

from quizzes.types import REGISTRY

CHOICE = {
    "id": "q",
    "kind": "single_choice",
    "topics": ["docker.cli"],
    "text": "Which?",
    "options": ["one", "two"],
    "answer": "one",
}
MANY = CHOICE | {"kind": "multiple_choice", "options": ["one", "two", "three"], "answer": ["one"]}
TYPED = {"id": "q", "kind": "short_text", "topics": ["docker.cli"], "text": "Which?", "answer": "docker"}
NUMBER = {"id": "q", "kind": "numeric", "topics": ["docker.cli"], "text": "How many?", "answer": 3}

MISTAKES = [
    (CHOICE | {"answer": "onne"}, ("answer",), "Did you mean `one`?"),
    (CHOICE | {"options": ["one", "one"]}, ("options", 1), "already"),
    (CHOICE | {"options": ["one"]}, ("options",), "at least 2 here, not 1"),
    (CHOICE | {"options": ["one", 80]}, ("options", 1, "text"), 'put 80 in quotes ("80")'),
    (CHOICE | {"options": ["one", True]}, ("options", 1, "text"), 'put true in quotes ("true")'),
    (CHOICE | {"options": ["one", {"text": "two", "feedbak": ""}]}, ("options", 1, "feedbak"), "not permitted"),
    (CHOICE | {"prof": {}}, ("prof",), "not permitted"),
    (CHOICE | {"topics": []}, ("topics",), "at least 1"),
    (CHOICE | {"topics": ["Docker CLI"]}, ("topics", 0), "pattern"),
    (CHOICE | {"id": "Not a slug"}, ("id",), "pattern"),
    (CHOICE | {"difficulty": 9}, ("difficulty",), "less than or equal to 5"),
    (CHOICE | {"points": 0}, ("points",), "greater than 0"),
    (MANY | {"answer": ["one", "for"]}, ("answer", 1), "Known: `one`, `three`, `two`."),
    (MANY | {"answer": ["one", "one"]}, ("answer", 1), "given twice"),
    (MANY | {"answer": ["one", "two", "three"]}, ("answer",), "every option is right"),
    (MANY | {"scoring": "some"}, ("scoring",), "all_or_nothing"),
    (CHOICE | {"kind": "true_or_false", "options": 1}, ("options",), "not permitted"),
    (TYPED | {"answer": []}, ("answer",), "at least 1"),
    (TYPED | {"match": "regex", "answer": "(", "shown": "x"}, ("answer", 0), "RE2 cannot read this pattern: missing"),
    (TYPED | {"match": "regex", "answer": "(?=a)", "shown": "x"}, ("answer", 0), "no look-around"),
    (TYPED | {"match": "regex", "answer": "((a{1,100}){1,100}){1,100}", "shown": "x"}, ("answer", 0), "RE2 cannot"),
    (TYPED | {"match": "regex", "answer": "a"}, ("shown",), "in words"),
    (TYPED | {"shown": "a"}, ("shown",), "match: regex"),
    (
        TYPED | {"match": "regex", "answer": "a", "shown": "a", "wrong": [{"text": "*", "feedback": "f"}]},
        ("wrong", 0, "text"),
        "RE2 cannot",
    ),
    (NUMBER | {"answer": True}, ("answer",), "write a number"),
    (NUMBER | {"answer": "three"}, ("answer",), "decimal"),
    (NUMBER | {"answer": float("inf")}, ("answer",), "finite"),
    (NUMBER | {"within": 1, "within_percent": 1}, ("within_percent",), "not both"),
    (NUMBER | {"unit": "MIB"}, ("unit",), "Did you mean `MiB`?"),
    (NUMBER | {"unit_needed": True}, ("unit_needed",), "say which `unit`"),
    (NUMBER | {"within": 1, "wrong": [{"value": 4, "feedback": "f"}]}, ("wrong", 0, "value"), "counts as right"),
]


@pytest.mark.parametrize(("data", "place", "words"), MISTAKES)
def test_a_mistake_is_reported_once_at_its_place(data: dict[str, Any], place: tuple[Any, ...], words: str) -> None:
    if data["kind"] == "true_or_false":
        data = {key: value for key, value in data.items() if key != "answer"} | {"answer": True}
    with pytest.raises(ValidationError) as error:
        REGISTRY.question(data)
    assert [found["loc"] for found in error.value.errors()] == [place]
    assert words in error.value.errors()[0]["msg"]

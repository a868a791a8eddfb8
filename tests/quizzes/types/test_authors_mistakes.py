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
MATCH: dict[str, Any] = {
    "id": "q",
    "kind": "matching",
    "topics": ["docker.cli"],
    "text": "Which?",
    "pairs": [{"item": "a", "match": "1"}, {"item": "b", "match": "2"}],
}
ORDER = {"id": "q", "kind": "ordering", "topics": ["docker.cli"], "text": "Which?", "items": ["a", "b", "c"]}
BLANKS: dict[str, Any] = {
    "id": "q",
    "kind": "blanks",
    "topics": ["docker.cli"],
    "text": "Which?",
    "passage": "docker [[verb]] -p [[port]]:80",
    "blanks": {"verb": {"options": ["run", "rm"], "answer": "run"}, "port": {"answer": "8080"}},
}
GROUPS: dict[str, Any] = {
    "id": "q",
    "kind": "categorise",
    "topics": ["docker.cli"],
    "text": "Which?",
    "groups": ["image", "container"],
    "items": [{"text": "a", "group": "image"}, {"text": "b", "group": "none"}],
}
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
    (NUMBER | {"within": "1E-99999999"}, ("within",), "30"),
    (NUMBER | {"within_percent": "1E-99999999"}, ("within_percent",), "30"),
    (NUMBER | {"unit": "MIB"}, ("unit",), "Did you mean `MiB`?"),
    (NUMBER | {"unit_needed": True}, ("unit_needed",), "say which `unit`"),
    (NUMBER | {"within": 1, "wrong": [{"value": 4, "feedback": "f"}]}, ("wrong", 0, "value"), "counts as right"),
    (MANY | {"penalty": True}, ("penalty",), "from 0 to 1"),
    (MANY | {"penalty": 2}, ("penalty",), "less than or equal to 1"),
    (MANY | {"penalty": 0.5, "scoring": "all_or_nothing"}, ("penalty",), "only with `scoring: per_option`"),
    (MANY | {"options": [{"text": "one", "penalty": 1}, "two"]}, ("options", 0, "penalty"), "costs nothing"),
    (
        MANY | {"options": ["one", {"text": "two", "penalty": 1}], "scoring": "all_or_nothing"},
        ("options", 1, "penalty"),
        "only with `scoring: per_option`",
    ),
    (CHOICE | {"options": ["one", {"text": "two", "penalty": 1}]}, ("options", 1, "penalty"), "not permitted"),
    (MATCH | {"pairs": MATCH["pairs"][:1]}, ("pairs",), "at least 2 here, not 1"),
    (MATCH | {"pairs": [*MATCH["pairs"], {"item": "a", "match": "3"}]}, ("pairs", 2, "item"), "given twice"),
    (MATCH | {"pairs": [*MATCH["pairs"], {"item": "c"}]}, ("pairs", 2, "match"), "required"),
    (MATCH | {"pairs": [*MATCH["pairs"], {"item": "c", "match": 3}]}, ("pairs", 2, "match"), 'put 3 in quotes ("3")'),
    (MATCH | {"extra": ["3", "3"]}, ("extra", 1), "given twice"),
    (MATCH | {"extra": ["2"]}, ("extra", 0), "is the match of an item"),
    (MATCH | {"pairs": [{"item": "a", "match": "1"}, {"item": "b", "match": "1"}]}, ("pairs",), "the same match"),
    (MATCH | {"scoring": "per_pair"}, ("scoring",), "per_part"),
    (ORDER | {"items": ["a", "b"]}, ("items",), "at least 3 here, not 2"),
    (ORDER | {"items": ["a", "b", "a"]}, ("items", 2), "given twice"),
    (ORDER | {"scoring": "per_part"}, ("scoring",), "longest_run"),
    (GROUPS | {"groups": ["image"]}, ("groups",), "at least 2 here, not 1"),
    (GROUPS | {"groups": ["image", "image"]}, ("groups", 1), "given twice"),
    (GROUPS | {"groups": ["image", "None"]}, ("groups", 1), "write `group: none` in an item"),
    (GROUPS | {"items": [*GROUPS["items"], {"text": "a", "group": "image"}]}, ("items", 2, "text"), "given twice"),
    (
        GROUPS | {"items": [*GROUPS["items"], {"text": "c", "group": "imgae"}]},
        ("items", 2, "group"),
        "Did you mean `image`?",
    ),
    (BLANKS | {"passage": "docker run"}, ("blanks", "verb"), "write `[[verb]]` into `passage`"),
    (BLANKS | {"passage": "[[verb]] [[prot]] [[port]]"}, ("passage",), "Did you mean `port`?"),
    (BLANKS | {"passage": "[[verb]] [[port]] [[port]]"}, ("passage",), "is there twice"),
    (BLANKS | {"passage": "[[verb]] [a [[port]] b](https://x.test)"}, ("passage",), "not in a link"),
    (BLANKS | {"passage": '[[verb]] [a](https://x.test "[[port]]")'}, ("passage",), "not in a link"),
    (BLANKS | {"passage": "[[verb]]\n\n```[[port]]\na\n```"}, ("passage",), "not in a link"),
    (BLANKS | {"passage": "[[verb]] [[port]]\n\n[port]: https://x.test"}, ("passage",), "not in a link"),
    (BLANKS | {"passage": "nothing", "blanks": {}}, ("blanks",), "1 to 20 blanks"),
    (BLANKS | {"blanks": {"verb": "run"}}, ("blanks", "verb"), "a blank is a mapping"),
    (
        BLANKS | {"blanks": BLANKS["blanks"] | {"verb": {"options": ["run", "rm"], "answer": "rnu"}}},
        ("blanks", "verb", "answer"),
        "Did you mean `run`?",
    ),
    (
        BLANKS | {"blanks": BLANKS["blanks"] | {"verb": {"options": ["run", "run"], "answer": "run"}}},
        ("blanks", "verb", "options", 1),
        "given twice",
    ),
    (
        BLANKS | {"blanks": BLANKS["blanks"] | {"verb": {"options": ["run", "rm"], "answer": "run", "match": "exact"}}},
        ("blanks", "verb", "match"),
        "not permitted",
    ),
    (
        BLANKS | {"blanks": BLANKS["blanks"] | {"port": {"answer": 8080}}},
        ("blanks", "port", "answer", 0),
        'put 8080 in quotes ("8080")',
    ),
    (
        BLANKS | {"blanks": BLANKS["blanks"] | {"port": {"answer": "(", "match": "regex", "shown": "x"}}},
        ("blanks", "port", "answer", 0),
        "RE2 cannot read this pattern",
    ),
]


@pytest.mark.parametrize(("data", "place", "words"), MISTAKES)
def test_a_mistake_is_reported_once_at_its_place(data: dict[str, Any], place: tuple[Any, ...], words: str) -> None:
    if data["kind"] == "true_or_false":
        data = {key: value for key, value in data.items() if key != "answer"} | {"answer": True}
    with pytest.raises(ValidationError) as error:
        REGISTRY.question(data)
    assert [found["loc"] for found in error.value.errors()] == [place]
    assert words in error.value.errors()[0]["msg"]

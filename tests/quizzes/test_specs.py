"""Bank and quiz files are read strictly, and every mistake is reported in words at its place."""

from typing import Any

import pytest
from pydantic import ValidationError

from graders.authored import read_yaml
from graders.spec import problems_of
from quizzes.specs import Bank, QuizSpec, Release

QUESTION = {"id": "one", "kind": "true_or_false", "topics": ["docker.cli"], "text": "So?", "answer": True}
QUIZ = {"title": "A quiz", "items": ["one"]}


def mistakes(model: type[Bank] | type[QuizSpec], data: Any) -> list[tuple[tuple[Any, ...], str]]:
    with pytest.raises(ValidationError) as error:
        model.model_validate(data)
    return [(found["loc"], found["msg"]) for found in error.value.errors()]


def test_a_bank_holds_questions_of_every_kind_in_order() -> None:
    other = {"id": "two", "kind": "numeric", "topics": ["docker.cli"], "text": "?", "answer": 2}
    assert [question.id for question in Bank.model_validate([QUESTION, other]).questions] == ["one", "two"]


def test_an_id_is_used_once_in_a_bank() -> None:
    ((place, words),) = mistakes(Bank, [QUESTION, QUESTION])
    assert place == (1, "id")
    assert "`one` already, number 1 in this file" in words


def test_all_wrong_questions_of_a_bank_are_reported_together() -> None:
    places = [place for place, _ in mistakes(Bank, [QUESTION | {"kind": "x"}, "text", QUESTION | {"answer": "yes"}])]
    assert places == [(0, "kind"), (1,), (2, "answer")]


NUMERIC = "- id: one\n  kind: numeric\n  topics: [docker.cli]\n  text: How many?\n  answer: 2\n"


@pytest.mark.parametrize(
    ("more", "place", "words"),
    [
        ("  toleranz: 1\n", "6:3", "`toleranz` is not known here. Known: "),
        ("  unit_neded: true\n", "6:3", "Did you mean `unit_needed`?"),
        ("  vaules: {n: 1}\n", "6:3", "Did you mean `values`?"),
        ("  wrong: [{value: 3, feedbak: nope}]\n", "6:22", "Did you mean `feedback`?"),
        ("  proof: {shwos: stdout}\n", "6:11", "Did you mean `shows`?"),
    ],
)
def test_a_key_that_no_question_has_is_told_with_those_of_its_kind(more: str, place: str, words: str) -> None:
    document = read_yaml(NUMERIC + more, file="bank.yaml")
    with pytest.raises(ValidationError) as error:
        Bank.model_validate(document.value)
    said = [str(problem) for problem in problems_of(error.value, document, Bank)]
    told = next(problem for problem in said if "is not known here" in problem)
    assert told.startswith(f"bank.yaml:{place}: ")
    assert words in told
    assert "root" not in told
    if "Known" in words:
        assert {"`within`", "`answer`", "`values`"} <= {word.strip(",.") for word in told.split()}


def test_a_key_that_no_blank_has_is_told_with_those_of_a_blank() -> None:
    text = NUMERIC.replace("numeric", "blanks").replace("answer: 2", "passage: 'a [[b]]'")
    document = read_yaml(text + "  blanks: {b: {answer: c, shwon: x}}\n", file="bank.yaml")
    with pytest.raises(ValidationError) as error:
        Bank.model_validate(document.value)
    (told,) = map(str, problems_of(error.value, document, Bank))
    assert told == "bank.yaml:6:27: `shwon` is not known here. Did you mean `shown`?"


def test_a_mapping_in_a_bank_s_place_is_told_what_a_bank_is() -> None:
    document = read_yaml("title: x\nquestions: []\n", file="bank.yaml")
    with pytest.raises(ValidationError) as error:
        Bank.model_validate(document.value)
    (told,) = map(str, problems_of(error.value, document, Bank))
    assert told.startswith("bank.yaml:1:1: This file is no bank: a bank is a list of questions")


@pytest.mark.parametrize("empty", [[], None, {}, "text"])
def test_a_file_without_questions_is_no_bank(empty: Any) -> None:
    assert mistakes(Bank, empty)


def test_a_quiz_is_short_to_write_and_its_rules_have_sensible_defaults() -> None:
    spec = QuizSpec.model_validate(QUIZ)
    assert (spec.attempts, spec.time_limit_minutes, spec.scoring) == (1, None, "best")
    assert spec.shuffle_options
    assert not spec.shuffle_questions
    assert (spec.release.scores, spec.release.keys) == (Release.AFTER_ATTEMPT, Release.AFTER_DUE)
    assert QuizSpec.model_validate(QUIZ | {"attempts": "unlimited"}).attempts is None


def test_a_stored_quiz_reads_as_itself() -> None:
    items = ["one", {"question": "two", "points": 2.5}, {"draw": 2, "topics": ["docker.*"], "points": 3}]
    spec = QuizSpec.model_validate(QUIZ | {"items": items, "attempts": "unlimited", "time_limit_minutes": 5})
    assert QuizSpec.model_validate(spec.model_dump(mode="json")) == spec


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        ({"items": []}, ("items",), "at least 1"),
        ({"items": ["one", "one"]}, ("items", 1), "listed twice"),
        ({"items": [{"drow": 1}]}, ("items", 0), "an item is a question's id"),
        ({"items": [5]}, ("items", 0), "an item is a question's id"),
        ({"items": [{"draw": 0}]}, ("items", 0, "draw"), "greater than or equal to 1"),
        ({"items": [{"draw": 150}, {"draw": 51}]}, ("items",), "asks 201 questions"),
        ({"items": [{"draw": 1, "kinds": ["essay"]}]}, ("items", 0, "kinds", 0), "no question type `essay`"),
        ({"items": [{"draw": 1, "topics": ["*"]}]}, ("items", 0, "topics", 0), "pattern"),
        ({"items": [{"question": "one", "weight": 2}]}, ("items", 0, "weight"), "not permitted"),
        ({"attempts": 0}, ("attempts",), "greater than or equal to 1"),
        ({"attempts": "many"}, ("attempts",), "integer"),
        ({"time_limit_minutes": 0}, ("time_limit_minutes",), "greater than or equal to 1"),
        ({"questions_per_page": 0}, ("questions_per_page",), "greater than or equal to 1"),
        ({"scoring": "middle"}, ("scoring",), "'first' or 'average'"),
        ({"release": {"keys": "someday"}}, ("release", "keys"), "after_attempt"),
        ({"release": {"scores": "never", "keys": "after_due"}}, ("release", "keys"), "keys show the points too"),
        ({"title": 5}, ("title",), 'put 5 in quotes ("5")'),
        ({"shuffle": True}, ("shuffle",), "not permitted"),
    ],
)
def test_a_mistake_in_a_quiz_is_reported_once_at_its_place(
    change: dict[str, Any], place: tuple[Any, ...], words: str
) -> None:
    ((where, said),) = mistakes(QuizSpec, QUIZ | change)
    assert where == place
    assert words in said

"""Outputs are compared line by line, chosen ones shown as they are printed, and none goes without a proof."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from quizzes.rendering import inline
from quizzes.types.predict_output import PredictOutput

SPEC = {
    "id": "q",
    "kind": "predict_output",
    "topics": ["dockerfile.cmd"],
    "text": "What is printed?",
    "dockerfile": "FROM busybox\nCMD echo one; echo two",
    "answer": "one\ntwo",
    "proof": {"run": {}},
}
CHOICE = SPEC | {"options": ["one\ntwo", "two", {"text": "It **fails**.", "prose": True}]}


def the_question(**fields: Any) -> PredictOutput:
    return PredictOutput.model_validate(SPEC | fields)


def test_each_line_that_was_typed_is_judged_and_those_missing_are_named() -> None:
    scored = the_question(scoring="per_line").score("zero\ntwo\nthree")
    assert scored.fraction == Fraction(1, 3)
    assert [(mark.number, mark.outcome, mark.text or mark.right) for mark in scored.lines] == [
        (1, "wrong", "zero"),
        (2, "right", "two"),
        (3, "wrong", "three"),
        (None, "missed", "one"),
    ]


def test_case_and_spaces_inside_a_line_matter_and_a_full_stop_does_too() -> None:
    question = the_question()
    for typed in ("One\ntwo", "one\n two", "one\ntwo.", "one two"):
        assert question.score(typed).fraction == 0
    assert question.score("one\ntwo").fraction == 1


def test_an_output_to_choose_is_shown_as_it_is_printed_and_words_as_markdown() -> None:
    shown = {option.text: option.html for option in PredictOutput.model_validate(CHOICE).public().options}
    assert shown["one\ntwo"] == '<code class="code-text">one\ntwo</code>'
    assert shown["It **fails**."] == "It <strong>fails</strong>."


def test_students_are_asked_to_choose_an_output_or_to_type_it() -> None:
    assert PredictOutput.model_validate(CHOICE).public().instruction == "Choose what is printed."
    assert the_question().public().instruction == "Type what is printed."


@given(st.text(alphabet="ab` *<", min_size=1).filter(str.strip))
def test_the_key_in_words_shows_the_output_whatever_is_in_it(output: str) -> None:
    output = output.strip()
    question = the_question(answer=output, options=[output, "something else"])
    (text,) = question.key().texts
    assert inline(text).startswith("<code>")
    assert "<em>" not in inline(text)


def test_chosen_outputs_are_shuffled_unless_their_order_means_something() -> None:
    assert PredictOutput.model_validate(CHOICE).shuffled_options() == 3
    assert PredictOutput.model_validate(CHOICE | {"keep_order": True}).shuffled_options() == 0
    assert the_question().shuffled_options() == 0


@pytest.mark.parametrize(
    ("fields", "place", "words"),
    [
        ({"proof": None}, ("proof",), "say what settles the output"),
        ({"options": ["one\ntwo"]}, ("options",), "at least 2"),
        ({"options": ["one", "two"]}, ("answer",), "is not among the options"),
        ({"options": ["one\ntwo", "x", "x"]}, ("options", 2), "already"),
        ({"options": ["one\ntwo", "x"], "answer": ["one\ntwo", "x"]}, ("answer",), "one option is right"),
        (
            {"options": ["one\ntwo", "x"], "wrong": [{"text": "y", "feedback": "f"}]},
            ("wrong",),
            "give an option its own `feedback`",
        ),
        ({"options": ["one\ntwo", "x"], "scoring": "per_line"}, ("scoring",), "where an output is typed"),
        ({"wrong": [{"text": "one \ntwo", "feedback": "f"}]}, ("wrong", 0, "text"), "counts as right"),
        ({"answer": "x\n" * 61 + "y"}, ("answer", 0), "at most 60 lines"),
    ],
)
def test_an_authors_mistake_is_told_at_its_place(fields: dict[str, Any], place: tuple[Any, ...], words: str) -> None:
    with pytest.raises(ValidationError) as error:
        the_question(**fields)
    (found,) = error.value.errors()
    assert found["loc"] == place
    assert words in found["msg"]

"""Lines to pick: what belongs together is picked as one, and authors may name lines as they like."""

from typing import Any

import pytest
from pydantic import ValidationError

from quizzes.types.code_lines import blocks_of
from quizzes.types.dockerfile_line import DockerfileLine

DOCKERFILE = 'FROM busybox\n\n# note\nRUN a \\\n    # inside\n\n    && b\nRUN <<EOF\nc\n\nEOF\nRUN a\nCMD ["x"]\n'
SPEC = {
    "id": "q",
    "kind": "dockerfile_line",
    "topics": ["dockerfile.run"],
    "text": "Which?",
    "dockerfile": DOCKERFILE,
    "answer": 1,
}


def the_question(**fields: Any) -> DockerfileLine:
    return DockerfileLine.model_validate(SPEC | fields)


def test_an_instruction_and_all_that_continues_it_are_picked_as_one() -> None:
    blocks = blocks_of(DOCKERFILE, is_dockerfile=True)
    assert [(block.line, block.end_line, block.before) for block in blocks] == [
        (1, 1, ()),
        (3, 3, (2,)),
        (4, 7, ()),
        (8, 11, ()),
        (12, 12, ()),
        (13, 13, ()),
    ]


def test_other_code_goes_line_by_line_unless_it_ends_in_a_backslash() -> None:
    blocks = blocks_of("a \\\n  b\n# c \\\nd\n\ne \\", is_dockerfile=False)
    assert [(block.line, block.end_line) for block in blocks] == [(1, 2), (3, 3), (4, 4), (6, 6)]


def test_any_line_of_an_instruction_stands_for_it() -> None:
    question = the_question(answer="&& b")
    assert question.parse(["4"]) == question.parse(["7"]) == ["4"]
    assert question.score(["4"]).fraction == 1
    assert question.key().texts == ("lines 4 to 7",)
    assert question.show_value(["4"]) == "lines 4 to 7: RUN a \\"


def test_the_code_is_shown_once_with_every_number() -> None:
    public = the_question().public()
    assert public.code == ""
    shown = "".join(option.before + option.html for option in public.options)
    assert [f'code-number">{number}<' in shown for number in range(1, 14)] == [True] * 13


def test_a_right_line_that_was_missed_and_a_fine_one_that_was_picked_are_told() -> None:
    question = the_question(answer=[1, 13], wrong=[{"line": "RUN a", "feedback": "is fine"}], feedback="look again")
    marks = question.score(["12", "13"]).options
    assert {line: (mark.outcome, mark.feedback) for line, mark in marks.items()} == {
        "1": ("missed", "look again"),
        "12": ("wrong", "is fine"),
        "13": ("right", ""),
    }


@pytest.mark.parametrize(
    ("fields", "place", "words"),
    [
        ({"dockerfile": ""}, ("dockerfile",), "in `dockerfile`, or in `code`"),
        ({"code": "a\nb"}, ("dockerfile",), "in `dockerfile`, or in `code`"),
        ({"dockerfile": "FROM x"}, ("dockerfile",), "2 to 100 lines"),
        ({"dockerfile": "RUN x\n" * 101}, ("dockerfile",), "not 101"),
        ({"answer": 2}, ("answer", 0), "nothing to pick in line 2"),
        ({"answer": 99}, ("answer", 0), "nothing to pick in line 99"),
        ({"answer": "RUN aa"}, ("answer", 0), "Did you mean"),
        ({"answer": [4, "&& b"]}, ("answer", 1), "lines 4 to 7 is given twice"),
        ({"dockerfile": "RUN a\nRUN  a\nRUN b", "answer": "RUN a"}, ("answer", 0), "line 1 and line 2 read alike"),
        ({"dockerfile": "RUN a\nRUN b", "answer": [1, 2]}, ("answer",), "add one that is not"),
        ({"wrong": [{"line": 1, "feedback": "f"}]}, ("wrong", 0, "line"), "counts as right"),
        ({"answer": True}, ("answer", 0), "by its number"),
    ],
)
def test_an_authors_mistake_is_told_at_its_place(fields: dict[str, Any], place: tuple[Any, ...], words: str) -> None:
    with pytest.raises(ValidationError) as error:
        the_question(**fields)
    found = error.value.errors()
    assert [each["loc"] for each in found] == [place]
    assert words in found[0]["msg"]

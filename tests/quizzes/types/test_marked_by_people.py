"""What people mark: texts and files as they came, and rubrics that come to a share of the points."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from quizzes.showing import ask, review_of
from quizzes.types.base import MalformedAnswer
from quizzes.types.file_names import MAX_NAME, ending_of, harmless
from quizzes.types.file_upload import FileUpload
from quizzes.types.long_text import LongText
from quizzes.types.rubric import CannotMark, Rubric

RUBRIC = [
    {
        "id": "one",
        "title": "One",
        "points": 2,
        "levels": [{"points": 2, "text": "all"}, {"points": 0.5, "text": "some"}],
    },
    {"id": "two", "title": "Two", "points": 1},
]
TEXT = {"id": "q", "kind": "long_text", "topics": ["docker.cli"], "text": "Why?"}
FILES = {"id": "q", "kind": "file_upload", "topics": ["docker.cli"], "text": "Upload it."}


def test_points_by_criterion_come_to_a_share_of_what_the_question_is_worth() -> None:
    rubric = Rubric.model_validate(RUBRIC)
    assert rubric.points == 3
    assert rubric.share({"one": Decimal("0.5"), "two": Decimal(1)}) == Fraction(1, 2)
    assert rubric.points_of({"one": Decimal(2)}, Decimal(10)) == Decimal("6.67")
    assert rubric.points_of({}, Decimal(10)) == 0
    assert rubric.points_of({"one": Decimal(2), "two": Decimal(1)}, Decimal("0.01")) == Decimal("0.01")


@pytest.mark.parametrize(
    "given_points", [{"three": Decimal(0)}, {"one": Decimal("2.01")}, {"two": Decimal(-1)}, {"two": Decimal("nan")}]
)
def test_points_that_a_rubric_does_not_have_are_refused(given_points: dict[str, Decimal]) -> None:
    with pytest.raises(CannotMark):
        Rubric.model_validate(RUBRIC).share(given_points)


@pytest.mark.parametrize(
    ("rubric", "place"),
    [
        ([], ("rubric", "criteria")),
        ([RUBRIC[0], RUBRIC[0]], ("rubric", "criteria", 1, "id")),
        ([{"id": "a", "title": "A", "points": 0}], ("rubric", "criteria", 0, "points")),
        ([RUBRIC[1] | {"levels": [{"points": 2, "text": "x"}]}], ("rubric", "criteria", 0, "levels", 0, "points")),
        ([RUBRIC[0] | {"levels": [{"points": 1, "text": "x"}] * 2}], ("rubric", "criteria", 0, "levels", 1, "points")),
    ],
)
def test_a_mistake_in_a_rubric_is_told_at_its_place(rubric: Any, place: tuple[Any, ...]) -> None:
    with pytest.raises(ValidationError) as error:
        LongText.model_validate(TEXT | {"rubric": rubric})
    assert [found["loc"] for found in error.value.errors()] == [place]


@pytest.mark.parametrize(("question_type", "spec"), [(LongText, TEXT), (FileUpload, FILES)])
def test_a_rubric_that_is_not_there_cannot_be_shown(question_type: Any, spec: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="no `rubric` to show"):
        question_type.model_validate(spec | {"show_rubric": True})
    shown = question_type.model_validate(spec | {"show_rubric": True, "rubric": RUBRIC}).public()
    assert [(one.title, one.points) for one in shown.criteria] == [("One", 2), ("Two", 1)]
    assert question_type.model_validate(spec | {"rubric": RUBRIC}).public().criteria == ()


def test_a_text_over_its_words_is_kept_whole_and_counted() -> None:
    question = LongText.model_validate(TEXT | {"at_most_words": 3})
    value = question.parse("one two\n\nthree  four")
    assert value == "one two\n\nthree  four"
    shown = ask(question, position=1, option_order=[], max_points=Decimal(1), value=value)
    assert (shown.words, shown.max_words) == (4, 3)


def test_the_authors_own_answer_is_told_with_the_keys_only() -> None:
    question = LongText.model_validate(TEXT | {"shown": "Because **so**."})
    given_to_page: dict[str, Any] = {"position": 1, "option_order": [], "max_points": Decimal(1), "value": "x"}
    for with_keys in (True, False):
        shown = review_of(question, **given_to_page, points=None, with_scores=True, with_keys=with_keys)
        assert shown.right_answers == (("Because <strong>so</strong>.",) if with_keys else ())


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("compose.yaml", "compose.yaml"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\a b.txt", "a b.txt"),
        ("..", "file"),
        (".env", "env"),
        ("-rf", "rf"),
        ("", "file"),
        ("a\x00b\r\n.txt", "ab .txt"),
        ("exe.\u202egpj", "exe.gpj"),
        ('"><script>.html', "___script_.html"),
        ("a@b;c&d'e.txt", "a_b_c_d_e.txt"),
        ("\ufb01le\uff0etxt", "file.txt"),
        ("größe.md", "größe.md"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("a" * 300 + ".yaml", "a" * (MAX_NAME - 5) + ".yaml"),
    ],
)
def test_a_file_is_called_by_a_name_that_can_do_no_harm(name: str, shown: str) -> None:
    assert harmless(name) == shown


@given(
    st.one_of(st.text(max_size=300), st.lists(st.sampled_from([" ", ".", "-", "con", "a", "\u0301", "½"])).map("".join))
)
def test_any_name_becomes_one_that_stays_the_same(name: str) -> None:
    plain = harmless(name)
    assert plain == harmless(plain)
    assert 0 < len(plain) <= MAX_NAME
    assert plain[0] not in " .-"
    assert not set(plain) & set("/\\@\"'<>&\0\n\r;=")


def test_the_ending_is_what_follows_the_last_dot() -> None:
    assert [ending_of(name) for name in ("a.TAR.gz", "a", ".env", "a.")] == [".gz", "", "", "."]


def test_a_question_takes_any_ending_unless_it_names_some() -> None:
    digest = "0" * 64
    assert FileUpload.model_validate(FILES).parse({"a.bin": digest}) == {"a.bin": digest}
    with pytest.raises(MalformedAnswer) as refused:
        FileUpload.model_validate(FILES | {"endings": [".yaml"]}).parse({"a.yaml.exe": digest})
    assert refused.value.code == "file_ending"


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"endings": ["yaml"]}, ("endings", 0)),
        ({"endings": [".a", ".a"]}, ("endings",)),
        ({"at_most": 0}, ("at_most",)),
        ({"at_most": 21}, ("at_most",)),
        ({"mib_each": 21}, ("mib_each",)),
    ],
)
def test_what_an_author_gets_wrong_about_files_is_told_at_its_place(
    fields: dict[str, Any], place: tuple[Any, ...]
) -> None:
    with pytest.raises(ValidationError) as error:
        FileUpload.model_validate(FILES | fields)
    assert [found["loc"] for found in error.value.errors()] == [place]

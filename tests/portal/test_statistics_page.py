"""A quiz's statistics in the portal: what teachers are told, sorted as they like, in the end as a file."""

import csv
import io
import random
from collections.abc import Callable
from typing import Any

import pytest
from builders import a_course, a_member, an_instructor_of
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from courses.models import Course, Role
from quizzes.models import Quiz
from quizzes.types.base import QuestionType, Value
from tests.quizzes.building import CHOICE, SEVERAL, a_bank, a_quiz, option
from tests.quizzes.classes import by_ability, right_value, took, wrong_value

pytestmark = pytest.mark.django_db
Queries = Callable[..., Any]


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


@pytest.fixture
def quiz() -> Quiz:
    return a_quiz()


@pytest.fixture
def teacher(client: Client, quiz: Quiz) -> Client:
    client.force_login(an_instructor_of(quiz.activity.course))
    return client


def address(quiz: Quiz, name: str = "teach-statistics") -> str:
    return reverse(f"portal:{name}", args=[quiz.activity.course.slug, quiz.activity.slug])


def text_of(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


def misled(question: QuestionType, able: float, rng: random.Random) -> Value | None:
    """The better somebody is, the surer they choose `running` in place of the key of the first question."""
    if question.id == "created" and able > 0.2:
        return option(CHOICE, "running")
    return by_ability(question, able, rng)


def test_before_anybody_handed_in_the_page_says_what_will_be_there(teacher: Client, quiz: Quiz) -> None:
    page = text_of(teacher.get(address(quiz)))

    assert "No tries to count yet" in page
    assert '<svg class="picture' not in page
    assert "Download as CSV" not in page


def test_with_few_tries_it_says_so_and_raises_no_alarm(teacher: Client, quiz: Quiz) -> None:
    took(quiz, students=4, answering=misled)

    page = text_of(teacher.get(address(quiz)))

    assert "Few tries so far" in page
    assert "4 students have handed in" in page
    assert "needs at least 10 tries" in page
    assert "Look at this:" not in page
    assert "nan" not in page.lower().replace("governance", "")


def test_a_bad_question_is_shown_first_in_words_with_a_way_to_it(teacher: Client, quiz: Quiz) -> None:
    took(quiz, students=120, answering=misled)

    page = text_of(teacher.get(address(quiz)))

    look = page.partition('id="look"')[2].partition('class="pictures"')[0]
    assert "In which state is a container right after docker create?" in look
    assert "Those who do well otherwise do worse here" in look
    assert "chose B (“running”)" in look
    assert 'href="#question-1"' in look


def test_each_picture_has_its_table(teacher: Client, quiz: Quiz) -> None:
    took(quiz, students=30)

    page = text_of(teacher.get(address(quiz)))

    assert page.count('<svg class="picture-sheet"') == page.count("The same as a table") == 3


@pytest.mark.parametrize("sort", ["number", "facility", "discrimination", "omitted", "time", "flags"])
def test_the_table_is_sorted_by_any_column(teacher: Client, quiz: Quiz, sort: str) -> None:
    took(quiz, students=60)

    response = teacher.get(address(quiz), {"sort": sort})

    page = text_of(response)
    assert page.count("aria-sort=") == 1
    assert len(response.context["questions"]) == 5
    facilities = [one.facility.value for one in response.context["questions"]]
    if sort == "facility":
        assert facilities == sorted(facilities)


def test_a_column_that_there_is_not_sorts_by_number(teacher: Client, quiz: Quiz) -> None:
    took(quiz, students=3)

    response = teacher.get(address(quiz), {"sort": "' or 1=1"})

    assert [one.number for one in response.context["questions"]] == [1, 2, 3, 4, 5]


def test_the_first_tries_can_be_looked_at_where_there_are_several(teacher: Client, quiz: Quiz) -> None:
    people = [attempt.student for attempt in took(quiz, students=5, answering=lambda q, a, r: wrong_value(q, r))]
    took(quiz, students=people, number=2, answering=lambda q, a, r: right_value(q))

    assert "<dd>100 %" in text_of(teacher.get(address(quiz)))
    assert "<dd>0 %" in text_of(teacher.get(address(quiz), {"tries": "first"}))


@pytest.mark.parametrize(("students", "questions"), [(5, 3), (40, 25)])
def test_the_page_costs_the_same_for_any_class(
    client: Client, students: int, questions: int, django_assert_num_queries: Queries
) -> None:
    quiz = a_quiz(questions=a_bank(questions))
    client.force_login(an_instructor_of(quiz.activity.course))
    took(quiz, students=students)

    with django_assert_num_queries(14):
        client.get(address(quiz))
    with django_assert_num_queries(8):
        client.get(address(quiz))


def test_the_file_has_a_line_for_each_question_and_option_and_no_formula(client: Client) -> None:
    spiteful = CHOICE | {"text": "=HYPERLINK(1)", "options": ["=1+1", "created", "@x"], "answer": "created"}
    quiz = a_quiz(questions=(spiteful, SEVERAL))
    client.force_login(an_instructor_of(quiz.activity.course))
    took(quiz, students=12, answering=lambda q, a, r: right_value(q))

    response = client.get(address(quiz, "teach-statistics-csv"))

    assert response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"
    rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))
    assert len(rows) == 2 + 3 + 3
    assert rows[0]["text"] == "'=HYPERLINK(1)"
    assert [row["text"] for row in rows[1:4]] == ["'=1+1", "created", "'@x"]
    assert [row["tries"] for row in rows[1:4]] == ["0", "12", "0"]
    assert rows[0]["facility"] == "1.0"


def test_answers_shown_stay_text(client: Client) -> None:
    spiteful = CHOICE | {"text": "<script>alert(1)</script>", "options": ["<img src=x onerror=a()>", "created"]}
    quiz = a_quiz(questions=(spiteful, SEVERAL))
    client.force_login(an_instructor_of(quiz.activity.course))
    took(quiz, students=30)

    page = text_of(client.get(address(quiz)))

    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_assistants_may_look_and_students_may_not(client: Client, quiz: Quiz) -> None:
    course: Course = quiz.activity.course
    for user, status in (
        (a_member(course, role=Role.ASSISTANT), 200),
        (a_member(course), 404),
        (an_instructor_of(a_course()), 404),
    ):
        client.force_login(user)
        for name in ("teach-statistics", "teach-statistics-csv"):
            assert client.get(address(quiz, name)).status_code == status

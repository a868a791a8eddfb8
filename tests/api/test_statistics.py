"""A quiz's statistics by API: for staff only, with null for what is not known yet."""

import json

import pytest
from builders import a_course, a_member, an_instructor_of
from django.core.cache import cache

from courses.models import Role
from quizzes.models import Quiz
from tests.api.calling import V1, client_of
from tests.quizzes.building import a_quiz
from tests.quizzes.classes import took

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


@pytest.fixture
def quiz() -> Quiz:
    return a_quiz()


def address(quiz: Quiz) -> str:
    return f"{V1}quizzes/{quiz.activity_id}/statistics/"


def test_staff_read_figures_options_and_flags(quiz: Quiz) -> None:
    took(quiz, students=40)

    for user in (an_instructor_of(quiz.activity.course), a_member(quiz.activity.course, role=Role.ASSISTANT)):
        reply = client_of(user).get(address(quiz))

        assert reply.status_code == 200
        told = reply.json()
        assert (told["tries"], told["out_of"], told["same_questions"]) == (40, 6.0, True)
        assert 0 < told["mean"] < 1
        assert -1 <= told["alpha"] <= 1
        created = told["questions"][0]
        assert (created["question"], created["number"]) == ("created", 1)
        assert sum(option["chosen"] for option in created["options"]) + created["omitted"] == 40
        assert [option["text"] for option in created["options"] if option["right"]] == ["created"]
        assert set(created["seconds"]) == {"low", "middle", "high", "tries"}


def test_what_is_not_known_yet_is_null_and_valid_json(quiz: Quiz) -> None:
    took(quiz, students=1)

    reply = client_of(an_instructor_of(quiz.activity.course)).get(address(quiz))

    told = json.loads(reply.content, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert (told["deviation"], told["alpha"], told["error"]) == (None, None, None)
    assert told["questions"][0]["discrimination"] is None
    assert [flag["code"] for flag in told["questions"][0]["flags"]] == ["few"]


def test_nobody_has_taken_it(quiz: Quiz) -> None:
    told = client_of(an_instructor_of(quiz.activity.course)).get(address(quiz)).json()

    assert (told["tries"], told["questions"], told["mean"]) == (0, [], None)


def test_students_and_strangers_are_refused(quiz: Quiz) -> None:
    assert client_of(a_member(quiz.activity.course)).get(address(quiz)).status_code == 403
    assert client_of(an_instructor_of(a_course())).get(address(quiz)).status_code == 404


def test_an_unknown_choice_of_tries_is_refused_by_its_code(quiz: Quiz) -> None:
    client = client_of(an_instructor_of(quiz.activity.course))

    reply = client.get(address(quiz), {"tries": "best"})

    assert reply.status_code == 400
    assert "tries_invalid" in reply.content.decode()
    assert client.get(address(quiz), {"tries": "first"}).status_code == 200

"""The quiz in a browser: what is sent by hand does no harm, and without scripts the page says what is saved."""

import pytest
from builders import a_member
from django.test import Client
from django.urls import reverse

from quizzes.models import Attempt
from quizzes.services import save_answer
from quizzes.starting import start_attempt
from tests.quizzes.building import a_quiz

pytestmark = pytest.mark.django_db
WORD = 4


@pytest.fixture
def attempt(client: Client) -> Attempt:
    quiz = a_quiz()
    student = a_member(quiz.activity.course)
    client.force_login(student)
    return start_attempt(quiz=quiz, student=student)


@pytest.mark.parametrize("revision", ["9" * 5_000, "-1", "nine", ""])
def test_a_revision_that_is_none_is_refused_as_stale(client: Client, attempt: Attempt, revision: str) -> None:
    save_answer(attempt=attempt, position=WORD, value="first", revision=0)
    url = reverse("portal:answer", args=[attempt.pk, WORD])
    answer = client.post(url, {"answer": "second", "revision": revision}, headers={"Accept": "application/json"})
    assert answer.status_code == 409
    assert answer.json()["code"] == "stale_revision"
    assert attempt.questions.get(position=WORD).value == "first"


def test_without_scripts_each_question_tells_what_is_saved(client: Client, attempt: Attempt) -> None:
    page = reverse("portal:attempt", args=[attempt.pk])
    assert "Saved: <bdi>" not in client.get(page).content.decode()
    save_answer(attempt=attempt, position=WORD, value="<first>", revision=0)
    assert "Saved: <bdi>&lt;first&gt;</bdi>" in client.get(page).content.decode()


def test_without_scripts_an_answer_from_another_tab_is_not_called_saved_here(client: Client, attempt: Attempt) -> None:
    save_answer(attempt=attempt, position=WORD, value="theirs", revision=0)
    answer = client.post(reverse("portal:answer", args=[attempt.pk, WORD]), {"answer": "mine", "revision": "0"})
    assert answer.status_code == 409
    assert "Saved: <bdi>mine" not in answer.content.decode()
    assert "theirs" in answer.content.decode()

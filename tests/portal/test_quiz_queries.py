"""What taking a quiz asks of the database: as little for many questions and a full class as for few."""

from collections.abc import Callable

import pytest
from builders import a_member
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from quizzes.models import Attempt
from tests.quizzes.building import a_bank, a_quiz, an_attempt

pytestmark = pytest.mark.django_db
Asking = Callable[[Client, Attempt], HttpResponse]
IN_TRANSACTION = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")


def view(client: Client, attempt: Attempt) -> HttpResponse:
    return client.get(reverse("portal:attempt", args=[attempt.pk]))


def autosave(client: Client, attempt: Attempt) -> HttpResponse:
    address = reverse("portal:answer", args=[attempt.pk, 1])
    return client.post(address, {"answer": "true", "revision": "0"}, headers={"Accept": "application/json"})


def autosave_by_api(client: Client, attempt: Attempt) -> HttpResponse:
    address = reverse("api:answer", args=[attempt.pk, 1])
    return client.put(address, {"value": "true", "revision": 0}, content_type="application/json")


def finish(client: Client, attempt: Attempt) -> HttpResponse:
    return client.post(reverse("portal:finish", args=[attempt.pk]))


def review(client: Client, attempt: Attempt) -> HttpResponse:
    finish(client, attempt)
    return client.get(reverse("portal:review", args=[attempt.pk]))


def asked_of_the_database(asking: Asking, *, questions: int, students: int) -> list[str]:
    quiz = a_quiz(questions=a_bank(questions), questions_per_page=5)
    for _ in range(students):
        an_attempt(quiz)
    attempt = an_attempt(quiz, student=a_member(quiz.activity.course))
    client = Client()
    client.force_login(attempt.student)
    view(client, attempt)  # what is read once per process is read now
    with CaptureQueriesContext(connection) as queries:
        answer = asking(client, attempt)
    assert answer.status_code in (200, 302), answer.content
    return [query["sql"] for query in queries if not query["sql"].startswith(IN_TRANSACTION)]


@pytest.mark.parametrize(
    ("asking", "at_most"), [(view, 6), (autosave, 5), (autosave_by_api, 6), (finish, 12), (review, 27)]
)
def test_it_takes_the_same_few_queries_for_many_questions_and_students(asking: Asking, at_most: int) -> None:
    few = asked_of_the_database(asking, questions=6, students=0)
    many = asked_of_the_database(asking, questions=40, students=7)
    assert len(many) == len(few), "\n".join(many)
    assert len(many) <= at_most, "\n".join(many)

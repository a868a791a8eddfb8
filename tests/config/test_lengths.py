"""A Content-Length that is no length is refused before anything makes a number of it."""

from typing import Any

import pytest
from builders import a_user
from django.test import Client

from config.lengths import DeclaredLengthMiddleware
from tests.api.calling import V1, client_of, problem
from tests.quizzes.building import WORD, a_quiz, an_attempt

pytestmark = pytest.mark.django_db

MALFORMED = {
    "5,000 digits": "9" * 5000,
    "20 digits": "9" * 20,
    "negative": "-1",
    "a sign": "+5",
    "digits of another script": "٣",
    "a power": "²",
    "an underscore": "1_000",
    "a space inside": "1 0",
    "a list": "5, 5",
    "a point": "1.0",
    "hexadecimal": "0x10",
    "a word": "none",
    "a newline": "5\n",
}
each_malformed = pytest.mark.parametrize("declared", MALFORMED.values(), ids=MALFORMED)


@each_malformed
@pytest.mark.parametrize("user_is_known", [True, False])
def test_the_api_answers_with_a_problem(declared: str, user_is_known: bool) -> None:
    client = client_of(a_user() if user_is_known else None)
    for reply in (
        client.post(f"{V1}courses/join/", {"code": "ABCDEFGH"}, CONTENT_LENGTH=declared),
        client.get(f"{V1}me/", CONTENT_LENGTH=declared),
        client.put(f"{V1}nowhere/", {}, CONTENT_LENGTH=declared),
    ):
        assert "Send it again with the right one" in problem(reply, 400, "content_length_malformed")["detail"]
        assert "default-src 'none'" in reply["Content-Security-Policy"]


@each_malformed
def test_a_page_says_so_and_nothing_was_done(declared: str) -> None:
    attempt = an_attempt(a_quiz(questions=[WORD]))
    client = Client(raise_request_exception=False)
    client.force_login(attempt.student)
    sent = {"answer": "WORKDIR", "revision": "0"}
    for address in (f"/attempts/{attempt.pk}/answers/1/", f"/attempts/{attempt.pk}/files/1/", "/join/", "/"):
        reply = client.post(address, sent, CONTENT_LENGTH=declared)
        assert reply.status_code == 400, address
        assert "is no whole number of bytes" in reply.content.decode()
        assert "default-src 'none'" in reply["Content-Security-Policy"]
    asked = attempt.questions.get()
    assert (asked.value, asked.revision) == (None, 0)


@each_malformed
def test_what_has_no_view_fails_no_worse(declared: str) -> None:
    client = Client(raise_request_exception=False)
    for address, status in (("/livez", 200), ("/nowhere/", 404), ("/static/nothing.css", 404), ("/admin/login/", 400)):
        assert client.post(address, {}, CONTENT_LENGTH=declared).status_code in {status, 404}, address
        assert client.get(address, CONTENT_LENGTH=declared).status_code == status, address


@pytest.mark.parametrize("declared", ["", "0", "000"])
def test_a_body_of_nothing_is_no_fault(declared: str) -> None:
    assert client_of(a_user()).get(f"{V1}me/", CONTENT_LENGTH=declared).status_code == 200


def test_the_longest_length_that_is_one_is_judged_as_such() -> None:
    reply = client_of(a_user()).post(f"{V1}courses/join/", {"code": "ABCDEFGH"}, CONTENT_LENGTH="9" * 19)
    problem(reply, 413, "request_too_large")
    attempt = an_attempt(a_quiz(questions=[WORD]))
    client = Client()
    client.force_login(attempt.student)
    form = "application/x-www-form-urlencoded"
    page = client.post(f"/attempts/{attempt.pk}/answers/1/", "answer=x", content_type=form, CONTENT_LENGTH="9" * 19)
    assert page.status_code == 400
    assert attempt.questions.get().revision == 0


def test_it_comes_before_all_others(settings: Any) -> None:
    assert settings.MIDDLEWARE[0] == f"{DeclaredLengthMiddleware.__module__}.{DeclaredLengthMiddleware.__name__}"

"""Answers of every shape to every kind of question: saved or refused in words, and never a page that cannot be shown.

Each is sent as JSON, as a script's form and as a page's form; after each the try can be seen, and in the end marked.
"""

import json
from typing import Any

import pytest
from builders import a_course, a_member
from django.core.cache import cache
from django.test import Client

from quizzes.models import Attempt
from quizzes.starting import start_attempt
from quizzes.types import REGISTRY
from tests.api.calling import V1, client_of
from tests.quizzes.building import a_quiz
from tests.quizzes.hostile import HOSTILE

pytestmark = pytest.mark.django_db

KINDS = sorted(REGISTRY)
TEXTS = {
    "nothing": "",
    "blank": " \t\r\n ",
    "markup": HOSTILE,
    "NUL": "a\x00b",
    "half a character": "\ud800",
    "bidirectional": "\u202eabc\u2066",
    "long": "x" * 70_000,
    "many digits": "9" * 5_000,
    "a huge power": "1e999999999",
    "a tiny power": "1e-999999999",
    "no number": "NaN",
    "without end": "-Infinity",
    "digits of another script": "٣",
    "a fraction": "1/0",
    "brackets": "[" * 3_000,
    "quotes": "'\"`$(id);\\",
    "a formula": "=1+1",
    "a template": "{{ 7 * 7 }}{% debug %}",
    "a pattern": "(a+)+$" * 50,
    "a heredoc": "RUN <<EOF\n" * 500,
    "many lines": "FROM a\n" * 5_000,
    "a path": "../../etc/passwd",
}
SHAPES: dict[str, Any] = {
    "true": True,
    "a number": 7,
    "a fraction": -1.5,
    "a large number": 10**300,
    "an empty list": [],
    "a list": ["x", "x"],
    "a list of odd things": [None, True, 7, [], {}],
    "a long list": ["x"] * 5_000,
    "an empty object": {},
    "an object": {"x": "y"},
    "an object of odd things": {"": None, "x": ["y"], "z": {"a": 1}},
    "a large object": {f"b{number}": "x" for number in range(5_000)},
    "names of Python's": {"__class__": "x", "__init__": "y"},
    "deep": json.loads("[" * 400 + "]" * 400),
}


@pytest.fixture(autouse=True)
def _nobody_has_called_yet() -> None:
    cache.clear()


def a_try(kind: str, mode: str) -> Attempt:
    """A try that asks the first sample of the kind."""
    quiz = a_quiz(a_course(), questions=[dict(REGISTRY.get(kind).samples()[0].spec)], mode=mode)
    return start_attempt(quiz=quiz, student=a_member(quiz.activity.course))


def as_json(attempt: Attempt) -> dict[str, Any]:
    """What is sent by JSON: every text and shape, and both in the question's own parts and options."""
    public = attempt.questions.get().content.public()
    sent = TEXTS | SHAPES
    for name, text in TEXTS.items():
        sent[f"{name} in a list"] = [text]
        sent[f"{name} in the parts"] = {part.id: text for part in public.parts} or {text: text}
    for name, shape in SHAPES.items():
        sent[f"{name} in the parts"] = {part.id: shape for part in public.parts} or {"x": shape}
    if public.options:
        sent["an option too often"] = [public.options[0].id] * 300
        sent["all options and one more"] = [*(option.id for option in public.options), "x"]
    return sent


def as_forms(attempt: Attempt) -> dict[str, dict[str, Any]]:
    """What forms send: names to values, without the position."""
    public = attempt.questions.get().content.public()
    sent: dict[str, dict[str, Any]] = {}
    for name, text in TEXTS.items():
        told = text.encode("utf-8", "replace").decode()  # no browser sends half a character
        sent[name] = {"answer": told}
        sent[f"{name} in the parts"] = {f"answer-{part.id}": told for part in public.parts} or {"answer-x": told}
        sent[f"{name} as a part"] = {f"answer-{told[:200]}": told}
    sent["twice"] = {"answer": ["x", "x"], "answer-x": ["x", "y"]}
    sent["a thousand parts"] = {f"answer-{number}": "x" for number in range(1_000)}
    return sent


def seen(client: Any, attempt: Attempt) -> int:
    """The status of the page that shows the try."""
    return int(client.get(f"/attempts/{attempt.pk}/").status_code)


@pytest.mark.parametrize("kind", KINDS)
def test_any_json_is_an_answer_or_is_refused_in_words(kind: str) -> None:
    attempt = a_try(kind, "standard")
    api, browser = client_of(attempt.student), Client(raise_request_exception=False)
    browser.force_login(attempt.student)
    for name, value in as_json(attempt).items():
        cache.clear()
        revision = attempt.questions.get().revision
        body = json.dumps({"value": value, "revision": revision})
        reply = api.put(f"{V1}attempts/{attempt.pk}/answers/1/", body, content_type="application/json")
        assert reply.status_code in {200, 400, 422}, (name, reply.content)
        if reply.status_code != 200:
            assert reply.json()["detail"], name
            assert attempt.questions.get().revision == revision, name
        elif attempt.questions.get().revision != revision:
            assert seen(browser, attempt) == 200, name
    _is_marked(api, browser, attempt)


@pytest.mark.parametrize("kind", KINDS)
def test_any_form_is_an_answer_or_stays_in_its_field(kind: str) -> None:
    attempt = a_try(kind, "practice")
    browser = Client(raise_request_exception=False)
    browser.force_login(attempt.student)

    def send_page(form: dict[str, Any]) -> int:
        sent = {f"{field}@1": value for field, value in form.items()}
        reply = browser.post(f"/attempts/{attempt.pk}/", {**sent, "revision@1": "0", "page": "1"}, follow=True)
        return int(reply.status_code)

    forms = as_forms(attempt)
    for name, form in forms.items():
        revision = str(attempt.questions.get().revision)
        reply = browser.post(f"/attempts/{attempt.pk}/answers/1/", {**form, "revision": revision})
        assert reply.status_code in {200, 422}, (name, reply.content)
        assert send_page(form) in {200, 409}, name
    assert browser.post(f"/attempts/{attempt.pk}/check/1/").status_code in {200, 409}
    for name in ("markup", "markup in the parts", "nothing", "NUL as a part"):
        assert send_page(forms[name]) in {200, 409}, name
    _is_marked(client_of(attempt.student), browser, attempt)


def _is_marked(api: Any, browser: Client, attempt: Attempt) -> None:
    assert api.post(f"{V1}attempts/{attempt.pk}/finish/").status_code == 200
    assert api.get(f"{V1}attempts/{attempt.pk}/review/").status_code == 200
    assert browser.get(f"/attempts/{attempt.pk}/review/").status_code == 200
    attempt.refresh_from_db()
    assert attempt.state == "CLOSED"

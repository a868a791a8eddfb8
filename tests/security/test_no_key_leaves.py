"""What is right, and why, leaves the server for nobody before it is released: every kind of question, every reply.

A quiz holds a question of each kind. What its student is not to know yet is gathered from the files of its questions,
and looked for in every page and reply that the student, a classmate and somebody from outside can ask for.
"""

import html
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from builders import a_course, a_member, a_user
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from routes import all_routes

from courses.models import Course
from quizzes.models import Attempt, Quiz
from quizzes.services import close_attempt, save_answer
from quizzes.showing import ask
from quizzes.starting import start_attempt
from quizzes.types import REGISTRY
from tests.quizzes.building import a_quiz
from tests.quizzes.hostile import something_given

pytestmark = pytest.mark.django_db

NOW = timezone.now()
DUE = NOW + timedelta(hours=1)
SHORTEST = 4
"""Anything shorter is found by chance."""


def spec_of(kind: str) -> dict[str, Any]:
    """A sample of the kind, whose explanation and feedback are found nowhere else."""
    marked = _with_marks(REGISTRY.get(kind).samples()[0].spec, kind)
    return {**marked, "id": kind.replace("_", "-"), "explanation": f"zz-explanation-of-{kind}"}


def _with_marks(spec: Any, kind: str) -> Any:
    if isinstance(spec, dict):
        return {
            name: f"zz-{name}-on-{kind}" if name in {"feedback", "shown"} else _with_marks(value, kind)
            for name, value in spec.items()
        }
    return [_with_marks(one, kind) for one in spec] if isinstance(spec, list) else spec


def asked_in(spec: dict[str, Any]) -> str:
    """All that a question shows while it is asked."""
    question = REGISTRY.question(spec)
    shown = ask(question, position=1, option_order=[], max_points=question.points, value=None)
    return f"{shown}\n{spec.get('dockerfile', '')}"


def secrets_of(spec: dict[str, Any]) -> set[str]:
    """What nobody is told before release: explanation, feedback, and keys that no question of the quiz shows."""
    key = REGISTRY.question(spec).key()
    keys = {text for text in (*key.texts, *key.literals) if len(text) >= SHORTEST and text not in ASKED}
    words = json.dumps(spec)
    marks = {f"zz-{name}-on-{spec['kind']}" for name in ("feedback", "shown") if f"zz-{name}-on" in words}
    return {spec["explanation"], *marks, *keys}


SPECS = {kind: spec_of(kind) for kind in REGISTRY}
ASKED = "\n".join(map(asked_in, SPECS.values()))
SECRETS = set().union(*(secrets_of(spec) for spec in SPECS.values()))


def given_away(content: bytes) -> list[str]:
    """The secrets in a reply, however they are written there."""
    text = content.decode(errors="replace")
    readings = [text, html.unescape(text)]
    if text[:1] in ("{", "["):
        readings.append("\n".join(_strings(json.loads(text))))
    return sorted(secret for secret in SECRETS if any(secret in reading for reading in readings))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for one in value:
            yield from _strings(one)
    else:
        yield str(value)


def addresses(course: Course, quiz: Quiz, *attempts: Attempt) -> Iterator[str]:
    """Everything that students may read and that is about the course, the quiz, or one of these tries."""
    values = {"course_slug": course.slug, "activity_id": quiz.activity_id, "position": 1, "sha256": "0" * 64}
    for route in all_routes():
        if not route.name.startswith(("portal:", "api:")) or route.name.startswith(("portal:teach", "portal:gallery")):
            continue
        for attempt in attempts:
            slug = quiz.activity.slug if "course_slug" in route.parameters else course.slug
            known = values | {"slug": slug, "pk": attempt.pk}
            if route.parameters <= known.keys():
                yield reverse(route.name, kwargs={name: known[name] for name in route.parameters})
    for attempt in attempts:
        yield from (f"/attempts/{attempt.pk}/?page={page}" for page in range(1, 5))


@pytest.fixture(params=["exam", "practice"])
def quiz(request: pytest.FixtureRequest) -> Iterator[Quiz]:
    with time_machine.travel(NOW, tick=False):
        held_back = {"scores": "after_due", "keys": "after_due"}
        specs = list(SPECS.values())
        yield a_quiz(a_course(), questions=specs, activity={"due_at": DUE}, mode=request.param, release=held_back)


def a_closed_try(quiz: Quiz) -> Attempt:
    """A try in which something was given to every question, as far as the mode lets."""
    attempt = start_attempt(quiz=quiz, student=a_member(quiz.activity.course))
    for asked in attempt.questions.select_related("question_version"):
        value = something_given(asked.content)
        if value is not None and not asked.content.needs_person:
            save_answer(attempt=attempt, position=asked.position, value=value, revision=0)
    return close_attempt(attempt=attempt)


def test_there_is_something_to_be_found_of_every_kind() -> None:
    for spec in SPECS.values():
        assert len(secrets_of(spec)) >= 2, spec["kind"]


def test_no_page_and_no_reply_tells_before_release(quiz: Quiz) -> None:
    closed = a_closed_try(quiz)
    course = quiz.activity.course
    under_way = start_attempt(quiz=quiz, student=closed.student)
    people = {"student": closed.student, "classmate": a_member(course), "stranger": a_user(), "nobody": None}
    seen = 0
    for who, user in people.items():
        client = Client(raise_request_exception=False)
        if user is not None:
            client.force_login(user)
        for address in addresses(course, quiz, closed, under_way):
            reply = client.get(address)
            content = b"".join(reply.streaming_content) if reply.streaming else reply.content
            assert given_away(content) == [], (who, address)
            seen += reply.status_code == 200
    assert seen > 30


def test_after_release_the_student_is_told_everything(quiz: Quiz) -> None:
    closed = a_closed_try(quiz)
    client = Client()
    client.force_login(closed.student)
    with time_machine.travel(DUE + timedelta(hours=1), tick=False):
        told = given_away(client.get(f"/attempts/{closed.pk}/review/").content)
    assert {spec["explanation"] for spec in SPECS.values()} <= set(told)


def test_what_browsers_load_holds_nothing_of_the_banks() -> None:
    built = Path(settings.REPOSITORY) / "platform/portal/static/portal/build"
    files = [file for file in built.rglob("*") if file.is_file()]
    assert files
    assert [file.name for file in files if file.suffix == ".map"] == []
    keys = {"zz-explanation", "misconception", "right_answers", "answer_key"}
    for file in files:
        text = file.read_bytes().decode(errors="replace")
        assert [key for key in keys if key in text] == [], file.name

"""A student, or another course's people, at the pages and calls of staff: nothing is seen there, nothing is done."""

import json
from typing import Any

import pytest
from builders import a_course, a_member, an_instructor_of
from django.urls import reverse
from routes import Route, all_routes

from gradebook.models import Score
from quizzes.models import Attempt, Quiz
from quizzes.services import close_attempt
from tests.security.cheating import WAYS, WORD_AT, nothing_changes, taken

pytestmark = pytest.mark.django_db

KEYS = ("zz-key", "feedback-on", "explanation-of", "1536")
STAFF_API = {"members", "roster", "grades-csv", "overrides", "score-override", "quiz-statistics"}
FORGED = {
    "points": "10",
    "override-points": "10",
    "override-reason": "I earned it.",
    "comment": "Well done.",
    "extension-extra_attempts": "9",
    "extension-extra_minutes": "600",
    "extension-reason": "I ask for it.",
    "code": "open",
    "reason": "Stop.",
    "published": "on",
    "action": "apply",
    "do": "draw",
}


def staff_routes() -> list[Route]:
    """Every address for staff that is about a quiz, its questions or its points."""
    return [
        route
        for route in all_routes()
        if route.name.startswith("portal:teach-") or route.name in {f"api:{name}" for name in STAFF_API}
    ]


def address_of(route: Route, quiz: Quiz, attempt: Attempt, score: Score) -> str:
    values = {
        "slug": quiz.activity.course.slug,
        "activity_slug": quiz.activity.slug,
        "activity_id": quiz.activity_id,
        "question_slug": "workdir",
        "user_id": attempt.student_id,
        "section_id": quiz.activity.course.sections.get().pk,
        "regrade_id": 1,
        "code": "ABCDEF",
        "number": 1,
        "pk": score.pk,
    }
    return reverse(route.name, kwargs={name: values[name] for name in route.parameters})


def test_there_are_many_addresses_for_staff() -> None:
    names = {route.name for route in staff_routes()}
    pages = ("question-variants", "question-proof", "statistics", "marking")
    assert {*(f"api:{name}" for name in STAFF_API), *(f"portal:teach-{name}" for name in pages)} <= names


@pytest.mark.parametrize("who", ["its student", "another course's instructor", "another course's student"])
def test_no_page_of_staff_shows_or_does_anything(way: Any, who: str) -> None:
    attempt = close_attempt(attempt=taken(release={"scores": "never", "keys": "never"}))
    quiz, course = attempt.quiz, attempt.quiz.activity.course
    course.sections.create(name="Tuesday")
    elsewhere = a_course()
    people = {
        "its student": attempt.student,
        "another course's instructor": an_instructor_of(elsewhere),
        "another course's student": a_member(elsewhere),
    }
    client = way(people[who]).client
    is_api = way is WAYS["api"]
    sent, kind = (json.dumps(FORGED), {"content_type": "application/json"}) if is_api else (FORGED, {})
    with nothing_changes():
        for route in staff_routes():
            address = address_of(route, quiz, attempt, Score.objects.get())
            replies = client.get(address), *(send(address, sent, **kind) for send in (client.post, client.put))
            for reply in replies:
                content = b"".join(reply.streaming_content) if reply.streaming else reply.content
                told = content.decode()
                assert reply.status_code in {302, 401, 403, 404, 405, 415}, (route.name, reply.status_code)
                assert reply.status_code != 302 or "/login/" in reply["Location"], route.name
                assert [key for key in KEYS if key in told] == [], route.name


@pytest.mark.parametrize("model", ["question", "questionversion", "quiz", "attempt"])
def test_the_admin_is_closed_to_students_and_to_teachers_who_are_no_administrators(way: Any, model: str) -> None:
    attempt = taken()
    for user in (attempt.student, an_instructor_of(attempt.quiz.activity.course)):
        client = way(user).client
        for place in ("", "add/", "1/change/", "1/delete/"):
            reply = client.get(f"/admin/quizzes/{model}/{place}")
            assert reply.status_code in {302, 403, 404}, place
            assert [key for key in KEYS if key in reply.content.decode()] == []


def test_what_was_answered_is_not_read_back_before_its_release(way: Any) -> None:
    attempt = close_attempt(attempt=taken(release={"answers": "never", "scores": "never", "keys": "never"}))
    student = way(attempt.student)
    with nothing_changes():
        for said in (
            student.save(attempt, WORD_AT, "WORKDIR", revision=1),
            student.finish(attempt),
            student.see(attempt),
            student.review(attempt),
        ):
            assert "USER" not in said.words

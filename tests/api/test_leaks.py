"""No reply gives away a key, unreleased feedback, what a hidden check looks for, or what was drawn.

Every address of portal and API that students may read is asked as a student with a try under way, one that is closed
and not released, and a graded submission that failed a hidden check. After release, the review has it all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
import time_machine
from builders import a_course, a_member, a_submission
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from routes import Route, all_routes

from accounts.models import User
from courses.models import Course
from labs.models import Submission
from quizzes.models import Attempt
from quizzes.services import close_attempt, save_answer
from quizzes.starting import start_attempt
from tests.api.handing_in import HIDDEN, a_secretive_lab, grade_next
from tests.quizzes.building import ONE_OF_EACH, a_quiz

pytestmark = pytest.mark.django_db

NOW = timezone.now()
# Answers, feedback and explanations by their markers; so do ids of questions, by their names.
KEYS = ("zz-key", "1536", "feedback-on", "explanation-of", "zz-expose")
FIELDS = ('"seed"', '"trouble"', '"worker"', '"join_code"', '"right": true', '"right": false', '"answer":', '"plan"')
NOT_FOR_STUDENTS = ("portal:teach", "portal:gallery", "admin:", "<admin")


@dataclass(frozen=True)
class Class:
    """A student's work in a course, in each state in which something is to be hidden."""

    course: Course
    student: User
    under_way: Attempt
    closed: Attempt
    submission: Submission

    def addresses(self, route: Route) -> Iterator[str]:
        """Where this route shows something of the student's."""
        for attempt in (self.under_way, self.closed):
            about_quiz = "quiz" in route.name
            activity = (attempt.quiz if about_quiz else self.submission.lab).activity
            is_attempt = "attempt" in route.name or route.name.rpartition(":")[2] in {"finish", "review"}
            values = {
                "course_slug": self.course.slug,
                "slug": activity.slug if "course_slug" in route.parameters else self.course.slug,
                "activity_id": activity.pk,
                "position": 1,
                "pk": attempt.pk if is_attempt else self.submission.pk,
            }
            if route.parameters <= values.keys():
                yield reverse(route.name, kwargs={name: values[name] for name in route.parameters})


@pytest.fixture
def class_() -> Iterator[Class]:
    with time_machine.travel(NOW, tick=False):
        course = a_course()
        student = a_member(course)
        held_back = {"scores": "after_due", "keys": "after_due"}
        quiz = a_quiz(course, activity={"due_at": NOW + timedelta(hours=1)}, release=held_back)
        closed = start_attempt(quiz=quiz, student=student)
        save_answer(attempt=closed, position=3, value=True, revision=0)
        save_answer(attempt=closed, position=4, value="cd", revision=0)
        close_attempt(attempt=closed)
        yield Class(
            course=course,
            student=student,
            under_way=start_attempt(quiz=quiz, student=student),
            closed=closed,
            submission=grade_next(a_submission(a_secretive_lab(course), author=student)),
        )


def readable() -> list[Route]:
    return [route for route in all_routes() if route.name.startswith(("portal:", "api:"))]


def test_no_reply_to_a_student_gives_anything_away(class_: Class) -> None:
    client = Client()
    client.force_login(class_.student)
    read = set()
    for route in readable():
        if route.name.startswith(NOT_FOR_STUDENTS) or route.name in {"api:schema", "api:docs", "api:unknown"}:
            continue
        for address in class_.addresses(route):
            reply = client.get(address)
            content = b"".join(reply.streaming_content) if reply.streaming else reply.content
            said = content.decode()
            given_away = [secret for secret in (*KEYS, *HIDDEN) if secret in said]
            assert given_away == [], address
            if reply["Content-Type"].startswith("application/json") and route.name != "api:submission-report":
                spaced = said.replace('":', '": ').replace(":  ", ": ")
                assert [field for field in FIELDS if field in spaced] == [], address
            if reply.status_code == 200:
                read.add(route.name)
    assert {
        "api:attempt",
        "api:attempt-review",
        "api:attempts",
        "api:quiz",
        "api:grades",
        "api:lab",
        "api:submission",
        "api:submission-events",
        "api:submission-report",
        "api:submission-log",
        "portal:attempt",
        "portal:review",
        "portal:quiz",
        "portal:lab",
        "portal:submission",
        "portal:dashboard",
    } <= read


def test_replies_to_saving_and_finishing_give_nothing_away(class_: Class) -> None:
    client = Client()
    client.force_login(class_.student)
    address = f"/api/v1/attempts/{class_.under_way.pk}/"
    for position, value in enumerate(["x", ["x"], True, "cd", "1 KiB"], 1):
        for revision in (0, 7):
            reply = client.put(
                f"{address}answers/{position}/", {"value": value, "revision": revision}, "application/json"
            )
            assert [secret for secret in KEYS if secret in reply.content.decode()] == []
    for _ in range(2):
        assert [secret for secret in KEYS if secret in client.post(f"{address}finish/").content.decode()] == []


def test_the_review_has_it_all_after_release_and_the_report_still_hides_what_it_hid(class_: Class) -> None:
    with time_machine.travel(NOW + timedelta(hours=2), tick=False):
        client = Client()
        client.force_login(class_.student)
        for address in (f"/api/v1/attempts/{class_.closed.pk}/review/", f"/attempts/{class_.closed.pk}/review/"):
            said = client.get(address).content.decode()
            for question in ONE_OF_EACH:
                assert str(question["explanation"]) in said
            for key in ("zz-key-WORKDIR", "1536", "feedback-on-expose", "feedback-on-cd"):
                assert key in said, (address, key)
        report = client.get(f"/api/v1/submissions/{class_.submission.pk}/report/").content.decode()
        assert [secret for secret in HIDDEN if secret in report] == []

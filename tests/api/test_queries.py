"""Lists cost the same number of queries however long they are."""

from typing import Any

import pytest
from builders import a_course, a_lab, a_member, a_submission, an_activity, an_instructor_of
from django.db import connection
from django.test.utils import CaptureQueriesContext

from courses.models import Course, Role
from gradebook.services import record
from quizzes.starting import start_attempt
from tests.api.calling import V1, client_of
from tests.quizzes.building import a_quiz

pytestmark = pytest.mark.django_db


def fill(course: Course, *, teacher: Any) -> None:
    """Add one more of everything that lists show."""
    student = a_member(course)
    a_member(a_course(), role=Role.INSTRUCTOR, user=teacher)
    lab = a_lab(course)
    a_submission(lab, author=student)
    start_attempt(quiz=a_quiz(course), student=student)
    record(activity=an_activity(course), user=student, points=5, max_points=10, source_kind="submission", source_id=1)


@pytest.mark.parametrize(
    ("path", "at_most"),
    [
        ("courses/", 4),
        ("courses/{slug}/activities/", 8),
        ("courses/{slug}/members/", 6),
        ("courses/{slug}/grades/", 6),
        ("courses/{slug}/grade-events/", 6),
        ("attempts/", 4),
        ("submissions/", 4),
    ],
)
def test_a_longer_list_costs_no_more_queries(path: str, at_most: int) -> None:
    course = a_course()
    teacher = an_instructor_of(course)
    client = client_of(teacher)
    address = V1 + path.format(slug=course.slug)

    def asked() -> tuple[int, int]:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            reply = client.get(address)
        assert reply.status_code == 200
        body = reply.json()
        return len(queries), len(body["results"] if isinstance(body, dict) else body)

    fill(course, teacher=teacher)
    few, short = asked()
    for _ in range(3):
        fill(course, teacher=teacher)
    many, long = asked()
    assert long > short
    assert many == few <= at_most

"""Points that a quiz holds back from students are in no reply of the API about grades."""

from datetime import timedelta

import pytest
import time_machine
from builders import an_instructor_of
from django.utils import timezone
from rest_framework.test import APIClient

from quizzes.services import close_attempt
from tests.quizzes.building import a_quiz, an_attempt

pytestmark = pytest.mark.django_db

NOW = timezone.now()


@pytest.mark.parametrize("path", ["grades", "grade-events"])
def test_students_see_their_points_from_the_release_on_and_staff_at_once(path: str) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        window = {"due_at": NOW + timedelta(hours=1)}
        quiz = a_quiz(activity=window, release={"scores": "after_due", "keys": "after_due"})
        attempt = close_attempt(attempt=an_attempt(quiz))
        course = quiz.activity.course
        address = f"/api/v1/courses/{course.slug}/{path}/"

        def rows_for(user: object) -> int:
            client = APIClient()
            client.force_authenticate(user)
            reply = client.get(address)
            assert reply.status_code == 200, reply.content
            body = reply.json()
            return len(body["results"] if isinstance(body, dict) else body)

        assert rows_for(attempt.student) == 0
        assert rows_for(an_instructor_of(course)) == 1
        clock.move_to(NOW + timedelta(hours=1))
        assert rows_for(attempt.student) == 1

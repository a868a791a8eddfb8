"""When a quiz's rule for several tries changes, what counts follows for what was handed in already, once."""

from typing import Any

import pytest
from builders import a_course, a_member

from accounts.models import User
from courses.models import Activity
from gradebook.models import GradeEvent, Score
from quizzes.content import sync_quiz
from quizzes.models import Quiz
from quizzes.services import close_attempt, save_answer
from quizzes.standings import count_anew
from quizzes.starting import start_attempt
from tests.quizzes.building import a_bank, a_quiz

pytestmark = pytest.mark.django_db


def a_quiz_with_tries(*rights: int, **settings: Any) -> tuple[Quiz, User]:
    """A quiz worth ten points, and a student who handed in tries with so many right answers."""
    quiz = a_quiz(a_course(), questions=a_bank(10), attempts=5, **settings)
    student = a_member(quiz.activity.course)
    for right in rights:
        attempt = start_attempt(quiz=quiz, student=student)
        for position in range(1, right + 1):
            save_answer(attempt=attempt, position=position, value=True, revision=0)
        close_attempt(attempt=attempt)
    return quiz, student


def with_scoring(quiz: Quiz, scoring: str) -> Activity:
    """The quiz's activity, once its file says this."""
    quiz.refresh_from_db()
    assert quiz.current_version is not None
    spec = quiz.current_version.settings.model_copy(update={"scoring": scoring})
    sync_quiz(activity=quiz.activity, spec=spec)
    return Activity.objects.get(pk=quiz.activity_id)


def points(student: User) -> int:
    return int(Score.objects.get(user=student).points or 0)


@pytest.mark.parametrize(("scoring", "expected"), [("best", 8), ("last", 4), ("first", 6), ("average", 6)])
def test_the_rule_that_holds_now_counts_for_tries_handed_in_before(scoring: str, expected: int) -> None:
    quiz, student = a_quiz_with_tries(6, 8, 4)
    assert points(student) == 8
    moved = count_anew(activity=with_scoring(quiz, scoring))
    assert (points(student), moved) == (expected, int(expected != 8))


def test_counting_anew_twice_is_told_once() -> None:
    quiz, student = a_quiz_with_tries(8, 4)
    activity = with_scoring(quiz, "last")
    assert [count_anew(activity=activity), count_anew(activity=activity)] == [1, 0]
    told = GradeEvent.objects.filter(user=student).order_by("pk").values_list("points", flat=True)
    assert list(told) == [8, 4]


def test_tries_under_way_and_other_quizzes_are_left_alone() -> None:
    quiz, student = a_quiz_with_tries(8, 4)
    other, bystander = a_quiz_with_tries(8, 4)
    start_attempt(quiz=quiz, student=student)
    count_anew(activity=with_scoring(quiz, "last"))
    assert (points(student), points(bystander)) == (4, 8)
    assert other.attempts.closed().count() == 2


def test_a_quiz_that_nobody_took_has_nothing_to_count() -> None:
    quiz, _ = a_quiz_with_tries()
    assert count_anew(activity=with_scoring(quiz, "last")) == 0

"""Which of several tries counts: the best, the last, the first, or their average after lateness."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from builders import a_member
from django.utils import timezone

from gradebook.models import GradeEvent, Score
from quizzes.models import Attempt, Quiz
from quizzes.services import close_attempt, save_answer, start_attempt
from tests.quizzes.building import a_bank, a_quiz

pytestmark = pytest.mark.django_db

NOW = timezone.now().replace(microsecond=0)
DAY = timedelta(days=1)


def tried(quiz: Quiz, student: object, right: int) -> Attempt:
    attempt = start_attempt(quiz=quiz, student=student)  # type: ignore[arg-type]  # a builder's person
    for position in range(1, right + 1):
        save_answer(attempt=attempt, position=position, value=True, revision=0)
    return close_attempt(attempt=attempt)


@pytest.mark.parametrize(
    ("scoring", "points"),
    [("best", [2, 6, 6]), ("last", [2, 6, 4]), ("first", [2, 2, 2]), ("average", [2, 4, 4])],
)
def test_after_each_try_the_gradebook_has_what_counts_by_the_quiz_s_rule(scoring: str, points: list[int]) -> None:
    quiz = a_quiz(questions=a_bank(6), scoring=scoring, attempts="unlimited")
    student = a_member(quiz.activity.course)
    counted = []
    for right in (2, 6, 4):
        tried(quiz, student, right)
        counted.append(Score.objects.get(user=student).final_points)
    assert counted == points


def test_an_average_is_one_of_shares_after_lateness_rounded_once() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        quiz = a_quiz(
            questions=a_bank(3),
            scoring="average",
            attempts="unlimited",
            activity={"due_at": NOW + DAY, "late_percent_per_day": 50},
        )
        student = a_member(quiz.activity.course)
        tried(quiz, student, 1)
        tried(quiz, student, 2)
        clock.move_to(NOW + DAY + DAY / 2)
        last = tried(quiz, student, 3)
    score = Score.objects.get(user=student)
    assert last.late_factor == Decimal("0.5")
    assert score.final_points == Decimal("1.5"), "one, two and half of three out of three"
    assert (score.late_factor, score.source_id) == (1, last.pk), "the try that brought the average about"


def test_an_average_of_thirds_has_two_digits() -> None:
    quiz = a_quiz(questions=a_bank(1), scoring="average", attempts="unlimited")
    student = a_member(quiz.activity.course)
    for right in (1, 1, 0):
        tried(quiz, student, right)
    assert Score.objects.get(user=student).final_points == Decimal("0.67")


def test_a_try_that_changes_nothing_of_what_counts_sends_no_event() -> None:
    quiz = a_quiz(questions=a_bank(2), scoring="first", attempts="unlimited")
    student = a_member(quiz.activity.course)
    for right in (1, 2, 0):
        tried(quiz, student, right)
    assert GradeEvent.objects.filter(user=student).count() == 1


def test_try_outs_of_staff_count_in_no_average() -> None:
    quiz = a_quiz(questions=a_bank(2), scoring="average", attempts="unlimited")
    teacher = quiz.activity.course.memberships.get(role="instructor").user
    tried(quiz, teacher, 2)
    assert not Score.objects.exists()

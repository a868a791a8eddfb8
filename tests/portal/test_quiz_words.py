"""What the start page says of a quiz's release is what its review then does."""

from datetime import timedelta

import pytest
from builders import a_member
from django.utils import timezone

from portal.templatetags.quiz_words import release_words
from quizzes.models import Quiz
from quizzes.pages import quiz_overview, review
from quizzes.services import close_attempt
from quizzes.starting import start_attempt
from tests.quizzes.building import a_quiz

pytestmark = pytest.mark.django_db

ALL_AFTER_DUE = {"answers": "after_due", "scores": "after_due", "keys": "after_due"}


def words_of(quiz: Quiz) -> str:
    return release_words(quiz_overview(quiz=quiz, user=a_member(quiz.activity.course)))


def test_without_a_time_to_wait_for_points_come_after_each_try_and_keys_with_the_last() -> None:
    quiz = a_quiz(release=ALL_AFTER_DUE, attempts=2)
    assert words_of(quiz) == (
        "You see your points and your answers right after handing in, "
        "the right answers and feedback when you have no try left."
    )
    student = a_member(quiz.activity.course)
    attempt = close_attempt(attempt=start_attempt(quiz=quiz, student=student))
    seen = review(attempt=attempt, viewer=student)
    assert (seen.with_scores, seen.with_answers, seen.with_keys, seen.with_feedback) == (True, True, False, False)


def test_with_a_time_to_wait_for_everything_comes_then() -> None:
    quiz = a_quiz(release=ALL_AFTER_DUE, activity={"due_at": timezone.now() + timedelta(hours=1)})
    assert words_of(quiz) == (
        "You see your points, your answers, the right answers and feedback once it is due for everybody."
    )


def test_what_is_never_shown_is_named() -> None:
    quiz = a_quiz(release={"keys": "never", "feedback": "never"})
    assert words_of(quiz) == (
        "You see your points and your answers right after handing in. Not shown here: the right answers and feedback."
    )

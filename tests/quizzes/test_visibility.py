"""Who sees which question, quiz, attempt and answer."""

from typing import Any

import pytest
from builders import a_course, a_member, a_user, an_instructor_of
from django.contrib.auth.models import AnonymousUser

from courses.models import Activity, Membership, Role
from quizzes.models import Answer, Attempt, AttemptQuestion, Question, QuestionVersion, Quiz, QuizVersion
from quizzes.services import save_answer
from tests.quizzes.building import a_quiz, an_attempt

pytestmark = pytest.mark.django_db

KEYS = [Question, QuestionVersion, QuizVersion]
PARTS = [Attempt, AttemptQuestion, Answer]


@pytest.mark.parametrize("model", KEYS)
def test_what_holds_keys_is_seen_by_course_staff_only(model: Any) -> None:
    quiz = a_quiz()
    course = quiz.activity.course
    for nobody in (AnonymousUser(), a_user(), a_member(course), an_instructor_of(a_course())):
        assert not model.objects.visible_to(nobody).exists()
    for staff in (an_instructor_of(course), a_member(course, role=Role.ASSISTANT), a_user(is_superuser=True)):
        assert model.objects.visible_to(staff).exists()


def test_quizzes_are_seen_like_their_activities() -> None:
    quiz = a_quiz()
    course = quiz.activity.course
    student = a_member(course)
    assert Quiz.objects.visible_to(student).get() == quiz
    assert not Quiz.objects.visible_to(a_user()).exists()
    assert not Quiz.objects.visible_to(AnonymousUser()).exists()
    Activity.objects.update(published=False)
    assert not Quiz.objects.visible_to(student).exists()
    assert Quiz.objects.visible_to(an_instructor_of(course)).get() == quiz


@pytest.mark.parametrize("model", PARTS)
def test_attempts_are_seen_by_their_student_and_course_staff_only(model: Any) -> None:
    attempt = an_attempt()
    save_answer(attempt=attempt, position=4, value="x", revision=0)
    course = attempt.quiz.activity.course
    for nobody in (AnonymousUser(), a_user(), a_member(course), an_instructor_of(a_course())):
        assert not model.objects.visible_to(nobody).exists()
    for somebody in (attempt.student, an_instructor_of(course), a_user(is_superuser=True)):
        assert model.objects.visible_to(somebody).exists()
    Membership.objects.filter(user=attempt.student).update(active=False)
    assert not model.objects.visible_to(attempt.student).exists()


def test_only_the_student_may_answer_in_an_attempt() -> None:
    attempt = an_attempt()
    course = attempt.quiz.activity.course
    assert Attempt.objects.taken_by(attempt.student).get() == attempt
    for other in (an_instructor_of(course), a_user(is_superuser=True), a_member(course), AnonymousUser()):
        assert not Attempt.objects.taken_by(other).exists()

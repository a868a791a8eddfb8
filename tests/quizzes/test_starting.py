"""A try starts once, in time, with the versions, questions and orders that it keeps."""

import random
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from builders import a_course, a_member, a_user, an_instructor_of
from django.utils import timezone

from accounts.errors import DrydockError
from courses.models import Membership, Role
from courses.services import grant_extension
from quizzes.models import Attempt, Quiz
from quizzes.services import close_attempt, sync_questions, sync_quiz
from quizzes.specs import QuizSpec
from quizzes.starting import start_attempt
from tests.quizzes.building import CHOICE, a_bank, a_quiz, an_attempt, questions_of

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def the_refusal(quiz: Quiz, student: Any) -> str:
    with pytest.raises(DrydockError) as refused:
        start_attempt(quiz=quiz, student=student)
    return refused.value.code


def test_starting_again_returns_the_try_that_is_under_way() -> None:
    quiz = a_quiz()
    student = a_member(quiz.activity.course)
    first = start_attempt(quiz=quiz, student=student)
    assert start_attempt(quiz=quiz, student=student).pk == first.pk
    close_attempt(attempt=first)
    second = start_attempt(quiz=quiz, student=student)
    assert (first.number, second.number) == (1, 2)


def test_the_tries_are_counted_and_an_extension_adds_some() -> None:
    quiz = a_quiz(attempts=1)
    student = a_member(quiz.activity.course)
    close_attempt(attempt=start_attempt(quiz=quiz, student=student))
    assert the_refusal(quiz, student) == "no_attempts_left"
    teacher = an_instructor_of(quiz.activity.course)
    grant_extension(by=teacher, activity=quiz.activity, user=student, reason="The power failed.", extra_attempts=1)
    close_attempt(attempt=start_attempt(quiz=quiz, student=student))
    assert the_refusal(quiz, student) == "no_attempts_left"


def test_unlimited_tries_never_run_out() -> None:
    quiz = a_quiz(attempts="unlimited")
    student = a_member(quiz.activity.course)
    for _ in range(5):
        close_attempt(attempt=start_attempt(quiz=quiz, student=student))
    assert start_attempt(quiz=quiz, student=student).number == 6


def test_a_quiz_starts_only_while_it_is_open() -> None:
    window = {"opens_at": NOW + timedelta(hours=1), "closes_at": NOW + timedelta(hours=2)}
    quiz = a_quiz(activity=window)
    student = a_member(quiz.activity.course)
    with time_machine.travel(NOW, tick=False) as clock:
        assert the_refusal(quiz, student) == "not_open_yet"
        clock.move_to(NOW + timedelta(hours=2, seconds=1))
        assert the_refusal(quiz, student) == "quiz_closed"
        clock.move_to(NOW + timedelta(hours=2))
        assert start_attempt(quiz=quiz, student=student).is_open


def test_an_extension_opens_a_closed_quiz_for_one() -> None:
    quiz = a_quiz(activity={"due_at": NOW - timedelta(hours=2), "closes_at": NOW - timedelta(hours=1)})
    ill, well = a_member(quiz.activity.course), a_member(quiz.activity.course)
    grant_extension(
        by=an_instructor_of(quiz.activity.course),
        activity=quiz.activity,
        user=ill,
        reason="Ill.",
        due_at=NOW + timedelta(days=1),
    )
    assert start_attempt(quiz=quiz, student=ill).closes_at == NOW + timedelta(days=1)
    assert the_refusal(quiz, well) == "quiz_closed"


def test_strangers_and_students_of_unpublished_quizzes_find_nothing() -> None:
    quiz = a_quiz(activity={"published": False})
    assert the_refusal(quiz, a_user()) == "no_such_quiz"
    assert the_refusal(quiz, a_member(a_course())) == "no_such_quiz"
    assert the_refusal(quiz, a_member(quiz.activity.course)) == "no_such_quiz"
    left = a_member(quiz.activity.course, active=False)
    assert the_refusal(quiz, left) == "no_such_quiz"


def test_course_staff_try_a_quiz_out_at_any_time_without_it_counting() -> None:
    quiz = a_quiz(attempts=1, activity={"published": False, "opens_at": NOW + timedelta(days=1)})
    teacher = an_instructor_of(quiz.activity.course)
    for _ in range(2):
        attempt = close_attempt(attempt=start_attempt(quiz=quiz, student=teacher))
        assert attempt.is_tryout
    assert not quiz.activity.scores.exists()


def test_a_try_out_uses_up_no_try_of_somebody_who_becomes_a_student() -> None:
    quiz = a_quiz(attempts=1)
    person = a_member(quiz.activity.course, role=Role.ASSISTANT)
    close_attempt(attempt=start_attempt(quiz=quiz, student=person))
    Membership.objects.filter(user=person).update(role=Role.STUDENT)
    attempt = start_attempt(quiz=quiz, student=person)
    assert (attempt.number, attempt.is_tryout) == (2, False)


def test_a_quiz_that_was_never_filled_says_so() -> None:
    quiz = a_quiz()
    Quiz.objects.filter(pk=quiz.pk).update(current_version=None)
    assert the_refusal(Quiz.objects.with_content().get(pk=quiz.pk), a_member(quiz.activity.course)) == "quiz_not_ready"


def test_a_bank_that_shrank_below_the_draw_costs_no_try() -> None:
    quiz = a_quiz(questions=a_bank(3), items=[{"draw": 3}], attempts=1)
    student = a_member(quiz.activity.course)
    sync_questions(course=quiz.activity.course, questions=questions_of(*a_bank(2)))
    assert the_refusal(quiz, student) == "quiz_not_ready"
    assert not Attempt.objects.exists()


@pytest.mark.parametrize(
    ("extension", "minutes"),
    [
        ({}, 20),
        ({"extra_time_percent": 25}, 25),
        ({"extra_minutes": 7}, 27),
        ({"extra_time_percent": 50, "extra_minutes": 5}, 35),
    ],
)
def test_the_time_limit_runs_from_the_start_with_the_persons_extra_time(
    extension: dict[str, int], minutes: int
) -> None:
    quiz = a_quiz(time_limit_minutes=20)
    student = a_member(quiz.activity.course)
    if extension:
        teacher = an_instructor_of(quiz.activity.course)
        grant_extension(by=teacher, activity=quiz.activity, user=student, reason="Needs it.", **extension)
    attempt = start_attempt(quiz=quiz, student=student)
    assert attempt.closes_at == attempt.started_at + timedelta(minutes=minutes)


def test_the_closing_of_the_quiz_cuts_the_time_limit_short() -> None:
    attempt = an_attempt(time_limit_minutes=60, activity={"closes_at": NOW + timedelta(minutes=30)})
    assert attempt.closes_at == NOW + timedelta(minutes=30)


def test_without_limit_and_closing_a_try_has_no_end() -> None:
    assert an_attempt().closes_at is None


def test_a_try_keeps_the_versions_that_it_started_with() -> None:
    quiz = a_quiz(questions=[CHOICE])
    attempt = start_attempt(quiz=quiz, student=a_member(quiz.activity.course))
    changed = CHOICE | {"text": "Another text", "answer": "paused"}
    sync_questions(course=quiz.activity.course, questions=questions_of(changed))
    sync_quiz(activity=quiz.activity, spec=QuizSpec.model_validate({"title": "Renamed", "items": ["created"]}))
    attempt = Attempt.objects.with_content().get(pk=attempt.pk)
    asked = attempt.questions.get()
    assert attempt.version.settings.title == "A quiz"
    assert asked.question_version.content.text == CHOICE["text"]
    close_attempt(attempt=attempt)
    again = start_attempt(quiz=Quiz.objects.with_content().get(pk=quiz.pk), student=a_member(quiz.activity.course))
    assert again.questions.get().question_version.content.text == "Another text"


def test_questions_and_options_are_shuffled_and_the_order_is_kept() -> None:
    bank = [CHOICE | {"id": f"c-{n}", "text": f"Text {n}"} for n in range(8)]
    quiz = a_quiz(questions=bank, shuffle_questions=True)

    def order(seed: int) -> list[tuple[int, tuple[int, ...]]]:
        student = a_member(quiz.activity.course)
        attempt = start_attempt(quiz=quiz, student=student, rng=random.Random(seed))
        return [(q.question_version_id, tuple(q.option_order)) for q in attempt.questions.order_by("position")]

    one, same, other = order(1), order(1), order(2)
    assert one == same
    assert one != other
    assert [version for version, _ in one] != [version for version, _ in other]
    assert len({options for _, options in one}) > 1
    assert all(sorted(options) == [0, 1, 2, 3] for _, options in one)


def test_an_order_that_means_something_is_not_shuffled() -> None:
    quiz = a_quiz(questions=[CHOICE | {"keep_order": True}])
    for seed in range(5):
        student = a_member(quiz.activity.course)
        attempt = start_attempt(quiz=quiz, student=student, rng=random.Random(seed))
        assert attempt.questions.get().option_order == []


def test_a_drawn_try_is_worth_the_same_for_everybody() -> None:
    bank = a_bank(4) + [{**question, "points": 3} for question in a_bank(4, prefix="heavy")]
    quiz = a_quiz(questions=bank, items=[{"draw": 5, "points": 2}])
    assert quiz.activity.max_points == 10
    for seed in range(5):
        attempt = start_attempt(quiz=quiz, student=a_member(quiz.activity.course), rng=random.Random(seed))
        assert attempt.max_score == 10
        assert attempt.questions.count() == 5


def test_starting_takes_the_same_queries_whatever_the_quiz_holds(django_assert_num_queries: Any) -> None:
    for size in (3, 60):
        quiz = a_quiz(questions=a_bank(size, prefix=f"s{size}"), items=[{"draw": size, "topics": ["docker.cli"]}])
        student = a_member(quiz.activity.course)
        with django_assert_num_queries(10):
            start_attempt(quiz=quiz, student=student)


def test_who_no_longer_helps_to_run_the_course_starts_a_try_that_counts() -> None:
    quiz = a_quiz()
    user = a_member(quiz.activity.course, role=Role.ASSISTANT)
    tryout = start_attempt(quiz=quiz, student=user)
    Membership.objects.filter(user=user).update(role=Role.STUDENT)
    attempt = start_attempt(quiz=quiz, student=user)
    assert (tryout.is_tryout, attempt.is_tryout) == (True, False)
    tryout.refresh_from_db()
    assert not tryout.is_open
    assert not quiz.activity.scores.exists()

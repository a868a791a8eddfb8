"""What a student sees of a quiz: the questions while answering, then points and keys when they are released."""

import dataclasses
import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from builders import a_member, a_user, an_instructor_of
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.errors import DrydockError
from courses.deadlines import WindowState
from courses.models import Role
from courses.services import grant_extension
from quizzes.asking import attempt_page
from quizzes.models import Attempt, Quiz
from quizzes.pages import Review, quiz_overview, review
from quizzes.release import activities_with_hidden_scores
from quizzes.services import close_attempt, save_answer, set_flag
from quizzes.specs import Release
from quizzes.starting import start_attempt
from tests.quizzes.building import ONE_OF_EACH, a_bank, a_quiz, an_attempt

pytestmark = pytest.mark.django_db

NOW = timezone.now()
HOUR = timedelta(hours=1)

# Whatever of these reaches a student before release gives an answer away. Ids and topics do so by their names.
SECRETS = [
    "zz-key", "1536", "feedback-on", "explanation-of",
    *(question["id"] for question in ONE_OF_EACH if question["id"] != "created"),
    *(topic for question in ONE_OF_EACH for topic in question["topics"]),
]  # fmt: skip


def reloaded(attempt: Attempt) -> Attempt:
    return Attempt.objects.with_content().get(pk=attempt.pk)


def everything_said(page: Any, questions: Any, mode: str) -> str:
    """All that templates and serializers could take from a page."""
    data = json.dumps([dataclasses.asdict(question) for question in questions], default=str)
    html = [
        render_to_string(question.template, {"question": question, "value": question.value, "mode": mode})
        for question in questions
    ]
    return "\n".join([data, *html, repr([field for field in vars(page) if field != "attempt"])])


def test_a_page_under_way_holds_no_key_and_no_feedback() -> None:
    attempt = an_attempt()
    save_answer(attempt=attempt, position=4, value="cd", revision=0)
    save_answer(attempt=attempt, position=3, value=True, revision=0)
    page = attempt_page(attempt=reloaded(attempt))
    said = everything_said(page, page.questions, "answer")
    assert not [secret for secret in SECRETS if secret in said]
    assert all(question.points is None and not question.verdict for question in page.questions)
    assert all(option.right is None and not option.outcome for q in page.questions for option in q.options)


def test_pages_hold_their_questions_and_the_map_of_all() -> None:
    attempt = an_attempt(questions_per_page=2)
    save_answer(attempt=attempt, position=4, value="something", revision=0)
    set_flag(attempt=attempt, position=1, flagged=True)
    page = attempt_page(attempt=reloaded(attempt), page=2)
    assert [question.position for question in page.questions] == [3, 4]
    assert (page.page, page.pages, page.previous_page, page.next_page) == (2, 3, 1, 3)
    assert [entry.page for entry in page.map] == [1, 1, 2, 2, 3]
    assert page.unanswered == (1, 2, 3, 5)
    assert page.flagged == (1,)
    assert (page.questions[1].value, page.questions[1].revision) == ("something", 1)


@pytest.mark.parametrize(("asked", "given"), [(0, 1), (-5, 1), (99, 3)])
def test_a_page_that_is_not_there_becomes_the_nearest(asked: int, given: int) -> None:
    attempt = an_attempt(questions_per_page=2)
    assert attempt_page(attempt=reloaded(attempt), page=asked).page == given


def test_the_time_left_is_the_servers_and_never_negative() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        attempt = reloaded(an_attempt(time_limit_minutes=10))
        assert attempt_page(attempt=attempt).remaining_seconds == 600
        clock.move_to(NOW + timedelta(minutes=10, seconds=3))
        page = attempt_page(attempt=attempt)
        assert (page.remaining_seconds, page.time_is_up) == (0, False)
        clock.move_to(NOW + timedelta(minutes=11))
        assert attempt_page(attempt=attempt).time_is_up
    assert attempt_page(attempt=reloaded(an_attempt())).remaining_seconds is None


def closed_try(quiz: Quiz) -> Attempt:
    """A try with one wrong answer of each sort, handed in."""
    attempt = start_attempt(quiz=quiz, student=a_member(quiz.activity.course))
    save_answer(attempt=attempt, position=4, value="cd", revision=0)
    save_answer(attempt=attempt, position=3, value=True, revision=0)
    return reloaded(close_attempt(attempt=attempt))


def seen(shown: Review) -> tuple[bool, bool]:
    """Whether the review holds scores and keys, judged by what is in it."""
    said = everything_said(shown, shown.questions, "review")
    scores = shown.score is not None and all(question.points is not None for question in shown.questions)
    keys = all(secret in said for secret in ("zz-key-WORKDIR", "1536 KiB", "explanation-of-keeps", "feedback-on-cd"))
    if not keys:
        assert not [secret for secret in SECRETS if secret in said]
    if not scores:
        assert shown.score is shown.points is None
        assert not any(question.verdict for question in shown.questions)
    return scores, keys


@pytest.mark.parametrize(
    ("scores", "keys", "at", "expected"),
    [
        ("after_attempt", "after_attempt", 0, (True, True)),
        ("after_attempt", "after_due", 0, (True, False)),
        ("after_attempt", "after_due", 1, (True, True)),
        ("after_due", "after_due", 0, (False, False)),
        ("after_due", "after_close", 1, (True, False)),
        ("after_close", "after_close", 1, (False, False)),
        ("after_close", "after_close", 2, (True, True)),
        ("after_attempt", "never", 99, (True, False)),
        ("never", "never", 99, (False, False)),
    ],
)
def test_points_and_keys_are_seen_when_the_policy_says(
    scores: str, keys: str, at: int, expected: tuple[bool, bool]
) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        window = {"due_at": NOW + HOUR, "closes_at": NOW + 2 * HOUR}
        attempt = closed_try(a_quiz(activity=window, release={"scores": scores, "keys": keys}))
        clock.move_to(NOW + at * HOUR)
        shown = review(attempt=attempt, viewer=attempt.student)
        assert (shown.with_scores, shown.with_keys) == expected
        assert seen(shown) == expected


def test_keys_wait_for_the_last_person_with_an_extension() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        quiz = a_quiz(activity={"due_at": NOW + HOUR})
        slow = a_member(quiz.activity.course)
        attempt = closed_try(quiz)
        grant_extension(
            by=an_instructor_of(quiz.activity.course),
            activity=quiz.activity,
            user=slow,
            reason="Ill.",
            due_at=NOW + 5 * HOUR,
        )
        clock.move_to(NOW + 2 * HOUR)
        shown = review(attempt=attempt, viewer=attempt.student)
        assert (seen(shown)[1], shown.keys_at) == (False, NOW + 5 * HOUR)
        clock.move_to(NOW + 5 * HOUR)
        assert seen(review(attempt=attempt, viewer=attempt.student))[1]


@pytest.mark.parametrize("release", ["after_due", "after_close"])
def test_without_any_time_to_wait_for_release_comes_with_handing_in_the_only_try(release: str) -> None:
    attempt = closed_try(a_quiz(attempts=1, release={"scores": release, "keys": release}))
    assert seen(review(attempt=attempt, viewer=attempt.student)) == (True, True)


def test_the_review_says_what_was_right_wrong_and_unanswered() -> None:
    quiz = a_quiz(release={"scores": "after_attempt", "keys": "after_attempt"})
    attempt = closed_try(quiz)
    shown = review(attempt=attempt, viewer=attempt.student)
    assert [question.verdict for question in shown.questions] == [
        "unanswered", "unanswered", "wrong", "wrong", "unanswered",
    ]  # fmt: skip
    (true, false) = shown.questions[2].options
    assert (true.chosen, true.right, true.outcome, true.feedback) == (True, False, "wrong", "feedback-on-expose")
    assert (false.chosen, false.right, false.outcome) == (False, True, "missed")


@pytest.mark.parametrize("role", [Role.ASSISTANT, Role.INSTRUCTOR])
def test_course_staff_see_all_of_a_closed_try_at_once(role: Role) -> None:
    quiz = a_quiz(release={"scores": "never", "keys": "never"})
    attempt = closed_try(quiz)
    viewer = a_member(quiz.activity.course, role=role)
    assert seen(review(attempt=attempt, viewer=viewer)) == (True, True)


def test_other_students_and_strangers_see_nothing_of_a_try() -> None:
    attempt = closed_try(a_quiz())
    for viewer in (a_member(attempt.quiz.activity.course), a_user()):
        with pytest.raises(DrydockError) as refused:
            review(attempt=attempt, viewer=viewer)
        assert (refused.value.code, refused.value.status) == ("no_such_attempt", 404)


def test_a_try_under_way_has_no_review_even_for_staff() -> None:
    attempt = reloaded(an_attempt())
    for viewer in (attempt.student, an_instructor_of(attempt.quiz.activity.course)):
        with pytest.raises(DrydockError) as refused:
            review(attempt=attempt, viewer=viewer)
        assert refused.value.code == "attempt_open"


def test_the_overview_says_what_can_be_done_now() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        quiz = a_quiz(activity={"opens_at": NOW + HOUR, "due_at": NOW + 2 * HOUR}, attempts=2, time_limit_minutes=30)
        student = a_member(quiz.activity.course)
        before = quiz_overview(quiz=quiz, user=student)
        assert (before.state, before.may_start, before.attempts_left) == (WindowState.NOT_YET, False, 2)
        assert (before.question_count, before.max_points) == (5, 6)
        clock.move_to(NOW + HOUR)
        assert quiz_overview(quiz=quiz, user=student).may_start
        attempt = start_attempt(quiz=quiz, student=student)
        during = quiz_overview(quiz=quiz, user=student)
        assert (during.open_attempt, during.may_start, during.attempts_left) == (attempt, False, 1)
        assert during.tries[0].is_open
        close_attempt(attempt=attempt)
        close_attempt(attempt=start_attempt(quiz=quiz, student=student))
        after = quiz_overview(quiz=quiz, user=student)
        assert (after.may_start, after.attempts_left, len(after.tries)) == (False, 0, 2)


def test_the_overview_keeps_unreleased_points_back() -> None:
    quiz = a_quiz(activity={"due_at": NOW + HOUR}, release={"scores": "after_due", "keys": "never"})
    attempt = closed_try(quiz)
    (line,) = quiz_overview(quiz=quiz, user=attempt.student).tries
    assert (line.score, line.points, line.scores_at, line.keys_at) == (None, None, NOW + HOUR, None)


def test_the_gradebooks_readers_can_ask_which_points_are_not_released() -> None:
    hidden = a_quiz(activity={"due_at": NOW + HOUR}, release={"scores": "after_due", "keys": "after_due"})
    never = a_quiz(release={"scores": Release.NEVER, "keys": Release.NEVER})
    past = a_quiz(activity={"due_at": NOW - HOUR}, release={"scores": "after_due", "keys": "after_due"})
    shown = a_quiz(activity={"due_at": NOW + HOUR})
    activities = [quiz.activity for quiz in (hidden, never, past, shown)]
    assert activities_with_hidden_scores(activities=activities, now=NOW) == {hidden.activity.pk, never.activity.pk}
    assert activities_with_hidden_scores(activities=[], now=NOW) == set()


def test_pages_take_the_same_queries_whatever_the_quiz_holds(django_assert_num_queries: Any) -> None:
    for size in (3, 60):
        quiz = a_quiz(questions=a_bank(size, prefix=f"s{size}"), questions_per_page=30)
        attempt = reloaded(start_attempt(quiz=quiz, student=a_member(quiz.activity.course)))
        with django_assert_num_queries(2):
            attempt_page(attempt=attempt)
        attempt = reloaded(close_attempt(attempt=attempt))
        with django_assert_num_queries(6):  # two of them ask whether tries are left, as the keys wait for that
            review(attempt=attempt, viewer=attempt.student)
        quiz = Quiz.objects.with_content().get(pk=quiz.pk)
        with django_assert_num_queries(4):
            quiz_overview(quiz=quiz, user=attempt.student)


def test_the_overview_takes_the_same_queries_whatever_was_tried(django_assert_num_queries: Any) -> None:
    quiz = a_quiz(attempts="unlimited")
    student = a_member(quiz.activity.course)
    for tries in (1, 6):
        for _ in range(tries):
            close_attempt(attempt=start_attempt(quiz=quiz, student=student))
        with django_assert_num_queries(4):
            assert quiz_overview(quiz=quiz, user=student).tries

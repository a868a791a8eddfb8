"""Own answers, points, right answers and feedback are each seen from their own time on, and none before it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from builders import a_course, a_member, an_instructor_of
from django.utils import timezone
from pydantic import ValidationError

from courses.services import grant_extension, grant_section_override
from quizzes.models import Attempt, Quiz
from quizzes.pages import Review, quiz_overview, review
from quizzes.pausing import pause, resume
from quizzes.release import activities_with_hidden_scores, last_times_of
from quizzes.services import close_attempt, save_answer, start_attempt
from quizzes.specs import QuizSpec, ReleasePolicy
from tests.quizzes.building import CHOICE, STATEMENT, WORD, a_quiz, option

pytestmark = pytest.mark.django_db

NOW = timezone.now().replace(microsecond=0)
HOUR = timedelta(hours=1)
DUE_AND_CLOSED = {"due_at": NOW + HOUR, "closes_at": NOW + 2 * HOUR}


def tried(quiz: Quiz, student: Any = None) -> Attempt:
    """A wrong option, a wrong statement and a wrong word, handed in."""
    attempt = start_attempt(quiz=quiz, student=student or a_member(quiz.activity.course))
    save_answer(attempt=attempt, position=1, value=option(CHOICE, "running"), revision=0)
    save_answer(attempt=attempt, position=2, value=True, revision=0)
    save_answer(attempt=attempt, position=3, value="cd", revision=0)
    close_attempt(attempt=attempt)
    return Attempt.objects.with_content().get(pk=attempt.pk)


def seen(attempt: Attempt) -> Review:
    return review(attempt=attempt, viewer=attempt.student)


def asked(**settings: Any) -> Quiz:
    return a_quiz(questions=(CHOICE, STATEMENT, WORD), **settings)


def told(shown: Review) -> str:
    """Which of the four are told, judged by what is in the review and not by what it says of itself."""
    said = str([vars(question) for question in shown.questions])
    parts = {
        "answers": any(question.value is not None for question in shown.questions),
        "scores": shown.score is not None,
        "keys": "zz-key-WORKDIR" in said and "explanation-of-created" in said,
        "feedback": "feedback-on-cd" in said and "feedback-on-running" in said and "feedback-on-expose" in said,
    }
    for secret, part in (("zz-key", "keys"), ("explanation-of", "keys"), ("feedback-on", "feedback")):
        assert parts[part] or secret not in said
    return " ".join(name for name, is_told in parts.items() if is_told)


@pytest.mark.parametrize(
    ("policy", "tellings"),
    [
        ({}, ["answers scores", "answers scores keys feedback", "answers scores keys feedback"]),
        ({"feedback": "after_attempt"}, ["answers scores feedback", "answers scores keys feedback", None]),
        ({"keys": "after_close", "feedback": "after_due"}, ["answers scores", "answers scores feedback", None]),
        ({"keys": "after_due", "feedback": "never"}, ["answers scores", "answers scores keys", None]),
        ({"answers": "after_due"}, ["scores", "answers scores keys feedback", None]),
        ({"answers": "never", "feedback": "never"}, ["scores", "scores keys", "scores keys"]),
        ({"scores": "after_close", "keys": "never"}, ["answers", "answers", "answers scores"]),
        ({"answers": "never", "scores": "never", "keys": "never"}, ["", "", ""]),
    ],
)
def test_each_is_told_from_its_own_time_on(policy: dict[str, str], tellings: list[str | None]) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        attempt = tried(asked(activity=DUE_AND_CLOSED, release=policy))
        for hours, telling in enumerate(tellings):
            clock.move_to(NOW + hours * HOUR)
            if telling is not None:
                shown = seen(attempt)
                assert told(shown) == telling, f"after {hours} hours"
                flags = {
                    "answers": shown.with_answers,
                    "scores": shown.with_scores,
                    "keys": shown.with_keys,
                    "feedback": shown.with_feedback,
                }
                assert " ".join(name for name, is_told in flags.items() if is_told) == telling


def test_feedback_without_keys_marks_what_was_chosen_and_not_what_should_have_been() -> None:
    attempt = tried(asked(activity=DUE_AND_CLOSED, release={"feedback": "after_attempt"}))
    choice, statement, word = seen(attempt).questions
    assert {shown.text: shown.outcome for shown in choice.options if shown.outcome} == {"running": "wrong"}
    assert [shown.right for shown in (*choice.options, *statement.options)] == [None] * 6
    assert [shown.outcome for shown in statement.options if shown.chosen] == ["wrong"]
    assert (word.right_answers, word.explanation) == ((), "")


def test_a_time_of_the_course_s_own_clock_can_be_named() -> None:
    with time_machine.travel(datetime(2026, 12, 1, 7, 0, tzinfo=UTC), tick=False) as clock:
        course = a_course(time_zone="Europe/Madrid")
        attempt = tried(asked(course=course, release={"scores": "2026-12-01 09:00", "keys": "2026-12-02 09:00"}))
        assert told(seen(attempt)) == "answers"
        assert activities_with_hidden_scores(activities=[attempt.quiz.activity], now=timezone.now())
        clock.move_to(datetime(2026, 12, 1, 8, 0, tzinfo=UTC))
        assert told(seen(attempt)) == "answers scores"
        assert not activities_with_hidden_scores(activities=[attempt.quiz.activity], now=timezone.now())
        clock.move_to(datetime(2026, 12, 2, 7, 59, 59, tzinfo=UTC))
        assert told(seen(attempt)) == "answers scores"
        clock.move_to(datetime(2026, 12, 2, 8, 0, tzinfo=UTC))
        assert told(seen(attempt)) == "answers scores keys feedback"


@pytest.mark.parametrize(
    ("named", "moment"),
    [
        ("2026-10-25 02:30", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("2026-03-29 02:30", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
    ],
)
def test_a_time_that_comes_twice_or_never_is_the_later_of_the_two_it_can_be(named: str, moment: datetime) -> None:
    with time_machine.travel(datetime(2026, 1, 1, tzinfo=UTC), tick=False):
        attempt = tried(asked(course=a_course(time_zone="Europe/Madrid"), release={"keys": named}))
        assert seen(attempt).keys_at == moment


def test_keys_never_come_before_points_however_the_times_fall() -> None:
    with time_machine.travel(NOW, tick=False):
        past = (NOW - timedelta(days=2)).strftime("%Y-%m-%d %H:%M")
        attempt = tried(asked(activity=DUE_AND_CLOSED, release={"scores": "after_close", "keys": past}))
        shown = seen(attempt)
    assert told(shown) == "answers"
    assert shown.keys_at == shown.feedback_at == shown.scores_at == NOW + 2 * HOUR


@pytest.mark.parametrize("when", ["after_due", "after_close"])
def test_without_a_time_to_wait_for_keys_wait_until_no_try_is_left(when: str) -> None:
    quiz = asked(attempts=2, release={"keys": when})
    student = a_member(quiz.activity.course)
    first = tried(quiz, student)
    shown = seen(first)
    assert (told(shown), shown.waits_for_tries, shown.keys_at) == ("answers scores", True, None)
    second = start_attempt(quiz=quiz, student=student)
    assert told(seen(first)) == "answers scores", "the last try is still under way"
    close_attempt(attempt=second)
    assert told(seen(first)) == "answers scores keys feedback"
    (line, _) = quiz_overview(quiz=quiz, user=student).tries
    assert (line.keys_at, line.waits_for_tries) == (first.closed_at, False)
    grant_extension(
        by=an_instructor_of(quiz.activity.course),
        activity=quiz.activity,
        user=student,
        reason="-",
        extra_attempts=1,
    )
    assert told(seen(first)) == "answers scores"


def test_with_unlimited_tries_and_no_time_keys_are_shown_only_where_the_author_says_after_each() -> None:
    assert told(seen(tried(asked(attempts="unlimited")))) == "answers scores"
    each = {"keys": "after_attempt"}
    assert told(seen(tried(asked(attempts="unlimited", release=each)))) == "answers scores keys feedback"


def test_a_section_s_later_times_are_waited_for() -> None:
    with time_machine.travel(NOW, tick=False):
        quiz = asked(activity=DUE_AND_CLOSED)
        course = quiz.activity.course
        grant_section_override(
            by=an_instructor_of(course),
            activity=quiz.activity,
            section=course.sections.create(name="Friday"),
            due_at=NOW + 30 * HOUR,
        )
        assert seen(tried(quiz)).keys_at == NOW + 30 * HOUR
        assert last_times_of(quiz.activity).closes_at == NOW + 30 * HOUR


def test_a_pause_is_waited_for_even_while_it_lasts() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        quiz = asked(activity={"closes_at": NOW + HOUR})
        attempt, teacher = tried(quiz), an_instructor_of(quiz.activity.course)
        start_attempt(quiz=quiz, student=a_member(quiz.activity.course))
        pause(by=teacher, quiz=quiz)
        clock.move_to(NOW + 3 * HOUR)
        assert told(seen(attempt)) == "answers scores"
        resume(by=teacher, quiz=quiz)
        assert seen(attempt).keys_at == NOW + 4 * HOUR
        clock.move_to(NOW + 4 * HOUR)
        assert told(seen(attempt)) == "answers scores keys feedback"


def test_when_everybody_s_time_ends_is_one_query(django_assert_num_queries: Any) -> None:
    quiz = Quiz.objects.with_content().get(pk=asked(activity=DUE_AND_CLOSED).pk)
    with django_assert_num_queries(1):
        last_times_of(quiz.activity)


def test_what_older_files_say_means_what_it_meant() -> None:
    policy = ReleasePolicy.model_validate({"scores": "after_due", "keys": "after_close"})
    assert (policy.answers, policy.scores, policy.keys, policy.feedback_or_keys) == (
        "after_attempt", "after_due", "after_close", "after_close",
    )  # fmt: skip
    stored = ReleasePolicy.model_validate({"keys": "2026-12-01 09:00"}).model_dump(mode="json")
    assert ReleasePolicy.model_validate(stored).keys == datetime(2026, 12, 1, 9)  # noqa: DTZ001  a time on the course's clock


@pytest.mark.parametrize(
    ("release", "place", "said"),
    [
        ({"scores": "after_due", "keys": "after_attempt"}, "keys", "comes before scores: after_due"),
        ({"scores": "never", "keys": "2026-12-01 09:00"}, "keys", "comes before scores: never"),
        ({"scores": "2026-12-02 09:00", "keys": "2026-12-01 09:00"}, "keys", "before scores: 2026-12-02 09:00"),
        ({"scores": "after_due", "feedback": "after_attempt"}, "feedback", "feedback shows what was right"),
        ({"answers": "after_due", "feedback": "after_attempt"}, "feedback", "the student's own answers"),
        ({"keys": "tomorrow"}, "keys", "after_attempt, after_due, after_close, never, or a time"),
        ({"keys": "2026-13-45 09:00"}, "keys", "or a time on the course's clock such as"),
        ({"keys": "2026-12-01T09:00Z"}, "keys", "or a time on the course's clock such as"),
        ({"scores": 3}, "scores", "or a time on the course's clock such as"),
        ({"points": "never"}, "points", "Extra inputs"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused_at_its_place(release: dict[str, Any], place: str, said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        QuizSpec.model_validate({"title": "Q", "items": ["a"], "release": release})
    (error,) = refused.value.errors()
    assert place in error["loc"]
    assert said in error["msg"]

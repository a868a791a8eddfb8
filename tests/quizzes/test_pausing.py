"""A pause stops everybody's clock: nobody loses a second, and nothing that was typed."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from builders import a_member, an_instructor_of
from django.utils import timezone

from courses.models import AuditEntry, Role
from courses.services import grant_extension, set_window
from quizzes.asking import attempt_page
from quizzes.errors import AnswerRefused, Conflict, NotAllowed
from quizzes.models import Attempt, Quiz
from quizzes.pausing import pause, resume
from quizzes.rule_models import Pause
from quizzes.services import close_attempt, close_if_time_is_up, save_answer, start_attempt, sweep_attempts
from quizzes.timekeeping import retime
from quizzes.timing import GRACE, Stop, moved_by, stood_still
from quizzes.turning import turn_page
from tests.quizzes.building import a_bank, a_quiz

pytestmark = pytest.mark.django_db

NOW = timezone.now().replace(microsecond=0)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def reloaded(attempt: Attempt) -> Attempt:
    return Attempt.objects.with_content().get(pk=attempt.pk)


def taken(**settings: Any) -> tuple[Quiz, Attempt]:
    quiz = a_quiz(questions=a_bank(3), **settings)
    return quiz, start_attempt(quiz=quiz, student=a_member(quiz.activity.course))


def stop(quiz: Quiz, reason: str = "") -> Pause:
    return pause(by=an_instructor_of(quiz.activity.course), quiz=quiz, reason=reason)


def go_on(quiz: Quiz) -> Pause:
    return resume(by=an_instructor_of(quiz.activity.course), quiz=quiz)


def test_the_time_that_a_pause_took_is_given_back(clock: Any) -> None:
    quiz, attempt = taken(time_limit_minutes=10)
    clock.move_to(NOW + 4 * MINUTE)
    stop(quiz)
    clock.move_to(NOW + 24 * MINUTE)
    assert attempt_page(attempt=reloaded(attempt)).remaining_seconds == 360, "it stands while the quiz is paused"
    go_on(quiz)
    attempt = reloaded(attempt)
    assert attempt.closes_at == NOW + 30 * MINUTE
    assert attempt_page(attempt=attempt).remaining_seconds == 360
    assert save_answer(attempt=attempt, position=1, value=True, revision=0).revision == 1


def test_an_answer_on_its_way_when_the_pause_begins_is_taken_and_none_after(clock: Any) -> None:
    quiz, attempt = taken(time_limit_minutes=10)
    save_answer(attempt=attempt, position=1, value=True, revision=0)
    stop(quiz)
    clock.move_to(NOW + GRACE)
    assert save_answer(attempt=attempt, position=2, value=True, revision=0).revision == 1
    clock.move_to(NOW + GRACE + SECOND)
    with pytest.raises(AnswerRefused) as refused:
        save_answer(attempt=attempt, position=1, value=False, revision=1)
    assert refused.value.code == "quiz_paused"
    assert (refused.value.saved.value, refused.value.saved.revision) == (True, 1)
    clock.move_to(NOW + 5 * MINUTE)
    go_on(quiz)
    assert save_answer(attempt=attempt, position=1, value=False, revision=1).revision == 2, "the page sends it again"


def test_nobody_starts_and_nobody_turns_a_page_while_it_is_paused(clock: Any) -> None:
    quiz, attempt = taken(go_back=False, questions_per_page=1)
    late = a_member(quiz.activity.course)
    stop(quiz)
    clock.move_to(NOW + MINUTE)
    quiz.refresh_from_db()
    with pytest.raises(Conflict) as refused:
        start_attempt(quiz=quiz, student=late)
    assert refused.value.code == "quiz_paused"
    with pytest.raises(Conflict) as refused:
        turn_page(attempt=reloaded(attempt), page=2)
    assert refused.value.code == "quiz_paused"
    assert start_attempt(quiz=quiz, student=attempt.student).pk == attempt.pk, "who has started gets back to the try"


def test_the_sweeper_closes_nothing_that_stands_still(clock: Any) -> None:
    quiz, attempt = taken(time_limit_minutes=10)
    stop(quiz)
    clock.move_to(NOW + 60 * MINUTE)
    assert sweep_attempts() == 0
    assert close_if_time_is_up(attempt=reloaded(attempt)).is_open
    go_on(quiz)
    assert sweep_attempts() == 0
    clock.move_to(NOW + 70 * MINUTE + GRACE + SECOND)
    assert sweep_attempts() == 1
    assert reloaded(attempt).closed_at == NOW + 70 * MINUTE


def test_two_pauses_add_up_and_setting_the_time_again_moves_nothing(clock: Any) -> None:
    quiz, attempt = taken(time_limit_minutes=30)
    for begins in (5, 20):
        clock.move_to(NOW + begins * MINUTE)
        stop(quiz)
        clock.shift(7 * MINUTE)
        go_on(quiz)
    assert reloaded(attempt).closes_at == NOW + 44 * MINUTE
    assert retime(activity=quiz.activity) == 0
    grant_extension(
        by=an_instructor_of(quiz.activity.course),
        activity=quiz.activity,
        user=attempt.student,
        reason="-",
        extra_time_percent=50,
        extra_minutes=2,
    )
    assert reloaded(attempt).closes_at == NOW + (45 + 2 + 14) * MINUTE, "half as much again, two minutes, both pauses"


def test_a_pause_over_the_closing_time_moves_it_for_those_under_way_only(clock: Any) -> None:
    quiz, attempt = taken(activity={"closes_at": NOW + 60 * MINUTE})
    late = a_member(quiz.activity.course)
    clock.move_to(NOW + 50 * MINUTE)
    stop(quiz)
    clock.move_to(NOW + 80 * MINUTE)
    assert close_if_time_is_up(attempt=reloaded(attempt)).is_open
    go_on(quiz)
    assert reloaded(attempt).closes_at == NOW + 90 * MINUTE
    assert save_answer(attempt=attempt, position=1, value=True, revision=0).revision == 1
    with pytest.raises(Conflict) as refused:
        start_attempt(quiz=quiz, student=late)
    assert refused.value.code == "quiz_closed"


def test_a_pause_before_the_start_or_after_the_end_gives_nothing(clock: Any) -> None:
    quiz = a_quiz(questions=a_bank(3), time_limit_minutes=10)
    stop(quiz)
    clock.shift(10 * MINUTE)
    go_on(quiz)
    attempt = start_attempt(quiz=quiz, student=a_member(quiz.activity.course))
    assert attempt.closes_at == NOW + 20 * MINUTE
    assert retime(activity=quiz.activity) == 0
    clock.move_to(NOW + 20 * MINUTE + GRACE + SECOND)
    stop(quiz)
    clock.shift(10 * MINUTE)
    go_on(quiz)
    assert reloaded(attempt).closes_at == NOW + 20 * MINUTE
    assert sweep_attempts() == 1


def test_a_pause_makes_nobody_late(clock: Any) -> None:
    quiz, attempt = taken(activity={"due_at": NOW + 60 * MINUTE, "late_percent_per_day": 50})
    clock.move_to(NOW + 50 * MINUTE)
    stop(quiz)
    clock.move_to(NOW + 80 * MINUTE)
    go_on(quiz)
    other = start_attempt(quiz=quiz, student=a_member(quiz.activity.course))
    clock.move_to(NOW + 89 * MINUTE)
    assert close_attempt(attempt=attempt).late_factor == 1
    assert close_attempt(attempt=other).late_factor < 1, "who started after the pause had no part in it"


def test_handing_in_is_possible_while_it_is_paused(clock: Any) -> None:
    quiz, attempt = taken(time_limit_minutes=10)
    save_answer(attempt=attempt, position=1, value=True, revision=0)
    stop(quiz)
    clock.shift(MINUTE)
    closed = close_attempt(attempt=attempt)
    assert closed.closed_by == "student"
    assert closed.score == 1
    clock.shift(MINUTE)
    go_on(quiz)
    assert reloaded(attempt).closed_by == "student"


def test_a_change_of_the_window_during_a_pause_counts_when_it_goes_on(clock: Any) -> None:
    quiz, attempt = taken(activity={"closes_at": NOW + 60 * MINUTE})
    stop(quiz)
    clock.shift(10 * MINUTE)
    set_window(
        by=an_instructor_of(quiz.activity.course),
        activity=quiz.activity,
        opens_at=None,
        due_at=None,
        closes_at=NOW + 30 * MINUTE,
        late_percent_per_day=0,
        published=True,
    )
    clock.move_to(NOW + 50 * MINUTE)
    assert sweep_attempts() == 0
    go_on(quiz)
    assert reloaded(attempt).closes_at == NOW + 80 * MINUTE


def test_try_outs_of_staff_go_on(clock: Any) -> None:
    quiz = a_quiz(questions=a_bank(3), time_limit_minutes=10)
    tryout = start_attempt(quiz=quiz, student=an_instructor_of(quiz.activity.course))
    stop(quiz)
    clock.shift(MINUTE)
    assert save_answer(attempt=tryout, position=1, value=True, revision=0).revision == 1
    clock.shift(11 * MINUTE)
    assert sweep_attempts() == 1


def test_pausing_twice_and_going_on_twice_are_told() -> None:
    quiz = a_quiz()
    with pytest.raises(Conflict) as refused:
        go_on(quiz)
    assert refused.value.code == "not_paused"
    stop(quiz)
    with pytest.raises(Conflict) as refused:
        stop(quiz)
    assert refused.value.code == "already_paused"
    assert Pause.objects.count() == 1
    go_on(quiz)
    assert (stop(quiz).ended_at, Pause.objects.count()) == (None, 2)


@pytest.mark.parametrize("role", [Role.STUDENT, Role.ASSISTANT])
def test_only_instructors_pause(role: Role) -> None:
    quiz = a_quiz()
    somebody = a_member(quiz.activity.course, role=role)
    for act in (pause, resume):
        with pytest.raises(NotAllowed):
            act(by=somebody, quiz=quiz)
    quiz.refresh_from_db()
    assert quiz.paused_at is None


def test_pauses_are_on_record_with_how_many_they_met(clock: Any) -> None:
    quiz, _ = taken(time_limit_minutes=10)
    stop(quiz, "Fire alarm.")
    clock.shift(90 * SECOND)
    go_on(quiz)
    told = {entry.action: entry for entry in AuditEntry.objects.all()}
    assert told["quiz_paused"].summary == "Paused the quiz with 1 under way: Fire alarm."
    assert told["quiz_resumed"].summary == "Let the quiz go on after 1 min 30 s; 1 got that time back."
    assert told["quiz_resumed"].detail == {"seconds": 90, "moved": 1}


@pytest.mark.parametrize(
    ("stops", "ends"),
    [
        ([], 60),
        ([(10, 20)], 70),
        ([(59, 69)], 70),
        ([(60, 70)], 70),
        ([(61, 70)], 60),
        ([(10, 20), (65, 75)], 80),
        ([(65, 75), (10, 20)], 80),
        ([(10, 20), (71, 75)], 70),
        ([(-20, -10)], 60),
        ([(-10, 10)], 70),
    ],
)
def test_an_end_moves_by_each_stop_that_it_comes_after(stops: list[tuple[int, int]], ends: int) -> None:
    listed = [Stop(began_at=NOW + a * MINUTE, ended_at=NOW + b * MINUTE) for a, b in stops]
    assert moved_by(listed, NOW + 60 * MINUTE, since=NOW) == NOW + ends * MINUTE


def test_only_the_time_between_two_moments_is_counted() -> None:
    stops = [Stop(began_at=NOW + a * MINUTE, ended_at=NOW + b * MINUTE) for a, b in ((-5, 5), (10, 12), (58, 80))]
    assert stood_still(stops, since=NOW, until=NOW + 60 * MINUTE) == 9 * MINUTE

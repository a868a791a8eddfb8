"""A try is scored once, when it is handed in or when its time is up, and the gradebook has it in the same moment."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest
import time_machine
from builders import a_member, an_instructor_of
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from courses.services import grant_extension, revoke_extension, set_window
from gradebook.models import Evidence, GradeEvent, Score
from quizzes import closing, scoring
from quizzes.models import MOVES, Attempt, AttemptQuestion, AttemptState
from quizzes.services import close_attempt, close_if_time_is_up, save_answer, sweep_attempts
from quizzes.starting import start_attempt
from quizzes.timing import GRACE
from tests.quizzes.building import a_bank, a_quiz, an_attempt, right_answers

pytestmark = pytest.mark.django_db

NOW = timezone.now()
MINUTE = timedelta(minutes=1)


def answer(attempt: Attempt, *names: str) -> None:
    """Answer those questions rightly."""
    for asked in attempt.questions.select_related("question_version"):
        name = asked.question_version.content.id
        if name in names:
            save_answer(attempt=attempt, position=asked.position, value=right_answers()[name], revision=asked.revision)


def answer_first(attempt: Attempt, count: int) -> None:
    """Answer so many true statements rightly."""
    for position in range(1, count + 1):
        save_answer(attempt=attempt, position=position, value=True, revision=0)


def test_handing_in_scores_every_question_and_records_it() -> None:
    attempt = an_attempt()
    answer(attempt, *right_answers())
    closed = close_attempt(attempt=attempt)
    assert (closed.state, closed.closed_by, closed.score, closed.max_score) == ("CLOSED", "student", 6, 6)
    assert [q.points for q in closed.questions.order_by("position")] == [1, 2, 1, 1, 1]
    score = Score.objects.get(activity=attempt.quiz.activity, user=attempt.student)
    assert (score.points, score.max_points, score.source_kind, score.source_id) == (6, 6, "attempt", attempt.pk)


def test_what_is_not_answered_earns_nothing_and_is_evidence_too() -> None:
    attempt = an_attempt()
    answer(attempt, "keeps")
    assert close_attempt(attempt=attempt).score == 2
    evidence = {row.topic: (row.points, row.max_points) for row in Evidence.objects.filter(user=attempt.student)}
    assert evidence["cmd.pause"] == evidence["container.instance"] == (2, 2)
    assert evidence["cmd.create"] == (0, 1)


def test_handing_in_twice_changes_nothing() -> None:
    attempt = an_attempt()
    answer(attempt, "created")
    first = close_attempt(attempt=attempt)
    second = close_attempt(attempt=attempt)
    assert (second.score, second.closed_at) == (first.score, first.closed_at)
    assert GradeEvent.objects.filter(user=attempt.student).count() == 1


def test_a_failure_while_recording_leaves_the_try_open() -> None:
    attempt = an_attempt()
    answer(attempt, "created")
    with mock.patch.object(scoring, "record", side_effect=RuntimeError("disk")), pytest.raises(RuntimeError):
        close_attempt(attempt=attempt)
    attempt.refresh_from_db()
    assert attempt.is_open
    assert not attempt.questions.filter(points__isnull=False).exists()
    assert close_attempt(attempt=attempt).score == 1


@pytest.mark.parametrize(("scoring", "counts"), [("best", 3), ("last", 1)])
def test_the_try_that_counts_is_chosen_by_the_quizs_rule(scoring: str, counts: int) -> None:
    quiz = a_quiz(questions=a_bank(4), scoring=scoring)
    student = a_member(quiz.activity.course)
    for right in (2, 3, 1):
        attempt = start_attempt(quiz=quiz, student=student)
        answer_first(attempt, right)
        close_attempt(attempt=attempt)
    assert Score.objects.get(user=student).points == counts
    assert Evidence.objects.filter(user=student, topic="docker.cli").count() == 3


def test_a_late_better_try_counts_only_when_it_is_still_worth_more() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        window = {"due_at": NOW + MINUTE, "late_percent_per_day": 40}
        quiz = a_quiz(questions=a_bank(10), activity=window)
        student = a_member(quiz.activity.course)
        in_time = start_attempt(quiz=quiz, student=student)
        answer_first(in_time, 7)
        close_attempt(attempt=in_time)
        clock.move_to(NOW + timedelta(hours=1))
        late = start_attempt(quiz=quiz, student=student)
        answer_first(late, 10)
        late = close_attempt(attempt=late)
    assert (late.score, late.late_factor, late.points_after_lateness) == (10, Decimal("0.6"), 6)
    score = Score.objects.get(user=student)
    assert (score.points, score.source_id) == (7, in_time.pk)


def test_started_in_time_and_handed_in_late_is_late() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        attempt = an_attempt(activity={"due_at": NOW + MINUTE, "late_percent_per_day": 25})
        answer(attempt, *right_answers())
        clock.move_to(NOW + timedelta(hours=25))
        closed = close_attempt(attempt=attempt)
    assert closed.late_factor == Decimal("0.5")
    score = Score.objects.get(user=attempt.student)
    assert (score.raw_points, score.points) == (6, 3)


def test_a_slow_sweeper_makes_nobody_late() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        due = NOW + 30 * MINUTE
        attempt = an_attempt(time_limit_minutes=30, activity={"due_at": due, "late_percent_per_day": 50})
        answer(attempt, *right_answers())
        clock.move_to(NOW + timedelta(days=2))
        assert sweep_attempts() == 1
    attempt.refresh_from_db()
    assert (attempt.closed_by, attempt.closed_at, attempt.late_factor, attempt.score) == ("time", due, 1, 6)


def test_an_attempt_left_open_is_closed_and_scored_once_by_the_sweeper() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        attempt = an_attempt(time_limit_minutes=10)
        answer(attempt, "created", "workdir")
        clock.move_to(NOW + 10 * MINUTE + GRACE)
        assert sweep_attempts() == 0
        clock.move_to(NOW + 10 * MINUTE + GRACE + timedelta(seconds=1))
        assert [sweep_attempts(), sweep_attempts()] == [1, 0]
    attempt.refresh_from_db()
    assert (attempt.state, attempt.score) == ("CLOSED", 2)
    assert Score.objects.get(user=attempt.student).points == 2
    assert GradeEvent.objects.filter(user=attempt.student).count() == 1


def test_the_sweeper_leaves_tries_without_an_end_alone() -> None:
    attempt = an_attempt()
    with time_machine.travel(NOW + timedelta(days=1000), tick=False):
        assert sweep_attempts() == 0
    attempt.refresh_from_db()
    assert attempt.is_open


def test_one_attempt_that_cannot_be_scored_keeps_no_other_open() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        quiz = a_quiz(time_limit_minutes=10, activity={"late_percent_per_day": 10})
        broken, sound = (start_attempt(quiz=quiz, student=a_member(quiz.activity.course)) for _ in range(2))
        clock.move_to(NOW + 11 * MINUTE)
        real = closing.window_for

        def failing(*, activity: Any, user: Any) -> Any:
            if user == broken.student:
                raise RuntimeError("a fault")
            return real(activity=activity, user=user)

        with mock.patch.object(closing, "window_for", failing):
            assert sweep_attempts() == 1
        sound.refresh_from_db()
        assert not sound.is_open
        assert sweep_attempts() == 0, "it was tried just now"
        clock.move_to(NOW + 13 * MINUTE)
        assert sweep_attempts() == 1


@pytest.mark.parametrize("fault", [RuntimeError("a fault"), KeyboardInterrupt()])
def test_attempts_that_cannot_be_scored_take_turns_with_the_others_however_old_they_are(fault: BaseException) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        quiz = a_quiz(time_limit_minutes=10)
        course = quiz.activity.course
        broken = [start_attempt(quiz=quiz, student=a_member(course)) for _ in range(2)]
        clock.move_to(NOW + MINUTE)
        sound = [start_attempt(quiz=quiz, student=a_member(course)) for _ in range(2)]
        real = closing.score_attempt

        def failing(asked: list[AttemptQuestion], rules: Any) -> Any:
            if asked[0].attempt_id in {attempt.pk for attempt in broken}:
                raise fault
            return real(asked, rules)

        def sweep() -> int:
            try:
                return sweep_attempts(limit=1)
            except KeyboardInterrupt:
                return -1  # the sweeper itself ended, as when its process is killed

        with mock.patch.object(closing, "score_attempt", failing):
            clock.move_to(NOW + 12 * MINUTE)
            assert [sweep() for _ in range(5)][2:] == [1, 1, 0]
            clock.move_to(NOW + 14 * MINUTE)
            late = start_attempt(quiz=quiz, student=a_member(course))
            Attempt.objects.filter(pk=late.pk).update(closes_at=NOW + 13 * MINUTE)
            assert sweep() == 1
        assert not Attempt.objects.open().exclude(pk__in=[attempt.pk for attempt in broken]).exists()
        assert all(Attempt.objects.get(pk=attempt.pk).closed_by == "time" for attempt in [*sound, late])
        assert [sweep(), sweep(), sweep()] == [1, 1, 0]


def test_a_page_that_comes_before_the_sweeper_closes_the_attempt_itself() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        attempt = an_attempt(time_limit_minutes=10)
        assert close_if_time_is_up(attempt=attempt).is_open
        clock.move_to(NOW + 11 * MINUTE)
        assert close_if_time_is_up(attempt=attempt).closed_by == "time"
        assert sweep_attempts() == 0


def test_starting_anew_after_time_is_up_closes_the_old_try() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        quiz = a_quiz(time_limit_minutes=10)
        student = a_member(quiz.activity.course)
        first = start_attempt(quiz=quiz, student=student)
        answer(first, "created")
        clock.move_to(NOW + 11 * MINUTE)
        second = start_attempt(quiz=quiz, student=student)
    first.refresh_from_db()
    assert (first.state, first.score, second.number) == ("CLOSED", 1, 2)


def test_more_time_granted_while_the_attempt_runs_moves_its_end() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        attempt = an_attempt(time_limit_minutes=10)
        other = start_attempt(quiz=attempt.quiz, student=a_member(attempt.quiz.activity.course))
        teacher = an_instructor_of(attempt.quiz.activity.course)
        grant = grant_extension(
            by=teacher, activity=attempt.quiz.activity, user=attempt.student, reason="Fire alarm.", extra_minutes=15
        )
        clock.move_to(NOW + 20 * MINUTE)
        assert sweep_attempts() == 1
        assert save_answer(attempt=attempt, position=4, value="still open", revision=0).revision == 1
        other.refresh_from_db()
        assert not other.is_open
        revoke_extension(by=teacher, extension=grant)
        assert sweep_attempts() == 1


def test_closing_the_quiz_earlier_ends_running_attempts() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        attempt = an_attempt()
        activity = attempt.quiz.activity
        set_window(
            by=an_instructor_of(activity.course),
            activity=activity,
            opens_at=None,
            due_at=None,
            closes_at=NOW + 5 * MINUTE,
            late_percent_per_day=0,
            published=True,
        )
        clock.move_to(NOW + 6 * MINUTE)
        assert sweep_attempts() == 1


def test_only_the_moves_in_the_table_are_made() -> None:
    assert {AttemptState.OPEN: {AttemptState.CLOSED}, AttemptState.CLOSED: frozenset()} == MOVES
    assert set(MOVES) == set(AttemptState)


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "CLOSED"},
        {"state": "DONE"},
        {"score": 1},
        {"closed_at": NOW},
        {"state": "CLOSED", "closed_at": NOW, "closed_by": "student", "score": 7},
        {"state": "CLOSED", "closed_at": NOW, "closed_by": "student", "score": -1},
        {"state": "CLOSED", "closed_at": NOW, "closed_by": "nobody", "score": 1},
        {"late_factor": 2},
        {"number": 0},
    ],
)
def test_the_database_refuses_what_an_attempt_cannot_be(fields: dict[str, Any]) -> None:
    attempt = an_attempt()
    with pytest.raises(IntegrityError), transaction.atomic():
        Attempt.objects.filter(pk=attempt.pk).update(**fields)


def test_the_database_refuses_a_second_open_try() -> None:
    attempt = an_attempt()
    attempt.pk, attempt.number = None, 2
    with pytest.raises(IntegrityError), transaction.atomic():
        attempt.save(force_insert=True)


def test_closing_takes_the_same_queries_whatever_the_quiz_holds(django_assert_num_queries: Any) -> None:
    for size in (3, 60):
        quiz = a_quiz(questions=a_bank(size, prefix=f"s{size}"))
        attempt = start_attempt(quiz=quiz, student=a_member(quiz.activity.course))
        with django_assert_num_queries(13 + (connection.vendor == "postgresql")):  # which locks the rules by a query
            close_attempt(attempt=attempt)

"""Two tabs, two devices and the sweeper at the same moment: nothing is lost, nothing is done twice."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from builders import a_member, an_instructor_of
from django.db import close_old_connections, connection
from django.db.models import F
from django.utils import timezone

from accounts.errors import DrydockError
from gradebook.models import GradeEvent, Score
from quizzes import closing, saving
from quizzes.checking import check_answer
from quizzes.models import Answer, Attempt, AttemptQuestion, Quiz
from quizzes.pausing import pause, resume
from quizzes.rule_models import Pause
from quizzes.services import close_attempt, save_answer, sweep_attempts
from quizzes.starting import start_attempt
from quizzes.timing import GRACE
from quizzes.turning import turn_page
from tests.quizzes.building import a_bank, a_quiz, an_attempt

pytestmark = pytest.mark.django_db(transaction=True)

WORD = 4


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Do all of it at the same moment, each on a connection of its own; what each returned, or the error it raised."""
    results: list[Any] = [None] * len(works)
    ready = threading.Barrier(len(works))

    def run(index: int, work: Callable[[], Any]) -> None:
        close_old_connections()
        ready.wait()
        try:
            results[index] = work()
        except DrydockError as refused:
            results[index] = refused
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index, work)) for index, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.fixture(autouse=True)
def _a_database_that_threads_share(tmp_path: Any) -> None:
    """SQLite in memory belongs to one connection; the tests' database has to be a file or a server."""
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.fail("These tests need a database that several connections can open.")


def test_two_tabs_saving_at_once_get_one_winner_and_one_warning() -> None:
    attempt = an_attempt()
    for revision in range(5):
        results = at_once(
            *(
                lambda tab=tab, revision=revision: save_answer(
                    attempt=attempt, position=WORD, value=f"{tab} {revision}", revision=revision
                )
                for tab in ("left", "right", "phone")
            )
        )
        refused = [result for result in results if isinstance(result, DrydockError)]
        (winner,) = [result for result in results if not isinstance(result, DrydockError)]
        assert [error.code for error in refused] == ["stale_revision"] * 2
        assert all(error.saved.value == winner.value for error in refused)  # type: ignore[attr-defined]
        assert AttemptQuestion.objects.get(attempt=attempt, position=WORD).value == winner.value
    assert Answer.objects.filter(attempt_question__attempt=attempt).count() == 5


def test_the_same_answer_sent_twice_at_once_is_one_revision() -> None:
    attempt = an_attempt()
    results = at_once(
        *[lambda: save_answer(attempt=attempt, position=WORD, value="same", revision=0) for _ in range(4)]
    )
    assert [result.revision for result in results] == [1] * 4
    assert Answer.objects.filter(attempt_question__attempt=attempt).count() == 1


def test_an_answer_saved_while_handing_in_counts_or_is_refused() -> None:
    for _ in range(6):
        attempt = an_attempt(questions=a_bank(3))
        saved, closed = at_once(
            lambda attempt=attempt: save_answer(attempt=attempt, position=1, value=True, revision=0),
            lambda attempt=attempt: close_attempt(attempt=attempt),
        )
        accepted = not isinstance(saved, DrydockError)
        if not accepted:
            assert saved.code == "attempt_closed"
        assert closed.score == (1 if accepted else 0)
        assert Score.objects.get(user=attempt.student).points == closed.score


def test_handing_in_twice_at_once_records_once() -> None:
    attempt = an_attempt()
    results = at_once(*[lambda: close_attempt(attempt=attempt) for _ in range(4)])
    assert {result.closed_at for result in results} == {Attempt.objects.get(pk=attempt.pk).closed_at}
    assert GradeEvent.objects.filter(user=attempt.student).count() == 1


def test_sweepers_side_by_side_close_each_attempt_once() -> None:
    quiz = a_quiz(time_limit_minutes=1, questions=a_bank(2))
    attempts = [start_attempt(quiz=quiz, student=a_member(quiz.activity.course)) for _ in range(8)]
    past = timezone.now() - GRACE - timedelta(minutes=1)
    Attempt.objects.update(started_at=past - timedelta(minutes=1), closes_at=past)
    swept = at_once(sweep_attempts, sweep_attempts, sweep_attempts)
    assert sum(swept) == len(attempts)
    assert not Attempt.objects.open().exists()
    assert GradeEvent.objects.count() == len(attempts)


def test_starting_twice_at_once_gives_one_try() -> None:
    quiz = a_quiz()
    student = a_member(quiz.activity.course)
    results = at_once(*[lambda: start_attempt(quiz=quiz, student=student) for _ in range(4)])
    assert len({attempt.pk for attempt in results}) == 1
    assert Attempt.objects.filter(student=student).count() == 1


def test_answers_to_different_questions_do_not_get_in_each_others_way() -> None:
    attempt = an_attempt(questions=a_bank(6))
    results = at_once(
        *[
            lambda position=position: save_answer(attempt=attempt, position=position, value=True, revision=0)
            for position in range(1, 7)
        ]
    )
    assert [result.revision for result in results] == [1] * 6
    assert close_attempt(attempt=attempt).score == 6


def test_an_answer_cannot_slip_in_between_scoring_and_closing() -> None:
    attempt = an_attempt(questions=a_bank(3))
    scored, done = threading.Event(), threading.Event()
    score = closing.score_attempt

    def slowly(*arguments: Any) -> Any:
        result = score(*arguments)
        scored.set()
        done.wait(1)  # the save has all the time it needs to get in, if it can
        return result

    def save() -> Any:
        scored.wait()
        try:
            return save_answer(attempt=attempt, position=1, value=True, revision=0)
        finally:
            done.set()

    with mock.patch.object(closing, "score_attempt", slowly):
        refused, closed = at_once(save, lambda: close_attempt(attempt=attempt))
    assert refused.code == "attempt_closed"
    assert closed.score == 0
    assert AttemptQuestion.objects.get(attempt=attempt, position=1).revision == 0
    assert not Answer.objects.exists()


def test_an_answer_that_is_being_written_is_waited_for_and_counts() -> None:
    attempt = an_attempt(questions=a_bank(3))
    written, done = threading.Event(), threading.Event()
    client_id = saving._client_id

    def slowly(client: str) -> str:
        written.set()
        done.wait(1)  # closing has all the time it needs to overlook the answer, if it can
        return client_id(client)

    def close() -> Any:
        written.wait()
        try:
            return close_attempt(attempt=attempt)
        finally:
            done.set()

    with mock.patch.object(saving, "_client_id", slowly):
        saved, closed = at_once(
            lambda: save_answer(attempt=attempt, position=1, value=True, revision=0, client="page"), close
        )
    assert saved.revision == 1
    assert closed.score == 1


def test_an_answer_checked_while_it_is_saved_is_final_as_one_of_the_two_has_it() -> None:
    for _ in range(6):
        attempt = an_attempt(questions=a_bank(3), mode="practice")
        save_answer(attempt=attempt, position=1, value=True, revision=0)
        saved, checked = at_once(
            lambda attempt=attempt: save_answer(attempt=attempt, position=1, value=False, revision=1),
            lambda attempt=attempt: check_answer(attempt=attempt, position=1),
        )
        asked = AttemptQuestion.objects.get(attempt=attempt, position=1)
        if isinstance(checked, DrydockError):
            assert (checked.code, asked.value, asked.checked_at) == ("answer_changed", False, None)
        elif isinstance(saved, DrydockError):
            assert (saved.code, asked.value, checked.value) == ("answer_final", True, True)
        else:
            assert asked.value is checked.value is False, "saved first, and checked as it was saved"


def test_turning_a_page_twice_at_once_turns_one_page() -> None:
    attempt = an_attempt(questions=a_bank(4), go_back=False, questions_per_page=1)
    results = at_once(*[lambda: turn_page(attempt=Attempt.objects.get(pk=attempt.pk), page=2) for _ in range(4)])
    assert results == [2] * 4
    assert Attempt.objects.get(pk=attempt.pk).page_reached == 2


def test_pausing_twice_at_once_pauses_once() -> None:
    quiz = a_quiz()
    teacher = an_instructor_of(quiz.activity.course)
    results = at_once(*[lambda: pause(by=teacher, quiz=Quiz.objects.get(pk=quiz.pk)) for _ in range(3)])
    assert sorted(isinstance(result, DrydockError) for result in results) == [False, True, True]
    assert Pause.objects.count() == 1


def test_a_pause_that_ends_while_the_sweeper_runs_costs_nobody_the_try() -> None:
    quiz = a_quiz(time_limit_minutes=1, questions=a_bank(2))
    teacher = an_instructor_of(quiz.activity.course)
    attempts = [start_attempt(quiz=quiz, student=a_member(quiz.activity.course)) for _ in range(4)]
    pause(by=teacher, quiz=quiz)
    past = timedelta(hours=1)
    Pause.objects.update(began_at=F("began_at") - past)
    Quiz.objects.filter(pk=quiz.pk).update(paused_at=F("paused_at") - past)
    Attempt.objects.update(started_at=F("started_at") - past, closes_at=F("closes_at") - past)
    at_once(sweep_attempts, lambda: resume(by=teacher, quiz=Quiz.objects.get(pk=quiz.pk)), sweep_attempts)
    assert Attempt.objects.open().count() == len(attempts)
    assert not Attempt.objects.past_their_time(timezone.now(), GRACE).exists()

"""Answers are saved at once, with revisions; nothing that was said to be saved is lost."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from builders import a_member
from django.utils import timezone

from accounts.errors import DrydockError, NotFound
from quizzes.errors import AnswerRefused, StaleRevision
from quizzes.models import Answer, Attempt, AttemptQuestion
from quizzes.services import close_attempt, save_answer, set_flag, sweep_attempts
from quizzes.starting import start_attempt
from quizzes.timing import GRACE
from quizzes.types.base import FormValues
from tests.quizzes.building import CHOICE, a_quiz, an_attempt, option, right_answers

pytestmark = pytest.mark.django_db

WORD, STATEMENT, NUMBER = 4, 3, 5


def history(attempt: Attempt, position: int) -> list[tuple[int, Any]]:
    answers = Answer.objects.filter(attempt_question__attempt=attempt, attempt_question__position=position)
    return list(answers.order_by("revision").values_list("revision", "value"))


def test_each_change_is_a_revision_and_all_are_kept() -> None:
    attempt = an_attempt()
    first = save_answer(attempt=attempt, position=WORD, value="RUN", revision=0)
    second = save_answer(attempt=attempt, position=WORD, value="WORKDIR", revision=first.revision)
    taken_back = save_answer(attempt=attempt, position=WORD, value="", revision=second.revision)
    assert [first.revision, second.revision, taken_back.revision] == [1, 2, 3]
    assert taken_back.value is None
    assert history(attempt, WORD) == [(1, "RUN"), (2, "WORKDIR"), (3, None)]
    assert attempt.questions.get(position=WORD).value is None


def test_sending_what_is_saved_again_changes_nothing() -> None:
    attempt = an_attempt()
    first = save_answer(attempt=attempt, position=STATEMENT, value=False, revision=0)
    again = save_answer(attempt=attempt, position=STATEMENT, value=False, revision=0)
    assert (again.revision, again.saved_at, again.replayed) == (1, first.saved_at, True)
    assert history(attempt, STATEMENT) == [(1, False)]


def test_taking_back_what_was_never_answered_saves_nothing() -> None:
    attempt = an_attempt()
    assert save_answer(attempt=attempt, position=WORD, value="  ", revision=0).revision == 0
    assert history(attempt, WORD) == []


def test_a_second_tab_is_told_of_the_newer_answer_and_loses_nothing() -> None:
    attempt = an_attempt()
    save_answer(attempt=attempt, position=WORD, value="from the first tab", revision=0)
    with pytest.raises(StaleRevision) as refused:
        save_answer(attempt=attempt, position=WORD, value="from the second tab", revision=0)
    assert refused.value.code == "stale_revision"
    assert (refused.value.saved.value, refused.value.saved.revision) == ("from the first tab", 1)
    chosen = save_answer(attempt=attempt, position=WORD, value="from the second tab", revision=1)
    assert chosen.revision == 2
    assert history(attempt, WORD) == [(1, "from the first tab"), (2, "from the second tab")]


def test_a_revision_that_the_server_never_gave_is_stale_too() -> None:
    attempt = an_attempt()
    with pytest.raises(StaleRevision) as refused:
        save_answer(attempt=attempt, position=WORD, value="x", revision=7)
    assert refused.value.saved.revision == 0


def test_a_page_whose_last_reply_was_lost_can_go_on() -> None:
    attempt = an_attempt()
    save_answer(attempt=attempt, position=WORD, value="W", revision=0, client="page-1")
    saved = save_answer(attempt=attempt, position=WORD, value="WORK", revision=0, client="page-1")
    assert saved.revision == 2
    with pytest.raises(StaleRevision):
        save_answer(attempt=attempt, position=WORD, value="other", revision=0, client="page-2")
    with pytest.raises(StaleRevision):
        save_answer(attempt=attempt, position=WORD, value="other", revision=0)


def test_true_and_the_word_true_are_the_same_answer_but_not_the_same_as_none() -> None:
    attempt = an_attempt()
    save_answer(attempt=attempt, position=STATEMENT, value=FormValues(["true"]), revision=0)
    assert save_answer(attempt=attempt, position=STATEMENT, value=True, revision=0).replayed
    assert save_answer(attempt=attempt, position=STATEMENT, value=FormValues([]), revision=1).value is None


@pytest.mark.parametrize(
    ("position", "value", "code"),
    [(1, "created", "option_unknown"), (2, "text", "answer_type"), (NUMBER, "many", "not_a_number")],
)
def test_a_malformed_answer_is_refused_with_a_message_and_leaves_the_old_one(
    position: int, value: str, code: str
) -> None:
    attempt = an_attempt()
    good = list(right_answers().values())[position - 1]
    save_answer(attempt=attempt, position=position, value=good, revision=0)
    with pytest.raises(DrydockError) as refused:
        save_answer(attempt=attempt, position=position, value=value, revision=1)
    assert (refused.value.code, refused.value.status) == (code, 422)
    assert refused.value.fields["answer"] == refused.value.message
    assert attempt.questions.get(position=position).revision == 1


@pytest.mark.parametrize("position", [0, -1, 6, 10**9])
def test_a_question_that_is_not_there_is_not_found(position: int) -> None:
    with pytest.raises(NotFound) as refused:
        save_answer(attempt=an_attempt(), position=position, value="x", revision=0)
    assert refused.value.code == "no_such_question"


def test_an_option_of_another_question_is_no_answer() -> None:
    attempt = an_attempt()
    with pytest.raises(DrydockError) as refused:
        save_answer(attempt=attempt, position=2, value=[option(CHOICE, "created")], revision=0)
    assert refused.value.code == "option_unknown"


def test_an_answer_on_its_way_when_time_is_up_is_taken_for_everybody() -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        attempt = an_attempt(time_limit_minutes=10)
        clock.move_to(start + timedelta(minutes=10) + GRACE)
        assert save_answer(attempt=attempt, position=WORD, value="in time", revision=0).revision == 1


def test_an_answer_after_time_is_up_is_refused_and_what_was_saved_stays() -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        attempt = an_attempt(time_limit_minutes=10)
        save_answer(attempt=attempt, position=WORD, value="in time", revision=0)
        clock.move_to(start + timedelta(minutes=10) + GRACE + timedelta(milliseconds=1))
        with pytest.raises(AnswerRefused) as refused:
            save_answer(attempt=attempt, position=WORD, value="too late", revision=1)
    assert refused.value.code == "time_is_up"
    assert refused.value.status == 409
    assert "Time was up at" in refused.value.message
    assert "What you saved before is safe and counts." in refused.value.message
    assert refused.value.saved.value == "in time"
    assert history(attempt, WORD) == [(1, "in time")]


def test_the_refusal_is_the_same_whether_the_sweeper_came_first() -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        attempt = an_attempt(time_limit_minutes=10)
        clock.move_to(start + timedelta(minutes=11))
        assert sweep_attempts() == 1
        with pytest.raises(AnswerRefused) as refused:
            save_answer(attempt=attempt, position=WORD, value="too late", revision=0)
    assert refused.value.code == "time_is_up"


def test_an_answer_after_handing_in_is_refused() -> None:
    attempt = an_attempt()
    save_answer(attempt=attempt, position=WORD, value="kept", revision=0)
    close_attempt(attempt=attempt)
    for value in ("changed", "kept", ""):
        with pytest.raises(AnswerRefused) as refused:
            save_answer(attempt=attempt, position=WORD, value=value, revision=1)
        assert refused.value.code == "attempt_closed"
    assert history(attempt, WORD) == [(1, "kept")]


def test_the_time_that_a_client_claims_is_not_asked_for() -> None:
    attempt = an_attempt(time_limit_minutes=10)
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False), pytest.raises(AnswerRefused):
        save_answer(attempt=attempt, position=WORD, value="x", revision=0)


def test_an_answer_goes_into_its_own_attempt_only() -> None:
    quiz = a_quiz()
    mine = start_attempt(quiz=quiz, student=a_member(quiz.activity.course))
    theirs = start_attempt(quiz=quiz, student=a_member(quiz.activity.course))
    save_answer(attempt=mine, position=WORD, value="mine", revision=0)
    assert history(theirs, WORD) == []


def test_a_mark_to_come_back_to_is_kept_until_taken_off() -> None:
    attempt = an_attempt()
    set_flag(attempt=attempt, position=2, flagged=True)
    assert list(attempt.questions.filter(flagged=True).values_list("position", flat=True)) == [2]
    set_flag(attempt=attempt, position=2, flagged=False)
    assert not attempt.questions.filter(flagged=True).exists()
    close_attempt(attempt=attempt)
    with pytest.raises(AnswerRefused):
        set_flag(attempt=attempt, position=2, flagged=True)


def test_saving_takes_the_same_few_queries_whatever_the_quiz_holds(django_assert_num_queries: Any) -> None:
    from tests.quizzes.building import a_bank

    for size in (2, 60):
        attempt = an_attempt(questions=a_bank(size))
        with django_assert_num_queries(5):  # two are the transaction's own savepoint
            save_answer(attempt=attempt, position=2, value=True, revision=0)
        assert AttemptQuestion.objects.get(attempt=attempt, position=2).revision == 1


def test_a_page_s_id_is_kept_without_what_databases_refuse() -> None:
    attempt = an_attempt()
    save_answer(attempt=attempt, position=WORD, value="W", revision=0, client="page\0-1" + "x" * 99)
    save_answer(attempt=attempt, position=WORD, value="WORK", revision=0, client="page\0-1" + "x" * 99)
    kept = Answer.objects.filter(attempt_question__attempt=attempt).values_list("client", flat=True)
    assert set(kept) == {"page-1" + "x" * 34}

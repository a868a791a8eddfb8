"""Exams: one question a page, and no way back where the quiz says so, whatever is asked for."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from builders import a_member
from django.utils import timezone

from quizzes.asking import attempt_page
from quizzes.errors import AnswerRefused, Conflict, NotFound
from quizzes.models import Attempt
from quizzes.services import close_attempt, save_answer, start_attempt
from quizzes.specs import QuizSpec
from quizzes.timing import GRACE
from quizzes.turning import turn_page
from tests.quizzes.building import a_bank, a_quiz

pytestmark = pytest.mark.django_db

NOW = timezone.now().replace(microsecond=0)
SECOND = timedelta(seconds=1)


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def sat(count: int = 3, **settings: Any) -> Attempt:
    settings.setdefault("mode", "exam")
    quiz = a_quiz(questions=a_bank(count), **settings)
    attempt = start_attempt(quiz=quiz, student=a_member(quiz.activity.course))
    return Attempt.objects.with_content().get(pk=attempt.pk)


def reloaded(attempt: Attempt) -> Attempt:
    return Attempt.objects.with_content().get(pk=attempt.pk)


def code_of(act: Any) -> str:
    with pytest.raises(Conflict) as refused:
        act()
    return refused.value.code


def test_an_exam_shows_one_question_a_page_whatever_the_file_says() -> None:
    attempt = sat(3, questions_per_page=5)
    page = attempt_page(attempt=attempt)
    assert (page.pages, [question.position for question in page.questions]) == (3, [1])


@pytest.mark.parametrize(("size", "count", "pages"), [(1, 3, 3), (2, 3, 2), (3, 3, 1), (5, 3, 1), (2, 4, 2)])
def test_a_position_is_on_one_page(size: int, count: int, pages: int) -> None:
    spec = QuizSpec.model_validate({"title": "Q", "questions_per_page": size, "items": ["a"]})
    assert spec.page_of(count) == pages
    assert [spec.page_of(position) for position in range(1, count + 1)] == [
        (position - 1) // size + 1 for position in range(1, count + 1)
    ]


def test_with_a_way_back_pages_are_turned_freely() -> None:
    attempt = sat(3)
    assert [turn_page(attempt=attempt, page=page) for page in (3, 1, 2)] == [3, 1, 2]
    assert save_answer(attempt=attempt, position=1, value=True, revision=0).revision == 1
    assert attempt_page(attempt=attempt, page=3).page == 3


def test_without_a_way_back_pages_come_one_after_the_other() -> None:
    attempt = sat(3, go_back=False)
    assert code_of(lambda: turn_page(attempt=attempt, page=3)) == "page_skipped"
    assert turn_page(attempt=attempt, page=1) == 1
    assert turn_page(attempt=attempt, page=2) == 2
    assert turn_page(attempt=attempt, page=2) == 2, "the same button pressed twice"
    assert code_of(lambda: turn_page(attempt=attempt, page=1)) == "question_left_behind"
    assert turn_page(attempt=reloaded(attempt), page=3) == 3
    for page in (0, -1, 4):
        with pytest.raises(NotFound):
            turn_page(attempt=attempt, page=page)
    assert reloaded(attempt).page_reached == 3


@pytest.mark.parametrize("asked_for", [-1, 0, 1, 2, 3, 99])
def test_without_a_way_back_only_the_page_reached_is_ever_shown(asked_for: int) -> None:
    attempt = sat(3, go_back=False)
    turn_page(attempt=attempt, page=2)
    page = attempt_page(attempt=reloaded(attempt), page=asked_for)
    assert [question.position for question in page.questions] == [2]
    assert page.previous_page is None


def test_a_page_that_comes_later_is_not_answered_yet() -> None:
    attempt = sat(3, go_back=False)
    assert code_of(lambda: save_answer(attempt=attempt, position=2, value=True, revision=0)) == "question_not_reached"
    assert attempt.questions.get(position=2).revision == 0


def test_an_answer_typed_in_the_last_second_before_turning_is_taken(clock: Any) -> None:
    attempt = sat(3, go_back=False)
    turn_page(attempt=attempt, page=2)
    clock.shift(GRACE)
    assert save_answer(attempt=attempt, position=1, value=True, revision=0).revision == 1


def test_a_page_that_was_left_takes_nothing_more(clock: Any) -> None:
    attempt = sat(3, go_back=False)
    save_answer(attempt=attempt, position=1, value=True, revision=0)
    turn_page(attempt=attempt, page=2)
    clock.shift(GRACE + SECOND)
    with pytest.raises(AnswerRefused) as refused:
        save_answer(attempt=attempt, position=1, value=False, revision=1)
    assert (refused.value.code, refused.value.saved.value) == ("question_left_behind", True)
    assert save_answer(attempt=attempt, position=1, value=True, revision=0).replayed, "what is saved may be sent again"


def test_the_grace_is_for_the_page_just_left_and_no_other(clock: Any) -> None:
    attempt = sat(3, go_back=False)
    turn_page(attempt=attempt, page=2)
    turn_page(attempt=attempt, page=3)
    assert code_of(lambda: save_answer(attempt=attempt, position=1, value=True, revision=0)) == "question_left_behind"
    assert save_answer(attempt=attempt, position=2, value=True, revision=0).revision == 1


def test_after_the_end_no_page_is_turned(clock: Any) -> None:
    attempt = sat(3, go_back=False, time_limit_minutes=1)
    clock.shift(timedelta(minutes=1) + GRACE + SECOND)
    assert code_of(lambda: turn_page(attempt=attempt, page=2)) == "time_is_up"
    close_attempt(attempt=attempt)
    assert code_of(lambda: turn_page(attempt=reloaded(attempt), page=2)) == "time_is_up"
    assert reloaded(attempt).page_reached == 1


def test_every_question_of_a_page_left_is_left(clock: Any) -> None:
    attempt = sat(5, mode="standard", go_back=False, questions_per_page=2)
    turn_page(attempt=attempt, page=2)
    clock.shift(GRACE + SECOND)
    codes = {}
    for position in range(1, 6):
        try:
            save_answer(attempt=attempt, position=position, value=True, revision=0)
        except Conflict as refused:
            codes[position] = refused.code
    assert codes == {1: "question_left_behind", 2: "question_left_behind", 5: "question_not_reached"}


def test_turning_takes_the_same_few_queries_whatever_the_quiz_holds(django_assert_num_queries: Any) -> None:
    for count in (3, 40):
        attempt = sat(count, go_back=False)
        with django_assert_num_queries(3):
            turn_page(attempt=attempt, page=2)

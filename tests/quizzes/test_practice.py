"""Practice: an answer is told about when the student asks, whatever the release policy, and stays as it is then."""

from typing import Any

import pytest
from builders import a_member

from quizzes.asking import attempt_page, shown_checked
from quizzes.checking import check_answer
from quizzes.errors import AnswerRefused, Conflict, NotFound
from quizzes.models import Answer, Attempt
from quizzes.pages import review
from quizzes.services import close_attempt, save_answer, set_flag, start_attempt
from tests.quizzes.building import a_quiz, right_answers

pytestmark = pytest.mark.django_db

CREATED, SEVERAL, STATEMENT, WORD, NUMBER = 1, 2, 3, 4, 5
NOTHING_IS_RELEASED = {"scores": "never", "keys": "never", "answers": "never", "feedback": "never"}


def practised(**settings: Any) -> Attempt:
    settings.setdefault("mode", "practice")
    quiz = a_quiz(**settings)
    attempt = start_attempt(quiz=quiz, student=a_member(quiz.activity.course))
    return Attempt.objects.with_content().get(pk=attempt.pk)


def test_a_checked_answer_is_told_about_at_once_whatever_is_released() -> None:
    attempt = practised(release=NOTHING_IS_RELEASED)
    save_answer(attempt=attempt, position=WORD, value="cd", revision=0)
    told = shown_checked(check_answer(attempt=attempt, position=WORD))
    assert (told.verdict, told.points, told.keys_shown) == ("wrong", 0, True)
    assert "zz-key-WORKDIR" in str(told.right_answers)
    assert "feedback-on-cd" in told.feedback
    assert "explanation-of-workdir" in told.explanation


def test_nothing_is_told_about_the_questions_that_were_not_checked() -> None:
    attempt = practised()
    save_answer(attempt=attempt, position=WORD, value="cd", revision=0)
    save_answer(attempt=attempt, position=STATEMENT, value=True, revision=0)
    check_answer(attempt=attempt, position=WORD)
    page = attempt_page(attempt=attempt)
    assert [bool(question.verdict) for question in page.questions] == [False, False, False, True, False]
    assert [entry.checked for entry in page.map] == [False, False, False, True, False]
    said = " ".join(str(question) for question in page.questions if question.position != WORD)
    assert "explanation-of" not in said
    assert "feedback-on" not in said


def test_a_checked_answer_is_final_and_sending_it_again_is_harmless() -> None:
    attempt = practised()
    save_answer(attempt=attempt, position=WORD, value="cd", revision=0)
    first = check_answer(attempt=attempt, position=WORD)
    with pytest.raises(AnswerRefused) as refused:
        save_answer(attempt=attempt, position=WORD, value="WORKDIR", revision=1)
    assert (refused.value.code, refused.value.saved.value) == ("answer_final", "cd")
    with pytest.raises(AnswerRefused):
        save_answer(attempt=attempt, position=WORD, value="", revision=1)
    assert save_answer(attempt=attempt, position=WORD, value="cd", revision=0).replayed
    assert check_answer(attempt=attempt, position=WORD).checked_at == first.checked_at
    assert Answer.objects.count() == 1
    set_flag(attempt=attempt, position=WORD, flagged=True)


def test_what_was_checked_counts_as_it_was_and_is_not_taken_back_in_the_review() -> None:
    attempt = practised(release=NOTHING_IS_RELEASED)
    save_answer(attempt=attempt, position=WORD, value=right_answers()["workdir"], revision=0)
    save_answer(attempt=attempt, position=NUMBER, value="1 MiB", revision=0)
    check_answer(attempt=attempt, position=WORD)
    close_attempt(attempt=attempt)
    attempt = Attempt.objects.with_content().get(pk=attempt.pk)
    assert attempt.score == 1
    seen = review(attempt=attempt, viewer=attempt.student)
    assert [question.keys_shown for question in seen.questions] == [False, False, False, True, False]
    assert "explanation-of-mebibytes" not in str(seen.questions)


@pytest.mark.parametrize("mode", ["standard", "exam"])
def test_only_in_practice_are_answers_checked(mode: str) -> None:
    attempt = practised(mode=mode)
    save_answer(attempt=attempt, position=CREATED, value=right_answers()["created"], revision=0)
    with pytest.raises(Conflict) as refused:
        check_answer(attempt=attempt, position=CREATED)
    assert refused.value.code == "not_practice"
    assert not attempt.questions.filter(checked_at__isnull=False).exists()


def test_what_is_not_answered_cannot_be_checked() -> None:
    attempt = practised()
    for act in (0, 1):
        with pytest.raises(Conflict) as refused:
            check_answer(attempt=attempt, position=WORD)
        assert refused.value.code == "answer_first"
        if not act:
            save_answer(attempt=attempt, position=WORD, value="cd", revision=0)
            save_answer(attempt=attempt, position=WORD, value="", revision=1)


def test_after_the_end_nothing_is_checked() -> None:
    attempt = practised()
    save_answer(attempt=attempt, position=WORD, value="cd", revision=0)
    close_attempt(attempt=attempt)
    with pytest.raises(Conflict) as refused:
        check_answer(attempt=attempt, position=WORD)
    assert refused.value.code == "attempt_closed"


def test_a_question_that_is_not_there_is_not_checked() -> None:
    with pytest.raises(NotFound):
        check_answer(attempt=practised(), position=6)


def test_practice_without_a_way_back_checks_only_the_page_one_is_on() -> None:
    attempt = practised(go_back=False, questions_per_page=1)
    with pytest.raises(Conflict) as refused:
        check_answer(attempt=attempt, position=2)
    assert refused.value.code == "question_not_reached"


def test_checking_takes_four_queries_at_most(django_assert_max_num_queries: Any) -> None:
    attempt = practised()
    save_answer(attempt=attempt, position=WORD, value="cd", revision=0)
    with django_assert_max_num_queries(4):
        check_answer(attempt=attempt, position=WORD)

"""Regrades while students hand in and markers mark at the same moment: nobody is scored by rules that are gone."""

from collections.abc import Callable
from typing import Any

import pytest
from builders import a_member, an_instructor_of

from accounts.errors import DrydockError
from gradebook.models import GradeEvent, Score
from quizzes.marking import give_mark
from quizzes.models import Attempt, AttemptQuestion
from quizzes.regrading import apply, draft, undo
from quizzes.rule_models import RegradeState
from quizzes.rules import Change, Rule
from quizzes.services import close_attempt
from tests.quizzes.building import CHOICE, a_quiz, option
from tests.quizzes.test_concurrency import at_once
from tests.quizzes.test_marking import ESSAY, PLAIN, handed_in
from tests.quizzes.test_regrading import all_right, everything, regraded

pytestmark = pytest.mark.django_db(transaction=True)

RUNNING = Rule(change=Change.KEY, keys=({"answer": "running"},))


def closing(attempt: Attempt) -> Callable[[], Any]:
    return lambda: close_attempt(attempt=attempt)


def test_whoever_hands_in_while_rules_change_is_scored_by_those_that_hold_in_the_end() -> None:
    quiz = a_quiz()
    by = an_instructor_of(quiz.activity.course)
    for _ in range(3):
        open_tries = [all_right(quiz, created=option(CHOICE, "running"), close=False) for _ in range(4)]
        regrade = draft(by=by, quiz=quiz, changes={"created": RUNNING}, reason="Wrong key.")
        at_once(*map(closing, open_tries[:2]), lambda regrade=regrade: apply(by=by, regrade=regrade))
        assert set(Attempt.objects.closed().values_list("score", flat=True)) == {6}
        assert {score.points for score in Score.objects.all()} == {6}
        at_once(*map(closing, open_tries[2:]), lambda regrade=regrade: undo(by=by, regrade=regrade))
        assert set(Attempt.objects.closed().values_list("score", flat=True)) == {5}
        assert {score.points for score in Score.objects.all()} == {5}


def test_of_two_who_apply_or_undo_at_once_one_does() -> None:
    quiz = a_quiz()
    by = an_instructor_of(quiz.activity.course)
    attempt = all_right(quiz, created=option(CHOICE, "running"))
    regrade = draft(by=by, quiz=quiz, changes={"created": RUNNING}, reason="Wrong key.")
    for act, code, state in (
        (apply, "regrade_not_draft", RegradeState.APPLIED),
        (undo, "regrade_not_applied", RegradeState.UNDONE),
    ):
        told = GradeEvent.objects.count()
        results = at_once(*[lambda act=act: act(by=by, regrade=regrade)] * 3)
        refused = [one for one in results if isinstance(one, DrydockError)]
        assert [one.code for one in refused] == [code] * 2
        regrade.refresh_from_db()
        assert regrade.state == state
        assert GradeEvent.objects.filter(user=attempt.student).count() == told + 1


def test_of_two_regrades_at_once_both_hold_and_are_undone_one_after_the_other() -> None:
    quiz = a_quiz()
    by = an_instructor_of(quiz.activity.course)
    for text in ("created", "running"):
        all_right(quiz, created=option(CHOICE, text))
    before = everything(quiz)
    drafts = [
        draft(by=by, quiz=quiz, changes=changes, reason="Wrong.")
        for changes in ({"created": RUNNING}, {"keeps": Rule(change=Change.DROP)})
    ]
    at_once(*(lambda one=one: apply(by=by, regrade=one) for one in drafts))
    assert sorted(Attempt.objects.values_list("score", "max_score")) == [(3, 4), (4, 4)]
    for one in drafts:
        one.refresh_from_db()
    for one in sorted(drafts, key=lambda regrade: regrade.applied_at, reverse=True):  # type: ignore[arg-type,return-value]
        undo(by=by, regrade=one)
    assert everything(quiz) == before


def test_a_mark_given_while_a_regrade_is_applied_is_kept_and_counts() -> None:
    quiz = a_quiz(questions=[CHOICE, ESSAY, PLAIN])
    by = an_instructor_of(quiz.activity.course)
    for _ in range(3):
        attempt = handed_in(quiz, student=a_member(quiz.activity.course))
        asked = AttemptQuestion.objects.select_related("attempt", "question_version__question").get(
            attempt=attempt, position=3
        )
        regrade = draft(by=by, quiz=quiz, changes={"created": Rule(change=Change.DROP)}, reason="Unfair.")
        at_once(
            lambda asked=asked: give_mark(by=by, asked=asked, points=2),
            lambda regrade=regrade: apply(by=by, regrade=regrade),
        )
        attempt.refresh_from_db()
        assert (attempt.score, attempt.max_score, attempt.worth) == (2, 7, 8)
        undo(by=by, regrade=regrade)
        attempt.refresh_from_db()
        assert (attempt.score, attempt.max_score, attempt.worth) == (3, 8, None)


def test_applying_and_undoing_over_and_over_comes_back_to_the_same_each_time() -> None:
    quiz = a_quiz()
    by = an_instructor_of(quiz.activity.course)
    for text in ("created", "running", "paused"):
        all_right(quiz, created=option(CHOICE, text))
    before, applied = everything(quiz), []
    for _ in range(3):
        regrade = regraded(quiz, created=RUNNING, keeps=Rule(change=Change.DROP), workdir=Rule(change=Change.FULL))
        points, questions, *_, evidence = everything(quiz)
        applied.append((points, questions, evidence))
        undo(by=by, regrade=regrade)
        assert everything(quiz) == before
    assert applied[0] == applied[1] == applied[2]

"""Regrades drawn by chance: each does to a class what its preview said, and undoing them leaves no trace."""

import random
from decimal import Decimal
from typing import Any

import pytest
from builders import a_member, an_instructor_of

from accounts.models import User
from gradebook.models import GradeEvent, Score
from quizzes.models import Attempt, Quiz
from quizzes.regrading import apply, asked_questions, draft, preview, undo
from quizzes.rules import Change, Rule
from quizzes.scoring import rules_of, score_attempt
from quizzes.services import close_attempt, save_answer, start_attempt
from tests.quizzes.building import CHOICE, ONE_OF_EACH, a_bank, a_quiz, option, right_answers
from tests.quizzes.test_marking import ESSAY
from tests.quizzes.test_regrading import DROP, FULL, RUNNING, everything

pytestmark = pytest.mark.django_db

FALSE = Rule(change=Change.KEY, keys=({"answer": False},))
DRAWN = [one | {"points": points} for one, points in zip(a_bank(4, prefix="b"), (1, 0.33, 1.5, 2.25), strict=True)]


def an_answer(slug: str, rng: random.Random) -> Any:
    """What somebody answers: right, wrong, in part, or nothing."""
    if slug == "created":
        return option(CHOICE, rng.choice(["created", "running", "paused"]))
    if slug == "layers":
        return "The cache."
    if slug.startswith("b-"):
        return rng.random() < 0.6
    right = right_answers()[slug]
    return right[:1] if isinstance(right, list) and rng.random() < 0.5 else right


def a_try(quiz: Quiz, student: User, rng: random.Random) -> None:
    attempt = start_attempt(quiz=quiz, student=student)
    for asked in attempt.questions.select_related("question_version__question"):
        if rng.random() < 0.75:
            value = an_answer(asked.question_version.question.slug, rng)
            save_answer(attempt=attempt, position=asked.position, value=value, revision=0)
    close_attempt(attempt=attempt)


def a_change(quiz: Quiz, rng: random.Random) -> dict[str, Rule | None]:
    """Other rules for some questions."""
    rules = {one.slug: one.rule for one in asked_questions(quiz)}
    changes: dict[str, Rule | None] = {}
    for slug in rng.sample(sorted(rules), 3):
        fitting = {"created": [RUNNING]}.get(slug, [FALSE] if slug.startswith("b-") else [])
        others = [rule for rule in (DROP, FULL, None, *fitting) if rule != rules[slug]]
        changes[slug] = rng.choice(others)
    return changes


def in_gradebook(quiz: Quiz) -> dict[int, Decimal | None]:
    return dict(Score.objects.filter(activity=quiz.activity).values_list("user_id", "points"))


def scored_from_nothing(quiz: Quiz) -> None:
    """What is stored is what scoring all answers anew by the rules comes to."""
    rules = rules_of(quiz.pk)
    for attempt in Attempt.objects.closed().filter(quiz=quiz):
        rows = list(attempt.questions.select_related("question_version").order_by("position"))
        stored = [(row.points, row.awaits_mark) for row in rows]
        result = score_attempt(rows, rules)
        assert stored == [(row.points, row.awaits_mark) for row in rows]
        assert (attempt.score, attempt.max_score) == (result.score, result.max_score)
        assert attempt.awaits_marks == result.awaits_marks


@pytest.mark.parametrize("scoring", ["best", "last", "first", "average"])
def test_each_regrade_does_to_the_cent_what_its_preview_said_and_can_be_undone(scoring: str) -> None:
    rng = random.Random(scoring)
    items = [*(one["id"] for one in ONE_OF_EACH), "layers", {"draw": 2, "topics": ["docker.cli"]}]
    quiz = a_quiz(questions=[*ONE_OF_EACH, ESSAY, *DRAWN], items=items, scoring=scoring)
    for _ in range(4):
        student = a_member(quiz.activity.course)
        for _ in range(rng.choice([1, 2])):
            a_try(quiz, student, rng)
    by, done = an_instructor_of(quiz.activity.course), []
    for _ in range(4):
        before = everything(quiz)
        regrade = draft(by=by, quiz=quiz, changes=a_change(quiz, rng), reason="By chance.")
        seen, told = preview(regrade), GradeEvent.objects.count()
        assert everything(quiz) == before
        assert {one.student_id: one.before for one in seen.people} == in_gradebook(quiz)
        apply(by=by, regrade=regrade, seen=seen.seen)
        assert {one.student_id: one.after for one in seen.people} == in_gradebook(quiz)
        news = [event.user_id for event in GradeEvent.objects.order_by("pk")[told:]]
        assert sorted(news) == sorted(one.student_id for one in seen.people if one.change)
        scored_from_nothing(quiz)
        done.append((regrade, before))
    for regrade, before in reversed(done):
        undo(by=by, regrade=regrade)
        assert everything(quiz) == before
        scored_from_nothing(quiz)

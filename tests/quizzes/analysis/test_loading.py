"""Statistics of stored attempts: which of them count, what is read of each, and at what cost."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from builders import a_member, an_instructor_of
from django.core.cache import cache
from scipy import stats

from courses.models import Role
from quizzes.analysis.figures import QuestionFigures
from quizzes.analysis.loading import sheet_of, statistics_of
from quizzes.models import Answer, Attempt, AttemptQuestion, Question, QuestionVersion, Quiz
from quizzes.rule_models import Pause, Regrade, ScoringRule
from quizzes.saving import save_answer
from quizzes.services import close_attempt, sync_questions
from quizzes.starting import start_attempt
from quizzes.types.base import QuestionType, Value
from tests.quizzes.building import CHOICE, ONE_OF_EACH, SEVERAL, a_bank, a_quiz, option, questions_of, right_answers
from tests.quizzes.classes import by_ability, right_value, students_of, took, wrong_value

pytestmark = pytest.mark.django_db
Queries = Callable[..., Any]


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


def question(quiz: Quiz, slug: str, **which: Any) -> QuestionFigures:
    return next(one for one in statistics_of(quiz, **which).questions if one.asked.slug == slug)


def matrix(quiz: Quiz) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """Stored points, tries by questions, as the database has them."""
    rows = AttemptQuestion.objects.filter(attempt__quiz=quiz).order_by("attempt_id", "question_version__question__slug")
    points = np.array([float(value) for value in rows.values_list("points", flat=True)])
    return points.reshape(Attempt.objects.filter(quiz=quiz).count(), -1)


def test_figures_of_stored_attempts_are_those_of_numpy_and_scipy() -> None:
    quiz = a_quiz()
    took(quiz, students=80, seed=4)
    points = matrix(quiz)
    slugs = sorted(row["id"] for row in ONE_OF_EACH)

    found = statistics_of(quiz)

    total = points.sum(axis=1)
    share = total / 6
    assert found.tries == 80
    assert found.out_of == 6
    assert found.mean.value == pytest.approx(share.mean())
    assert found.deviation.value == pytest.approx(share.std(ddof=1))
    assert found.median.value == pytest.approx(np.median(share))
    alpha = 5 / 4 * (1 - points.var(axis=0, ddof=1).sum() / total.var(ddof=1))
    assert found.alpha.value == pytest.approx(alpha)
    assert found.error_points.value == pytest.approx(total.std(ddof=1) * np.sqrt(1 - alpha))
    assert found.same_questions
    for one in found.questions:
        column = points[:, slugs.index(one.asked.slug)]
        assert one.facility.value == pytest.approx((column / one.possible).mean())
        expected = stats.pearsonr(column / one.possible, (total - column) / (6 - one.possible)).statistic
        assert one.discrimination.value == pytest.approx(expected)


def test_options_are_counted_by_fifths_of_the_class() -> None:
    quiz = a_quiz()
    took(quiz, students=100, seed=2)
    chosen = list(
        AttemptQuestion.objects.filter(attempt__quiz=quiz, question_version__question__slug="created").values_list(
            "value", flat=True
        )
    )

    found = question(quiz, "created")

    assert {one.text: one.chosen for one in found.options} == {
        text: chosen.count(option(CHOICE, text)) for text in ("created", "running", "paused", "exited")
    }
    assert [one.text for one in found.options if one.right] == ["created"]
    assert found.omitted == chosen.count(None) == sum(found.omitted_by_group)
    for rank in range(5):
        counted = sum(one.by_group[rank] for one in found.options) + found.omitted_by_group[rank]
        assert counted == found.by_group[rank]
    assert sum(found.by_group) == 100


def test_several_chosen_options_are_counted_each() -> None:
    quiz = a_quiz(questions=(SEVERAL, CHOICE))
    attempt = start_attempt(quiz=quiz, student=a_member(quiz.activity.course))
    save_answer(
        attempt=attempt,
        position=1,
        value=[option(SEVERAL, "its memory"), option(SEVERAL, "its turn on the CPU")],
        revision=0,
    )
    close_attempt(attempt=attempt)

    found = question(quiz, "keeps")

    assert {one.text: (one.chosen, one.right) for one in found.options} == {
        "its memory": (1, True),
        "its files": (0, True),
        "its turn on the CPU": (1, False),
    }


def test_try_outs_and_tries_under_way_are_left_out() -> None:
    quiz = a_quiz()
    took(quiz, students=3)
    close_attempt(attempt=start_attempt(quiz=quiz, student=an_instructor_of(quiz.activity.course)))
    close_attempt(attempt=start_attempt(quiz=quiz, student=a_member(quiz.activity.course, role=Role.ASSISTANT)))
    start_attempt(quiz=quiz, student=a_member(quiz.activity.course))

    assert statistics_of(quiz).tries == 3


def test_of_several_tries_the_one_that_counts_is_looked_at_or_the_first() -> None:
    def badly(question: QuestionType, able: float, rng: random.Random) -> Value | None:
        return wrong_value(question, rng)

    def well(question: QuestionType, able: float, rng: random.Random) -> Value | None:
        return right_value(question)

    quiz = a_quiz(scoring="best")
    people = students_of(quiz.activity.course, 4)
    took(quiz, students=people, answering=badly, number=1)
    took(quiz, students=people, answering=well, number=2)
    took(quiz, students=people, answering=badly, number=3)

    assert statistics_of(quiz).mean.value == 1
    assert statistics_of(quiz, "first").mean.value == 0
    assert statistics_of(quiz).tries == statistics_of(quiz, "first").tries == 4


def test_time_between_two_events_belongs_to_the_question_saved() -> None:
    quiz = a_quiz(questions=(CHOICE, SEVERAL))
    attempt = took(quiz, students=1, answering=lambda q, a, r: right_value(q))[0]
    first, second = attempt.questions.order_by("position")
    Answer.objects.all().delete()
    for asked, revision, seconds in ((first, 1, 30), (second, 1, 50), (first, 2, 57)):
        Answer.objects.create(
            attempt_question=asked, revision=revision, saved_at=attempt.started_at + timedelta(seconds=seconds)
        )

    created, keeps = question(quiz, "created"), question(quiz, "keeps")

    assert created.times is not None
    assert keeps.times is not None
    assert (created.times.middle, keeps.times.middle) == (37, 20)


def test_the_time_in_which_a_quiz_was_paused_is_nobody_s() -> None:
    quiz = a_quiz(questions=(CHOICE, SEVERAL))
    attempt = took(quiz, students=1, answering=lambda q, a, r: right_value(q))[0]
    first, second = attempt.questions.order_by("position")
    Answer.objects.all().delete()
    for asked, seconds in ((first, 30), (second, 700)):
        Answer.objects.create(
            attempt_question=asked, revision=1, saved_at=attempt.started_at + timedelta(seconds=seconds)
        )
    began_at = attempt.started_at + timedelta(seconds=40)
    Pause.objects.create(
        quiz=quiz,
        began_at=began_at,
        ended_at=began_at + timedelta(minutes=10),
        by=an_instructor_of(attempt.quiz.activity.course),
    )

    created, keeps = question(quiz, "created"), question(quiz, "keeps")

    assert created.times is not None
    assert keeps.times is not None
    assert (created.times.middle, keeps.times.middle) == (30, 70)


def a_rule(quiz: Quiz, slug: str, kind: str, detail: dict[str, Any] | None = None) -> None:
    regrade = Regrade.objects.create(quiz=quiz, by=an_instructor_of(quiz.activity.course), changes={})
    asked = Question.objects.get(course=quiz.activity.course, slug=slug)
    ScoringRule.objects.create(quiz=quiz, question=asked, kind=kind, detail=detail or {}, regrade=regrade)


def test_a_dropped_question_is_marked_and_counts_nowhere() -> None:
    quiz = a_quiz()
    took(quiz, students=40)
    a_rule(quiz, "keeps", "drop")
    AttemptQuestion.objects.filter(question_version__question__slug="keeps").update(points=None)

    found = statistics_of(quiz)

    (dropped,) = [one for one in found.questions if one.asked.dropped]
    assert dropped.asked.slug == "keeps"
    assert not dropped.facility.known
    assert not dropped.discrimination.known
    assert [flag.code for flag in dropped.flags] == ["dropped"]
    assert found.out_of == 4
    assert sum(one.chosen for one in dropped.options) > 0


def test_full_marks_for_all_are_said_and_not_taken_for_an_easy_question() -> None:
    quiz = a_quiz()
    took(quiz, students=40)
    a_rule(quiz, "created", "full")
    AttemptQuestion.objects.filter(question_version__question__slug="created").update(points=1)

    found = question(quiz, "created")

    assert [flag.code for flag in found.flags] == ["full_marks"]


def test_another_key_is_the_right_option_of_the_table() -> None:
    quiz = a_quiz()
    took(quiz, students=4)
    a_rule(quiz, "created", "key", {"answer": "running"})

    assert [one.text for one in question(quiz, "created").options if one.right] == ["running"]


def test_answers_that_wait_for_a_mark_are_left_out_until_they_have_one() -> None:
    quiz = a_quiz()
    took(quiz, students=4)
    waiting = AttemptQuestion.objects.filter(question_version__question__slug="workdir")
    waiting.update(awaits_mark=True, points=0)
    Attempt.objects.update(awaits_marks=True)

    before = statistics_of(quiz)
    waiting.update(awaits_mark=False, points=1)
    Attempt.objects.update(awaits_marks=False)
    after = statistics_of(quiz)

    assert (before.waiting, before.out_of) == (4, 5)
    assert (after.waiting, after.out_of) == (0, 6)
    assert next(one for one in after.questions if one.asked.slug == "workdir").facility.value == 1


def test_students_with_different_questions_are_compared_by_what_they_were_asked() -> None:
    bank = a_bank(12)
    quiz = a_quiz(questions=bank, items=[{"draw": 5}])
    versions = list(QuestionVersion.objects.filter(question__course=quiz.activity.course).select_related("question"))
    took(quiz, students=60, versions=lambda rng: rng.sample(versions, 5))

    found = statistics_of(quiz)

    assert not found.same_questions
    assert found.alpha.known
    assert sum(one.tries for one in found.questions) == 300
    assert all(one.discrimination.known for one in found.questions if one.tries >= 10)


def test_a_newer_version_of_a_question_goes_on_with_the_options_it_kept() -> None:
    quiz = a_quiz(questions=(CHOICE, SEVERAL))
    took(quiz, students=5, answering=lambda q, a, r: right_value(q))
    changed = CHOICE | {"options": ["exited", "created", "paused"], "explanation": "another"}
    sync_questions(course=quiz.activity.course, questions=questions_of(changed), retire_others=False)
    took(quiz, students=5, answering=lambda q, a, r: right_value(q))

    found = question(quiz, "created")

    assert [(one.text, one.chosen) for one in found.options] == [("exited", 0), ("created", 10), ("paused", 0)]


def test_an_option_is_judged_by_those_who_had_it_to_choose_from() -> None:
    """Twenty got a version without it, and three the one with it: that none of the three chose it says nothing."""
    quiz = a_quiz(questions=(CHOICE, SEVERAL))
    took(quiz, students=20, answering=lambda q, a, r: right_value(q))
    changed = CHOICE | {"options": ["exited", "created", "dead"]}
    sync_questions(course=quiz.activity.course, questions=questions_of(changed), retire_others=False)
    took(quiz, students=3, answering=lambda q, a, r: right_value(q))

    found = question(quiz, "created")

    assert [(one.text, one.tries, sum(one.there)) for one in found.options] == [
        ("exited", 23, 23), ("created", 23, 23), ("dead", 3, 3),
    ]  # fmt: skip
    (flag,) = [one for one in found.flags if one.code == "unused_option"]
    assert "Nobody of 23 chose A (“exited”):" in flag.text


def test_variants_of_one_making_are_one_and_their_options_are_counted() -> None:
    quiz = a_quiz(questions=(CHOICE, SEVERAL))
    people = took(quiz, students=40)
    for number, asked in enumerate(
        AttemptQuestion.objects.filter(attempt__in=people, question_version__question__slug="created").order_by("pk")
    ):
        variant = CHOICE | {"text": f"Variant {number % 2}"}
        asked.seed, asked.variant = number, variant
        asked.points = number % 2
        asked.save()

    found = question(quiz, "created")

    assert [(one.tries, one.facility) for one in found.variants] == [(20, 0.0), (20, 1.0)]
    assert found.variants_alike.value == 0
    assert "variants_differ" in {flag.code for flag in found.flags}
    assert all(sum(option.chosen for option in one.options) + one.omitted == 20 for one in found.variants)


def test_options_whose_words_vary_are_told_by_an_example() -> None:
    varies = {
        "id": "one-more",
        "kind": "single_choice",
        "topics": ["cmd.create"],
        "text": "What is {n} + 1?",
        "values": {
            "n": {"kind": "number", "at_least": 5, "at_most": 9},
            "more": {"compute": "n + 1"},
            "less": {"compute": "n - 1"},
        },
        "options": ["{more}", "{less}", "none of these"],
        "answer": "{more}",
    }
    quiz = a_quiz(questions=(varies, SEVERAL))
    for _ in range(12):
        attempt = start_attempt(quiz=quiz, student=a_member(quiz.activity.course))
        (right,) = attempt.questions.get(position=1).content.key().options
        save_answer(attempt=attempt, position=1, value=right, revision=0)
        close_attempt(attempt=attempt)

    found = question(quiz, "one-more")

    assert len(found.variants) > 1
    assert [(one.right, one.chosen) for one in found.options] == [(True, 12), (False, 0), (False, 0)]
    assert [one.text.startswith("such as: ") for one in found.options] == [True, True, False]


def test_nobody_has_taken_it_yet() -> None:
    found = statistics_of(a_quiz())

    assert (found.tries, found.questions) == (0, ())
    assert not found.mean.known
    assert not found.alpha.known


def test_one_student_is_no_reason_for_alarm() -> None:
    quiz = a_quiz()
    took(quiz, students=1)

    found = statistics_of(quiz)

    assert {flag.code for one in found.questions for flag in one.flags} == {"few"}
    assert not found.deviation.known
    assert all("try" in one.discrimination.needs or "tries" in one.discrimination.needs for one in found.questions)


def test_all_right_is_easy_and_nothing_is_divided_by_zero() -> None:
    quiz = a_quiz()
    took(quiz, students=30, answering=lambda q, a, r: right_value(q))

    found = statistics_of(quiz)

    assert found.alpha.needs == "scores that differ"
    assert all("too_easy" in {flag.code for flag in one.flags} for one in found.questions)


@pytest.mark.parametrize(("students", "questions"), [(3, 2), (60, 30)])
def test_the_number_of_queries_depends_on_neither_students_nor_questions(
    students: int, questions: int, django_assert_num_queries: Queries
) -> None:
    quiz = a_quiz(questions=a_bank(questions))
    took(quiz, students=students)

    with django_assert_num_queries(9):
        statistics_of(quiz)
    with django_assert_num_queries(3):
        statistics_of(quiz)


def test_what_is_kept_is_not_shown_once_something_has_changed() -> None:
    quiz = a_quiz()
    took(quiz, students=2)
    assert statistics_of(quiz).tries == 2

    took(quiz, students=1)

    assert statistics_of(quiz).tries == 3


def test_an_answer_saved_and_taken_back_is_left_out() -> None:
    quiz = a_quiz(questions=(CHOICE, SEVERAL))
    attempt = start_attempt(quiz=quiz, student=a_member(quiz.activity.course))
    save_answer(attempt=attempt, position=1, value=right_answers()["created"], revision=0)
    save_answer(attempt=attempt, position=1, value=None, revision=1)
    close_attempt(attempt=attempt)

    assert question(quiz, "created").omitted == 1


def test_numbers_lie_in_arrays() -> None:
    quiz = a_quiz()
    took(quiz, students=200, answering=by_ability)

    sheet = sheet_of(quiz)

    held = sum(
        len(numbers) * numbers.itemsize
        for column in sheet.columns
        for numbers in (
            column.tries,
            column.points,
            column.possible,
            column.chosen,
            column.offered,
            column.seconds,
            column.variants,
        )
    )
    assert held <= 200 * 5 * 60

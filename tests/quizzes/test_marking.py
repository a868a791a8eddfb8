"""Marking by people: the queue, names kept out of it, marks that can be changed, and what counts until then."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from builders import a_member, an_instructor_of
from django.db import connection

from accounts.errors import DrydockError
from accounts.models import User
from courses.models import AuditEntry, Role
from gradebook.models import Evidence, GradeEvent, Score
from quizzes.marking import answer_at, code_of, give_mark, history_of, places, queue, saved_comments
from quizzes.marking_models import Mark
from quizzes.models import Attempt, AttemptQuestion, Quiz
from quizzes.pages import review
from quizzes.regrading import apply, draft, preview, undo
from quizzes.rules import Change, Rule
from quizzes.services import close_attempt, save_answer, start_attempt
from tests.quizzes.building import CHOICE, a_quiz, option
from tests.quizzes.test_concurrency import at_once

pytestmark = pytest.mark.django_db

ESSAY = {
    "id": "layers",
    "kind": "long_text",
    "topics": ["image.layers"],
    "points": 4,
    "text": "Why do layers make builds quick?",
    "rubric": [
        {
            "id": "cache",
            "title": "Names the cache",
            "points": 2,
            "levels": [{"points": 1, "text": "Named."}, {"points": 2, "text": "Explained."}],
        },
        {"id": "order", "title": "Says that order matters", "points": 1},
    ],
}
PLAIN = {
    "id": "volumes",
    "kind": "long_text",
    "topics": ["volume.what"],
    "points": 3,
    "text": "What is a volume for?",
}


@pytest.fixture
def quiz() -> Quiz:
    return a_quiz(questions=[CHOICE, ESSAY, PLAIN])


def handed_in(quiz: Quiz, *, student: User | None = None, essay: str = "The cache.", plain: str = "Data.") -> Attempt:
    attempt = start_attempt(quiz=quiz, student=student or a_member(quiz.activity.course))
    for position, value in ((1, option(CHOICE, "created")), (2, essay), (3, plain)):
        save_answer(attempt=attempt, position=position, value=value, revision=0)
    return close_attempt(attempt=attempt)


def asked(attempt: Attempt, position: int) -> AttemptQuestion:
    return AttemptQuestion.objects.select_related("question_version__question", "attempt").get(
        attempt=attempt, position=position
    )


def by(quiz: Quiz) -> User:
    return an_instructor_of(quiz.activity.course)


def score_of(attempt: Attempt) -> Decimal | None:
    return Score.objects.get(activity=attempt.quiz.activity, user=attempt.student).points


def standing(attempt: Attempt) -> tuple[Decimal | None, bool]:
    attempt.refresh_from_db()
    return attempt.score, attempt.awaits_marks


def test_answers_that_somebody_has_to_read_wait_and_the_rest_counts_at_once(quiz: Quiz) -> None:
    attempt = handed_in(quiz, plain="")
    assert standing(attempt) == (1, True)
    assert score_of(attempt) == 1
    waits = [(row.position, row.points, row.awaits_mark) for row in attempt.questions.order_by("position")]
    assert waits == [(1, 1, False), (2, 0, True), (3, 0, False)]
    assert {row.topic for row in Evidence.objects.filter(user=attempt.student)} == {"cmd.create", "volume.what"}


def test_a_mark_counts_at_once_and_the_last_one_ends_the_waiting(quiz: Quiz) -> None:
    attempt = handed_in(quiz)
    give_mark(by=by(quiz), asked=asked(attempt, 2), rubric={"cache": "1", "order": "1"}, comment="Why?")
    assert standing(attempt) == (Decimal("3.67"), True)
    give_mark(by=by(quiz), asked=asked(attempt, 3), points="2,5")
    assert standing(attempt) == (Decimal("6.17"), False)
    assert score_of(attempt) == Decimal("6.17")
    shown = {row.topic: row.points for row in Evidence.objects.filter(user=attempt.student)}
    assert (shown["image.layers"], shown["volume.what"]) == (Decimal("2.67"), Decimal("2.5"))
    events = GradeEvent.objects.filter(user=attempt.student).order_by("pk").values_list("points", flat=True)
    assert list(events) == [1, Decimal("3.67"), Decimal("6.17")]


def test_a_mark_can_be_changed_and_the_earlier_one_is_kept(quiz: Quiz) -> None:
    attempt = handed_in(quiz)
    first = give_mark(by=by(quiz), asked=asked(attempt, 3), points=1)
    helper = a_member(quiz.activity.course, role=Role.ASSISTANT)
    give_mark(by=helper, asked=asked(attempt, 3), points=3, comment="Better than I thought.", seen=first.pk)
    assert standing(attempt)[0] == 4
    marks = history_of(asked(attempt, 3))
    assert [(mark.points, mark.is_current, mark.by) for mark in marks] == [(3, True, helper), (1, False, by(quiz))]
    entries = [(one.action, one.detail["before"]) for one in AuditEntry.objects.filter(activity=quiz.activity)]
    assert entries == [("mark_changed", "1.00"), ("mark_given", None)]


def test_points_in_place_of_the_rubric_s_count_and_keep_what_was_said_of_each_criterion(quiz: Quiz) -> None:
    attempt = handed_in(quiz)
    mark = give_mark(by=by(quiz), asked=asked(attempt, 2), rubric={"cache": "2", "order": "0"}, points="4")
    assert (mark.points, mark.rubric) == (4, {"cache": "2.00", "order": "0.00"})


@pytest.mark.parametrize(
    ("position", "sent", "code", "field"),
    [
        (3, {}, "points_invalid", "points"),
        (3, {"points": "3.01"}, "points_invalid", "points"),
        (3, {"points": "-1"}, "points_invalid", "points"),
        (3, {"points": "NaN"}, "points_invalid", "points"),
        (3, {"points": "a lot"}, "points_invalid", "points"),
        (2, {"rubric": {}}, "points_invalid", "rubric-cache"),
        (2, {"rubric": {"cache": "1"}}, "points_invalid", "rubric-order"),
        (2, {"rubric": {"cache": "3", "order": "1"}}, "points_invalid", "rubric-cache"),
        (2, {"rubric": {"cache": "1", "order": "1", "style": "1"}}, "points_invalid", "rubric"),
        (3, {"points": 1, "comment": "x" * 4001}, "comment_too_long", ""),
        (1, {"points": 1}, "not_marked_by_people", ""),
    ],
)
def test_a_mark_that_cannot_be_is_refused_and_nothing_is_kept(
    quiz: Quiz, position: int, sent: dict[str, Any], code: str, field: str
) -> None:
    attempt = handed_in(quiz)
    with pytest.raises(DrydockError) as refused:
        give_mark(by=by(quiz), asked=asked(attempt, position), **sent)
    assert refused.value.code == code
    assert not field or field in refused.value.fields
    assert not Mark.objects.exists()
    assert standing(attempt) == (1, True)


def test_a_comment_is_kept_without_what_a_database_does_not_take(quiz: Quiz) -> None:
    mark = give_mark(by=by(quiz), asked=asked(handed_in(quiz), 3), points=1, comment="Go\0od. ")
    assert mark.comment == "Good."


def test_no_points_are_written_without_a_sign(quiz: Quiz) -> None:
    mark = give_mark(by=by(quiz), asked=asked(handed_in(quiz), 3), points="-0")
    assert str(mark.points) == "0.00"
    assert " with 0 of 3" in AuditEntry.objects.get().summary


def test_nothing_is_marked_while_a_try_is_under_way_or_where_nothing_was_answered(quiz: Quiz) -> None:
    open_try = start_attempt(quiz=quiz, student=a_member(quiz.activity.course))
    empty = handed_in(quiz, plain="")
    for row, code in ((asked(open_try, 3), "attempt_open"), (asked(empty, 3), "no_answer")):
        with pytest.raises(DrydockError) as refused:
            give_mark(by=by(quiz), asked=row, points=1)
        assert refused.value.code == code


def test_whoever_opened_an_answer_before_somebody_else_marked_it_is_told(quiz: Quiz) -> None:
    attempt = handed_in(quiz)
    give_mark(by=by(quiz), asked=asked(attempt, 3), points=1, seen=0)
    with pytest.raises(DrydockError) as refused:
        give_mark(by=a_member(quiz.activity.course, role=Role.ASSISTANT), asked=asked(attempt, 3), points=2, seen=0)
    assert (refused.value.code, by(quiz).display_name in refused.value.message) == ("marked_meanwhile", True)
    assert Mark.objects.get().points == 1


def test_only_those_who_help_to_run_the_course_mark(quiz: Quiz) -> None:
    attempt = handed_in(quiz)
    for somebody in (attempt.student, a_member(quiz.activity.course), by(a_quiz())):
        with pytest.raises(DrydockError) as refused:
            give_mark(by=somebody, asked=asked(attempt, 3), points=3)
        assert refused.value.code == "not_course_staff"


def test_the_queue_says_what_waits_longest_first(quiz: Quiz, django_assert_num_queries: Any) -> None:
    first, second = handed_in(quiz, essay=""), handed_in(quiz)
    handed_in(quiz, student=by(quiz))
    start_attempt(quiz=quiz, student=a_member(quiz.activity.course))
    give_mark(by=by(quiz), asked=asked(second, 3), points=1)
    with django_assert_num_queries(2):
        lines = queue(quiz)
    assert [(line.question.slug, line.waiting, line.marked, line.oldest) for line in lines] == [
        ("volumes", 1, 1, first.closed_at),
        ("layers", 1, 0, second.closed_at),
    ]
    give_mark(by=by(quiz), asked=asked(first, 3), points=1)
    assert [(line.question.slug, line.oldest) for line in queue(quiz)] == [
        ("layers", second.closed_at),
        ("volumes", None),
    ]


def test_answers_come_in_an_order_by_chance_that_stays_and_leads_round_to_those_that_wait(quiz: Quiz) -> None:
    for _ in range(12):
        handed_in(quiz)
    question = asked(Attempt.objects.all()[0], 3).question_version.question
    found = places(quiz, question)
    assert [place.asked_id for place in found] != sorted(place.asked_id for place in found)
    assert [place.number for place in found] == list(range(1, 13))
    assert len({place.code for place in found}) == 12
    handed_in(quiz)
    later = places(quiz, question)
    assert [place.code for place in later if place.code in {one.code for one in found}] == [one.code for one in found]
    assert (later[0].previous, later[-1].next) == (None, None)
    assert (later[3].next_waiting, later[-1].next_waiting) == (later[4].code, later[0].code)
    give_mark(by=by(quiz), asked=answer_at(later[4]), points=1)
    assert places(quiz, question)[3].next_waiting == later[5].code
    assert code_of(later[0].asked_id) == later[0].code


def test_comments_given_before_are_offered_the_most_frequent_first(quiz: Quiz) -> None:
    for comment in ("Say why.", "Good.", "Good.", "", "Also layers."):
        give_mark(by=by(quiz), asked=asked(handed_in(quiz), 3), points=1, comment=comment)
    question = asked(Attempt.objects.all()[0], 3).question_version.question
    assert saved_comments(quiz, question) == ["Good.", "Also layers.", "Say why."]


def test_a_question_of_mine_says_what_was_given_and_by_whom_once_scores_are_released(quiz: Quiz) -> None:
    attempt = handed_in(quiz)
    give_mark(by=by(quiz), asked=asked(attempt, 2), rubric={"cache": "1", "order": "1"}, comment="Which order?")
    attempt = Attempt.objects.with_content().get(pk=attempt.pk)
    seen = review(attempt=attempt, viewer=attempt.student)
    assert seen.awaits_marks
    _, essay, plain = seen.questions
    assert essay.mark is not None
    assert (essay.mark.by, essay.mark.comment, essay.mark.points) == (
        by(quiz).display_name,
        "Which order?",
        Decimal("2.67"),
    )
    assert essay.mark.rubric == (("Names the cache", 1, 2), ("Says that order matters", 1, 1))
    assert (essay.verdict, plain.verdict, plain.mark, plain.awaits_mark) == ("partly", "waiting", None, True)


def test_marks_stay_unseen_as_long_as_scores_do() -> None:
    quiz = a_quiz(questions=[CHOICE, ESSAY, PLAIN], release={"scores": "never", "keys": "never"})
    attempt = handed_in(quiz)
    give_mark(by=by(quiz), asked=asked(attempt, 3), points=3, comment="Well done.")
    attempt = Attempt.objects.with_content().get(pk=attempt.pk)
    question = review(attempt=attempt, viewer=attempt.student).questions[2]
    assert (question.mark, question.verdict, question.awaits_mark, question.rule) == (None, "", False, "")


def test_dropping_or_giving_a_question_ends_its_waiting_and_undoing_brings_mark_and_waiting_back(quiz: Quiz) -> None:
    marked, waiting = handed_in(quiz), handed_in(quiz)
    give_mark(by=by(quiz), asked=asked(marked, 3), points=2)
    for rule, points in ((Rule(change=Change.DROP), None), (Rule(change=Change.FULL), 3)):
        regrade = draft(by=by(quiz), quiz=quiz, changes={"volumes": rule}, reason="Unfair.")
        assert len(preview(regrade).people) == 2
        apply(by=by(quiz), regrade=regrade)
        assert [asked(one, 3).points for one in (marked, waiting)] == [points] * 2
        assert not asked(waiting, 3).awaits_mark
        undo(by=by(quiz), regrade=regrade)
        assert [(asked(one, 3).points, asked(one, 3).awaits_mark) for one in (marked, waiting)] == [
            (2, False),
            (0, True),
        ]
        assert [standing(one) for one in (marked, waiting)] == [(3, True), (1, True)]


def test_a_mark_given_while_a_question_is_dropped_counts_once_that_is_undone(quiz: Quiz) -> None:
    attempt = handed_in(quiz)
    regrade = draft(by=by(quiz), quiz=quiz, changes={"volumes": Rule(change=Change.DROP)}, reason="Unfair.")
    apply(by=by(quiz), regrade=regrade)
    give_mark(by=by(quiz), asked=asked(attempt, 3), points=3)
    assert (asked(attempt, 3).points, standing(attempt)[0]) == (None, 1)
    undo(by=by(quiz), regrade=regrade)
    assert (asked(attempt, 3).points, standing(attempt)[0]) == (3, 4)


def test_no_key_can_be_set_where_people_mark(quiz: Quiz) -> None:
    handed_in(quiz)
    with pytest.raises(DrydockError) as refused:
        draft(
            by=by(quiz), quiz=quiz, changes={"volumes": Rule(change=Change.KEY, keys=({"shown": "x"},))}, reason="Why."
        )
    assert "People mark this question" in refused.value.message


@pytest.mark.django_db(transaction=True)
def test_of_two_who_mark_at_once_one_is_told_that_the_other_was_quicker() -> None:
    quiz = a_quiz(questions=[CHOICE, ESSAY, PLAIN])
    attempt = handed_in(quiz)
    markers = [a_member(quiz.activity.course, role=Role.ASSISTANT) for _ in range(3)]

    def marking(who: User, points: int) -> Callable[[], Mark]:
        return lambda: give_mark(by=who, asked=asked(attempt, 3), points=points, seen=0)

    results = at_once(*(marking(who, points) for points, who in enumerate(markers, 1)))
    assert connection.vendor in {"sqlite", "postgresql"}
    refused = [one for one in results if isinstance(one, DrydockError)]
    (mark,) = [one for one in results if isinstance(one, Mark)]
    assert [one.code for one in refused] == ["marked_meanwhile"] * 2
    assert Mark.objects.current().get() == mark
    assert standing(attempt)[0] == 1 + mark.points


@pytest.mark.django_db(transaction=True)
def test_of_two_tries_of_one_student_marked_at_once_the_one_that_counts_is_in_the_gradebook() -> None:
    quiz = a_quiz(questions=[CHOICE, ESSAY, PLAIN])
    markers = [a_member(quiz.activity.course, role=Role.ASSISTANT) for _ in range(3)]

    def marking(who: User, attempt: Attempt, points: int) -> Callable[[], Mark]:
        return lambda: give_mark(by=who, asked=asked(attempt, 3), points=points)

    for _ in range(4):
        student = a_member(quiz.activity.course)
        tries = [handed_in(quiz, student=student) for _ in markers]
        at_once(*(marking(*work) for work in zip(markers, tries, (1, 3, 2), strict=True)))
        assert [standing(attempt)[0] for attempt in tries] == [2, 4, 3]
        assert score_of(tries[0]) == 4

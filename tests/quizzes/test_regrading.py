"""Regrades: seen before they are applied, recorded once, and undone without a trace."""

from decimal import Decimal
from typing import Any

import pytest
from builders import a_member, an_instructor_of
from django.db.models import QuerySet

from accounts.errors import DrydockError
from accounts.models import User
from courses.models import AuditEntry, Role
from gradebook.models import Evidence, GradeEvent, Score
from gradebook.services import override
from quizzes import regrading
from quizzes.models import Attempt, AttemptQuestion, Quiz
from quizzes.regrading import apply, draft, preview, undo
from quizzes.rule_models import Regrade, RegradeMove, ScoringRule
from quizzes.rules import Change, Rule
from quizzes.services import close_attempt, save_answer, start_attempt
from tests.quizzes.building import CHOICE, ONE_OF_EACH, a_quiz, option, right_answers

pytestmark = pytest.mark.django_db

DROP, FULL = Rule(change=Change.DROP), Rule(change=Change.FULL)
RUNNING = Rule(change=Change.KEY, keys=({"answer": "running"},))


def answered(quiz: Quiz, *, student: User | None = None, close: bool = True, **answers: Any) -> Attempt:
    """A try with these answers by question id (`zz_expose` for `zz-expose`), handed in unless told otherwise."""
    attempt = start_attempt(quiz=quiz, student=student or a_member(quiz.activity.course))
    for asked in attempt.questions.select_related("question_version__question"):
        name = asked.question_version.question.slug.replace("-", "_")
        if name in answers:
            save_answer(attempt=attempt, position=asked.position, value=answers[name], revision=asked.revision)
    return close_attempt(attempt=attempt) if close else attempt


def all_right(quiz: Quiz, **others: Any) -> Attempt:
    answers = {name.replace("-", "_"): value for name, value in right_answers().items()}
    return answered(quiz, **(answers | others))


def by(quiz: Quiz) -> User:
    return an_instructor_of(quiz.activity.course)


def drafted(quiz: Quiz, **changes: Rule | None) -> Regrade:
    named = {name.replace("_", "-"): rule for name, rule in changes.items()}
    return draft(by=by(quiz), quiz=quiz, changes=named, reason="The key was wrong.")


def regraded(quiz: Quiz, **changes: Rule | None) -> Regrade:
    return apply(by=by(quiz), regrade=drafted(quiz, **changes))


def everything(quiz: Quiz) -> Any:
    """All that a regrade may change, as it is now."""

    def rows(found: QuerySet[Any], *names: str) -> list[Any]:
        return sorted(found.values_list(*names), key=repr)

    return (
        rows(Attempt.objects.filter(quiz=quiz), "pk", "score", "max_score", "worth", "awaits_marks"),
        rows(AttemptQuestion.objects.filter(attempt__quiz=quiz), "pk", "points", "awaits_mark"),
        rows(ScoringRule.objects.filter(quiz=quiz), "question", "kind", "detail", "regrade"),
        rows(
            Score.objects.filter(activity=quiz.activity),
            "user", "raw_points", "points", "max_points", "late_factor", "source_id", "override_points",
        ),
        rows(Evidence.objects.filter(activity=quiz.activity), "user", "topic", "points", "max_points", "source_id"),
    )  # fmt: skip


def score_of(attempt: Attempt) -> tuple[Decimal, Decimal]:
    score = Score.objects.get(activity=attempt.quiz.activity, user=attempt.student)
    assert score.points is not None
    return score.points, score.max_points


def points_of(attempt: Attempt) -> list[Decimal | None]:
    return [asked.points for asked in attempt.questions.order_by("position")]


@pytest.fixture
def quiz() -> Quiz:
    return a_quiz()


def test_another_key_moves_those_who_answered_by_it(quiz: Quiz) -> None:
    right = all_right(quiz)
    other = all_right(quiz, created=option(CHOICE, "running"))
    regraded(quiz, created=RUNNING)
    right.refresh_from_db()
    other.refresh_from_db()
    assert (right.score, other.score) == (5, 6)
    assert (score_of(right), score_of(other)) == ((5, 6), (6, 6))


def test_several_keys_can_be_right(quiz: Quiz) -> None:
    tries = [all_right(quiz, created=option(CHOICE, text)) for text in ("created", "running", "paused")]
    regraded(quiz, created=Rule(change=Change.KEY, keys=({"answer": "created"}, {"answer": "running"})))
    assert [Attempt.objects.get(pk=one.pk).score for one in tries] == [6, 6, 5]


def test_a_dropped_question_counts_on_neither_side_and_the_quiz_stays_worth_the_same(quiz: Quiz) -> None:
    wrong = all_right(quiz, keeps=[])
    half = answered(quiz, created=option(CHOICE, "created"), zz_expose=False)
    regraded(quiz, keeps=DROP)
    wrong.refresh_from_db()
    half.refresh_from_db()
    assert (wrong.score, wrong.max_score, wrong.worth) == (4, 4, 6)
    assert (half.score, half.max_score) == (2, 4)
    assert (score_of(wrong), score_of(half)) == ((6, 6), (3, 6))
    assert points_of(wrong)[1] is None
    assert not Evidence.objects.filter(topic="cmd.pause").exists()


def test_full_marks_are_for_all_who_were_asked_and_are_no_evidence(quiz: Quiz) -> None:
    nothing = answered(quiz)
    regraded(quiz, keeps=FULL)
    nothing.refresh_from_db()
    assert nothing.score == 2
    assert not Evidence.objects.filter(topic="cmd.pause").exists()
    assert Evidence.objects.filter(topic="cmd.create").exists()


def test_rules_hold_for_tries_under_way_and_to_come(quiz: Quiz) -> None:
    under_way = all_right(quiz, created=option(CHOICE, "running"), close=False)
    regraded(quiz, created=RUNNING, keeps=DROP)
    to_come = all_right(quiz, created=option(CHOICE, "running"))
    closed = close_attempt(attempt=under_way)
    assert [(one.score, one.max_score, one.worth) for one in (closed, to_come)] == [(4, 4, 6)] * 2
    assert score_of(closed) == score_of(to_come) == (6, 6)


def test_a_preview_says_who_moves_and_writes_nothing(quiz: Quiz) -> None:
    loser, winner = all_right(quiz), all_right(quiz, created=option(CHOICE, "running"))
    unmoved = all_right(quiz, created=option(CHOICE, "paused"))
    regrade = drafted(quiz, created=RUNNING)
    before = everything(quiz)
    seen = preview(regrade)
    assert everything(quiz) == before
    changes = {one.student_id: one.change for one in seen.people}
    assert changes == {loser.student_id: -1, winner.student_id: 1, unmoved.student_id: 0}
    assert (seen.up, seen.down, seen.same) == (1, 1, 1)
    assert [one.student_id for one in seen.moved] == [loser.student_id, winner.student_id]
    (line,) = seen.questions
    assert (line.slug, line.asked, line.up, line.down, line.same) == ("created", 3, 1, 1, 1)
    assert seen.mean_before == pytest.approx(seen.mean_after)
    apply(by=by(quiz), regrade=regrade, seen=seen.seen)
    after = {one.user_id: one.points for one in Score.objects.filter(activity=quiz.activity)}
    assert after == {one.student_id: one.after for one in seen.people}


def test_a_preview_is_stale_once_a_try_was_handed_in_or_another_regrade_applied(quiz: Quiz) -> None:
    all_right(quiz)
    first, second = drafted(quiz, created=RUNNING), drafted(quiz, keeps=DROP)
    seen = preview(first).seen
    all_right(quiz)
    for regrade, looked in ((first, seen), (second, preview(second).seen)):
        if regrade is second:
            apply(by=by(quiz), regrade=first)
        before = everything(quiz)
        with pytest.raises(DrydockError) as refused:
            apply(by=by(quiz), regrade=regrade, seen=looked)
        assert refused.value.code == "preview_stale"
        assert everything(quiz) == before


def test_each_change_of_a_grade_is_told_once(quiz: Quiz) -> None:
    """Two tries each, both of which move: the gradebook and whoever reads it hear of one change a person."""
    students = [a_member(quiz.activity.course) for _ in range(3)]
    for student in students:
        for _ in range(2):
            all_right(quiz, student=student, created=option(CHOICE, "running"))
    unmoved = answered(quiz, created=option(CHOICE, "paused"))
    told = GradeEvent.objects.count()
    regrade = regraded(quiz, created=RUNNING)
    events = GradeEvent.objects.order_by("pk")[told:]
    assert sorted((event.user_id, event.points) for event in events) == [(student.pk, 6) for student in students]
    told = GradeEvent.objects.count()
    undo(by=by(quiz), regrade=regrade)
    events = GradeEvent.objects.order_by("pk")[told:]
    assert sorted((event.user_id, event.points) for event in events) == [(student.pk, 5) for student in students]
    assert GradeEvent.objects.filter(user=unmoved.student).count() == 1


def test_points_set_by_hand_stay_and_nobody_is_told_of_a_change(quiz: Quiz) -> None:
    attempt = all_right(quiz, created=option(CHOICE, "running"))
    override(by=by(quiz), activity=quiz.activity, user=attempt.student, points=Decimal(3), reason="Cheated.")
    told = GradeEvent.objects.count()
    regraded(quiz, created=RUNNING)
    score = Score.objects.get(user=attempt.student)
    assert (score.final_points, score.points) == (3, 6)
    assert GradeEvent.objects.count() == told


def test_a_preview_says_that_points_set_by_hand_stay(quiz: Quiz) -> None:
    attempt = all_right(quiz, created=option(CHOICE, "running"))
    override(by=by(quiz), activity=quiz.activity, user=attempt.student, points=Decimal(3), reason="Cheated.")
    seen = preview(drafted(quiz, created=RUNNING))
    (line,) = seen.moved
    assert (line.before, line.after, line.by_hand) == (3, 3, 3)
    assert (seen.up, seen.down, seen.same) == (0, 0, 1)
    assert seen.shares_before == seen.shares_after == [0.5]


def test_a_preview_begins_with_what_the_gradebook_has_though_another_try_counts_since(quiz: Quiz) -> None:
    """Which try counts was changed after two tries: who moves goes by that, and who does not keeps what counts."""
    mover, unmoved = a_member(quiz.activity.course), a_member(quiz.activity.course)
    all_right(quiz, student=mover)
    answered(quiz, student=mover, created=option(CHOICE, "running"))
    all_right(quiz, student=unmoved, created=option(CHOICE, "paused"))
    answered(quiz, student=unmoved)
    quiz = a_quiz(quiz.activity.course, activity=quiz.activity, scoring="last")
    regrade = drafted(quiz, created=RUNNING)
    seen = preview(regrade)
    assert {one.student_id: (one.before, one.after) for one in seen.people} == {mover.pk: (6, 1), unmoved.pk: (5, 5)}
    told = GradeEvent.objects.count()
    apply(by=by(quiz), regrade=regrade, seen=seen.seen)
    assert [(one.user_id, one.points) for one in GradeEvent.objects.order_by("pk")[told:]] == [(mover.pk, 1)]
    assert set(Score.objects.values_list("user", "points")) == {(mover.pk, 1), (unmoved.pk, 5)}


def test_a_preview_is_stale_once_points_were_set_by_hand(quiz: Quiz) -> None:
    attempt = all_right(quiz)
    regrade = drafted(quiz, created=RUNNING)
    seen = preview(regrade).seen
    override(by=by(quiz), activity=quiz.activity, user=attempt.student, points=Decimal(3), reason="Cheated.")
    with pytest.raises(DrydockError) as refused:
        apply(by=by(quiz), regrade=regrade, seen=seen)
    assert refused.value.code == "preview_stale"


def test_applying_then_undoing_leaves_no_trace_in_points_rules_grades_or_evidence(quiz: Quiz) -> None:
    for created in ("created", "running", "paused"):
        all_right(quiz, created=option(CHOICE, created))
    answered(quiz)
    first = regraded(quiz, created=RUNNING, keeps=FULL)
    before = everything(quiz)
    second = regraded(quiz, created=None, keeps=DROP, workdir=DROP)
    assert everything(quiz) != before
    undo(by=by(quiz), regrade=second)
    assert everything(quiz) == before
    undo(by=by(quiz), regrade=first)
    assert not ScoringRule.objects.exists()


def test_what_was_handed_in_between_is_scored_by_the_rules_before(quiz: Quiz) -> None:
    regrade = regraded(quiz, created=RUNNING, keeps=DROP)
    between = all_right(quiz)
    assert between.score == 3
    undo(by=by(quiz), regrade=regrade)
    between.refresh_from_db()
    assert (between.score, between.max_score, between.worth) == (6, 6, None)
    assert score_of(between) == (6, 6)


def test_only_the_newest_regrade_can_be_undone_and_only_once(quiz: Quiz) -> None:
    first, second = regraded(quiz, created=RUNNING), regraded(quiz, keeps=DROP)
    assert (regrading.can_undo(first), regrading.can_undo(second)) == (False, True)
    with pytest.raises(DrydockError) as refused:
        undo(by=by(quiz), regrade=first)
    assert (refused.value.code, str(second.pk) in refused.value.message) == ("regrade_not_newest", True)
    undo(by=by(quiz), regrade=second)
    with pytest.raises(DrydockError) as refused:
        undo(by=by(quiz), regrade=second)
    assert refused.value.code == "regrade_not_applied"
    undo(by=by(quiz), regrade=first)


def test_a_regrade_is_applied_once(quiz: Quiz) -> None:
    regrade = regraded(quiz, created=RUNNING)
    with pytest.raises(DrydockError) as refused:
        apply(by=by(quiz), regrade=regrade)
    assert refused.value.code == "regrade_not_draft"
    with pytest.raises(DrydockError) as refused:
        regrading.discard(by=by(quiz), regrade=regrade)
    assert refused.value.code == "regrade_not_draft"


def test_a_draft_is_thrown_away_without_effect(quiz: Quiz) -> None:
    all_right(quiz)
    before = everything(quiz)
    regrading.discard(by=by(quiz), regrade=drafted(quiz, created=DROP))
    assert not Regrade.objects.exists()
    assert everything(quiz) == before


@pytest.mark.parametrize(
    ("changes", "code", "says"),
    [
        ({}, "regrade_empty", "at least one question"),
        ({"created": None}, "regrade_empty", "at least one question"),
        ({"nowhere": DROP}, "rule_invalid", "does not ask it"),
        ({"created": Rule(change=Change.KEY, keys=({"answer": "exploded"},))}, "rule_invalid", "not among the options"),
        ({"created": Rule(change=Change.KEY, keys=({"text": "Which?"},))}, "rule_invalid", "cannot change `text`"),
        ({"created": Rule(change=Change.KEY, keys=({"points": 5},))}, "rule_invalid", "cannot change `points`"),
        ({"created": Rule(change=Change.KEY, keys=({"anser": "created"},))}, "rule_invalid", "anser"),
        (
            {"created": Rule(change=Change.KEY, keys=({"options": ["a", "b"], "answer": "a"},))},
            "rule_invalid",
            "what students saw",
        ),
        ({"mebibytes": Rule(change=Change.KEY, keys=({"answer": "many"},))}, "rule_invalid", "answer"),
        ({"workdir": Rule(change=Change.KEY, keys=({"answer": ["a\0b"]},))}, "rule_invalid", "NUL"),
        ({"workdir": Rule(change=Change.KEY, keys=({"answer": ["a\ud800b"]},))}, "rule_invalid", "NUL"),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused_before_anything_is_kept(
    quiz: Quiz, changes: dict[str, Rule | None], code: str, says: str
) -> None:
    all_right(quiz)
    with pytest.raises(DrydockError) as refused:
        draft(by=by(quiz), quiz=quiz, changes=changes, reason="Because.")
    assert refused.value.code == code
    assert says in refused.value.message
    assert not Regrade.objects.exists()


def test_a_reason_is_kept_without_what_a_database_does_not_take(quiz: Quiz) -> None:
    assert draft(by=by(quiz), quiz=quiz, changes={"created": DROP}, reason=" a\0 b ").reason == "a b"


def test_a_key_may_speak_of_such_characters(quiz: Quiz) -> None:
    regrade = drafted(quiz, workdir=Rule(change=Change.KEY, keys=({"answer": ["\\u0000"], "wrong": []},)))
    assert regrade.changes["workdir"]["detail"]["answer"] == ["\\u0000"]


def test_a_reason_is_needed(quiz: Quiz) -> None:
    with pytest.raises(DrydockError) as refused:
        draft(by=by(quiz), quiz=quiz, changes={"created": DROP}, reason="  ")
    assert refused.value.code == "reason_needed"


def test_nobody_but_the_course_s_instructor_regrades(quiz: Quiz) -> None:
    regrade = drafted(quiz, created=DROP)
    applied = regraded(quiz, keeps=DROP)
    course = quiz.activity.course
    for somebody in (a_member(course), a_member(course, role=Role.ASSISTANT), by(a_quiz())):
        for act in (
            lambda who: draft(by=who, quiz=quiz, changes={"created": DROP}, reason="Mine."),
            lambda who: apply(by=who, regrade=regrade),
            lambda who: regrading.discard(by=who, regrade=regrade),
            lambda who: undo(by=who, regrade=applied),
        ):
            with pytest.raises(DrydockError) as refused:
                act(somebody)
            assert refused.value.code == "not_course_staff"


def test_the_newest_version_s_key_is_taken_over_for_those_who_got_an_older_one(quiz: Quiz) -> None:
    old = all_right(quiz, workdir="CD")
    mended = [
        one if one["id"] != "workdir" else {**one, "answer": ["WORKDIR", "cd"], "wrong": []} for one in ONE_OF_EACH
    ]
    a_quiz(quiz.activity.course, questions=mended, activity=quiz.activity)
    quiz = Quiz.objects.with_content().get(pk=quiz.pk)
    asked = {one.slug: one for one in regrading.asked_questions(quiz)}["workdir"]
    assert asked.has_newer
    regraded(quiz, workdir=Rule(change=Change.KEY, keys=(regrading.newest_key(asked),)))
    old.refresh_from_db()
    assert old.score == 6


def test_a_key_that_one_of_the_versions_cannot_bear_names_that_version(quiz: Quiz) -> None:
    all_right(quiz)
    changed = {**CHOICE, "options": ["created", "ready"], "answer": "ready"}
    questions = [changed if one["id"] == "created" else one for one in ONE_OF_EACH]
    a_quiz(quiz.activity.course, questions=questions, activity=quiz.activity)
    quiz = Quiz.objects.with_content().get(pk=quiz.pk)
    start_attempt(quiz=quiz, student=a_member(quiz.activity.course))
    with pytest.raises(DrydockError) as refused:
        drafted(quiz, created=Rule(change=Change.KEY, keys=({"answer": "ready"},)))
    assert "Version 1, which students got: " in refused.value.message


def test_a_key_that_does_not_fit_a_later_version_never_stops_a_try_from_being_scored(quiz: Quiz) -> None:
    all_right(quiz)
    regraded(quiz, created=RUNNING)
    changed = {**CHOICE, "options": ["created", "ready"], "answer": "ready"}
    questions = [changed if one["id"] == "created" else one for one in ONE_OF_EACH]
    a_quiz(quiz.activity.course, questions=questions, activity=quiz.activity)
    quiz = Quiz.objects.with_content().get(pk=quiz.pk)
    assert all_right(quiz, created=option(changed, "ready")).score == 6


def test_try_outs_are_scored_too_and_count_nowhere(quiz: Quiz) -> None:
    tryout = all_right(quiz, student=by(quiz), created=option(CHOICE, "running"))
    regrade = drafted(quiz, created=RUNNING)
    assert preview(regrade).people == []
    apply(by=by(quiz), regrade=regrade)
    tryout.refresh_from_db()
    assert tryout.score == 6
    assert not Score.objects.exists()
    assert "0 tries moved, the grade of 0 people changed" in AuditEntry.objects.get().summary
    undo(by=by(quiz), regrade=regrade)
    tryout.refresh_from_db()
    assert tryout.score == 5


def test_every_move_is_kept_and_every_regrade_written_down(quiz: Quiz) -> None:
    attempt = all_right(quiz, created=option(CHOICE, "running"))
    answered(quiz)
    regrade = regraded(quiz, created=RUNNING)
    move = RegradeMove.objects.get()
    assert (move.attempt, move.before, move.after) == (attempt, 5, 6)
    assert move.questions == [[1, "0.00", "1.00", "1.00", "1.00"]]
    undo(by=by(quiz), regrade=regrade)
    undone, applied = AuditEntry.objects.filter(activity=quiz.activity)
    assert (applied.action, undone.action) == ("regrade_applied", "regrade_undone")
    assert applied.detail["rules"] == {"created": {"kind": "key", "detail": {"answer": "running"}}}
    assert "1 try moved, the grade of 1 person changed. The key was wrong." in applied.summary
    assert undone.detail["rules"] == {}


def test_the_average_of_tries_counts_what_each_is_worth_now() -> None:
    quiz = a_quiz(scoring="average")
    student = a_member(quiz.activity.course)
    all_right(quiz, student=student)
    last = answered(quiz, student=student, created=option(CHOICE, "created"))
    assert score_of(last) == (Decimal("3.5"), 6)
    regraded(quiz, keeps=DROP)
    assert score_of(last) == (Decimal("3.75"), 6)


@pytest.mark.parametrize("count", [1, 6])
def test_queries_do_not_grow_with_students(quiz: Quiz, count: int, django_assert_num_queries: Any) -> None:
    for _ in range(count):
        all_right(quiz, created=option(CHOICE, "running"))
    regrade = drafted(quiz, created=RUNNING)
    with django_assert_num_queries(11):
        preview(regrade)

"""Regrades: rules changed, everything scored anew and recorded once, in one transaction; and all of it undone.

`draft` and `preview` come before; see docs/decisions/0011 for what dropping a question means.
"""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.models import User
from courses.access import require_instructor
from courses.audit import note
from gradebook.saving import save_alike
from gradebook.services import Earned, Showed, record_all
from quizzes.errors import Conflict
from quizzes.grading import Judged, Shown, evidence_of
from quizzes.models import Attempt, AttemptQuestion, Quiz
from quizzes.regrade_drafts import affected_by, asked_questions, discard, draft, newest_key, rules_with
from quizzes.regrade_preview import Preview, preview, scoring_now, state_of
from quizzes.rescoring import Judge, JudgeFor, PersonMoves, TryMove, Versions, by_rules, moves_of
from quizzes.rule_lock import take_rules
from quizzes.rule_models import Regrade, RegradeMove, RegradeState, ScoringRule
from quizzes.rules import Change, Rule, Rules
from quizzes.scoring import as_stored, rules_of

__all__ = ["Preview", "apply", "asked_questions", "can_undo", "discard", "draft", "newest_key", "preview", "undo"]


@transaction.atomic
def apply(*, by: User, regrade: Regrade, seen: str | None = None) -> Regrade:
    """Let a draft's rules hold, and score every closed attempt by them; who is under way is scored by them later.

    What counts is recorded once for each person for whom it changes. `seen` is the `seen` of the preview that was
    looked at. Raises NotAllowed, and Conflict: `regrade_not_draft`, or `preview_stale` when something changed since.
    """
    require_instructor(by, regrade.quiz.activity.course)
    take_rules(regrade.quiz_id)
    regrade = _locked(regrade)
    quiz = regrade.quiz
    if regrade.state != RegradeState.DRAFT:
        raise Conflict("regrade_not_draft", f"This regrade is {regrade.get_state_display()} already.")
    if seen is not None and seen != state_of(quiz):
        raise Conflict(
            "preview_stale",
            "Since you looked, a try was handed in or marked, or rules changed. Nothing was applied. "
            "Look again at who moves, then apply.",
        )
    rules = rules_with(quiz, regrade.changes)
    affected = affected_by(quiz, regrade.changes)
    _write_rules(quiz, affected, {slug: (rule, regrade) for slug, rule in rules.by_question.items()})
    counts = _rescore(quiz, affected=affected, judge_for=by_rules(rules), rules=rules, into=regrade)
    regrade.state, regrade.applied_at = RegradeState.APPLIED, timezone.now()
    regrade.save(update_fields=["state", "applied_at"])
    _note(by, regrade, action="regrade_applied", did=f"Regraded {quiz.activity.title}", counts=counts)
    return regrade


@transaction.atomic
def undo(*, by: User, regrade: Regrade) -> Regrade:
    """Put rules and points back to what they were before; attempts closed since are scored by the rules before.

    Marks given since stay. Raises NotAllowed, and Conflict: `regrade_not_applied`, or `regrade_not_newest` when
    another was applied after it.
    """
    require_instructor(by, regrade.quiz.activity.course)
    take_rules(regrade.quiz_id)
    regrade = _locked(regrade)
    quiz = regrade.quiz
    if regrade.state != RegradeState.APPLIED:
        raise Conflict("regrade_not_applied", f"There is nothing to undo: this is {regrade.get_state_display()}.")
    newest = _applied(quiz).last()
    if newest is not None and newest.pk != regrade.pk:
        raise Conflict(
            "regrade_not_newest",
            f"Regrade {newest.pk} was applied after this one. Undo that one first, so that each is undone as it was.",
        )
    before = _rules_before(regrade)
    rules = Rules({slug: rule for slug, (rule, _) in before.items()})
    affected = affected_by(quiz, regrade.changes)
    _write_rules(quiz, affected, before)
    counts = _rescore(quiz, affected=affected, judge_for=_as_before(regrade, rules), rules=rules, into=None)
    regrade.state, regrade.undone_at = RegradeState.UNDONE, timezone.now()
    regrade.save(update_fields=["state", "undone_at"])
    _note(by, regrade, action="regrade_undone", did=f"Undid the regrade of {quiz.activity.title}", counts=counts)
    return regrade


def can_undo(regrade: Regrade) -> bool:
    """Whether it is the newest of those applied. One query."""
    newest = _applied(regrade.quiz).last()
    return newest is not None and newest.pk == regrade.pk


def _locked(regrade: Regrade) -> Regrade:
    rows = Regrade.objects.select_for_update(of=("self",))
    return rows.select_related("quiz__activity__course", "quiz__current_version").get(pk=regrade.pk)


def _applied(quiz: Quiz) -> Any:
    return Regrade.objects.filter(quiz=quiz, state=RegradeState.APPLIED).order_by("applied_at", "pk")


def _rules_before(regrade: Regrade) -> dict[str, tuple[Rule, Regrade]]:
    """The rules that all other applied regrades come to, in order, each with the regrade that set it."""
    rules: dict[str, tuple[Rule, Regrade]] = {}
    for other in _applied(regrade.quiz).exclude(pk=regrade.pk):
        for slug, data in other.changes.items():
            if data is None:
                rules.pop(slug, None)
            else:
                rules[slug] = (Rule.stored(data), other)
    return rules


def _write_rules(quiz: Quiz, affected: Mapping[str, int], rules: Mapping[str, tuple[Rule, Regrade]]) -> None:
    """Let the affected questions have these rules, and no others."""
    ScoringRule.objects.filter(quiz=quiz, question__in=affected.values()).delete()
    ScoringRule.objects.bulk_create(
        ScoringRule(quiz=quiz, question_id=question, kind=rule.change.value, detail=rule.detail, regrade=regrade)
        for slug, question in affected.items()
        if slug in rules
        for rule, regrade in [rules[slug]]
    )


def _as_before(regrade: Regrade, rules: Rules) -> JudgeFor:
    """Judge as it was before the regrade moved it; by the rules where it did not, or where a person marks."""
    by_rule = by_rules(rules)

    def judge_for(attempts: Collection[int]) -> Judge:
        kept: dict[tuple[int, int], Decimal | None] = {
            (attempt, position): None if before is None else Decimal(before)
            for attempt, questions in regrade.moves.filter(attempt__in=attempts).values_list("attempt", "questions")
            for position, before, *_ in questions
        }
        judged_by_rule = by_rule(attempts)

        def judged(row: AttemptQuestion, mark: Decimal | None) -> Judged:
            place = (row.attempt_id, row.position)
            if place in kept and not row.content.needs_person:
                return Judged(points=kept[place])
            return judged_by_rule(row, mark)

        return judged

    return judge_for


def _rescore(
    quiz: Quiz, *, affected: Mapping[str, int], judge_for: JudgeFor, rules: Rules, into: Regrade | None
) -> tuple[int, int]:
    """Score all closed attempts anew; returns how many moved, and for how many people what counts changed.

    Try-outs are scored too, and counted nowhere.
    """
    versions, moved, people = Versions(), 0, 0
    for chunk in moves_of(quiz, affected=affected, judge_for=judge_for, versions=versions, lock=True):
        tries = [one for person in chunk for one in person.tries if one.moves]
        earned = _earned(quiz, chunk)
        if into is not None:
            RegradeMove.objects.bulk_create(_kept(into, one) for one in tries)
        _write(tries)
        showed = _showed([one for person in chunk for one in person.tries if one.questions], rules, versions)
        people += record_all(activity=quiz.activity, source_kind="attempt", earned=earned, showed=showed)
        moved += sum(one.counts for one in tries)
    return moved, people


def _kept(regrade: Regrade, moved: TryMove) -> RegradeMove:
    before, after = moved.before, moved.after
    return RegradeMove(
        regrade=regrade,
        attempt=moved.attempt,
        before=before.score,
        after=after.score,
        before_max=before.max_score,
        after_max=after.max_score,
        questions=[one.as_json() for one in moved.questions if one.moves],
    )


def _earned(quiz: Quiz, people: Sequence[PersonMoves]) -> list[Earned]:
    """What counts for those of whom something moves."""
    scoring, earned = scoring_now(quiz), []
    for person in people:
        standings = person.standings(scoring)
        if standings is None or not any(one.moves and one.counts for one in person.tries):
            continue
        _, after = standings
        earned.append(
            Earned(
                user_id=person.student_id,
                points=after.points,
                max_points=after.max_points,
                late_factor=after.late_factor,
                source_id=after.source.attempt_id,
            )
        )
    return earned


def _write(tries: Sequence[TryMove]) -> None:
    """Save the new points of questions, then of their attempts."""
    rows = []
    for one in tries:
        after = one.after
        for question in one.questions:
            question.row.points, question.row.awaits_mark = question.after, question.awaits_mark
            rows.append(question.row)
        one.attempt.score, one.attempt.max_score, one.attempt.worth = after.score, after.max_score, after.worth
    save_alike(AttemptQuestion.objects.all(), rows, ["points", "awaits_mark"])
    attempts = [one.attempt for one in tries]
    save_alike(Attempt.objects.all(), attempts, ["score", "max_score", "worth"])
    waits = AttemptQuestion.objects.filter(attempt=OuterRef("pk"), awaits_mark=True)
    Attempt.objects.filter(pk__in=[one.pk for one in attempts]).update(awaits_marks=Exists(waits))


def _showed(tries: Sequence[TryMove], rules: Rules, versions: Versions) -> list[Showed]:
    """The evidence of attempts that were asked one of the questions, as it is now. At most two queries."""
    owners = {one.attempt.pk: one.attempt for one in tries if one.counts}
    shown: dict[int, list[Shown]] = {pk: [] for pk in owners}
    rows = list(
        AttemptQuestion.objects.filter(attempt__in=owners).values_list(
            "attempt_id", "question_version_id", "points", "max_points", "awaits_mark"
        )
    )
    versions.read({row[1] for row in rows})
    given = {slug for slug, rule in rules.by_question.items() if rule.change is Change.FULL}
    for attempt, version, points, max_points, awaits_mark in rows:
        shown[attempt].append(
            Shown(
                topics=versions.topics(version),
                points=points,
                max_points=max_points,
                given=versions.slug(version) in given,
                awaits_mark=awaits_mark,
            )
        )
    return [
        Showed(user_id=owners[pk].student_id, source_id=pk, evidence=evidence_of(rows), at=owners[pk].closed_at)
        for pk, rows in shown.items()
    ]


def _note(by: User, regrade: Regrade, *, action: str, did: str, counts: tuple[int, int]) -> None:
    moved, people = counts
    activity = regrade.quiz.activity
    tries = "1 try moved" if moved == 1 else f"{moved} tries moved"
    for_whom = "1 person" if people == 1 else f"{people} people"
    note(
        by=by,
        course=activity.course,
        activity=activity,
        action=action,
        summary=f"{did}: {tries}, the grade of {for_whom} changed. {regrade.reason}".strip(),
        detail={
            "regrade": regrade.pk,
            "changes": regrade.changes,
            "rules": as_stored(rules_of(regrade.quiz_id).by_question),
            "tries": moved,
            "people": people,
        },
    )

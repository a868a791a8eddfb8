"""Marking by people: what waits, question by question and without names, and giving points that can be changed later.

An answer that somebody has to read counts nothing until then: its attempt `awaits_marks`, and the gradebook has what is
sure. Each mark is kept; the newest counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.db.models import Count, Min, Q
from django.utils.crypto import salted_hmac

from accounts.models import User
from courses.access import require_staff
from courses.audit import note
from gradebook.services import rounded
from quizzes.errors import Conflict, DrydockError, NotFound
from quizzes.marking_models import Mark
from quizzes.models import Attempt, AttemptQuestion, AttemptState, Question, Quiz
from quizzes.querysets import AttemptQuestionQuerySet
from quizzes.rubrics import points_by, rubric_of
from quizzes.rule_lock import hold_rules
from quizzes.scoring import record_standing, rules_of, score_attempt, set_score
from quizzes.types import REGISTRY
from quizzes.types.rubric import Criterion

MAX_COMMENT = 4000
SAVED_COMMENTS = 9
_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_CODE_LENGTH = 8
"""Enough that no two of ten thousand answers are likely to share a code."""


@dataclass(frozen=True, kw_only=True)
class QueueLine:
    """A question that people mark: how many answers wait and are marked, and since when the oldest waits."""

    question: Question
    waiting: int
    marked: int
    oldest: datetime | None

    @property
    def total(self) -> int:
        """How many answers there are."""
        return self.waiting + self.marked


def marked_kinds() -> list[str]:
    """The kinds of questions that people mark."""
    return [kind for kind in REGISTRY if REGISTRY.get(kind).needs_person]


def answers_to_mark(quiz: Quiz) -> AttemptQuestionQuerySet[AttemptQuestion]:
    """The answers of a quiz that people mark, marked or not: those handed in, try-outs aside."""
    return AttemptQuestion.objects.filter(
        attempt__quiz=quiz,
        attempt__state=AttemptState.CLOSED,
        attempt__is_tryout=False,
        question_version__kind__in=marked_kinds(),
        value__isnull=False,
    )


def queue(quiz: Quiz) -> list[QueueLine]:
    """What there is to mark in a quiz, what waits longest first. Two queries."""
    waits = Q(awaits_mark=True)
    rows = list(
        answers_to_mark(quiz)
        .order_by()
        .values("question_version__question")
        .annotate(
            waiting=Count("pk", filter=waits),
            every=Count("pk"),
            oldest=Min("attempt__closed_at", filter=waits),
        )
    )
    questions = Question.objects.select_related("current_version").in_bulk(
        [row["question_version__question"] for row in rows]
    )
    lines = [
        QueueLine(
            question=questions[row["question_version__question"]],
            waiting=row["waiting"],
            marked=row["every"] - row["waiting"],
            oldest=row["oldest"],
        )
        for row in rows
    ]
    waiting = sorted(
        (line for line in lines if line.oldest is not None), key=lambda line: (line.oldest, line.question.slug)
    )
    done = sorted((line for line in lines if line.oldest is None), key=lambda line: line.question.slug)
    return [*waiting, *done]


def code_of(asked_id: int) -> str:
    """A name for an answer that says nothing about whose it is: the same each time, and never that of the student."""
    digest = int(salted_hmac("quizzes.marking", str(asked_id), algorithm="sha256").hexdigest(), 16)
    letters = []
    for _ in range(_CODE_LENGTH):
        digest, letter = divmod(digest, len(_ALPHABET))
        letters.append(_ALPHABET[letter])
    return "".join(letters)


@dataclass(frozen=True, kw_only=True)
class Place:
    """An answer in the order of marking, which is by chance and stays the same: `number` of `total`, and its code."""

    asked_id: int
    code: str
    number: int
    total: int
    waiting: bool
    previous: str | None
    next: str | None
    next_waiting: str | None


def places(quiz: Quiz, question: Question) -> list[Place]:
    """All answers to a question in the order in which they are marked. One query."""
    rows = answers_to_mark(quiz).filter(question_version__question=question).values_list("pk", "awaits_mark")
    coded = sorted((code_of(pk), pk, waits) for pk, waits in rows)
    waiting = [at for at, (_, _, waits) in enumerate(coded) if waits]
    found = []
    for at, (code, pk, waits) in enumerate(coded):
        later = next((other for other in waiting if other > at), None)
        first = next((other for other in waiting if other != at), None)
        following = later if later is not None else first
        found.append(
            Place(
                asked_id=pk,
                code=code,
                number=at + 1,
                total=len(coded),
                waiting=waits,
                previous=coded[at - 1][0] if at else None,
                next=coded[at + 1][0] if at + 1 < len(coded) else None,
                next_waiting=coded[following][0] if following is not None else None,
            )
        )
    return found


def answer_at(place: Place) -> AttemptQuestion:
    """The answer at a place, with all that showing and marking it needs. One query."""
    rows = AttemptQuestion.objects.select_related("question_version__question", "attempt__student", "attempt__version")
    return rows.get(pk=place.asked_id)


def saved_comments(quiz: Quiz, question: Question) -> list[str]:
    """Comments given to answers of this question, the most frequent first. One query."""
    rows = (
        Mark.objects.filter(attempt_question__attempt__quiz=quiz, attempt_question__question_version__question=question)
        .exclude(comment="")
        .order_by()
        .values_list("comment")
        .annotate(times=Count("pk"))
        .order_by("-times", "comment")
    )
    return [comment for comment, _ in rows[:SAVED_COMMENTS]]


def history_of(asked: AttemptQuestion) -> list[Mark]:
    """All marks of an answer, the newest first. One query."""
    return list(asked.marks.select_related("by").order_by("-is_current", "-at", "-pk"))


def _amount(raw: object, *, at_most: Decimal, field: str) -> Decimal:
    try:
        points = Decimal(str(raw).strip().replace(",", "."))
    except InvalidOperation:
        raise _points_wrong(field, f"Write points as a number from 0 to {at_most.normalize():f}.") from None
    if not points.is_finite() or not 0 <= points <= at_most:
        raise _points_wrong(field, f"Give 0 to {at_most.normalize():f} points here.")
    return rounded(abs(points))  # “-0” is nothing, and reads like it


def _points_wrong(field: str, message: str) -> DrydockError:
    return DrydockError("points_invalid", f"Nothing was saved. {message}", status=422, fields={field: message})


def _by_rubric(criteria: Sequence[Criterion], rubric: Mapping[str, object]) -> dict[str, Decimal]:
    known = {one.id for one in criteria}
    if strangers := sorted(set(rubric) - known):
        raise _points_wrong("rubric", f"The rubric has no {', '.join(strangers)}.")
    if missing := [one for one in criteria if rubric.get(one.id) in (None, "")]:
        titles = ", ".join(f"“{one.title}”" for one in missing)
        raise _points_wrong(
            f"rubric-{missing[0].id}", f"Give points for {titles} too: 0 is an answer, nothing is none."
        )
    return {one.id: _amount(rubric[one.id], at_most=one.points, field=f"rubric-{one.id}") for one in criteria}


@transaction.atomic
def give_mark(
    *,
    by: User,
    asked: AttemptQuestion,
    points: object = None,
    rubric: Mapping[str, object] | None = None,
    comment: str = "",
    seen: int | None = None,
) -> Mark:
    """Mark an answer, or mark it again: by its rubric (points by criterion id), or `points` where those are given.

    The attempt is scored anew and what counts recorded, in the same transaction. `seen` is the id of the mark that the
    marker saw, 0 for none. Raises NotAllowed, NotFound, DrydockError (`points_invalid`, `comment_too_long`), and
    Conflict: `attempt_open`, `not_marked_by_people`, `no_answer`, or `marked_meanwhile` when somebody else was quicker.
    """
    hold_rules(asked.attempt.quiz_id)
    attempt = Attempt.objects.with_content().select_for_update(of=("self",)).get(pk=asked.attempt_id)
    require_staff(by, attempt.quiz.activity.course)
    rows = list(attempt.questions.select_related("question_version__question").order_by("position"))
    row = next((one for one in rows if one.pk == asked.pk), None)
    if row is None:
        raise NotFound("no_such_question", "There is no such answer any more.")
    _require_markable(attempt, row)
    if len(comment) > MAX_COMMENT:
        raise DrydockError("comment_too_long", f"Nothing was saved. Keep the comment under {MAX_COMMENT} characters.")
    total, by_criterion = _points_of(row, points=points, rubric=rubric)
    before = Mark.objects.current().select_related("by").filter(attempt_question=row).first()
    if seen is not None and seen != (before.pk if before else 0):
        who = before.by.display_name if before else "Somebody"
        raise Conflict(
            "marked_meanwhile",
            f"{who} marked this answer after you opened it. Nothing was saved. "
            "Look at that mark, then save if you still want yours to count.",
        )
    if before is not None:
        Mark.objects.filter(pk=before.pk).update(is_current=False)
    said = comment.replace("\0", "").strip()  # PostgreSQL keeps no NUL
    mark = Mark.objects.create(attempt_question=row, points=total, rubric=by_criterion, comment=said, by=by)
    _score_again(attempt, rows)
    _note(by, attempt, row, mark=mark, before=before)
    return mark


def _require_markable(attempt: Attempt, row: AttemptQuestion) -> None:
    if attempt.state != AttemptState.CLOSED:
        raise Conflict("attempt_open", "This try is still under way: answers are marked once it is handed in.")
    if not row.content.needs_person:
        raise Conflict("not_marked_by_people", "This question is scored by its key. Change the key by a regrade.")
    if row.value is None:
        raise Conflict("no_answer", "Nothing was answered here: it earns 0 points without anybody's doing.")


def _points_of(
    row: AttemptQuestion, *, points: object, rubric: Mapping[str, object] | None
) -> tuple[Decimal, dict[str, Any]]:
    found = rubric_of(row.content)
    by_criterion: dict[str, Decimal] = {}
    if found is not None and rubric is not None and (points in (None, "") or any(rubric.values())):
        by_criterion = _by_rubric(found.criteria, rubric)
    if points not in (None, ""):
        total = _amount(points, at_most=row.max_points, field="points")
    elif found is not None and by_criterion:
        total = points_by(found, by_criterion, row.max_points)
    else:
        raise _points_wrong("points", f"Give 0 to {row.max_points.normalize():f} points.")
    return total, {name: str(given) for name, given in by_criterion.items()}


def _score_again(attempt: Attempt, rows: list[AttemptQuestion]) -> None:
    """Score the attempt with the marks there are, and record what counts now."""
    before = {row.pk: (row.points, row.awaits_mark) for row in rows}
    result = score_attempt(rows, rules_of(attempt.quiz_id))
    changed = [row for row in rows if (row.points, row.awaits_mark) != before[row.pk]]
    AttemptQuestion.objects.bulk_update(changed, ["points", "awaits_mark"])
    attempt.save(update_fields=set_score(attempt, result))
    if not attempt.is_tryout:
        record_standing(attempt, result.evidence)


def _note(by: User, attempt: Attempt, row: AttemptQuestion, *, mark: Mark, before: Mark | None) -> None:
    activity = attempt.quiz.activity  # named by its code: whoever marks without names reads this list too
    of = f"{row.max_points.normalize():f}"
    was = f", {before.points.normalize():f} before" if before is not None else ""
    note(
        by=by,
        course=activity.course,
        activity=activity,
        action="mark_given" if before is None else "mark_changed",
        summary=f"Marked answer {code_of(row.pk)} to {row.question_version.question.slug} in {activity.title} "
        f"with {mark.points.normalize():f} of {of}{was}",
        detail={
            "attempt": attempt.pk,
            "position": row.position,
            "user": attempt.student_id,
            "points": str(mark.points),
            "before": str(before.points) if before is not None else None,
        },
    )

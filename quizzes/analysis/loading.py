"""A class's answers out of the database: as many queries for ten thousand tries as for one, and no row as an object.

Numbers lie in arrays, some sixty bytes an answer. What was computed is kept in the cache under what it was made from,
so that a page shown again asks the database only whether something has changed.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from django.core.cache import cache
from django.db.models import BooleanField, Case, Count, ExpressionWrapper, F, JSONField, Max, Q, Sum, TextField, When
from django.db.models.functions import MD5, Cast

from quizzes.analysis.figures import QuizFigures, figures_of, with_flags
from quizzes.analysis.flags import flags_of
from quizzes.analysis.reading import Reader
from quizzes.analysis.sheet import Column, Sheet
from quizzes.grading import Scoring, counting_try
from quizzes.marking_models import Mark
from quizzes.models import Answer, Attempt, AttemptQuestion, QuestionVersion, Quiz
from quizzes.rule_models import Regrade
from quizzes.scoring import rules_of
from quizzes.timekeeping import stops_of
from quizzes.timing import stood_still

Which = Literal["counting", "first"]
"""Each student's try that counts, or the first one."""

_FORM = 2
"""Raised when what is kept in the cache changes its shape."""
_KEPT_SECONDS = 24 * 60 * 60
_ROWS_AT_ONCE = 2000


def statistics_of(quiz: Quiz, which: Which = "counting") -> QuizFigures:
    """What is known about a quiz, flags included. At most nine queries; three when nothing has changed."""
    name = f"quiz-statistics:{_FORM}:{quiz.pk}:{which}:{_stamp(quiz)}"
    kept = cache.get(name)
    if isinstance(kept, QuizFigures):
        return kept
    found = figures_of(sheet_of(quiz, which))
    found = with_flags(found, [flags_of(question) for question in found.questions])
    cache.set(name, found, _KEPT_SECONDS)
    return found


def _stamp(quiz: Quiz) -> str:
    """Changes with everything that the figures are made from."""
    tries = _tries(quiz).aggregate(
        count=Count("pk"),
        last=Max("closed_at"),
        points=Sum("score"),
        of=Sum("max_score"),
        factors=Sum("late_factor"),
        waiting=Count("pk", filter=Q(awaits_marks=True)),
    )
    regrades = Regrade.objects.filter(quiz=quiz).aggregate(applied=Max("applied_at"), undone=Max("undone_at"))
    marks = Mark.objects.filter(attempt_question__attempt__quiz=quiz).aggregate(newest=Max("pk"))
    parts = (quiz.current_version_id, *tries.values(), *regrades.values(), *marks.values())
    return "/".join(part.isoformat() if isinstance(part, datetime) else str(part) for part in parts).replace(" ", "")


def _tries(quiz: Quiz) -> Any:
    """The tries that may count: handed in, and no try-outs of those who run the course."""
    return Attempt.objects.closed().filter(quiz=quiz, is_tryout=False)


@dataclass(slots=True)
class _Try:
    pk: int
    number: int
    score: Decimal | None
    max_score: Decimal
    worth: Decimal | None
    late_factor: Decimal
    started_at: datetime


def _chosen_tries(quiz: Quiz, which: Which) -> dict[int, tuple[int, datetime]]:
    """The try of each student that is looked at: by its id, its number in the sheet and when it began."""
    columns = ("student_id", "pk", "number", "score", "max_score", "worth", "late_factor", "started_at")
    by_student: dict[int, list[_Try]] = {}
    for student, *rest in _tries(quiz).order_by("student_id", "number").values_list(*columns).iterator(_ROWS_AT_ONCE):
        by_student.setdefault(student, []).append(_Try(*rest))
    scoring: Scoring = "first" if which == "first" else _scoring(quiz)
    found = (counting_try(own, scoring=scoring) for own in by_student.values())
    return {one.pk: (number, one.started_at) for number, one in enumerate(found)}


def _scoring(quiz: Quiz) -> Scoring:
    return quiz.current_version.settings.scoring if quiz.current_version else "best"


def sheet_of(quiz: Quiz, which: Which = "counting") -> Sheet:
    """Read a class's answers. Six queries."""
    tries = _chosen_tries(quiz, which)
    rules = rules_of(quiz.pk)
    asked_in = AttemptQuestion.objects.filter(attempt__quiz=quiz, attempt__state="CLOSED", attempt__is_tryout=False)
    versions = list(
        QuestionVersion.objects.filter(pk__in=asked_in.values("question_version_id"))
        .select_related("question")
        .order_by("question__slug", "-number")
    )
    reader = Reader(versions, rules)
    rows = _Rows()
    for row in _answers(asked_in, reader):
        if row[1] in tries:
            rows.add(row, reader, tries[row[1]][0])
    _add_times(rows, quiz, tries)
    return _in_order(quiz, reader, len(tries))


def _answers(asked_in: Any, reader: Reader) -> Iterator[Any]:
    with_options = reader.with_options or [0]
    rows: Iterator[Any] = (
        asked_in.order_by("pk")
        .annotate(
            empty=ExpressionWrapper(Q(value__isnull=True), output_field=BooleanField()),
            picked=Case(When(question_version_id__in=with_options, then=F("value")), output_field=JSONField()),
            mark=MD5(Cast("variant", TextField())),
        )
        .values_list(
            "pk",
            "attempt_id",
            "question_version_id",
            "points",
            "max_points",
            "awaits_mark",
            "empty",
            "picked",
            "seed",
            "mark",
        )
        .iterator(_ROWS_AT_ONCE)
    )
    return rows


class _Rows:
    """Where each cell lies, by the id of its row, in the order of the ids."""

    def __init__(self) -> None:
        self.pks: array[int] = array("q")
        self.places: array[int] = array("l")
        self.columns: list[Column] = []
        self._numbers: dict[int, int] = {}
        self.column_numbers: array[int] = array("l")

    def add(self, row: Sequence[Any], reader: Reader, number: int) -> None:
        """Put an answer into its question's column."""
        pk, _, version_id, points, possible, awaits_mark, empty, picked, seed, mark = row
        column = reader.column_of(version_id)
        if awaits_mark:
            column.waiting += 1
            return
        dropped = points is None
        variant = -1 if mark is None else reader.variant_of(version_id, seed, mark)
        place = column.add(
            number=number,
            points=0.0 if dropped else float(points),
            possible=0.0 if dropped else float(possible),
            chosen=-1 if empty else reader.bits_of(version_id, variant, picked),
            offered=reader.offered(version_id, variant),
            variant=variant,
        )
        self.pks.append(pk)
        self.places.append(place)
        self.column_numbers.append(self._numbered(column))

    def _numbered(self, column: Column) -> int:
        number = self._numbers.get(id(column))
        if number is None:
            number = self._numbers[id(column)] = len(self.columns)
            self.columns.append(column)
        return number

    def add_seconds(self, pk: int, seconds: float) -> None:
        """Add time to the cell of a row, if it is there."""
        at = bisect_left(self.pks, pk)
        if at < len(self.pks) and self.pks[at] == pk:
            spent = self.columns[self.column_numbers[at]].seconds
            spent[self.places[at]] = max(0.0, spent[self.places[at]]) + seconds


def _add_times(rows: _Rows, quiz: Quiz, tries: Mapping[int, tuple[int, datetime]]) -> None:
    """The time between two events of a try (its start, and each time an answer was saved) belongs to what was saved.

    The clock stands still while the quiz is paused.
    """
    stops = stops_of(quiz.activity)
    saved = (
        Answer.objects.filter(
            attempt_question__attempt__quiz=quiz,
            attempt_question__attempt__state="CLOSED",
            attempt_question__attempt__is_tryout=False,
        )
        .order_by("attempt_question__attempt_id", "saved_at", "pk")
        .values_list("attempt_question__attempt_id", "attempt_question_id", "saved_at")
    )
    current, before = None, None
    for attempt, asked, at in saved.iterator(_ROWS_AT_ONCE):
        if attempt not in tries:
            continue
        if attempt != current or before is None:
            current, before = attempt, tries[attempt][1]
        spent = at - before - stood_still(stops, since=before, until=at) if stops else at - before
        rows.add_seconds(asked, max(0.0, spent.total_seconds()))
        before = at


def _in_order(quiz: Quiz, reader: Reader, tries: int) -> Sheet:
    """Questions as the quiz lists them, then those drawn, by name; those that nobody was asked are left out."""
    listed = quiz.current_version.settings.listed if quiz.current_version else ()
    rank = {item.question: place for place, item in enumerate(listed)}
    columns = reader.columns()
    used = [reader.asked(pk) for pk, column in columns.items() if column.tries or column.waiting]
    used.sort(key=lambda asked: (rank.get(asked.slug, len(rank)), asked.slug))
    return Sheet(tries=tries, asked=used, columns=[columns[asked.pk] for asked in used])

"""Scores the closed attempts of a quiz anew by other rules, some students at a time, so that a big class fits.

Only questions whose rules change are judged: everything else keeps the points it has.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from gradebook.services import rounded
from quizzes.grading import Judged, Scoring, Standing, judge, standing_of
from quizzes.marking_models import Mark
from quizzes.models import Attempt, AttemptQuestion, QuestionVersion, Quiz
from quizzes.rules import Rules
from quizzes.scoring import response_of

STUDENTS_AT_ONCE = 200


@dataclass(frozen=True, kw_only=True)
class QuestionMove:
    """What happens to one question of an attempt; points are None where it is dropped."""

    row: AttemptQuestion
    slug: str
    before: Decimal | None
    after: Decimal | None
    awaits_mark: bool

    @property
    def moves(self) -> bool:
        """Whether anything about it changes."""
        return self.before != self.after or self.row.awaits_mark != self.awaits_mark

    @property
    def out_of(self) -> tuple[Decimal, Decimal]:
        """What it counts out of, before and after."""
        full, nothing = self.row.max_points, Decimal(0)
        return (nothing if self.before is None else full, nothing if self.after is None else full)

    def as_json(self) -> list[int | str | None]:
        """As `RegradeMove.questions` keeps it."""
        before, after = (None if points is None else str(rounded(points)) for points in (self.before, self.after))
        return [self.row.position, before, after, *map(str, self.out_of)]


@dataclass(frozen=True, kw_only=True)
class TryScore:
    """The score of an attempt, as it was or as it will be."""

    attempt_id: int
    number: int
    score: Decimal
    max_score: Decimal
    worth: Decimal | None
    late_factor: Decimal


@dataclass(kw_only=True)
class TryMove:
    """What happens to one attempt. To be asked before the attempt is changed."""

    attempt: Attempt
    questions: list[QuestionMove] = field(default_factory=list)

    @property
    def before(self) -> TryScore:
        """The score that it has."""
        attempt = self.attempt
        return TryScore(
            attempt_id=attempt.pk,
            number=attempt.number,
            score=attempt.score or Decimal(0),
            max_score=attempt.max_score,
            worth=attempt.worth,
            late_factor=attempt.late_factor,
        )

    @property
    def after(self) -> TryScore:
        """The score that it gets."""
        before = self.before
        gained = sum(((one.after or 0) - (one.before or 0) for one in self.questions), Decimal(0))
        max_score = before.max_score + sum((one.out_of[1] - one.out_of[0] for one in self.questions), Decimal(0))
        full = before.max_score if before.worth is None else before.worth
        return replace(
            before, score=before.score + gained, max_score=max_score, worth=None if full == max_score else full
        )

    @property
    def moves(self) -> bool:
        """Whether anything about it changes."""
        return any(one.moves for one in self.questions)

    @property
    def counts(self) -> bool:
        """Whether the gradebook looks at it: not at those of course staff."""
        return not self.attempt.is_tryout


@dataclass(kw_only=True)
class PersonMoves:
    """All closed attempts of one student, and what they come to before and after."""

    student_id: int
    tries: list[TryMove]

    def standings(self, scoring: Scoring) -> tuple[Standing[TryScore], Standing[TryScore]] | None:
        """What counts before and after; None where nothing does."""
        counted = [one for one in self.tries if one.counts]
        if not counted:
            return None
        return (
            standing_of([one.before for one in counted], scoring=scoring),
            standing_of([one.after for one in counted], scoring=scoring),
        )


Judge = Callable[[AttemptQuestion, Decimal | None], Judged]
"""Judges a question of an attempt, with the points that somebody gave it, if anybody did."""

JudgeFor = Callable[[Collection[int]], Judge]
"""Gets ready to judge the attempts with these ids."""


class Versions:
    """The versions of questions that attempts hold, each read once, with the name of its question."""

    def __init__(self) -> None:
        self._known: dict[int, QuestionVersion] = {}

    def attach(self, rows: Sequence[AttemptQuestion]) -> None:
        """Give each row its version. At most one query."""
        self.read({row.question_version_id for row in rows})
        for row in rows:
            row.question_version = self._known[row.question_version_id]

    def slug(self, version_id: int) -> str:
        """The question's name. Its version was read before."""
        return self._known[version_id].question.slug

    def topics(self, version_id: int) -> list[str]:
        """What it is about. Its version was read before."""
        topics: list[str] = self._known[version_id].topics
        return topics

    def read(self, ids: Collection[int]) -> None:
        """Read those that are not known yet. At most one query."""
        missing = set(ids) - self._known.keys()
        if missing:
            self._known |= QuestionVersion.objects.select_related("question").in_bulk(missing)


def by_rules(rules: Rules) -> JudgeFor:
    """Judge by these rules."""

    def judged(row: AttemptQuestion, mark: Decimal | None) -> Judged:
        return judge(response_of(row, rules, mark=mark), rules)

    return lambda _: judged


def moves_of(
    quiz: Quiz, *, affected: Mapping[str, int], judge_for: JudgeFor, versions: Versions, lock: bool = False
) -> Iterator[list[PersonMoves]]:
    """Chunks of students with what happens to their closed attempts, when those questions are judged like this.

    `affected` maps questions' names to their ids. At most five queries a chunk. With `lock`, the attempts of a chunk
    are locked in order.
    """
    closed = Attempt.objects.closed().filter(quiz=quiz)
    students = list(closed.order_by("student_id").values_list("student_id", flat=True).distinct())
    for start in range(0, len(students), STUDENTS_AT_ONCE):
        chunk = students[start : start + STUDENTS_AT_ONCE]
        rows = closed.filter(student__in=chunk).order_by("student_id", "pk")
        attempts = list(rows.select_for_update() if lock else rows)
        yield _people(attempts, affected=affected, judge_for=judge_for, versions=versions)


def _people(
    attempts: Sequence[Attempt], *, affected: Mapping[str, int], judge_for: JudgeFor, versions: Versions
) -> list[PersonMoves]:
    tries = {attempt.pk: TryMove(attempt=attempt) for attempt in attempts}
    asked = list(
        AttemptQuestion.objects.filter(attempt__in=tries, question_version__question__in=affected.values()).order_by(
            "attempt_id", "position"
        )
    )
    versions.attach(asked)
    marks = _marks(asked)
    judged = judge_for(tries.keys())
    for row in asked:
        verdict = judged(row, marks.get(row.pk))
        tries[row.attempt_id].questions.append(
            QuestionMove(
                row=row,
                slug=versions.slug(row.question_version_id),
                before=row.points,
                after=verdict.points,
                awaits_mark=verdict.awaits_mark,
            )
        )
    by_student: dict[int, list[TryMove]] = defaultdict(list)
    for one in tries.values():
        by_student[one.attempt.student_id].append(one)
    return [PersonMoves(student_id=student, tries=moved) for student, moved in by_student.items()]


def _marks(asked: Sequence[AttemptQuestion]) -> dict[int, Decimal]:
    marked = [row.pk for row in asked if row.content.needs_person]
    if not marked:
        return {}
    found = Mark.objects.current().filter(attempt_question__in=marked)
    return dict(found.values_list("attempt_question_id", "points"))

"""What a regrade would do, or did: who moves and by how much, question by question. Nothing is written here."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Count, Max, Sum

from gradebook.models import Score
from gradebook.services import rounded
from quizzes.grading import Scoring
from quizzes.marking_models import Mark
from quizzes.models import Attempt, Quiz
from quizzes.regrade_drafts import affected_by, rules_with
from quizzes.rescoring import PersonMoves, TryMove, Versions, by_rules, moves_of
from quizzes.rule_models import Regrade, ScoringRule


@dataclass(frozen=True, kw_only=True)
class TryLine:
    """A try that moves: points and what they are out of, before and after."""

    attempt_id: int
    number: int
    before: Decimal
    before_max: Decimal
    after: Decimal
    after_max: Decimal
    counts: bool

    @classmethod
    def of(cls, moved: TryMove, *, counts: bool) -> "TryLine":
        """The line of a try."""
        before, after = moved.before, moved.after
        return cls(
            attempt_id=before.attempt_id,
            number=before.number,
            before=before.score,
            before_max=before.max_score,
            after=after.score,
            after_max=after.max_score,
            counts=counts,
        )


@dataclass(frozen=True, kw_only=True)
class PersonLine:
    """What counts for somebody in the gradebook before and after, lateness counted in, out of what the quiz is worth.

    `by_hand`: points that an instructor set; they count whatever is earned, so that nothing moves.
    """

    student_id: int
    before: Decimal
    after: Decimal
    out_of: Decimal
    tries: tuple[TryLine, ...]
    by_hand: Decimal | None = None

    @property
    def change(self) -> Decimal:
        """How much it moves."""
        return self.after - self.before


@dataclass(kw_only=True)
class QuestionLine:
    """What happens to a question over all attempts that count."""

    slug: str
    asked: int = 0
    up: int = 0
    down: int = 0
    before: Decimal = Decimal(0)
    before_max: Decimal = Decimal(0)
    after: Decimal = Decimal(0)
    after_max: Decimal = Decimal(0)

    @property
    def same(self) -> int:
        """How many answers stay as they are."""
        return self.asked - self.up - self.down


@dataclass(kw_only=True)
class Preview:
    """Before and after. `seen` names the state it was computed from: hand it to `apply`."""

    seen: str
    people: list[PersonLine] = field(default_factory=list)
    questions: list[QuestionLine] = field(default_factory=list)
    shares_before: list[float] = field(default_factory=list)
    shares_after: list[float] = field(default_factory=list)

    @property
    def up(self) -> int:
        """For how many people more counts."""
        return sum(1 for one in self.people if one.change > 0)

    @property
    def down(self) -> int:
        """For how many people less counts."""
        return sum(1 for one in self.people if one.change < 0)

    @property
    def same(self) -> int:
        """For how many people nothing changes."""
        return len(self.people) - self.up - self.down

    @property
    def moved(self) -> list[PersonLine]:
        """Those of whom a try moves, the counting one or another."""
        return [one for one in self.people if one.tries]

    @property
    def mean_before(self) -> float | None:
        """The mean share (0 to 1) of the points that counts."""
        return _mean(self.shares_before)

    @property
    def mean_after(self) -> float | None:
        """The same, after."""
        return _mean(self.shares_after)


def _mean(shares: list[float]) -> float | None:
    return sum(shares) / len(shares) if shares else None


def state_of(quiz: Quiz) -> str:
    """A name for all that a preview depends on: another one as soon as any of it changes. Four queries."""
    closed = (
        Attempt.objects.closed()
        .filter(quiz=quiz)
        .aggregate(n=Count("pk"), last=Max("closed_at"), pk=Max("pk"), factors=Sum("late_factor"))
    )
    marks = Mark.objects.filter(attempt_question__attempt__quiz=quiz).aggregate(n=Count("pk"), last=Max("pk"))
    scores = Score.objects.filter(activity=quiz.activity_id).aggregate(
        n=Count("pk"), last=Max("updated_at"), by_hand=Count("override_points")
    )
    rules = list(ScoringRule.objects.filter(quiz=quiz).order_by("pk").values_list("pk", "kind", "regrade_id"))
    counted = [sorted(found.items()) for found in (closed, marks, scores)]
    text = repr((counted, rules, quiz.current_version_id))
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def scoring_now(quiz: Quiz) -> Scoring:
    """Which try counts by the quiz's settings."""
    return quiz.current_version.settings.scoring if quiz.current_version else "best"


def preview(regrade: Regrade) -> Preview:
    """Say what applying a draft would do. Nothing is written. A few queries for each chunk of students."""
    quiz = regrade.quiz
    found = Preview(seen=state_of(quiz))
    affected = affected_by(quiz, regrade.changes)
    rules = rules_with(quiz, regrade.changes)
    lines = {slug: QuestionLine(slug=slug) for slug in sorted(regrade.changes)}
    scoring = scoring_now(quiz)
    for people in moves_of(quiz, affected=affected, judge_for=by_rules(rules), versions=Versions()):
        scores = _scores(quiz, people)
        for person in people:
            _add_person(found, person, scoring, scores.get(person.student_id))
        _add_questions(lines, people)
    found.questions = list(lines.values())
    return found


def _scores(quiz: Quiz, people: Iterable[PersonMoves]) -> dict[int, Score]:
    """What the gradebook has now, by student. One query."""
    rows = Score.objects.filter(activity=quiz.activity_id, user__in=[one.student_id for one in people])
    return {score.user_id: score for score in rows}


def _add_person(found: Preview, person: PersonMoves, scoring: Scoring, score: Score | None) -> None:
    """Add somebody with what the gradebook has, and will have: it hears only of those of whom a try moves."""
    standings = person.standings(scoring)
    if standings is None:
        return
    earned, after = standings
    before = _Counts(rounded(earned.points * earned.late_factor), earned.max_points)
    if score is not None and score.final_points is not None:
        before = _Counts(score.final_points, score.max_points)
    moved = [one for one in person.tries if one.moves and one.counts]
    by_hand = score.override_points if score is not None else None
    becomes = before
    if moved:
        points = rounded(after.points * after.late_factor) if by_hand is None else by_hand
        becomes = _Counts(points, after.max_points)
    found.people.append(
        PersonLine(
            student_id=person.student_id,
            before=before.points,
            after=becomes.points,
            out_of=becomes.out_of,
            tries=tuple(TryLine.of(one, counts=one.attempt.pk == after.source.attempt_id) for one in moved),
            by_hand=by_hand,
        )
    )
    found.shares_before.append(before.share)
    found.shares_after.append(becomes.share)


@dataclass(frozen=True)
class _Counts:
    """Points that count, and what they are out of."""

    points: Decimal
    out_of: Decimal

    @property
    def share(self) -> float:
        return float(self.points / self.out_of) if self.out_of else 0.0


def _add_questions(lines: dict[str, QuestionLine], people: Iterable[PersonMoves]) -> None:
    for person in people:
        for one in person.tries:
            if not one.counts:
                continue
            for question in one.questions:
                line = lines[question.slug]
                line.asked += 1
                line.before += question.before or 0
                line.after += question.after or 0
                line.before_max += question.out_of[0]
                line.after_max += question.out_of[1]
                if question.before is not None and question.after is not None:
                    line.up += question.after > question.before
                    line.down += question.after < question.before

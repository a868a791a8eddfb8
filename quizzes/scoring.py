"""Between the rows of an attempt and the pure scoring: what is judged, by which rules, and what the gradebook gets."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from gradebook.services import TopicEvidence, hold_score, record
from quizzes.grading import Response, Result, score_responses, standing_of
from quizzes.marking_models import Mark
from quizzes.models import Attempt, AttemptQuestion
from quizzes.rule_models import ScoringRule
from quizzes.rules import Change, Rule, Rules
from quizzes.specs import QuizSpec


def rules_of(quiz_id: int) -> Rules:
    """The rules that hold for a quiz now. One query."""
    rows = ScoringRule.objects.filter(quiz_id=quiz_id).values_list("question__slug", "kind", "detail")
    return Rules({slug: Rule.of(kind, detail) for slug, kind, detail in rows})


def response_of(asked: AttemptQuestion, rules: Rules, *, mark: Decimal | None = None) -> Response:
    """What is judged of a question of an attempt. `asked` comes with its `question_version`."""
    content = asked.content
    rule = rules.of(content)
    is_varied = asked.variant is not None and rule is not None and rule.change is Change.KEY
    return Response(
        question=content,
        value=asked.value,
        max_points=asked.max_points,
        mark=mark,
        family=asked.question_version.content if is_varied else None,
        seed=asked.seed if is_varied else None,
    )


def marks_of(asked: Iterable[AttemptQuestion]) -> dict[int, Decimal]:
    """The points that people gave, by the question's row. One query, and none where nothing needs a person."""
    marked = [one.pk for one in asked if one.content.needs_person]
    if not marked:
        return {}
    found = Mark.objects.current().filter(attempt_question__in=marked)
    return dict(found.values_list("attempt_question_id", "points"))


def score_attempt(asked: Iterable[AttemptQuestion], rules: Rules) -> Result:
    """Score the questions of an attempt, and set on each what it earns; saving them is the caller's."""
    rows = list(asked)
    marks = marks_of(rows)
    result = score_responses([response_of(row, rules, mark=marks.get(row.pk)) for row in rows], rules)
    for row, judged in zip(rows, result.judged, strict=True):
        row.points, row.awaits_mark = judged.points, judged.awaits_mark
    return result


def set_score(attempt: Attempt, result: Result) -> tuple[str, ...]:
    """Set on the attempt what it came to; returns the names of the fields."""
    attempt.score = result.score
    attempt.max_score = result.max_score
    attempt.worth = result.worth if result.worth != result.max_score else None
    attempt.awaits_marks = result.awaits_marks
    return ("score", "max_score", "worth", "awaits_marks")


def scoring_of(attempt: Attempt) -> QuizSpec:
    """The settings that say which try counts: those that the quiz has now."""
    return (attempt.quiz.current_version or attempt.version).settings


def record_standing(attempt: Attempt, evidence: Iterable[TopicEvidence], *, is_new: bool = False) -> None:
    """Let what counts by the quiz's rule stand in the gradebook, with the evidence of this try.

    `is_new`: the try is closed just now, so that nothing of it was recorded before.
    """
    tries: Iterable[Attempt] = [attempt]
    if not is_new or attempt.number > 1:  # another try may be closed or marked at this moment
        hold_score(activity=attempt.quiz.activity, user=attempt.student)
        tries = Attempt.objects.closed().filter(quiz=attempt.quiz, student=attempt.student, is_tryout=False)
    standing = standing_of(tries, scoring=scoring_of(attempt).scoring)
    record(
        activity=attempt.quiz.activity,
        user=attempt.student,
        points=standing.points,
        max_points=standing.max_points,
        late_factor=standing.late_factor,
        source_kind="attempt",
        source_id=standing.source.pk,
        evidence=evidence,
        evidence_source_id=attempt.pk,
        evidence_at=attempt.closed_at,
        evidence_is_new=is_new,
    )


def as_stored(rules: Mapping[str, Rule]) -> dict[str, dict[str, object]]:
    """Rules by question id, as JSON."""
    return {slug: rule.as_json() for slug, rule in sorted(rules.items())}

"""What people decided about the questions of an attempt, for pages that show them: rules, marks, and marks to come."""

from collections.abc import Iterable, Sequence

from quizzes.marking_models import Mark
from quizzes.models import AttemptQuestion
from quizzes.rubrics import given_by, rubric_of
from quizzes.rules import Change, Rules
from quizzes.scoring import response_of
from quizzes.showing import Decided, ShownMark
from quizzes.types.base import QuestionType


def decided_about(asked: Sequence[AttemptQuestion], rules: Rules) -> dict[int, Decided]:
    """What was decided, by the question's row. One query where something is marked by people; else none."""
    marks = _marks(row.pk for row in asked if row.content.needs_person)
    return {row.pk: _decided(row, rules, marks.get(row.pk)) for row in asked}


def _marks(rows: Iterable[int]) -> dict[int, Mark]:
    wanted = list(rows)
    if not wanted:
        return {}
    found = Mark.objects.current().filter(attempt_question__in=wanted).select_related("by")
    return {mark.attempt_question_id: mark for mark in found}


def _decided(row: AttemptQuestion, rules: Rules, mark: Mark | None) -> Decided:
    content, rule = row.content, rules.of(row.content)
    keys: tuple[QuestionType, ...] = ()
    if rule is not None and rule.change is Change.KEY:
        response = response_of(row, rules)
        keys = rules.judges(content, family=response.family, seed=response.seed)
    return Decided(
        rule=rule.change.value if rule is not None else "",
        keys=keys,
        mark=shown_mark(row, mark) if mark is not None and content.needs_person else None,
        awaits_mark=row.awaits_mark,
    )


def shown_mark(row: AttemptQuestion, mark: Mark) -> ShownMark:
    """A mark as pages show it. `mark` comes with `by`."""
    rubric = rubric_of(row.content)
    return ShownMark(
        points=mark.points,
        by=mark.by.display_name,
        at=mark.at,
        comment=mark.comment,
        rubric=given_by(rubric, mark.rubric) if rubric is not None else (),
    )

"""An answer and its mark as a form: criteria with their steps, points, comment, and what was sent when it failed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from django.utils.safestring import SafeString

from accounts.errors import DrydockError
from quizzes.marking_models import Mark
from quizzes.models import AttemptQuestion
from quizzes.rendering import inline
from quizzes.rubrics import Step, points_by, quarters_of, rubric_of, steps_of

WHOLE = "whole"
"""What the one criterion of a question without a rubric is called in the form."""


@dataclass(frozen=True, kw_only=True)
class StepShown:
    """A step to choose; `key` is the digit that chooses it."""

    value: str
    points: Decimal
    text: str
    chosen: bool
    key: int


@dataclass(frozen=True, kw_only=True)
class CriterionShown:
    """A criterion with its steps; the one called `whole` stands for the answer as a whole."""

    id: str
    title: str
    description: SafeString
    points: Decimal
    steps: tuple[StepShown, ...]
    given: str = ""
    error: str = ""

    @property
    def picked(self) -> str:
        """The value that is chosen; empty where none is."""
        return next((step.value for step in self.steps if step.chosen), self.given)

    @property
    def between(self) -> bool:
        """Whether it was given points that lie between the steps."""
        return bool(self.given) and not any(step.chosen for step in self.steps)


@dataclass(frozen=True, kw_only=True)
class Marking:
    """The form. `points` stands for the total, where it is another than the rubric's."""

    criteria: tuple[CriterionShown, ...]
    max_points: Decimal
    has_rubric: bool
    points: str = ""
    comment: str = ""
    current: Mark | None = None
    earlier: tuple[Mark, ...] = ()
    error: str = ""
    points_error: str = ""
    sent: Mapping[str, str] = field(default_factory=dict)

    @property
    def seen(self) -> int:
        """The mark that this form was made for."""
        return self.current.pk if self.current is not None else 0

    @property
    def rubric_sent(self) -> dict[str, object] | None:
        """Points by criterion, as they were sent; None for an answer marked as a whole."""
        return dict(self.sent) if self.has_rubric else None

    @property
    def points_sent(self) -> str:
        """The total that was typed; without a rubric, the step chosen where nothing was typed."""
        return self.points or ("" if self.has_rubric else self.sent.get(WHOLE, ""))

    def with_sent(self, form: Mapping[str, str]) -> "Marking":
        """The form as it was sent. A total that was there before, and left alone, gives way to steps chosen anew."""
        sent = {one.id: str(form.get(f"rubric-{one.id}", "")).strip() for one in self.criteria}
        points = str(form.get("points", "")).strip()
        if points == self.points and sent != {one.id: one.picked for one in self.criteria}:
            points = ""
        return replace(
            self,
            sent=sent,
            points=points,
            comment=str(form.get("comment", "")).replace("\r\n", "\n"),
            criteria=tuple(_chosen(one, sent[one.id]) for one in self.criteria),
        )

    def refused(self, error: DrydockError, history: Sequence[Mark]) -> "Marking":
        """The form with what is wrong, and the marks that there are now."""
        current = history[0] if history and history[0].is_current else None
        return replace(
            self,
            error=error.message,
            points_error=error.fields.get("points", ""),
            current=current,
            earlier=tuple(mark for mark in history if mark is not current),
            criteria=tuple(replace(one, error=error.fields.get(f"rubric-{one.id}", "")) for one in self.criteria),
        )


def _chosen(one: CriterionShown, given: str) -> CriterionShown:
    steps = tuple(replace(step, chosen=step.value == given) for step in one.steps)
    return replace(one, given=given, steps=steps)


def _steps(steps: Sequence[Step], given: Decimal | None) -> tuple[StepShown, ...]:
    return tuple(
        StepShown(
            value=f"{step.points:f}",
            points=step.points,
            text=step.text,
            chosen=given is not None and step.points == given,
            key=number,
        )
        for number, step in enumerate(steps, 1)
    )


def marking_of(asked: AttemptQuestion, history: Sequence[Mark]) -> Marking:
    """The form for an answer, filled with the mark that counts."""
    rubric = rubric_of(asked.content)
    current = history[0] if history and history[0].is_current else None
    stored = {name: Decimal(str(given)) for name, given in current.rubric.items()} if current is not None else {}
    if rubric is not None:
        criteria = tuple(
            CriterionShown(
                id=one.id,
                title=one.title,
                description=inline(one.description) if one.description else SafeString(""),
                points=one.points,
                steps=_steps(steps_of(one), stored.get(one.id)),
                given=f"{stored[one.id]:f}" if one.id in stored else "",
            )
            for one in rubric.criteria
        )
        is_whole = {one.id for one in rubric.criteria} == stored.keys()
        by_rubric = points_by(rubric, stored, asked.max_points) if is_whole else None
    else:
        given = current.points if current is not None else None
        steps = _steps(quarters_of(asked.max_points), given)
        criteria = (
            CriterionShown(
                id=WHOLE, title="The answer", description=SafeString(""), points=asked.max_points, steps=steps
            ),
        )
        by_rubric = given if any(step.chosen for step in steps) else None
    typed = current is not None and current.points != by_rubric
    return Marking(
        criteria=criteria,
        max_points=asked.max_points,
        has_rubric=rubric is not None,
        points=f"{current.points.normalize():f}" if current is not None and typed else "",
        comment=current.comment if current is not None else "",
        current=current,
        earlier=tuple(mark for mark in history if mark is not current),
    )

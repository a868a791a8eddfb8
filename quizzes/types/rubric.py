"""A rubric: what somebody marks an answer by, criterion by criterion."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Self

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from graders.spec import Authored
from quizzes.rendering import inline
from quizzes.types.base import Feedback, PublicCriterion, Slug, Text, between, refuse_at

CriterionPoints = Annotated[Decimal, Field(gt=0, le=1000, decimal_places=2)]
LevelPoints = Annotated[Decimal, Field(ge=0, le=1000, decimal_places=2)]


class CannotMark(ValueError):
    """Points that the rubric does not know, or more of them than a criterion has; the message names the criterion."""


class Level(Authored):
    """How well a criterion can be met: what that looks like, and its points."""

    points: LevelPoints
    text: Text


class Criterion(Authored):
    """One thing that an answer is marked by. Points may lie between its levels; it needs none."""

    id: Slug
    title: Text
    points: CriterionPoints
    description: Feedback = ""
    levels: Annotated[tuple[Level, ...], between(0, 10)] = ()

    @model_validator(mode="after")
    def _levels_fit(self) -> Self:
        seen: set[Decimal] = set()
        for position, level in enumerate(self.levels):
            if level.points > self.points:
                refuse_at(("levels", position, "points"), f"`{self.id}` is worth {self.points:f} at most", level.points)
            if level.points in seen:
                refuse_at(("levels", position, "points"), f"there is a level of {level.points:f} already", level.points)
            seen.add(level.points)
        return self


class Rubric(Authored):
    """The criteria of a question, in the author's order; together they stand for all of its points.

    Authors write the list alone.
    """

    criteria: Annotated[tuple[Criterion, ...], between(1, 20)]

    @model_validator(mode="before")
    @classmethod
    def _list_alone(cls, value: Any) -> Any:
        return {"criteria": value} if isinstance(value, list | tuple) else value

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """As authors write it, or as it is kept."""
        made = handler.resolve_ref_schema(handler(schema))
        return {"anyOf": [made["properties"]["criteria"], dict(made)], "description": made.get("description", "")}

    @model_validator(mode="after")
    def _ids_differ(self) -> Self:
        seen: set[str] = set()
        for position, criterion in enumerate(self.criteria):
            if criterion.id in seen:
                refuse_at(("criteria", position, "id"), f"there is a criterion `{criterion.id}` already", criterion.id)
            seen.add(criterion.id)
        return self

    @property
    def points(self) -> Decimal:
        """The sum of the criteria's points, which stands for all of the question's."""
        return sum((criterion.points for criterion in self.criteria), Decimal(0))

    def share(self, given: Mapping[str, Decimal]) -> Fraction:
        """The share of the question that points by criterion id come to; a criterion left out has none.

        Raises CannotMark for a criterion that is not there, and for points it does not have.
        """
        known = {criterion.id: criterion for criterion in self.criteria}
        for name, points in given.items():
            if name not in known:
                raise CannotMark(f"This rubric has no criterion “{name}”.")
            if not points.is_finite() or not 0 <= points <= known[name].points:
                raise CannotMark(f"“{known[name].title}” is worth 0 to {known[name].points.normalize():f} points.")
        return sum((Fraction(points) for points in given.values()), Fraction(0)) / Fraction(self.points)

    def points_of(self, given: Mapping[str, Decimal], possible: Decimal) -> Decimal:
        """The points, of `possible`, that points by criterion come to: to two places, halves up. Raises CannotMark."""
        exact = Fraction(possible) * self.share(given)
        return Decimal(int(exact * 100 + Fraction(1, 2))) / 100

    def public(self) -> tuple[PublicCriterion, ...]:
        """The criteria as students see them: without the levels, which say what a good answer holds."""
        return tuple(
            PublicCriterion(title=criterion.title, points=criterion.points, description=inline(criterion.description))
            for criterion in self.criteria
        )

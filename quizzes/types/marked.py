"""What questions share whose answers a person reads and marks."""

from fractions import Fraction
from typing import Any, ClassVar, Self

from pydantic import model_validator

from quizzes.types.base import Feedback, Key, QuestionType, Scored, Value, refuse_at
from quizzes.types.rubric import Rubric


class MarkedQuestion(QuestionType):
    """A question whose answers earn nothing until somebody marks them by the `rubric`, or as a whole.

    `shown` is an answer that students see once keys are released. `show_rubric: true` shows the criteria, without their
    levels, while the question is asked.
    """

    rubric: Rubric | None = None
    show_rubric: bool = False
    shown: Feedback = ""

    needs_person: ClassVar[bool] = True

    @model_validator(mode="after")
    def _rubric_is_there(self) -> Self:
        if self.show_rubric and self.rubric is None:
            refuse_at(("show_rubric",), "there is no `rubric` to show", self.show_rubric)
        return self

    def score(self, value: Value) -> Scored:
        """Nothing yet: it takes a person."""
        del value
        return Scored(fraction=Fraction(0))

    def key(self) -> Key:
        """Give the author's own answer, if there is one."""
        return Key(texts=(self.shown,)) if self.shown else Key()

    def public_extras(self) -> dict[str, Any]:
        """Show the criteria where the author wants that."""
        return {"criteria": self.rubric.public() if self.rubric is not None and self.show_rubric else ()}

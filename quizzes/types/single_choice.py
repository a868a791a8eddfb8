"""Single choice: one option is right."""

from fractions import Fraction
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from quizzes.types.base import Key, OptionMark, Sample, Scored, Text, Value
from quizzes.types.choices import ChoiceQuestion


class SingleChoice(ChoiceQuestion):
    """Choose one of the options; `answer` is the text of the right one. An answer is stored as the option's id."""

    kind: Literal["single_choice"]
    answer: Text

    instruction: ClassVar[str] = "Choose one."

    @model_validator(mode="after")
    def _answer_is_an_option(self) -> Self:
        self.require_option(self.answer, ("answer",))
        return self

    @property
    def _right(self) -> str:
        return next(option.id for option in self.options if option.text == self.answer)

    def read(self, raw: object) -> Value | None:
        """Read the id of the chosen option."""
        return self.known_option(raw)

    def score(self, value: Value) -> Scored:
        """All for the right option, nothing for another."""
        right = self._right
        marks = {right: OptionMark(outcome="right" if value == right else "missed")}
        chosen = self.option_by_id().get(str(value))
        if chosen is not None:
            marks[chosen.id] = OptionMark(outcome="right" if chosen.id == right else "wrong", feedback=chosen.feedback)
        return Scored(fraction=Fraction(int(value == right)), feedback=chosen.feedback if chosen else "", options=marks)

    def key(self) -> Key:
        """Give the right option."""
        return Key(options=frozenset({self._right}), texts=(self.answer,))

    @classmethod
    def samples(cls) -> list[Sample]:
        """Give samples."""
        spec = {
            "id": "state-after-create",
            "kind": "single_choice",
            "topics": ["cmd.create"],
            "text": "In which state is a container right after `docker create`?",
            "options": ["created", {"text": "running", "feedback": "That is `docker run`."}, "<b>paused</b>"],
            "answer": "created",
        }
        created, running = (cls.model_validate(spec).options[i].id for i in (0, 1))
        return [
            Sample(name="right", spec=spec, raw=created, fraction=Fraction(1)),
            Sample(name="wrong", spec=spec, raw=running, fraction=Fraction(0)),
            Sample(name="unknown option", spec=spec, raw="created", refused="option_unknown"),
            Sample(name="several", spec=spec, raw=[created, running], refused="answer_type"),
            Sample(name="a number", spec=spec, raw=1, refused="answer_type"),
        ]

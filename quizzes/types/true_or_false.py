"""True or false: a statement to judge."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from quizzes.rendering import inline
from quizzes.types.base import (
    Feedback,
    Key,
    MalformedAnswer,
    OptionMark,
    PublicOption,
    QuestionType,
    Sample,
    Scored,
    Value,
)

_WORDS = {"true": True, "false": False}


class TrueOrFalse(QuestionType):
    """Say whether `text` holds. `feedback` is for those who judged it wrongly. An answer is stored as true or false."""

    kind: Literal["true_or_false"]
    answer: Annotated[bool, Field(strict=True)]
    feedback: Feedback = ""

    instruction: ClassVar[str] = "True or false?"

    def read(self, raw: object) -> Value | None:
        """Read true or false, as JSON or as the form's words."""
        if isinstance(raw, bool):
            return raw
        if isinstance(raw, str) and raw in _WORDS:
            return _WORDS[raw]
        raise MalformedAnswer("answer_type", "An answer here is true or false.")

    def score(self, value: Value) -> Scored:
        """All or nothing."""
        word, right_word = str(value).lower(), str(self.answer).lower()
        if value is self.answer:
            return Scored(fraction=Fraction(1), options={right_word: OptionMark(outcome="right")})
        marks = {
            word: OptionMark(outcome="wrong", feedback=self.feedback),
            right_word: OptionMark(outcome="missed"),
        }
        return Scored(fraction=Fraction(0), feedback=self.feedback, options=marks)

    def key(self) -> Key:
        """Give the right word."""
        return Key(options=frozenset({str(self.answer).lower()}), texts=(str(self.answer),))

    def public_options(self, option_order: Sequence[int]) -> tuple[PublicOption, ...]:
        """Always true, then false."""
        del option_order
        return (
            PublicOption(id="true", text="True", html=inline("True")),
            PublicOption(id="false", text="False", html=inline("False")),
        )

    @classmethod
    def samples(cls) -> list[Sample]:
        """Give samples."""
        spec = {
            "id": "expose-publishes",
            "kind": "true_or_false",
            "topics": ["dockerfile.expose"],
            "text": "`EXPOSE 80` publishes port 80 on the host.",
            "answer": False,
            "feedback": "It documents the port; `-p` publishes it.",
        }
        return [
            Sample(name="right", spec=spec, raw=False, fraction=Fraction(1)),
            Sample(name="right, from a form", spec=spec, raw="false", fraction=Fraction(1)),
            Sample(name="wrong", spec=spec, raw="true", fraction=Fraction(0)),
            Sample(name="another word", spec=spec, raw="yes", refused="answer_type"),
            Sample(name="a number", spec=spec, raw=1, refused="answer_type"),
        ]

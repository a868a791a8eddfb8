"""Short text: a word or a line to type."""

from fractions import Fraction
from typing import Any, ClassVar, Literal

from quizzes.types.accepted import MAX_LENGTH, AcceptedText
from quizzes.types.base import Key, QuestionType, Sample, Scored, Value
from quizzes.types.text import typed


class ShortText(AcceptedText, QuestionType):
    """Type a word or a line, compared as `AcceptedText` says. An answer is stored as the text typed."""

    kind: Literal["short_text"]

    instruction: ClassVar[str] = "Type your answer."

    def read(self, raw: object) -> Value | None:
        """Read the line typed."""
        return typed(raw, max_length=MAX_LENGTH)

    def score(self, value: Value) -> Scored:
        """All or nothing; a known wrong answer is told why."""
        right, feedback = self.judge(str(value))
        return Scored(fraction=Fraction(int(right)), feedback=feedback)

    def key(self) -> Key:
        """Give what would have been accepted."""
        return Key(texts=(self.shown,)) if self.match == "regex" else Key(literals=self.answer)

    def public_extras(self) -> dict[str, Any]:
        """Say how long an answer may be."""
        return {"max_length": MAX_LENGTH}

    @classmethod
    def samples(cls) -> list[Sample]:
        """Give samples."""
        spec = {
            "id": "working-directory",
            "kind": "short_text",
            "topics": ["dockerfile.workdir"],
            "text": "Which instruction sets the directory for those after it?",
            "answer": ["WORKDIR"],
            "wrong": [{"text": "RUN cd", "feedback": "`cd` holds for that one `RUN` only."}],
        }
        exact = spec | {"match": "exact"}
        regex = spec | {"match": "regex", "answer": r"WORKDIR( /\w+)?", "shown": "`WORKDIR`", "wrong": []}
        hostile = regex | {"answer": r"(a+)+b"}
        return [
            Sample(name="right", spec=spec, raw="WORKDIR", fraction=Fraction(1)),
            Sample(name="right, loosely", spec=spec, raw=" `workdir`. ", fraction=Fraction(1)),
            Sample(name="right, full width", spec=spec, raw="\uff37ORKDIR", fraction=Fraction(1)),
            Sample(name="wrong", spec=spec, raw="CD", fraction=Fraction(0)),
            Sample(name="known wrong", spec=spec, raw="run  CD", fraction=Fraction(0)),
            Sample(name="exact", spec=exact, raw="WORKDIR", fraction=Fraction(1)),
            Sample(name="exact, other case", spec=exact, raw="workdir", fraction=Fraction(0)),
            Sample(name="pattern", spec=regex, raw="workdir /app", fraction=Fraction(1)),
            Sample(name="pattern holds for the whole", spec=regex, raw="WORKDIR /app now", fraction=Fraction(0)),
            Sample(name="a pattern that others hang on", spec=hostile, raw="a" * 200, fraction=Fraction(0)),
            Sample(name="markup", spec=spec, raw="<script>alert(1)</script>", fraction=Fraction(0)),
            Sample(name="hidden marks", spec=spec, raw="WORK\u200bDIR\u202e\x00", fraction=Fraction(1)),
            Sample(name="too long", spec=spec, raw="a" * 201, refused="answer_too_long"),
            Sample(name="a list", spec=spec, raw=["WORKDIR"], refused="answer_type"),
        ]

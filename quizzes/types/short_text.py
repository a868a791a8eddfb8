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
            *_said_in_unicode(spec),
            Sample(name="too long", spec=spec, raw="a" * 201, refused="answer_too_long"),
            Sample(name="a list", spec=spec, raw=["WORKDIR"], refused="answer_type"),
        ]


def _said_in_unicode(spec: dict[str, Any]) -> list[Sample]:
    """Answers that look the same and are typed with other characters, and two that do not look the same."""
    exact = spec | {"answer": ["caf\u00e9 au lait"], "match": "exact", "wrong": []}
    apart = spec | {"answer": "cafe\u0301 au lait", "match": "regex", "shown": "caf\u00e9 au lait", "wrong": []}
    hidden = "\u200b\u200c\u200d\u2060\u2063\ufe0f\u034f\u180e\u00ad\ufeff"
    return [
        Sample(name="all that is invisible", spec=spec, raw=f"{hidden}WORK{hidden}DIR{hidden}", fraction=Fraction(1)),
        Sample(name="exact, accent apart", spec=exact, raw="cafe\u0301 au lait", fraction=Fraction(1)),
        Sample(name="exact, no-break space", spec=exact, raw="caf\u00e9\u00a0au lait", fraction=Fraction(1)),
        Sample(name="exact, accent missing", spec=exact, raw="cafe au lait", fraction=Fraction(0)),
        Sample(name="exact, space missing", spec=exact, raw="caf\u00e9au lait", fraction=Fraction(0)),
        Sample(name="pattern, accent in one", spec=apart, raw="caf\u00e9 au\u202flait", fraction=Fraction(1)),
        Sample(name="pattern, accent missing", spec=apart, raw="cafe au lait", fraction=Fraction(0)),
    ]

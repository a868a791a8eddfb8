"""Short text: a word or a line to type."""

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal, Self

import re2  # type: ignore[import-untyped]  # ships no types
from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, model_validator

from quizzes.types.base import Feedback, Key, QuestionType, Sample, Scored, Text, Value, between, refuse_at
from quizzes.types.text import alike, typed

MAX_LENGTH = 200
MAX_PATTERN_BYTES = 1 << 20


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> Any:
    """Compile a pattern for RE2, whose matching time grows with the text alone: no pattern can hang the scoring."""
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = False
    options.max_mem = MAX_PATTERN_BYTES
    return re2.compile(pattern, options)


def _one_or_more(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


Accepted = Annotated[
    tuple[Annotated[Text, StringConstraints(max_length=MAX_LENGTH)], ...],
    BeforeValidator(_one_or_more),
    between(1, 50),
]


class WrongText(BaseModel):
    """A wrong answer that is often given, compared like a right one, and what to tell about it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: Accepted
    feedback: Feedback


class ShortText(QuestionType):
    """Type a word or a line. `answer` is one text or a list of texts, each of which is right.

    `match`: `normalised` (width, case, spaces and surrounding quotes do not matter), `exact` (all of it matters but
    spaces at the ends), or `regex` (each is an RE2 pattern for the whole answer, case ignored; `shown` tells students
    the right answer in words). An answer is stored as the text typed.
    """

    kind: Literal["short_text"]
    answer: Accepted
    match: Literal["exact", "normalised", "regex"] = "normalised"
    shown: Feedback = ""
    wrong: Annotated[tuple[WrongText, ...], between(0, 20)] = ()

    instruction: ClassVar[str] = "Type your answer."

    @model_validator(mode="after")
    def _patterns_compile(self) -> Self:
        if self.match != "regex":
            if self.shown:
                refuse_at(("shown",), "only a question with `match: regex` needs `shown`", self.shown)
            return self
        for position, pattern in enumerate(self.answer):
            self._require_pattern(pattern, ("answer", position))
        for position, wrong in enumerate(self.wrong):
            for pattern in wrong.text:
                self._require_pattern(pattern, ("wrong", position, "text"))
        if not self.shown:
            refuse_at(("shown",), "say the right answer in words in `shown`: students cannot read a pattern", "")
        return self

    @staticmethod
    def _require_pattern(pattern: str, place: tuple[str | int, ...]) -> None:
        try:
            _compiled(pattern)
        except re2.error as error:
            reason = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
            refuse_at(
                place,
                f"RE2 cannot read this pattern: {reason} (it has no look-around and no back-references)",
                pattern,
            )

    def _matches(self, value: str, accepted: Iterable[str]) -> bool:
        match self.match:
            case "exact":
                return value in accepted
            case "normalised":
                return alike(value) in {alike(text) for text in accepted}
            case "regex":
                return any(_compiled(pattern).fullmatch(value) for pattern in accepted)

    def read(self, raw: object) -> Value | None:
        """Read the line typed."""
        return typed(raw, max_length=MAX_LENGTH)

    def score(self, value: Value) -> Scored:
        """All or nothing; a known wrong answer is told why."""
        text = str(value)
        if self._matches(text, self.answer):
            return Scored(fraction=Fraction(1))
        for wrong in self.wrong:
            if self._matches(text, wrong.text):
                return Scored(fraction=Fraction(0), feedback=wrong.feedback)
        return Scored(fraction=Fraction(0))

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

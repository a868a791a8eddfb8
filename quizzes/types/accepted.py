"""What a typed answer is compared with: texts or patterns that are right, and known wrong ones with feedback."""

from collections.abc import Iterable
from typing import Annotated, Literal, Self
from unicodedata import normalize

from pydantic import BeforeValidator, StringConstraints, model_validator

from graders.spec import Authored
from quizzes.types.base import Feedback, Text, between, refuse_at
from quizzes.types.patterns import compiled, require_pattern
from quizzes.types.text import alike, composed

MAX_LENGTH = 200


def _one_or_more(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


Accepted = Annotated[
    tuple[Annotated[Text, StringConstraints(max_length=MAX_LENGTH)], ...],
    BeforeValidator(_one_or_more, json_schema_input_type=str | list[str]),
    between(1, 50),
]


class WrongText(Authored):
    """A wrong answer that is often given, compared like a right one, and what to tell about it."""

    text: Accepted
    feedback: Feedback


class AcceptedText(Authored):
    """`answer` is one text or a list of texts, each of which is right; `wrong` has answers that are told why not.

    `match`: `normalised` (width, case, spaces and surrounding quotes do not matter), `exact` (all of it matters but how
    many spaces there are), or `regex` (each is an RE2 pattern for the whole answer, case ignored; `shown` tells
    students the right answer in words). What cannot be seen never matters: see `composed`.
    """

    answer: Accepted
    match: Literal["exact", "normalised", "regex"] = "normalised"
    shown: Feedback = ""
    wrong: Annotated[tuple[WrongText, ...], between(0, 20)] = ()

    @model_validator(mode="after")
    def _patterns_compile(self) -> Self:
        if self.match != "regex":
            if self.shown:
                refuse_at(("shown",), "only a question with `match: regex` needs `shown`", self.shown)
            return self
        for position, pattern in enumerate(self.answer):
            require_pattern(pattern, ("answer", position))
        for position, wrong in enumerate(self.wrong):
            for pattern in wrong.text:
                require_pattern(pattern, ("wrong", position, "text"))
        if not self.shown:
            refuse_at(("shown",), "say the right answer in words in `shown`: students cannot read a pattern", "")
        return self

    def _matches(self, value: str, accepted: Iterable[str]) -> bool:
        match self.match:
            case "exact":
                return composed(value) in map(composed, accepted)
            case "normalised":
                return alike(value) in {alike(text) for text in accepted}
            case "regex":
                return any(compiled(normalize("NFC", one)).fullmatch(composed(value)) for one in accepted)

    def judge(self, text: str) -> tuple[bool, str]:
        """Say whether a text is right, and the feedback on a known wrong one."""
        if self._matches(text, self.answer):
            return True, ""
        return False, next((wrong.feedback for wrong in self.wrong if self._matches(text, wrong.text)), "")

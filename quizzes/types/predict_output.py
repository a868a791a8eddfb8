"""Predict the output: say what something prints, by choosing or by typing; an engine settles what is right."""

import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal, Self

from django.utils.html import format_html
from pydantic import BeforeValidator, StringConstraints, model_validator

from graders.authored import did_you_mean
from graders.spec import Authored
from quizzes.rendering import inline
from quizzes.types.alignment import common, share
from quizzes.types.base import (
    Feedback,
    Key,
    LineMark,
    MalformedAnswer,
    Option,
    OptionMark,
    PublicOption,
    PublicQuestion,
    QuestionType,
    Sample,
    Scored,
    Text,
    Value,
    between,
    option_from,
    refuse_at,
)
from quizzes.types.text import as_shown, typed_text

MAX_LENGTH = 2000
MOST_LINES = 60

_BACKTICKS = re.compile("`+")


def _one_or_more(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


Output = Annotated[Text, StringConstraints(max_length=MAX_LENGTH)]
Outputs = Annotated[
    tuple[Output, ...], BeforeValidator(_one_or_more, json_schema_input_type=str | list[str]), between(1, 20)
]


class OutputOption(Option):
    """An output to choose, shown as it would be printed; with `prose: true` it is words about it (Markdown)."""

    prose: bool = False

    def public(self) -> PublicOption:
        """Show the option to a student."""
        html = inline(self.text) if self.prose else format_html('<code class="code-text">{}</code>', self.text)
        return PublicOption(id=self.id, text=self.text, html=html)


class WrongOutput(Authored):
    """A wrong output that is often typed, and what to tell about it."""

    text: Outputs
    feedback: Feedback


class PredictOutput(QuestionType):
    """Say what is printed. `answer` is the output as its author states it, or a list of outputs each of which is right.

    A question of this kind has a `proof`: an engine confirms the output, or contradicts it.

    With `options`, one of them is chosen, and `answer` is the text of the right one. Without, the output is typed and
    compared line by line; white space at the ends of lines, and empty lines at both ends, do not matter. `scoring`:
    `all_or_nothing`, or `per_line` (the longest common subsequence of lines, over the larger count).
    """

    kind: Literal["predict_output"]
    answer: Outputs
    options: Annotated[
        tuple[Annotated[OutputOption, BeforeValidator(option_from, json_schema_input_type=str | OutputOption)], ...],
        between(0, 12),
    ] = ()
    keep_order: bool = False
    scoring: Literal["all_or_nothing", "per_line"] = "all_or_nothing"
    wrong: Annotated[tuple[WrongOutput, ...], between(0, 20)] = ()

    instruction: ClassVar[str] = "Type what is printed."

    @model_validator(mode="after")
    def _is_proven_and_whole(self) -> Self:
        if self.proof is None:
            refuse_at(
                ("proof",),
                "say what settles the output: `proof: {run: {}}` builds the question's `dockerfile` and runs it",
                None,
            )
        if self.options:
            self._require_options()
        for position, text in enumerate(self.answer):
            if len(_lines(text)) > MOST_LINES:
                refuse_at(("answer", position), f"an output has at most {MOST_LINES} lines", text)
        for position, wrong in enumerate(self.wrong):
            for text in wrong.text:
                if _lines(text) in map(_lines, self.answer):
                    refuse_at(("wrong", position, "text"), f"`{text}` counts as right", text)
        return self

    def _require_options(self) -> None:
        texts = [option.text for option in self.options]
        if len(texts) < 2:  # noqa: PLR2004 - one leaves nothing to choose
            refuse_at(("options",), "there must be at least 2 here, or none", texts)
        for position, text in enumerate(texts):
            if text in texts[:position]:
                refuse_at(("options", position), f"there is an option `{text}` already", text)
        if len(self.answer) > 1:
            refuse_at(("answer",), "one option is right: name that one", self.answer)
        if self.answer[0] not in texts:
            refuse_at(
                ("answer",), f"`{self.answer[0]}` is not among the options. {did_you_mean(self.answer[0], texts)}", ""
            )
        if self.wrong:
            refuse_at(("wrong",), "give an option its own `feedback`: `wrong` is for outputs that are typed", "")
        if self.scoring == "per_line":
            refuse_at(("scoring",), "lines are counted where an output is typed: leave out `scoring`, or `options`", "")

    def read(self, raw: object) -> Value | None:
        """Read the option chosen, or the lines typed."""
        if not self.options:
            return typed_text(raw, max_length=MAX_LENGTH)
        if not isinstance(raw, str):
            raise MalformedAnswer("answer_type", "An answer here is the id of an option, as text.")
        if raw not in {option.id for option in self.options}:
            raise MalformedAnswer(
                "option_unknown", "This question has no such option. Reload the page and choose again."
            )
        return raw

    def score(self, value: Value) -> Scored:
        """Judge the option, or compare the lines with the output that fits best."""
        return self._score_option(str(value)) if self.options else self._score_lines(_lines(str(value)))

    @property
    def _right(self) -> str:
        return next(option.id for option in self.options if option.text == self.answer[0])

    def _score_option(self, value: str) -> Scored:
        marks = {self._right: OptionMark(outcome="right" if value == self._right else "missed")}
        chosen = next((option for option in self.options if option.id == value), None)
        if chosen is not None:
            outcome = "right" if chosen.id == self._right else "wrong"
            marks[chosen.id] = OptionMark(outcome=outcome, feedback=chosen.feedback)
        return Scored(
            fraction=Fraction(int(value == self._right)), feedback=chosen.feedback if chosen else "", options=marks
        )

    def _score_lines(self, given: tuple[str, ...]) -> Scored:
        keys = [_lines(text) for text in self.answer]
        pairs, key = max(
            ((common(given, key), key) for key in keys), key=lambda laid: share(len(laid[0]), len(given), len(laid[1]))
        )
        fraction = share(len(pairs), len(given), len(key))
        feedback = ""
        if fraction < 1:
            feedback = next((wrong.feedback for wrong in self.wrong if given in map(_lines, wrong.text)), "")
            fraction = fraction if self.scoring == "per_line" else Fraction(0)
        return Scored(fraction=fraction, feedback=feedback, lines=_marks(given, key, pairs))

    def key(self) -> Key:
        """Give the right option, or the outputs that would have been accepted."""
        if not self.options:
            return Key(literals=self.answer)
        right = next(option for option in self.options if option.id == self._right)
        return Key(options=frozenset({right.id}), texts=(right.text if right.prose else _as_code(right.text),))

    def public(self, option_order: Sequence[int] = ()) -> PublicQuestion:
        """Ask to choose where there are options, and to type where there are none."""
        shown = super().public(option_order)
        return replace(shown, instruction="Choose what is printed.") if self.options else shown

    def shuffled_options(self) -> int:
        """All of them, unless their order means something."""
        return 0 if self.keep_order else len(self.options)

    def public_options(self, option_order: Sequence[int]) -> tuple[PublicOption, ...]:
        """Options in the order drawn; as written where none was."""
        order = option_order or range(len(self.options))
        return tuple(self.options[position].public() for position in order)

    def public_extras(self) -> dict[str, Any]:
        """Ask for a text area where the output is typed."""
        return {} if self.options else {"max_length": MAX_LENGTH, "multiline": True}

    def show_value(self, value: Value | None) -> str:
        """Give the option's text, or the lines typed."""
        if not self.options:
            return super().show_value(value)
        return next((option.text for option in self.options if option.id == value), "")

    @classmethod
    def samples(cls) -> list[Sample]:
        """Give samples."""
        spec: dict[str, Any] = {
            "id": "last-cmd-wins",
            "kind": "predict_output",
            "topics": ["dockerfile.cmd"],
            "text": "What does a container of this image print?",
            "dockerfile": 'FROM busybox\nCMD ["echo", "first"]\nCMD printf "a\\n\\n<b>\\n"\n',
            "answer": "a\n\n<b>",
            "wrong": [{"text": ["first", "first\na\n\n<b>"], "feedback": "Only the last `CMD` counts."}],
            "proof": {"run": {}},
        }
        choice = spec | {
            "options": [
                "a\n\n<b>",
                {"text": "first\n*a*", "feedback": "Only the last `CMD` counts."},
                {"text": "Nothing: it **fails**.", "prose": True},
            ],
            "wrong": [],
        }
        right, first, nothing = (option.id for option in cls.model_validate(choice).options)
        lines = spec | {"scoring": "per_line"}
        return [
            Sample(name="typed, right", spec=spec, raw="a\n\n<b>", fraction=Fraction(1)),
            Sample(
                name="typed, white space at the ends",
                spec=spec,
                raw="\r\na  \r\n \r\n<b>\t\r\n\r\n",
                fraction=Fraction(1),
            ),
            Sample(name="typed, wrong", spec=spec, raw="a\n<b>", fraction=Fraction(0)),
            Sample(name="typed, known wrong", spec=spec, raw="first", fraction=Fraction(0)),
            Sample(name="typed, line by line", spec=lines, raw="a\n<b>", fraction=Fraction(2, 3)),
            Sample(name="typed, too many lines", spec=lines, raw="a\n\n<b>\nb\nc\nd", fraction=Fraction(1, 2)),
            Sample(
                name="one of several",
                spec=lines | {"answer": ["one or other", "the other"]},
                raw="the other",
                fraction=Fraction(1),
            ),
            Sample(name="hidden marks", spec=spec, raw="a\x00\u202e\n\n<\u200bb>", fraction=Fraction(1)),
            Sample(
                name="typed, odd spaces on either side",
                spec=spec | {"answer": "a\u00a0b c"},
                raw="a b\u202fc",
                fraction=Fraction(1),
            ),
            Sample(name="typed, too long", spec=spec, raw="a" * (MAX_LENGTH + 1), refused="answer_too_long"),
            Sample(name="typed, a list", spec=spec, raw=["a"], refused="answer_type"),
            Sample(name="chosen, right", spec=choice, raw=right, fraction=Fraction(1)),
            Sample(name="chosen, wrong", spec=choice, raw=first, fraction=Fraction(0)),
            Sample(name="chosen, in words", spec=choice, raw=nothing, fraction=Fraction(0)),
            Sample(name="chosen, unknown", spec=choice, raw="a\n\n<b>", refused="option_unknown"),
            Sample(name="chosen, several", spec=choice, raw=[right, first], refused="answer_type"),
        ]


def _lines(text: str) -> tuple[str, ...]:
    """The lines that are compared: without white space at their ends, and without empty ones at both ends."""
    return tuple(as_shown(text).split("\n"))


def _marks(given: Sequence[str], key: Sequence[str], pairs: Sequence[tuple[int, int]]) -> tuple[LineMark, ...]:
    right = {place for place, _ in pairs}
    found = {place for _, place in pairs}
    typed = [
        LineMark(outcome="right" if place in right else "wrong", text=line, number=place + 1)
        for place, line in enumerate(given)
    ]
    missed = [LineMark(outcome="missed", right=line) for place, line in enumerate(key) if place not in found]
    return (*typed, *missed)


def _as_code(text: str) -> str:
    """The text as Markdown shows it as code."""
    fence = "`" * (1 + max(map(len, _BACKTICKS.findall(text)), default=0))
    return f"{fence} {text} {fence}" if len(fence) > 1 else f"{fence}{text}{fence}"

"""Fill in the blanks: a text or a piece of code with words missing, to type or to choose."""

import random
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BeforeValidator, model_validator

from graders.authored import did_you_mean
from graders.spec import Authored
from quizzes.rendering import code_span
from quizzes.types.accepted import MAX_LENGTH, AcceptedText
from quizzes.types.base import (
    Key,
    MalformedAnswer,
    Option,
    OptionMark,
    Options,
    PublicPart,
    PublicQuestion,
    Sample,
    Slug,
    Text,
    Value,
    problem,
    refuse_at,
)
from quizzes.types.parts import PartsQuestion, by_words, id_of, one_of, require_different
from quizzes.types.passage import BLANK, Passage, passage_of
from quizzes.types.text import typed

MAX_BLANKS = 20


class TypedBlank(AcceptedText):
    """A blank to type into."""

    def read(self, raw: object) -> str | None:
        """Read the line typed."""
        return typed(raw, max_length=MAX_LENGTH)

    def mark(self, given: str) -> OptionMark:
        """Judge a line."""
        right, feedback = self.judge(given)
        return OptionMark(outcome="right" if right else "wrong", feedback=feedback, right=self.right)

    @property
    def right(self) -> str:
        """The right answer, in Markdown."""
        return self.shown if self.match == "regex" else " or ".join(code_span(text) for text in self.answer)

    def said(self, given: str) -> str:
        """An answer in words."""
        return given

    @property
    def choices(self) -> dict[str, Option]:
        """Nothing to choose from."""
        return {}


class ChosenBlank(Authored):
    """A blank with `options` to choose from; `answer` is the text of the right one."""

    options: Options
    answer: Text

    @model_validator(mode="after")
    def _answer_is_an_option(self) -> Self:
        texts = [option.text for option in self.options]
        require_different(texts, lambda position: ("options", position))
        if self.answer not in texts:
            meant = did_you_mean(self.answer, texts)
            refuse_at(("answer",), f"`{self.answer}` is not among the options. {meant}", self.answer)
        return self

    @cached_property
    def choices(self) -> dict[str, Option]:
        """The options by id, sorted by their words: where the author wrote the right one does not show."""
        return {option.id: option for option in sorted(self.options, key=lambda option: by_words(option.text))}

    def read(self, raw: object) -> str | None:
        """Read the id of an option."""
        return one_of(raw, self.choices)

    def mark(self, given: str) -> OptionMark:
        """Judge a choice."""
        chosen = self.choices[given]
        outcome = "right" if chosen.text == self.answer else "wrong"
        return OptionMark(outcome=outcome, feedback=chosen.feedback, right=self.right)

    @property
    def right(self) -> str:
        """The right option, in Markdown."""
        return self.answer

    def said(self, given: str) -> str:
        """An answer in words."""
        chosen = self.choices.get(given)
        return chosen.text if chosen else ""


def _blank_from(value: object) -> object:
    """Read a blank as what it is, so that a mistake in it is told once and in terms of that kind."""
    if isinstance(value, TypedBlank | ChosenBlank):
        return value
    if not isinstance(value, dict):
        refuse_at((), "a blank is a mapping: `answer` with what is right, and `options` if it is chosen", value)
    return (ChosenBlank if "options" in value else TypedBlank).model_validate(value)


def _some(blanks: dict[str, Any]) -> dict[str, Any]:
    if not 1 <= len(blanks) <= MAX_BLANKS:
        raise problem(f"there must be 1 to {MAX_BLANKS} blanks, not {len(blanks)}")
    return blanks


Blank = Annotated[
    TypedBlank | ChosenBlank, BeforeValidator(_blank_from, json_schema_input_type=TypedBlank | ChosenBlank)
]


class Blanks(PartsQuestion):
    """Fill in the blanks of `passage`, Markdown with `[[name]]` where each of `blanks` stands.

    A blank has `answer` with what short text has beside it, or `options` and the right one as `answer`. Students know
    blanks by number alone (`b1`, `b2` in the order of the passage). An answer is stored as the text typed, or the id of
    the option chosen, by blank.
    """

    kind: Literal["blanks"]
    passage: Text
    blanks: Annotated[dict[Slug, Blank], AfterValidator(_some)]

    instruction: ClassVar[str] = "Fill in the blanks."

    @model_validator(mode="after")
    def _passage_has_them(self) -> Self:
        written = BLANK.findall(self.passage)
        for name in written:
            if name not in self.blanks:
                refuse_at(
                    ("passage",), f"`[[{name}]]` is not among `blanks`. {did_you_mean(name, self.blanks)}", self.passage
                )
            if written.count(name) > 1:
                refuse_at(("passage",), f"`[[{name}]]` is there twice: give each blank a name of its own", self.passage)
        for name in self.blanks:
            if name not in written:
                refuse_at(("blanks", name), f"write `[[{name}]]` into `passage`, where this blank belongs", name)
        for name in written:
            if name not in self._cut.names:
                refuse_at(
                    ("passage",),
                    f"`[[{name}]]` cannot be written in there: a blank may stand in text and in code, not in a link",
                    self.passage,
                )
        return self

    @cached_property
    def _cut(self) -> Passage:
        return passage_of(self.passage)

    @cached_property
    def _by_number(self) -> dict[str, TypedBlank | ChosenBlank]:
        return {f"b{number}": self.blanks[name] for number, name in enumerate(self._cut.names, 1)}

    def part_ids(self) -> tuple[str, ...]:
        """`b1`, `b2`, and so on, as they stand in the passage."""
        return tuple(self._by_number)

    def read_part(self, part: str, raw: object) -> str | None:
        """Read what was typed or chosen in one blank."""
        try:
            return self._by_number[part].read(raw)
        except MalformedAnswer as malformed:
            raise MalformedAnswer(malformed.code, f"Blank {part[1:]}: {malformed.message}") from malformed

    def mark_part(self, part: str, given: str | None) -> OptionMark:
        """Judge one blank."""
        blank = self._by_number[part]
        return OptionMark(outcome="missed", right=blank.right) if given is None else blank.mark(given)

    def public_part(self, part: str) -> PublicPart:
        """Show a blank, with the piece of the passage before it."""
        number = int(part[1:])
        blank = self._by_number[part]
        choices = tuple(option.public() for option in blank.choices.values())
        return PublicPart(
            id=part,
            text=f"Blank {number}",
            html=self._cut.before[number - 1],
            choices=choices,
            max_length=None if choices else MAX_LENGTH,
        )

    def _by_id(self) -> list[int]:
        return list(range(len(self._by_number)))

    def shuffled_options(self) -> int:
        """None: blanks stand where they stand."""
        return 0

    def draw_order(self, rng: random.Random, *, shuffle: bool) -> list[int]:
        """Draw nothing."""
        del rng, shuffle
        return []

    def public(self, option_order: Sequence[int] = ()) -> PublicQuestion:
        """Show the passage, cut at its blanks."""
        del option_order
        return replace(super().public(), tail=self._cut.tail)

    def key(self) -> Key:
        """Give what is right in each blank."""
        return Key(texts=tuple(f"Blank {part[1:]}: {blank.right}" for part, blank in self._by_number.items()))

    def show_value(self, value: Value | None) -> str:
        """Give each blank's number and what stands in it."""
        given = value if isinstance(value, dict) else {}
        return "; ".join(
            f"{part[1:]}: {self._by_number[part].said(text)}" for part, text in given.items() if part in self._by_number
        )

    @classmethod
    def samples(cls) -> list[Sample]:
        """Give samples."""
        spec: dict[str, Any] = {
            "id": "complete-the-dockerfile",
            "kind": "blanks",
            "topics": ["dockerfile.cmd"],
            "text": "Complete the Dockerfile.",
            "passage": '```dockerfile\nFROM python:3.12\n[[directory]] /app\nCOPY . <b>.</b>\n[[command]] ["python", '
            '"main.py"]\n```\n\nIt listens on [[port]] & **nothing** `[[ else ]]`.',
            "blanks": {
                "port": {"answer": r"80{2,3}", "match": "regex", "shown": "`8000`"},
                "directory": {
                    "answer": ["WORKDIR"],
                    "match": "exact",
                    "wrong": [{"text": "RUN cd", "feedback": "`cd` holds for that one `RUN` only."}],
                },
                "command": {
                    "options": ["CMD", {"text": "RUN", "feedback": "That runs while building."}, "<i>ENV</i>"],
                    "answer": "CMD",
                },
            },
        }
        cmd, run = id_of("CMD"), id_of("RUN")
        right = {"b1": "WORKDIR", "b2": cmd, "b3": "8000"}
        strict = spec | {"scoring": "all_or_nothing"}
        hostile = spec | {"blanks": spec["blanks"] | {"port": {"answer": "(a+)+b", "match": "regex", "shown": "b"}}}
        return [
            Sample(name="right", spec=spec, raw=right, fraction=Fraction(1)),
            Sample(name="two of three", spec=spec, raw=right | {"b1": "RUN  cd"}, fraction=Fraction(2, 3)),
            Sample(name="one of three, one open", spec=spec, raw={"b2": run, "b3": " 800 "}, fraction=Fraction(1, 3)),
            Sample(name="wrong", spec=spec, raw={"b1": "workdir", "b2": run, "b3": "8080"}, fraction=Fraction(0)),
            Sample(name="right, all or nothing", spec=strict, raw=right, fraction=Fraction(1)),
            Sample(name="two, all or nothing", spec=strict, raw=right | {"b3": "1"}, fraction=Fraction(0)),
            Sample(
                name="a pattern that others hang on",
                spec=hostile,
                raw={"b1": "WORKDIR", "b3": "a" * 200},
                fraction=Fraction(1, 3),
            ),
            Sample(name="markup", spec=spec, raw={"b1": "<script>alert(1)</script>"}, fraction=Fraction(0)),
            Sample(name="hidden marks", spec=spec, raw={"b1": "WORK\u200bDIR\u202e\x00"}, fraction=Fraction(1, 3)),
            Sample(name="a blank by its name", spec=spec, raw={"port": "8000"}, refused="part_unknown"),
            Sample(name="a blank too many", spec=spec, raw={"b4": "8000"}, refused="part_unknown"),
            Sample(name="an option by its text", spec=spec, raw={"b2": "CMD"}, refused="option_unknown"),
            Sample(name="too long", spec=spec, raw={"b1": "a" * 201}, refused="answer_too_long"),
            Sample(name="a number", spec=spec, raw={"b3": 8000}, refused="answer_type"),
            Sample(name="several in a blank", spec=spec, raw={"b2": [cmd, run]}, refused="answer_type"),
            Sample(name="a list", spec=spec, raw=["WORKDIR"], refused="answer_type"),
        ]

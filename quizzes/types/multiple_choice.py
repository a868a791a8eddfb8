"""Multiple choice: any number of options may be right."""

from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from quizzes.types.base import (
    MAX_RAW_ITEMS,
    Key,
    MalformedAnswer,
    Option,
    OptionMark,
    Sample,
    Scored,
    Text,
    Value,
    between,
    option_from,
    problem,
    refuse_at,
)
from quizzes.types.choices import ChoiceQuestion


def _is_number(value: object) -> object:
    if isinstance(value, bool):
        raise problem("write a number from 0 to 1: the share of the points that a wrong choice costs")
    return value


Penalty = Annotated[Decimal, BeforeValidator(_is_number), Field(ge=0, le=1, decimal_places=4)]


class PenalisedOption(Option):
    """An option; choosing it wrongly costs `penalty` of the points, or what the question says."""

    penalty: Penalty | None = None


class MultipleChoice(ChoiceQuestion):
    """Choose every option that is right; `answer` lists their texts. An answer is stored as a list of option ids.

    `scoring`: `all_or_nothing`, or `per_option`: the share of right options that were chosen, less the share of wrong
    options that were chosen, and never below zero. Choosing everything earns nothing. `penalty` is what each wrong
    option costs instead, as a share of the points: 0 for nothing, 1 for all.
    """

    kind: Literal["multiple_choice"]
    answer: Annotated[tuple[Text, ...], between(1, 100)]
    options: Annotated[
        tuple[
            Annotated[PenalisedOption, BeforeValidator(option_from, json_schema_input_type=str | PenalisedOption)], ...
        ],
        between(2, 12),
    ]
    scoring: Literal["all_or_nothing", "per_option"] = "per_option"
    penalty: Penalty | None = None

    instruction: ClassVar[str] = "Choose all that apply."
    takes_many: ClassVar[bool] = True

    @model_validator(mode="after")
    def _answers_are_options(self) -> Self:
        for position, text in enumerate(self.answer):
            self.require_option(text, ("answer", position))
            if text in self.answer[:position]:
                refuse_at(("answer", position), f"`{text}` is given twice", text)
        if len(self.answer) == len(self.options):
            refuse_at(("answer",), "every option is right: add one that is not", self.answer)
        return self

    @model_validator(mode="after")
    def _penalties_cost_something(self) -> Self:
        for position, option in enumerate(self.options):
            if option.penalty is not None and option.text in self.answer:
                refuse_at(("options", position, "penalty"), "this option is right and costs nothing", option.penalty)
            if option.penalty is not None:
                self._require_per_option(("options", position, "penalty"))
        if self.penalty is not None:
            self._require_per_option(("penalty",))
        return self

    def _require_per_option(self, place: tuple[str | int, ...]) -> None:
        if self.scoring != "per_option":
            refuse_at(place, "there are penalties only with `scoring: per_option`", self.scoring)

    def _costs(self, option: PenalisedOption) -> Fraction:
        """What choosing this wrong option takes off."""
        own = self.penalty if option.penalty is None else option.penalty
        return Fraction(1, len(self.options) - len(self.answer)) if own is None else Fraction(own)

    def _right(self) -> frozenset[str]:
        return frozenset(option.id for option in self.options if option.text in self.answer)

    def read(self, raw: object) -> Value | None:
        """Read the ids of the chosen options; their order and repetition do not matter."""
        if not isinstance(raw, list) or len(raw) > MAX_RAW_ITEMS:
            raise MalformedAnswer("answer_type", "An answer here is a list of option ids.")
        chosen = {self.known_option(item) for item in raw}
        return [option.id for option in self.options if option.id in chosen]

    def score(self, value: Value) -> Scored:
        """Judge the choice as a whole or option by option."""
        right = self._right()
        chosen = set(value) if isinstance(value, list) else set()
        if self.scoring == "all_or_nothing":
            fraction = Fraction(int(chosen == right))
        else:
            gained = Fraction(len(chosen & right), len(right))
            wrong = (option for option in self.options if option.id in chosen - right)
            lost = sum((self._costs(option) for option in wrong), Fraction(0))
            fraction = max(Fraction(0), gained - lost)
        return Scored(
            fraction=fraction,
            options={
                option.id: OptionMark(
                    outcome=self._outcome(option.id in chosen, option.id in right),
                    feedback=option.feedback if option.id in chosen else "",
                )
                for option in self.options
            },
        )

    @staticmethod
    def _outcome(chosen: bool, right: bool) -> str:  # noqa: FBT001 - two facts about one option
        if chosen:
            return "right" if right else "wrong"
        return "missed" if right else ""

    def key(self) -> Key:
        """Give the right options."""
        return Key(options=self._right(), texts=self.answer)

    @classmethod
    def samples(cls) -> list[Sample]:
        """Give samples."""
        spec: dict[str, Any] = {
            "id": "what-pause-keeps",
            "kind": "multiple_choice",
            "topics": ["cmd.pause"],
            "text": "What does a paused container keep?",
            "options": [
                "its memory",
                "its files",
                {"text": "its CPU time", "feedback": "It gets none."},
                "<i>a & b</i>",
            ],
            "answer": ["its memory", "its files"],
        }
        memory, files, cpu, markup = (option.id for option in cls.model_validate(spec).options)
        strict = spec | {"scoring": "all_or_nothing"}
        mild = spec | {"penalty": 0.25}
        own = mild | {"options": [*spec["options"][:2], {"text": "its CPU time", "penalty": 1}, "<i>a & b</i>"]}
        return [
            Sample(name="right", spec=spec, raw=[files, memory], fraction=Fraction(1)),
            Sample(name="right, repeated", spec=strict, raw=[files, memory, files], fraction=Fraction(1)),
            Sample(name="half", spec=spec, raw=[memory], fraction=Fraction(1, 2)),
            Sample(name="half, all or nothing", spec=strict, raw=[memory], fraction=Fraction(0)),
            Sample(name="one wrong among three", spec=spec, raw=[memory, files, cpu], fraction=Fraction(1, 2)),
            Sample(name="never below zero", spec=spec, raw=[cpu, markup], fraction=Fraction(0)),
            Sample(name="everything", spec=spec, raw=[memory, files, cpu, markup], fraction=Fraction(0)),
            Sample(name="a wrong one at a penalty", spec=mild, raw=[memory, files, cpu], fraction=Fraction(3, 4)),
            Sample(
                name="everything at a penalty", spec=mild, raw=[memory, files, cpu, markup], fraction=Fraction(1, 2)
            ),
            Sample(name="a penalty of its own", spec=own, raw=[memory, files, cpu], fraction=Fraction(0)),
            Sample(name="the other's penalty", spec=own, raw=[memory, files, markup], fraction=Fraction(3, 4)),
            Sample(name="penalties, floored", spec=mild, raw=[cpu, markup], fraction=Fraction(0)),
            Sample(name="unknown option", spec=spec, raw=[memory, "its files"], refused="option_unknown"),
            Sample(name="no list", spec=spec, raw=memory, refused="answer_type"),
            Sample(name="a list in the list", spec=spec, raw=[[memory]], refused="answer_type"),
        ]

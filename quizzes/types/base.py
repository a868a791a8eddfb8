"""What every question type is: a frozen spec that reads answers, judges them, and knows what a student may see.

Nothing here touches the database or the clock: scoring is pure, so that it can be repeated.
"""

import hashlib
import random
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, ClassVar, NoReturn, Self, get_args

from django.utils.safestring import SafeString
from pydantic import AfterValidator, BeforeValidator, Field, GetJsonSchemaHandler, StringConstraints, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import InitErrorDetails, PydanticCustomError, core_schema

from graders.proofs.plan import ProofPlan
from graders.spec import Authored
from quizzes.rendering import block, inline

Value = str | bool | list[str] | dict[str, str]
"""An answer as it is stored: JSON, and independent of the order in which options were shown.

A mapping is an answer of several parts (blanks, pairs, files), by the part's id; parts without an answer are absent.
"""

SAME_FOR_ALL = ("kind", "id", "topics", "difficulty", "points", "tags")
"""Fields that hold no values where a question has some: every student can earn the same for a question on the same."""
MAX_RAW_ITEMS = 100
PART_PREFIX = "answer-"
"""What the form's names of parts begin with: the part `b1` is sent as `answer-b1`."""


class FormValues(tuple[str, ...]):  # noqa: SLOT001 - it has `parts`
    """What a form sent under the name `answer`, to be read by the rules of forms rather than of JSON.

    `parts` holds what it sent under `answer-<part>`, by the part's id; the last one where a name came twice.
    """

    parts: Mapping[str, str]

    def __new__(cls, values: Iterable[str] = (), parts: Mapping[str, str] | None = None) -> Self:
        """Keep the values, and the parts beside them."""
        made = super().__new__(cls, values)
        made.parts = dict(parts or {})
        return made

    @classmethod
    def sent(cls, form: Mapping[str, Sequence[str]]) -> Self:
        """Pick what belongs to the answer out of a form: names to their values, as `dict(request.POST.lists())`."""
        return cls(
            form.get("answer", ()),
            {
                name.removeprefix(PART_PREFIX): values[-1]
                for name, values in form.items()
                if name.startswith(PART_PREFIX) and values
            },
        )


def problem(message: str) -> PydanticCustomError:
    """Make an error that pydantic reports in these very words."""
    return PydanticCustomError("question", "{message}", {"message": message})


@dataclass(frozen=True)
class _Between(AfterValidator):
    least: int
    most: int

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        made = dict(handler(schema))
        for each in (made, *made.get("anyOf", ())):
            if each.get("type") == "array":
                each |= {"minItems": self.least, "maxItems": self.most}
        return made


def between(least: int, most: int) -> AfterValidator:
    """Bound how many items a tuple has; unlike pydantic's own bound it stays quiet while an item is wrong."""

    def check(items: tuple[Any, ...]) -> tuple[Any, ...]:
        if not least <= len(items) <= most:
            count = f"at least {least}" if len(items) < least else f"at most {most}"
            raise problem(f"there must be {count} here, not {len(items)}")
        return items

    return _Between(check, least, most)


def _is_text(value: object) -> object:
    if isinstance(value, bool | int | float):
        shown = str(value).lower() if isinstance(value, bool) else value
        raise problem(f'put {shown} in quotes ("{shown}"): this is text')
    return value


Text = Annotated[
    str, BeforeValidator(_is_text), StringConstraints(strip_whitespace=True, min_length=1, max_length=8000)
]
Feedback = Annotated[str, BeforeValidator(_is_text), StringConstraints(strip_whitespace=True, max_length=2000)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
Tag = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
Topic = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)*$", max_length=64)]
Points = Annotated[Decimal, Field(gt=0, le=1000, decimal_places=2)]


class MalformedAnswer(Exception):
    """What was sent is no answer to this question; it is not saved. `code` is stable, `message` is for the student."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def refuse_at(place: tuple[str | int, ...], message: str, given: object) -> NoReturn:
    """Raise a pydantic error that names the place inside the spec, so that an author's file can be marked there."""
    details = InitErrorDetails(type=problem(message), loc=place, input=given)
    raise ValidationError.from_exception_data("question", [details])


@dataclass(frozen=True, kw_only=True)
class OptionMark:
    """How one option or part fared.

    `outcome` is right, wrong (chosen, should not be), missed (should be chosen) or empty; `right` says in words
    (Markdown) what would have been right for a part, and stays empty for options.
    """

    outcome: str = ""
    feedback: str = ""
    right: str = ""


@dataclass(frozen=True, kw_only=True)
class LineMark:
    """How one line, or one word, of a text that was typed fared: texts are shown as they are, never as Markdown.

    `outcome` is right, wrong, misplaced (right, but not here), extra (nothing of the kind is asked for) or missed (not
    there; `text` is empty then). `number` is the line in what was typed; `right` is what should stand there; `note`
    says in our own words what is wrong, and `feedback` (Markdown) in the author's.
    """

    outcome: str
    text: str = ""
    number: int | None = None
    right: str = ""
    note: str = ""
    feedback: str = ""


@dataclass(frozen=True, kw_only=True)
class Scored:
    """A judgement: the share of the points earned, and what to tell about it once keys are released.

    `options` holds marks by option id, and for an answer of several parts by the part's id; `lines` goes through a text
    that was typed; `trouble` says why such a text could not be read.
    """

    fraction: Fraction
    feedback: str = ""
    options: dict[str, OptionMark] = field(default_factory=dict)
    lines: tuple[LineMark, ...] = ()
    trouble: str = ""

    def points_of(self, possible: Decimal) -> Decimal:
        """The points earned of `possible`, to two places, halves up."""
        exact = Fraction(possible) * self.fraction
        return Decimal(int(exact * 100 + Fraction(1, 2))) / 100


@dataclass(frozen=True, kw_only=True)
class PublicOption:
    """An option as a student sees it. The id says nothing about where the author wrote it, or whether it is right."""

    id: str
    text: str
    html: SafeString
    before: SafeString = field(default_factory=SafeString)
    """What stands above it and cannot be chosen, such as an empty line of code."""


@dataclass(frozen=True, kw_only=True)
class PublicCriterion:
    """What the answer will be marked by, as far as students are told beforehand."""

    title: str
    points: Decimal
    description: SafeString


@dataclass(frozen=True, kw_only=True)
class PublicFiles:
    """What may be uploaded: endings such as `.yaml`, how many files, and how large each may be."""

    endings: tuple[str, ...]
    at_most: int
    mib_each: int


@dataclass(frozen=True, kw_only=True)
class PublicPart:
    """One of several things to answer: an item to match, a blank, a line to place.

    `choices` are what may be chosen for it; none where something is typed or picked elsewhere. `html` is what stands
    before or beside the place of the answer.
    """

    id: str
    text: str
    html: SafeString
    choices: tuple[PublicOption, ...] = ()
    max_length: int | None = None


@dataclass(frozen=True, kw_only=True)
class PublicQuestion:
    """All that a student may see of a question while answering it: neither key, feedback, name nor topics.

    `code` is a Dockerfile or terminal lines that the question is about, shown as they are; `tail` is text behind the
    last part; `multiline` asks for a text area; `files` says what may be uploaded; `max_words` is what an answer should
    keep to, though a longer one is saved; `criteria` are what it will be marked by; `many` lines may be picked.
    """

    kind: str
    text: str
    html: SafeString
    instruction: str
    options: tuple[PublicOption, ...] = ()
    unit: str | None = None
    max_length: int | None = None
    parts: tuple[PublicPart, ...] = ()
    code: str = ""
    tail: SafeString = field(default_factory=SafeString)
    multiline: bool = False
    files: PublicFiles | None = None
    max_words: int | None = None
    criteria: tuple[PublicCriterion, ...] = ()
    many: bool = False


@dataclass(frozen=True, kw_only=True)
class Key:
    """The right answer, for the review: option ids; what it is in words (Markdown); what would have been accepted."""

    options: frozenset[str] = frozenset()
    texts: tuple[str, ...] = ()
    literals: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A spec with an answer and what must come of it: a fraction, or the code of its refusal. For the contract test."""

    name: str
    spec: dict[str, Any]
    raw: Any
    fraction: Fraction | None = None
    refused: str = ""


class QuestionType(Authored, ABC):
    """One question of a bank. Subclasses add what their kind needs and judge answers."""

    kind: str
    id: Slug
    """What quizzes name it by; no other question of the course has it."""
    topics: Annotated[tuple[Topic, ...], between(1, 10)]
    """Those of course.yaml that it is about."""
    difficulty: Annotated[int, Field(ge=1, le=5, strict=True)] = 2
    """From 1 to 5."""
    points: Points = Decimal(1)
    """What it is worth where a quiz says nothing else."""
    text: Text
    """What is asked, in Markdown."""
    dockerfile: Annotated[str, StringConstraints(max_length=8000)] = ""
    """A Dockerfile that the question is about: students see it below the text, and a proof builds it."""
    explanation: Feedback = ""
    """What everybody is told once the right answers are shown, in Markdown."""
    tags: Annotated[tuple[Tag, ...], between(0, 20)] = ()
    """The author's own words to find and draw questions by; students never see them."""
    proof: ProofPlan | None = None
    """What an engine does to settle the key (graders.proofs)."""

    instruction: ClassVar[str]
    """What to do, in a line above the answer."""
    takes_many: ClassVar[bool] = False
    """Whether a form sends several values named `answer`."""
    takes_parts: ClassVar[bool] = False
    """Whether a form sends a value for each part, named `answer-<part>`."""
    ALSO_READ: ClassVar[tuple[str, ...]] = ("values", "where")
    """Keys that are read before the fields are: they make a family of it (family.py)."""
    needs_person: ClassVar[bool] = False
    """Whether somebody has to read and mark the answers; `score` then says what they earn before that."""

    @classmethod
    def for_value(cls, value: Any) -> "type[QuestionType]":
        """The class that reads what an author wrote: that of its `kind`, or this one where there is none."""
        kind = value.get("kind") if isinstance(value, Mapping) else None
        return next((one for one in _all_below(cls) if _kind_of(one) == kind), cls)

    def parse(self, raw: object) -> Value | None:
        """Read an answer from JSON, or from FormValues. None, empty text and an empty list are no answer.

        Raises MalformedAnswer.
        """
        if isinstance(raw, FormValues):
            return self.parse_form(raw)
        if raw is None or raw in ("", [], {}):
            return None
        return self.read(raw)

    def parse_form(self, values: Sequence[str]) -> Value | None:
        """Read an answer from the form's values named `answer`. Raises MalformedAnswer."""
        if self.takes_parts:
            parts = values.parts if isinstance(values, FormValues) else {}
            return self.parse({name: value for name, value in parts.items() if value})
        if self.takes_many:
            return self.parse([value for value in values if value])
        if len(values) > 1:
            raise MalformedAnswer("answer_type", "This question takes one answer, and several came.")
        return self.parse(values[0] if values else None)

    @abstractmethod
    def read(self, raw: object) -> Value | None:
        """Read an answer that is not empty. Raises MalformedAnswer."""

    @abstractmethod
    def score(self, value: Value) -> Scored:
        """Judge an answer that `parse` returned. Never raises."""

    @abstractmethod
    def key(self) -> Key:
        """Give the right answer."""

    @property
    def varies(self) -> bool:
        """Whether students get variants of it, each with values of its own."""
        return False

    def variant(self, seed: int) -> "QuestionType":
        """Make the variant with this seed: the same one each time. A question that does not vary is its own."""
        del seed
        return self

    def part_values(self, value: Value | None) -> Mapping[str, str]:
        """Say what stands in each part of the form, by the part's id."""
        return value if isinstance(value, dict) else {}

    def score_or_nothing(self, value: Value | None) -> Scored:
        """Judge an answer, or its absence, which earns nothing."""
        return Scored(fraction=Fraction(0)) if value is None else self.score(value)

    def draw_order(self, rng: random.Random, *, shuffle: bool) -> list[int]:
        """Draw the order in which options are shown: their positions in the spec."""
        order = list(range(self.shuffled_options()))
        if shuffle:
            rng.shuffle(order)
        return order

    def shuffled_options(self) -> int:
        """How many options this question may show in another order; 0 where order means something or there are none."""
        return 0

    def public(self, option_order: Sequence[int] = ()) -> PublicQuestion:
        """Show the question to a student, options in `option_order`."""
        return PublicQuestion(
            kind=self.kind,
            text=self.text,
            html=block(self.text),
            instruction=self.instruction,
            options=self.public_options(option_order),
            code=self.dockerfile,
            **self.public_extras(),
        )

    def public_options(self, option_order: Sequence[int]) -> tuple[PublicOption, ...]:
        """Options in the order to show; none unless the kind has some."""
        del option_order
        return ()

    def public_extras(self) -> dict[str, Any]:
        """What the kind adds to `PublicQuestion`."""
        return {}

    def show_value(self, value: Value | None) -> str:
        """Say an answer in words, for lists and screens without a form."""
        return "" if value is None else str(value)

    @classmethod
    @abstractmethod
    def samples(cls) -> list[Sample]:
        """Right, wrong, partly right and malformed answers, run by the contract test."""


def _all_below(question_type: type[QuestionType]) -> Iterator[type[QuestionType]]:
    for below in question_type.__subclasses__():
        yield below
        yield from _all_below(below)


def _kind_of(question_type: type[QuestionType]) -> str | None:
    named = get_args(question_type.model_fields["kind"].annotation)
    return named[0] if named else None


class Option(Authored):
    """A choice: its text and what to tell those who chose it. Written as plain text, or with feedback."""

    text: Text
    feedback: Feedback = ""

    @property
    def id(self) -> str:
        """An id that depends on the text alone, so that the author's order, often "right one first", does not show."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:10]

    def public(self) -> PublicOption:
        """Show the option to a student."""
        return PublicOption(id=self.id, text=self.text, html=inline(self.text))


def option_from(value: object) -> object:
    """Let an author write an option as plain text."""
    if isinstance(value, Option | dict):
        return value
    return {"text": value}


Options = Annotated[
    tuple[Annotated[Option, BeforeValidator(option_from, json_schema_input_type=str | Option)], ...], between(2, 12)
]

"""What authors write: files of questions (banks) and quizzes made from them.

A bank is a list of questions. A quiz is a mapping: title, rules, and items that name questions or draw them from the
banks. Both refuse unknown keys; errors carry the place, so that file, line and column can be shown.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    SerializeAsAny,
    StringConstraints,
    WrapValidator,
    model_validator,
)

from graders.spec import Authored
from quizzes.types import REGISTRY
from quizzes.types.base import Feedback, Points, QuestionType, Slug, Tag, Text, between, refuse_at
from quizzes.types.registry import UnknownKind

MAX_QUESTIONS = 200
MAX_IN_BANK = 2000


def _question(value: Any, handler: Any) -> QuestionType:
    del handler  # the registry chooses the model by `kind`; the abstract one cannot be made
    return REGISTRY.question(value)


AnyQuestion = Annotated[SerializeAsAny[QuestionType], WrapValidator(_question)]
"""A question of any registered kind."""


class Bank(RootModel[Annotated[tuple[AnyQuestion, ...], between(1, MAX_IN_BANK)]]):
    """A file of questions, each with an id of its own."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _is_a_list(cls, value: Any) -> Any:
        if not isinstance(value, list | tuple):
            refuse_at(
                (), "this file is no bank: a bank is a list of questions, each of which begins with `- id: …`", value
            )
        return value

    @model_validator(mode="after")
    def _ids_differ(self) -> Self:
        seen: dict[str, int] = {}
        for position, question in enumerate(self.root):
            if question.id in seen:
                refuse_at(
                    (position, "id"),
                    f"there is a question `{question.id}` already, number {seen[question.id] + 1} in this file",
                    question.id,
                )
            seen[question.id] = position
        return self

    @property
    def questions(self) -> tuple[QuestionType, ...]:
        """The questions in the file's order."""
        return self.root


class Release(StrEnum):
    """When students see something of a closed attempt."""

    AFTER_ATTEMPT = "after_attempt"
    AFTER_DUE = "after_due"
    AFTER_CLOSE = "after_close"
    NEVER = "never"


def _when(value: object) -> object:
    if isinstance(value, Release):
        return value
    if isinstance(value, datetime) and value.tzinfo is None:
        return value
    text = str(value).strip() if isinstance(value, str | date) else ""
    if text in {release.value for release in Release}:
        return Release(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None or not text[:1].isdigit():
        refuse_at(
            (),
            "must be after_attempt, after_due, after_close, never, or a time on the course's clock such as "
            '"2026-12-01 09:00"',
            value,
        )
    return moment


When = Annotated[Release | datetime, BeforeValidator(_when, json_schema_input_type=Release | str)]
"""When something is shown: by a rule, or from a local time on, read in the course's time zone."""


def _surely_before(one: Release | datetime, other: Release | datetime) -> bool:
    """Whether `one` comes before `other` whatever the activity's times are."""
    if one in {other, Release.NEVER} or other == Release.AFTER_ATTEMPT:
        return False
    if other == Release.NEVER or one == Release.AFTER_ATTEMPT:
        return True
    if isinstance(one, datetime) and isinstance(other, datetime):
        return one < other
    if isinstance(one, Release) and isinstance(other, Release):
        order = list(Release)
        return order.index(one) < order.index(other)
    return False


def _said_when(when: Release | datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M}" if isinstance(when, datetime) else when.value


class ReleasePolicy(Authored):
    """When students see their own answers, their points, the right answers, and feedback on what they answered.

    `after_due` and `after_close` wait for the last person's time, sections, extensions and pauses counted in, so that
    nobody hears a key from somebody else while still answering. Where an activity has only one of the two times, both
    mean that one; where it has neither, points are shown after each try, and right answers and feedback once the
    student has no try left. Whatever the times, right answers never come before points, nor feedback before points and
    own answers. Without `feedback`, it comes with the right answers.
    """

    answers: When = Release.AFTER_ATTEMPT
    """Their own answers."""
    scores: When = Release.AFTER_ATTEMPT
    """Their points."""
    keys: When = Release.AFTER_DUE
    """The right answers."""
    feedback: When | None = None
    """What the author says of what they answered; with the right answers where it is left out."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        self._require("keys", self.keys, "scores", self.scores, "keys show the points too")
        feedback = self.feedback
        if feedback is not None:
            self._require("feedback", feedback, "scores", self.scores, "feedback shows what was right")
            self._require("feedback", feedback, "answers", self.answers, "feedback is about the student's own answers")
        return self

    @staticmethod
    def _require(name: str, when: Release | datetime, first: str, other: Release | datetime, why: str) -> None:
        if _surely_before(when, other):
            refuse_at((name,), f"{why}: {_said_when(when)} comes before {first}: {_said_when(other)}", _said_when(when))

    @property
    def feedback_or_keys(self) -> Release | datetime:
        """When feedback is shown."""
        return self.keys if self.feedback is None else self.feedback


TopicPattern = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)*(\.\*)?$", max_length=64)]


class Listed(Authored):
    """A question by its id; `points` in place of its own."""

    question: Slug
    """Its id."""
    points: Points | None = None
    """What it is worth here."""


class Draw(Authored):
    """So many questions drawn from the banks, by topic (`dockerfile.*` for a whole group), kind and difficulty.

    Questions that a person marks are drawn only where `kinds` names them.
    A draw never picks a question that the quiz lists or that another draw of the attempt picked. Each is worth
    `points`, whatever its own, so that every student can earn the same.
    """

    draw: Annotated[int, Field(ge=1, le=MAX_QUESTIONS, strict=True)]
    topics: Annotated[tuple[TopicPattern, ...], between(0, 60)] = ()
    kinds: Annotated[tuple[str, ...], between(0, 20)] = ()
    tags: Annotated[tuple[Tag, ...], between(0, 20)] = ()
    difficulty: Annotated[tuple[Annotated[int, Field(ge=1, le=5, strict=True)], ...], between(0, 5)] = ()
    points: Points = Decimal(1)

    @model_validator(mode="after")
    def _kinds_are_known(self) -> Self:
        for position, kind in enumerate(self.kinds):
            try:
                REGISTRY.get(kind)
            except UnknownKind as unknown:
                refuse_at(("kinds", position), str(unknown), kind)
        return self

    def takes(self, *, topics: Sequence[str], kind: str, difficulty: int, tags: Sequence[str] = ()) -> bool:
        """Whether a question with these marks may be drawn."""
        return (
            (not self.topics or any(_matches(topic, pattern) for topic in topics for pattern in self.topics))
            and (kind in self.kinds if self.kinds else not _needs_person(kind))
            and (not self.tags or not set(self.tags).isdisjoint(tags))
            and (not self.difficulty or difficulty in self.difficulty)
        )


def _needs_person(kind: str) -> bool:
    return kind in set(REGISTRY) and REGISTRY.get(kind).needs_person


def _matches(topic: str, pattern: str) -> bool:
    return topic.startswith(pattern[:-1]) if pattern.endswith(".*") else topic == pattern


def _item(value: object) -> object:
    if isinstance(value, Listed | Draw):
        return value
    if isinstance(value, str):
        return Listed.model_validate({"question": value})
    if isinstance(value, dict) and "draw" in value:
        return Draw.model_validate(value)
    if isinstance(value, dict) and "question" in value:
        return Listed.model_validate(value)
    return refuse_at((), "an item is a question's id, a mapping with `question`, or one with `draw`", value)


Item = Annotated[Listed | Draw, BeforeValidator(_item, json_schema_input_type=Slug | Listed | Draw)]


class QuizSettings(Authored):
    """The rules of a quiz."""

    attempts: Annotated[
        Annotated[int, Field(ge=1, le=100, strict=True)] | None,
        BeforeValidator(
            lambda value: None if value == "unlimited" else value,
            json_schema_input_type=Annotated[int, Field(ge=1, le=100, strict=True)] | Literal["unlimited"] | None,
        ),
    ] = 1
    """How many tries a student has; `unlimited` is kept as None."""
    time_limit_minutes: Annotated[int, Field(ge=1, le=7 * 24 * 60, strict=True)] | None = None
    """How long a try may take; as long as students like where it is left out."""
    shuffle_questions: bool = False
    """Whether each try has its questions in an order of its own."""
    shuffle_options: bool = True
    """Whether each try has the options of a question in an order of its own."""
    questions_per_page: Annotated[int, Field(ge=1, le=MAX_QUESTIONS, strict=True)] = 5
    """How many questions a page shows."""
    scoring: Literal["best", "last", "first", "average"] = "best"
    """Which of several tries counts."""
    mode: Literal["standard", "practice", "exam"] = "standard"
    """`practice` tells about an answer when the student asks for it, and takes it as final; `exam` shows one question
    a page."""
    go_back: bool = True
    """Whether a student may return to an earlier page of an attempt."""
    release: ReleasePolicy = ReleasePolicy()
    """When students see their points, the right answers and feedback."""

    @property
    def page_size(self) -> int:
        """How many questions a page shows: in an exam one, whatever `questions_per_page` says."""
        return 1 if self.mode == "exam" else self.questions_per_page

    def page_of(self, position: int) -> int:
        """The page that shows the question at a position, both from 1."""
        return max(1, -(-position // self.page_size))


class QuizSpec(QuizSettings):
    """A quiz file: what it is called, its rules, and what it asks."""

    title: Annotated[Text, StringConstraints(max_length=200)]
    """What students read."""
    about: Feedback = ""
    """A few sentences (Markdown) on the page that a try is started from."""
    items: Annotated[tuple[Item, ...], between(1, MAX_QUESTIONS)]

    @model_validator(mode="after")
    def _questions_are_asked_once(self) -> Self:
        seen: set[str] = set()
        total = 0
        for position, item in enumerate(self.items):
            total += item.draw if isinstance(item, Draw) else 1
            if isinstance(item, Listed):
                if item.question in seen:
                    refuse_at(("items", position), f"`{item.question}` is listed twice", item.question)
                seen.add(item.question)
        if total > MAX_QUESTIONS:
            refuse_at(("items",), f"the quiz asks {total} questions; at most {MAX_QUESTIONS} are possible", total)
        return self

    @property
    def listed(self) -> tuple[Listed, ...]:
        """The items that name a question."""
        return tuple(item for item in self.items if isinstance(item, Listed))

    @property
    def draws(self) -> tuple[Draw, ...]:
        """The items that draw questions."""
        return tuple(item for item in self.items if isinstance(item, Draw))

"""A question as a page shows it: while it is asked, and in the review, with no more than has been released.

`{% include question.template with question=question value=question.value mode="answer" %}` (or `mode="review"`) puts
the part for answering on a page; inputs are named `answer`, and ids begin with `question.html_id`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.utils.safestring import SafeString

from quizzes.rendering import block, inline, literal
from quizzes.types.base import (
    LineMark,
    OptionMark,
    PublicCriterion,
    PublicFiles,
    PublicPart,
    QuestionType,
    Value,
)

NOTHING = SafeString("")
MAX_DIGITS = 4


@dataclass(frozen=True, kw_only=True)
class ShownOption:
    """An option; `right`, `outcome` and `feedback` stay empty until keys are released."""

    id: str
    text: str
    html: SafeString
    before: SafeString = NOTHING
    chosen: bool = False
    right: bool | None = None
    outcome: str = ""
    feedback: SafeString = NOTHING


@dataclass(frozen=True, kw_only=True)
class ShownPart:
    """One of several things to answer, with `value` as it stands (an option's id, or text; empty without an answer).

    `outcome`, `right` and `feedback` stay empty until keys are released.
    """

    id: str
    text: str
    html: SafeString
    choices: tuple[ShownOption, ...]
    max_length: int | None
    value: str = ""
    outcome: str = ""
    right: SafeString = NOTHING
    feedback: SafeString = NOTHING

    @property
    def place(self) -> int:
        """The number given as its place, where places are what is asked; 0 without one."""
        return int(self.value) if self.value.isascii() and self.value.isdecimal() and len(self.value) < MAX_DIGITS else 0


@dataclass(frozen=True, kw_only=True)
class ShownLine:
    """One line or word of a text that was typed, judged (LineMark); there are none before keys are released."""

    outcome: str
    text: str
    number: int | None
    right: str
    note: str
    feedback: SafeString


@dataclass(frozen=True, kw_only=True)
class ShownQuestion:
    """A question on a page. The fields from `points` on belong to the review and are empty while it is asked.

    `verdict` is right, partly, wrong, unanswered, or empty while scores are not released.
    """

    position: int
    kind: str
    text: str
    html: SafeString
    instruction: str
    options: tuple[ShownOption, ...]
    unit: str | None
    max_length: int | None
    max_points: Decimal
    value: Value | None
    value_text: str
    revision: int
    saved_at: datetime | None
    flagged: bool
    parts: tuple[ShownPart, ...] = ()
    code: str = ""
    tail: SafeString = NOTHING
    multiline: bool = False
    files: PublicFiles | None = None
    max_words: int | None = None
    criteria: tuple[PublicCriterion, ...] = ()
    many: bool = False
    points: Decimal | None = None
    verdict: str = ""
    keys_shown: bool = False
    right_answers: tuple[SafeString, ...] = ()
    feedback: SafeString = NOTHING
    explanation: SafeString = NOTHING
    lines: tuple[ShownLine, ...] = ()
    trouble: str = ""

    @property
    def html_id(self) -> str:
        """What the ids of its elements begin with."""
        return f"question-{self.position}"

    @property
    def template(self) -> str:
        """The template that shows the answering part."""
        return f"quizzes/types/{self.kind}.html"

    @property
    def answered(self) -> bool:
        """Whether there is an answer."""
        return self.value is not None

    @property
    def code_lines(self) -> tuple[str, ...]:
        """The lines of the code that it is about."""
        return tuple(self.code.rstrip("\n").split("\n")) if self.code else ()

    @property
    def words(self) -> int:
        """How many words a text that was typed has."""
        return len(self.value.split()) if isinstance(self.value, str) else 0


def _chosen(value: Value | None) -> frozenset[str]:
    if isinstance(value, dict):
        return frozenset()  # each part shows its own
    if isinstance(value, list):
        return frozenset(value)
    return frozenset() if value is None else frozenset({str(value).lower() if isinstance(value, bool) else value})


def ask(
    content: QuestionType,
    *,
    position: int,
    option_order: Sequence[int],
    max_points: Decimal,
    value: Value | None,
    revision: int = 0,
    saved_at: datetime | None = None,
    flagged: bool = False,
) -> ShownQuestion:
    """Show a question to answer, with the answer as it stands."""
    public = content.public(option_order)
    chosen = _chosen(value)
    standing = content.part_values(value)
    return ShownQuestion(
        position=position,
        kind=public.kind,
        text=public.text,
        html=public.html,
        instruction=public.instruction,
        options=tuple(
            ShownOption(
                id=option.id, text=option.text, html=option.html, before=option.before, chosen=option.id in chosen
            )
            for option in public.options
        ),
        unit=public.unit,
        max_length=public.max_length,
        max_points=max_points,
        value=value,
        value_text=content.show_value(value),
        revision=revision,
        saved_at=saved_at,
        flagged=flagged,
        parts=tuple(_asked_part(part, standing.get(part.id, "")) for part in public.parts),
        code=public.code,
        tail=public.tail,
        multiline=public.multiline,
        files=public.files,
        max_words=public.max_words,
        criteria=public.criteria,
        many=public.many,
    )


def _asked_part(part: PublicPart, given: str) -> ShownPart:
    return ShownPart(
        id=part.id,
        text=part.text,
        html=part.html,
        choices=tuple(
            ShownOption(id=choice.id, text=choice.text, html=choice.html, chosen=choice.id == given)
            for choice in part.choices
        ),
        max_length=part.max_length,
        value=given,
    )


def with_sent_parts(question: ShownQuestion, sent: Mapping[str, str]) -> ShownQuestion:
    """Show a question again with what a form sent for its parts and what could not be saved: nothing is lost."""
    return replace(
        question,
        parts=tuple(
            replace(
                part,
                value=sent.get(part.id, ""),
                choices=tuple(replace(choice, chosen=choice.id == sent.get(part.id)) for choice in part.choices),
            )
            for part in question.parts
        ),
    )


def _marked_part(part: ShownPart, mark: OptionMark) -> ShownPart:
    return replace(
        part,
        outcome=mark.outcome,
        right=inline(mark.right) if mark.right else NOTHING,
        feedback=inline(mark.feedback) if mark.feedback else NOTHING,
    )


def review_of(
    content: QuestionType,
    *,
    position: int,
    option_order: Sequence[int],
    max_points: Decimal,
    value: Value | None,
    points: Decimal | None,
    revision: int = 0,
    saved_at: datetime | None = None,
    flagged: bool = False,
    with_scores: bool,
    with_keys: bool,
) -> ShownQuestion:
    """Show a question of a closed attempt, with what has been released."""
    asked = ask(
        content,
        position=position,
        option_order=option_order,
        max_points=max_points,
        value=value,
        revision=revision,
        saved_at=saved_at,
        flagged=flagged,
    )
    seen = asked.__dict__
    if with_scores:
        seen = seen | {"points": points, "verdict": _verdict(value, points, max_points)}
    if with_keys:
        key = content.key()
        judged = content.score_or_nothing(value)
        seen = seen | {
            "keys_shown": True,
            "right_answers": (*map(inline, key.texts), *map(literal, key.literals)),
            "feedback": block(judged.feedback) if judged.feedback else NOTHING,
            "explanation": block(content.explanation) if content.explanation else NOTHING,
            "options": tuple(
                _marked(option, right=option.id in key.options, mark=judged.options.get(option.id, OptionMark()))
                for option in asked.options
            ),
            "parts": tuple(_marked_part(part, judged.options.get(part.id, OptionMark())) for part in asked.parts),
            "lines": tuple(_shown_line(line) for line in judged.lines),
            "trouble": judged.trouble,
        }
    return ShownQuestion(**seen)


def _marked(option: ShownOption, *, right: bool, mark: OptionMark) -> ShownOption:
    return replace(
        option, right=right, outcome=mark.outcome, feedback=inline(mark.feedback) if mark.feedback else NOTHING
    )


def _shown_line(line: LineMark) -> ShownLine:
    return ShownLine(
        outcome=line.outcome,
        text=line.text,
        number=line.number,
        right=line.right,
        note=line.note,
        feedback=inline(line.feedback) if line.feedback else NOTHING,
    )


def _verdict(value: Value | None, points: Decimal | None, max_points: Decimal) -> str:
    if points is None:
        return ""
    if value is None:
        return "unanswered"
    if points == max_points:
        return "right"
    return "partly" if points else "wrong"

"""A question as a page shows it: while it is asked, and in the review, with no more than has been released.

`{% include question.template with question=question value=question.value mode="answer" %}` (or `mode="review"`) puts
the part for answering on a page; inputs are named `answer`, and ids begin with `question.html_id`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.safestring import SafeString

from quizzes.grading import best_of
from quizzes.rendering import block, inline, literal
from quizzes.types.base import (
    Key,
    LineMark,
    OptionMark,
    PublicCriterion,
    PublicFiles,
    PublicPart,
    QuestionType,
    Scored,
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
        return (
            int(self.value) if self.value.isascii() and self.value.isdecimal() and len(self.value) < MAX_DIGITS else 0
        )


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
class ShownMark:
    """What somebody gave for an answer: points, by the rubric where there is one, and a comment in plain text."""

    points: Decimal
    by: str
    at: datetime
    comment: str = ""
    rubric: tuple[tuple[str, Decimal, Decimal], ...] = ()
    """For each criterion its title, the points given, and what they are out of."""


@dataclass(frozen=True, kw_only=True)
class Decided:
    """What people decided about a question of an attempt: a rule (key, drop or full), a mark, or that one is to come.

    `keys` is the question with each key that is right by the rule; empty where its own holds.
    """

    rule: str = ""
    keys: tuple[QuestionType, ...] = ()
    mark: ShownMark | None = None
    awaits_mark: bool = False


@dataclass(frozen=True, kw_only=True)
class ShownQuestion:
    """A question on a page. The fields from `points` on belong to the review and are empty while it is asked.

    `verdict` is right, partly, wrong, unanswered, dropped (counts on neither side; no points), given (full marks for
    all), waiting (for somebody to mark it; `points` are those that are sure), or empty while scores are not released.
    `rule` says why: key (scored by another key than it was written with), drop or full. `mark` is what a person gave.
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
    needs_person: bool = False
    points: Decimal | None = None
    verdict: str = ""
    answer_shown: bool = True
    feedback_shown: bool = False
    keys_shown: bool = False
    right_answers: tuple[SafeString, ...] = ()
    feedback: SafeString = NOTHING
    explanation: SafeString = NOTHING
    lines: tuple[ShownLine, ...] = ()
    trouble: str = ""
    rule: str = ""
    mark: ShownMark | None = None
    awaits_mark: bool = False

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
        needs_person=content.needs_person,
    )


UNDECIDED = Decided()


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
    with_answers: bool = True,
    with_feedback: bool | None = None,
    decided: Decided = UNDECIDED,
) -> ShownQuestion:
    """Show a question of a closed attempt, with what has been released.

    Feedback tells how the student's own answer fared and nothing of what would have been right; where it is not said
    whether it is shown, it comes with the keys. What was answered stays out where it is not released, and feedback
    with it.
    """
    with_feedback = (with_keys if with_feedback is None else with_feedback) and with_answers
    asked = ask(
        content,
        position=position,
        option_order=option_order,
        max_points=max_points,
        value=value if with_answers else None,
        revision=revision,
        saved_at=saved_at,
        flagged=flagged,
    )
    seen = asked.__dict__ | {"answer_shown": with_answers}
    if with_scores:
        seen = seen | {
            "points": points,
            "verdict": _decided_verdict(decided) or _verdict(value, points, max_points),
            "rule": decided.rule,
            "mark": decided.mark,
            "awaits_mark": decided.awaits_mark,
        }
    keyed = decided.keys or (content,)
    if with_keys:
        key = _all_of([one.key() for one in keyed])
        seen = seen | {
            "keys_shown": True,
            "right_answers": (*map(inline, key.texts), *map(literal, key.literals)),
            "explanation": block(content.explanation) if content.explanation else NOTHING,
            "options": tuple(replace(option, right=option.id in key.options) for option in asked.options),
        }
    if with_keys or with_feedback:
        judged = best_of(keyed, value if with_answers else None)
        seen = seen | _fared(judged, seen, with_keys=with_keys, with_feedback=with_feedback)
    return ShownQuestion(**seen)


def _fared(judged: Scored, seen: Mapping[str, Any], *, with_keys: bool, with_feedback: bool) -> dict[str, Any]:
    """How the answer fared: with keys everything, without them only what was answered, and nothing that was right."""
    shown = judged if with_feedback else _without_feedback(judged)
    if not with_keys:
        shown = _without_keys(shown, unchosen={option.id for option in seen["options"] if not option.chosen})
    return {
        "feedback_shown": with_feedback,
        "feedback": block(shown.feedback) if shown.feedback else NOTHING,
        "options": _marked(seen["options"], shown.options),
        "parts": tuple(_marked_part(part, shown.options.get(part.id, OptionMark())) for part in seen["parts"]),
        "lines": tuple(_shown_line(line) for line in shown.lines),
        "trouble": shown.trouble,
    }


def _without_feedback(judged: Scored) -> Scored:
    return replace(
        judged,
        feedback="",
        options={name: replace(mark, feedback="") for name, mark in judged.options.items()},
        lines=tuple(replace(line, feedback="") for line in judged.lines),
    )


def _without_keys(judged: Scored, *, unchosen: Collection[str]) -> Scored:
    """Only what was answered: no option that should have been chosen, and no word of what should stand there."""
    return replace(
        judged,
        options={
            name: replace(mark, right="")
            for name, mark in judged.options.items()
            if mark.outcome != "missed" and name not in unchosen
        },
        lines=tuple(replace(line, right="", note="") for line in judged.lines if line.outcome != "missed"),
    )


def _marked(options: Sequence[ShownOption], marks: Mapping[str, OptionMark]) -> tuple[ShownOption, ...]:
    """The options as they fared; where none was chosen, those that are right are marked all the same."""
    none_chosen = not any(option.chosen for option in options)
    shown = []
    for option in options:
        mark = marks.get(option.id, OptionMark())
        outcome = mark.outcome or ("missed" if none_chosen and option.right else "")
        shown.append(replace(option, outcome=outcome, feedback=inline(mark.feedback) if mark.feedback else NOTHING))
    return tuple(shown)


def _shown_line(line: LineMark) -> ShownLine:
    return ShownLine(
        outcome=line.outcome,
        text=line.text,
        number=line.number,
        right=line.right,
        note=line.note,
        feedback=inline(line.feedback) if line.feedback else NOTHING,
    )


def _all_of(keys: Sequence[Key]) -> Key:
    """Everything that is right by one of the keys, each once."""
    return Key(
        options=frozenset().union(*(key.options for key in keys)),
        texts=tuple(dict.fromkeys(text for key in keys for text in key.texts)),
        literals=tuple(dict.fromkeys(text for key in keys for text in key.literals)),
    )


def _decided_verdict(decided: Decided) -> str:
    if decided.awaits_mark:
        return "waiting"
    return {"drop": "dropped", "full": "given"}.get(decided.rule, "")


def _verdict(value: Value | None, points: Decimal | None, max_points: Decimal) -> str:
    if points is None:
        return ""
    if value is None:
        return "unanswered"
    if points == max_points:
        return "right"
    return "partly" if points else "wrong"

"""Tries a question out for those who write it: an answer is read and judged as a student's would be, and never kept."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.safestring import SafeString

from quizzes.rendering import inline
from quizzes.showing import Decided, ShownQuestion, ask, review_of, with_sent_parts
from quizzes.types.base import FormValues, MalformedAnswer, QuestionType

_NAMES = ("text", "value", "line", "item", "answer", "title", "id")


@dataclass(frozen=True, kw_only=True)
class FeedbackLine:
    """What a question tells about an answer or a part of it: which one, and what."""

    about: str
    html: SafeString


@dataclass(frozen=True, kw_only=True)
class TriedOut:
    """An answer that was judged: the question as the review shows it, or why it is no answer (`problem`)."""

    shown: ShownQuestion | None = None
    problem: str = ""


def preview(content: QuestionType, *, position: int = 1, sent: FormValues | None = None) -> ShownQuestion:
    """Show the question as a student sees it, options as written; with what was sent, as far as it is an answer."""
    try:
        value = None if sent is None else content.parse(sent)
    except MalformedAnswer:
        value = None
    shown = ask(content, position=position, option_order=(), max_points=content.points, value=value)
    return shown if sent is None or value is not None else with_sent_parts(shown, sent.parts)


def with_key(content: QuestionType, *, position: int) -> ShownQuestion:
    """Show the question with its key, as the review shows it to somebody who left it out; right options are marked."""
    shown = review_of(
        content,
        position=position,
        option_order=(),
        max_points=content.points,
        value=None,
        points=None,
        with_scores=False,
        with_keys=True,
    )
    marked = (replace(option, outcome="missed") if option.right else option for option in shown.options)
    return replace(shown, options=tuple(marked))


def try_answer(content: QuestionType, sent: FormValues, *, position: int) -> TriedOut:
    """Judge what was sent; nothing is kept."""
    try:
        value = content.parse(sent)
    except MalformedAnswer as malformed:
        return TriedOut(problem=malformed.message)
    if value is None:
        return TriedOut(problem="Give an answer first: without one a student earns nothing.")
    return TriedOut(
        shown=review_of(
            content,
            position=position,
            option_order=(),
            max_points=content.points,
            value=value,
            points=content.score(value).points_of(content.points),
            with_scores=True,
            with_keys=True,
            decided=Decided(awaits_mark=content.needs_person),
        )
    )


def feedback_in(spec: Mapping[str, Any]) -> list[FeedbackLine]:
    """All feedback of a question's spec, with what each is about."""
    return list(_feedback(spec, ""))


def _feedback(value: Any, about: str) -> Iterator[FeedbackLine]:
    if isinstance(value, Mapping):
        name = next((said for key in _NAMES if key in value and (said := _said(value[key]))), about)
        feedback = value.get("feedback")
        if isinstance(feedback, str) and feedback:
            yield FeedbackLine(about="" if "kind" in value and "topics" in value else name, html=inline(feedback))
        for key, item in value.items():
            if isinstance(item, Mapping | list):
                yield from _feedback(item, str(key))
    elif isinstance(value, list):
        for item in value:
            yield from _feedback(item, about)


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) if all(isinstance(item, str | int | float) for item in value) else ""
    return str(value) if isinstance(value, str | int | float) else ""

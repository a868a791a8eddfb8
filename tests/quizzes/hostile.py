"""Questions whose author, and answers whose student, would like to run something in others' browsers."""

from typing import Any

from pydantic import ValidationError

from quizzes.types import REGISTRY
from quizzes.types.base import FormValues, MalformedAnswer, QuestionType, Value

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)> [a](javascript:alert(1)) <b>\"'&"


def hostile(spec: dict[str, Any]) -> QuestionType:
    """The question with markup in every text of its author's that may be any text, also where two name each other."""
    for text in sorted({text for _, text in _texts(spec)}):
        changed = _replaced(spec, text, f"{text} {HOSTILE}")
        try:
            REGISTRY.question(changed)
        except ValidationError:
            continue
        spec = changed
    return REGISTRY.question(spec | {"explanation": HOSTILE})


def _texts(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], str]]:
    if isinstance(value, str):
        return [] if place[:1] in {("id",), ("kind",), ("topics",)} else [(place, value)]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    return [found for key, item in items for found in _texts(item, (*place, key))]


def _replaced(value: Any, text: str, other: str, place: tuple[Any, ...] = ()) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(item, text, other, (*place, key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_replaced(item, text, other, (*place, index)) for index, item in enumerate(value)]
    return other if value == text and place[:1] not in {("id",), ("kind",), ("topics",)} else value


def something_given(question: QuestionType) -> Value | None:
    """An answer that is as hostile as the question takes one."""
    public = question.public()
    parts = {part.id: part.choices[0].id if part.choices else HOSTILE for part in public.parts}
    places = {part.id: str(place) for place, part in enumerate(public.parts, 1)}
    for raw in (
        FormValues([HOSTILE]),
        FormValues([public.options[0].id]) if public.options else None,
        FormValues(parts=parts) if parts else None,
        FormValues(parts=places) if parts else None,
    ):
        try:
            value = None if raw is None else question.parse_form(raw)
        except MalformedAnswer:
            continue
        if value is not None:
            return value
    return None

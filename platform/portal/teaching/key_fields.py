"""A question's key as a form: options to tick, texts, a number, or the fields of its kind as YAML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from django.utils.safestring import SafeString

from graders.authored import InvalidFile, read_yaml
from quizzes.regrade_drafts import AskedQuestion
from quizzes.rules import BadRule, Change, Rule, current_key
from quizzes.types.base import QuestionType
from quizzes.types.multiple_choice import MultipleChoice
from quizzes.types.numeric import Numeric
from quizzes.types.short_text import ShortText
from quizzes.types.single_choice import SingleChoice
from quizzes.types.true_or_false import TrueOrFalse

Sent = Mapping[str, Sequence[str]]
"""A form: names to their values, as `dict(request.POST.lists())`."""


@dataclass(frozen=True, kw_only=True)
class KeyOption:
    """An option to tick."""

    id: str
    html: SafeString
    ticked: bool


@dataclass(frozen=True, kw_only=True)
class KeyField:
    """What is shown to set another key. `shape` is options, truth, texts, number or fields (YAML)."""

    slug: str
    shape: str
    options: tuple[KeyOption, ...] = ()
    many: bool = False
    text: str = ""
    within: str = ""
    unit: str = ""


def shape_of(content: QuestionType) -> str:
    """How another key for this question is asked for. What varies is written as its author wrote it."""
    match content:
        case SingleChoice() | MultipleChoice():
            return "options"
        case TrueOrFalse():
            return "truth"
        case ShortText():
            return "texts"
        case Numeric():
            return "number"
        case _:
            return "fields"


def _one(sent: Sent, name: str) -> str:
    return (sent.get(name) or [""])[-1].strip()


def key_field(asked: AskedQuestion, sent: Sent | None = None) -> KeyField:
    """The form for another key: as it was sent, else as the rule that holds or the question itself has it."""
    content, slug = asked.newest_asked.content, asked.slug
    shape = shape_of(content)
    keys = asked.rule.keys if asked.rule is not None and asked.rule.change is Change.KEY else ()
    if shape in {"options", "truth"}:
        ticked = set(sent.get(f"key-{slug}", ())) if sent is not None else _right_ids(content, keys)
        return KeyField(
            slug=slug,
            shape=shape,
            many=isinstance(content, MultipleChoice),
            options=tuple(
                KeyOption(id=one.id, html=one.html, ticked=one.id in ticked) for one in content.public().options
            ),
        )
    if sent is not None:
        unit = content.unit or "" if isinstance(content, Numeric) else ""
        text = (sent.get(f"key-{slug}") or [""])[-1].replace("\r\n", "\n")
        return KeyField(slug=slug, shape=shape, text=text, within=_one(sent, f"within-{slug}"), unit=unit)
    fields = current_key(content) | (dict(keys[0]) if keys else {})
    if shape == "texts":
        answer = fields["answer"]
        return KeyField(slug=slug, shape=shape, text="\n".join([answer] if isinstance(answer, str) else answer))
    if shape == "number":
        within = "" if fields.get("within") is None else str(fields["within"])
        return KeyField(
            slug=slug, shape=shape, text=str(fields["answer"]), within=within, unit=str(fields.get("unit") or "")
        )
    return KeyField(slug=slug, shape=shape, text=yaml.safe_dump(fields, sort_keys=False, allow_unicode=True))


def _right_ids(content: QuestionType, keys: Sequence[Mapping[str, Any]]) -> set[str]:
    if not keys:
        return set(content.key().options)
    answers = [key.get("answer") for key in keys]
    right = {text for answer in answers for text in (answer if isinstance(answer, list) else [answer])}
    if isinstance(content, TrueOrFalse):
        return {str(one).lower() for one in right}
    return {option.id for option in content.public().options if option.text in right}


def key_from(asked: AskedQuestion, sent: Sent) -> Rule:
    """Read another key from the form. Raises BadRule."""
    content, name = asked.newest_asked.content, f"key-{asked.slug}"
    match shape_of(content):
        case "options":
            chosen = set(sent.get(name, ()))
            texts = [option.text for option in content.public().options if option.id in chosen]
            if not texts:
                raise BadRule("Tick at least one right option.")
            keys: list[dict[str, Any]] = (
                [{"answer": texts}] if isinstance(content, MultipleChoice) else [{"answer": text} for text in texts]
            )
        case "truth":
            if _one(sent, name) not in {"true", "false"}:
                raise BadRule("Choose true or false.")
            keys = [{"answer": _one(sent, name) == "true"}]
        case "texts":
            lines = [line.strip() for line in _one(sent, name).splitlines() if line.strip()]
            if not lines:
                raise BadRule("Write at least one text that counts as right, each on a line of its own.")
            keys = [_texts_key(content, lines)]
        case "number":
            keys = [_number_key(content, _one(sent, name), _one(sent, f"within-{asked.slug}"))]
        case _:
            keys = [_fields(_one(sent, name))]
    return Rule.of(Change.KEY, {"any_of": keys} if len(keys) > 1 else keys[0])


def _texts_key(content: QuestionType, lines: list[str]) -> dict[str, Any]:
    """The texts that are right; known wrong answers that are right now are wrong no longer."""
    fields: dict[str, Any] = {"answer": lines}
    if isinstance(content, ShortText) and content.wrong:
        fields["wrong"] = [
            one.model_dump(mode="json")
            for one in content.wrong
            if not any(line.casefold() == text.casefold() for line in lines for text in one.text)
        ]
    return fields


def _number_key(content: QuestionType, answer: str, within: str) -> dict[str, Any]:
    if not answer:
        raise BadRule("Write the number that is right.")
    fields: dict[str, Any] = {"answer": answer}
    if within:
        fields |= {"within": within, "within_percent": None}
    elif isinstance(content, Numeric) and content.within is not None:
        fields["within"] = None
    if isinstance(content, Numeric) and content.wrong:
        fields["wrong"] = []  # some may lie within the new key
    return fields


def _fields(text: str) -> dict[str, Any]:
    try:
        value = read_yaml(text, file="key").value
    except InvalidFile as invalid:
        first = invalid.problems[0]
        raise BadRule(f"Line {first.line}: {first.message}") from None
    if not isinstance(value, dict) or not value:
        raise BadRule("Write the fields to change, such as `answer: created`, each on a line of its own.")
    return value

"""Rules: how a quiz scores a question in place of the question's own key. Pure: the same rule gives the same points."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from pydantic import ValidationError

from graders.spec import templates_in
from quizzes.types import REGISTRY
from quizzes.types.base import QuestionType
from quizzes.types.family import VariantFails

MAX_KEYS = 12
ANY_OF = "any_of"
KEPT = frozenset(QuestionType.model_fields) - {"explanation"} | {"values", "where"}
"""What belongs to the question as it was asked: no rule touches it."""
_PROBED_SEEDS = (1, 2, 3)
_REMEMBERED = 4096


class BadRule(Exception):
    """A rule cannot be used for a question; `message` says why, in words for an instructor."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Change(StrEnum):
    """What a rule does."""

    KEY = "key"
    DROP = "drop"
    FULL = "full"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule. `keys` are the fields of the spec that another key sets; where there are several, the best counts."""

    change: Change
    keys: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def of(cls, kind: object, detail: object = None) -> Self:
        """Read a rule as it is stored: its kind, and for another key the fields, or `{"any_of": [fields, …]}`.

        Raises BadRule.
        """
        try:
            change = Change(str(kind))
        except ValueError:
            raise BadRule(f"A rule is one of {', '.join(Change)}, not “{kind}”.") from None
        if change is not Change.KEY:
            return cls(change=change)
        if not isinstance(detail, Mapping) or not detail:
            raise BadRule("Another key is a mapping of the question's fields, such as `answer: created`.")
        keys = detail[ANY_OF] if set(detail) == {ANY_OF} else [detail]
        if not isinstance(keys, Sequence) or not 1 <= len(keys) <= MAX_KEYS:
            raise BadRule(f"`{ANY_OF}` is a list of 1 to {MAX_KEYS} keys.")
        if not all(isinstance(key, Mapping) and key for key in keys):
            raise BadRule("Each key is a mapping of the question's fields, such as `answer: created`.")
        return cls(change=change, keys=tuple(keys))

    @classmethod
    def stored(cls, data: Mapping[str, Any]) -> Self:
        """Read a rule from one mapping with `kind` and `detail`. Raises BadRule."""
        return cls.of(data.get("kind"), data.get("detail"))

    @property
    def detail(self) -> dict[str, Any]:
        """The fields as they are stored."""
        if len(self.keys) > 1:
            return {ANY_OF: [dict(key) for key in self.keys]}
        return dict(self.keys[0]) if self.keys else {}

    def as_json(self) -> dict[str, Any]:
        """The rule as one mapping."""
        return {"kind": self.change.value, **({"detail": self.detail} if self.keys else {})}


def rekeyed(question: QuestionType, fields: Mapping[str, Any], *, tried: bool = False) -> QuestionType:
    """The question with other values in those fields. Raises BadRule for what is no key, or would change what is asked.

    A question that varies stays one: its variants carry the new key. `tried` makes many of them, to find those in which
    it cannot be computed.
    """
    if tried and not _can_be_kept(fields):
        raise BadRule("A key cannot hold a NUL character, or half of one that is written in two.")
    if taken := sorted(KEPT & set(fields)):
        raise BadRule(f"A key cannot change {_listed(taken)}: that is what students were asked.")
    try:
        changed = REGISTRY.question(question.model_dump(mode="json") | dict(fields), tried=tried)
        pairs = [(question, changed)]
        if tried and question.varies:
            pairs += [(question.variant(seed), changed.variant(seed)) for seed in _PROBED_SEEDS]
    except ValidationError as error:
        raise BadRule(_said(error)) from error
    except VariantFails as error:
        raise BadRule(f"{error}.") from error
    if any(before.public() != after.public() for before, after in pairs):
        raise BadRule("This would change what students saw, not only the key. Change the question itself instead.")
    return changed


def _can_be_kept(fields: Mapping[str, Any]) -> bool:
    """Whether every database takes the fields: PostgreSQL knows neither NUL nor lone surrogates."""
    text = json.dumps(fields, ensure_ascii=False, default=str)
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\\u0000" not in text.replace("\\\\", "")  # a backslash that is meant is written twice


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _said(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}." if place else f"{first['msg']}."


def current_key(question: QuestionType) -> dict[str, Any]:
    """The fields of a question that its kind adds: what a rule may set, and what is taken over from a newer version."""
    stored = question.model_dump(mode="json")
    return {name: value for name, value in stored.items() if name not in KEPT}


Made = tuple[QuestionType, tuple[QuestionType | None, ...]]


@dataclass(frozen=True)
class Rules:
    """The rules of a quiz by question id. It remembers the questions it made anew, since a class gets the same ones."""

    by_question: Mapping[str, Rule] = field(default_factory=dict)
    _made: dict[int, Made] = field(default_factory=dict, compare=False, repr=False)

    def of(self, question: QuestionType) -> Rule | None:
        """The rule for a question; None where its own key holds."""
        return self.by_question.get(question.id)

    def judges(
        self, question: QuestionType, *, family: QuestionType | None = None, seed: int | None = None
    ) -> tuple[QuestionType, ...]:
        """The question with each key that is right by the rules: itself where no other key is set.

        `family` is what a variant was drawn from, and `seed` which one it is: the key is then set there, so that it can
        be computed. A key that does not fit this version of the question leaves the question's own: scoring never
        stops for it (drafting the rule says so).
        """
        rule = self.of(question)
        if rule is None or rule.change is not Change.KEY:
            return (question,)
        if family is None or seed is None or not family.varies:
            made = self._with_keys(question, rule)
        else:
            pairs = zip(rule.keys, self._with_keys(family, rule), strict=True)
            made = tuple(_variant_with(question, key, family=changed, seed=seed) for key, changed in pairs)
        return tuple(one for one in made if one is not None) or (question,)

    def _with_keys(self, question: QuestionType, rule: Rule) -> tuple[QuestionType | None, ...]:
        """The question with each key of the rule; None where a key does not fit."""
        remembered = self._made.get(id(question))  # the question is kept beside it, so that its id stays its own
        if remembered is None:
            if len(self._made) >= _REMEMBERED:
                self._made.clear()
            made = tuple(_or_none(question, key) for key in rule.keys)
            remembered = self._made[id(question)] = (question, made)
        return remembered[1]


def _or_none(question: QuestionType, key: Mapping[str, Any]) -> QuestionType | None:
    try:
        return rekeyed(question, key)
    except BadRule:
        return None


def _variant_with(
    question: QuestionType, key: Mapping[str, Any], *, family: QuestionType | None, seed: int
) -> QuestionType | None:
    """A variant with another key, computed where it has to be.

    What the changed family makes of the seed today counts only if it is what the student saw; else the key is set in
    the variant as it was stored, unless it would have to be computed.
    """
    if family is not None:
        try:
            variant = family.variant(seed)
        except VariantFails:
            variant = None
        if variant is not None and variant.public() == question.public():
            return variant
    return None if any(templates_in(dict(key))) else _or_none(question, key)


NO_RULES = Rules()

"""Rules in words, for lists and questions asked once."""

from collections.abc import Mapping
from typing import Any

from quizzes.rules import BadRule, Change, Rule

MAX_LENGTH = 300


def words_of(data: Mapping[str, Any] | None) -> str:
    """What a stored rule does, in a sentence without its full stop."""
    if data is None:
        return "Its own key again"
    try:
        rule = Rule.stored(data)
    except BadRule:
        return "A rule that this version cannot read"
    return rule_words(rule)


def rule_words(rule: Rule | None) -> str:
    """The same for a rule."""
    if rule is None:
        return "Its own key"
    match rule.change:
        case Change.DROP:
            return "Dropped: counts for nobody"
        case Change.FULL:
            return "Full marks for all who were asked"
        case Change.KEY:
            said = "; or ".join(_key_words(key) for key in rule.keys)
            return said if len(said) <= MAX_LENGTH else f"{said[: MAX_LENGTH - 1]}…"


def _key_words(key: Mapping[str, Any]) -> str:
    if set(key) <= {"answer", "wrong"}:
        return f"Right: {_value(key.get('answer'))}"
    if set(key) <= {"answer", "within", "within_percent", "wrong"}:
        near = f", give or take {_value(key['within'])}" if key.get("within") is not None else ""
        return f"Right: {_value(key.get('answer'))}{near}"
    return "; ".join(f"{name}: {_value(value)}" for name, value in key.items())


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(_value(one) for one in value)
    return str(value)

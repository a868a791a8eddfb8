"""What `--filter` keeps, judged by the session's own names: the engine is asked for the session's objects alone."""

import json
import re
from collections.abc import Collection, Mapping, Sequence

import re2  # type: ignore[import-untyped]  # ships no types

from graders.commands.daemon import DaemonRefused
from graders.commands.model import Command

Filters = Mapping[str, Sequence[str]]
"""Name of a filter -> every value given for it, each once, in the order in which docker sends them."""

BAD_REQUEST = 400
_LONGEST_PATTERN = 500
_TRUE, _FALSE = ("1", "true"), ("0", "false")


def filters_of(command: Command) -> Filters:
    """The command's filters."""
    found: dict[str, set[str]] = {}
    for text in command.texts("filter"):
        if text:
            name, _, value = text.partition("=")
            found.setdefault(name.strip().lower(), set()).add(value.strip())
    return {name: sorted(found[name]) for name in sorted(found)}


def query_of(filters: Filters) -> dict[str, str]:
    """The filters as docker's client sends them; nothing where there are none."""
    if not filters:
        return {}
    told = {name: dict.fromkeys(values, True) for name, values in filters.items()}
    return {"filters": json.dumps(told, separators=(",", ":"), ensure_ascii=False)}


def ensure_known(filters: Filters, known: Collection[str]) -> None:
    """Raise DaemonRefused for a filter that the listing does not have."""
    for name in filters:
        if name not in known:
            raise DaemonRefused(BAD_REQUEST, f"Invalid filter '{name}'")


def switch_of(filters: Filters, name: str, complaint: str) -> bool | None:
    """What a filter of true or false says; None where it was not given. Raises DaemonRefused with the complaint."""
    values = filters.get(name)
    if values is None:
        return None
    if any(value in _TRUE for value in values):
        return True
    if any(value in _FALSE for value in values):
        return False
    raise DaemonRefused(BAD_REQUEST, complaint)


def is_matched(filters: Filters, name: str, *texts: str) -> bool:
    """Whether a text is one of the filter's values, or has a place where one of its patterns fits."""
    values = filters.get(name)
    if values is None:
        return True
    return any(text in values for text in texts) or any(_fits(value, text) for value in values for text in texts)


def is_one_of(filters: Filters, name: str, text: str) -> bool:
    """Whether the text is one of the filter's values."""
    return text in filters.get(name, (text,))


def has_labels(filters: Filters, labels: Mapping[str, str], *, name: str = "label") -> bool:
    """Whether the labels have every one that is asked for: `a`, or `a=b`."""
    return all(_has_label(wanted, labels) for wanted in filters.get(name, ()))


def lacks_labels(filters: Filters, labels: Mapping[str, str]) -> bool:
    """Whether the labels have none of those that `label!=` names."""
    return not any(_has_label(wanted, labels) for wanted in filters.get("label!", ()))


def _has_label(wanted: str, labels: Mapping[str, str]) -> bool:
    name, equals, value = wanted.partition("=")
    return name in labels and (not equals or labels[name] == value)


def _fits(pattern: str, text: str) -> bool:
    if len(pattern) > _LONGEST_PATTERN:
        return False
    if re.fullmatch(r"[\w-]*", pattern):
        return pattern in text
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options).search(text) is not None
    except re2.error:
        return False  # docker, too, takes what is no pattern for one that fits nothing

"""What a reply over HTTP should be, and what is wrong with the one that came: the expectations that checks share."""

import json
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, JsonValue

from graders.sandbox.base import HttpReply
from graders.spec import Spec, Text, Texts, one_or_many
from graders.visible import last_lines, listed, quoted, visible

Status = Annotated[int, Field(ge=100, le=599)]
Statuses = Annotated[tuple[Status, ...], BeforeValidator(one_or_many, json_schema_input_type=Status | list[Status])]

_MOST_SHOWN = 2000


class Expecting(Spec):
    """Fields that say what a reply should be."""

    status: Statuses = (200,)
    """The status it answers with, one or several."""
    headers: dict[Text, Text] = Field(default_factory=dict)
    """Texts that the reply's headers hold."""
    contains: Texts = ()
    """Texts in the body."""
    equals: Text | None = None
    """The body, spaces around it aside."""
    json_values: dict[Text, JsonValue] = Field(default_factory=dict, alias="json")
    """Path into the body's JSON, such as `items.0.name` (empty for all of it) -> what stands there."""


def objection(expecting: Expecting, reply: HttpReply) -> str:
    """What is wrong with a reply that came, to follow its request in a sentence; empty when nothing is."""
    body = visible(reply.body)
    if reply.status not in expecting.status:
        wanted = listed([str(status) for status in expecting.status], word="or")
        return f"is answered with {reply.status}, not {wanted}: {quoted(body)}"
    for name, text in expecting.headers.items():
        found = reply.headers.get(name.lower())
        if found is None:
            return f"is answered without the header {name}"
        if text.lower() not in found.lower():
            return f"is answered with the header {name}: {quoted(found)}, without {quoted(text)}"
    if expecting.equals is not None and body.strip() != expecting.equals.strip():
        return f"is answered with {quoted(body)}, not {quoted(expecting.equals)}"
    missing = [text for text in expecting.contains if text not in body]
    if missing:
        return f"is answered with {quoted(body)}, without {listed([quoted(text) for text in missing])}"
    return _json_objection(expecting.json_values, reply.body) if expecting.json_values else ""


def expected(expecting: Expecting) -> str:
    """What was expected, a line each."""
    lines = [f"status {listed([str(status) for status in expecting.status], word='or')}"]
    lines += [f"{name}: …{text}…" for name, text in expecting.headers.items()]
    lines += [expecting.equals] if expecting.equals is not None else list(expecting.contains)
    lines += [f"{path or 'body'} = {as_json(value)}" for path, value in expecting.json_values.items()]
    return "\n".join(lines)


def shown(reply: HttpReply) -> str:
    """The end of a reply, to be read."""
    return f"status {reply.status}\n{last_lines(visible(reply.body))[:_MOST_SHOWN]}"


def as_json(value: Any) -> str:
    """A value as JSON, on one line."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:  # it is read a little deeper than it is written
        return "…"


def json_of(body: bytes) -> Any:
    """The body's JSON. Raises ValueError when it is none, or nested too deeply."""
    try:
        return json.loads(body)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def at(document: Any, path: str) -> Any:
    """What stands at a path such as `items.0.name`, all of it when that is empty. Raises LookupError."""
    for part in path.split(".") if path else []:
        if isinstance(document, list) and part.isascii() and part.isdigit():
            document = document[int(part)]
        elif isinstance(document, dict):
            document = document[part]
        else:
            raise LookupError(part)
    return document


def _json_objection(values: dict[str, JsonValue], body: bytes) -> str:
    try:
        document = json_of(body)
    except ValueError:
        return f"is answered with {quoted(body)}, which is no JSON"
    for path, wanted in values.items():
        try:
            found = at(document, path)
        except LookupError:
            return f"is answered with JSON that has nothing at {quoted(path)}: {quoted(body)}"
        if not _same(wanted, found):
            place = f" at {quoted(path)}" if path else ""
            return f"is answered with JSON that has {quoted(as_json(found))}{place}, not {quoted(as_json(wanted))}"
    return ""


def _same(wanted: Any, found: Any) -> bool:
    """Equal, where true is not 1; a number also equals its text, since drawn values are texts."""
    if isinstance(wanted, bool) or isinstance(found, bool):
        return wanted is found
    if isinstance(wanted, str) and isinstance(found, int | float):
        return wanted == json.dumps(found)
    if isinstance(wanted, list) and isinstance(found, list):
        return len(wanted) == len(found) and all(map(_same, wanted, found))
    if isinstance(wanted, dict) and isinstance(found, dict):
        return wanted.keys() == found.keys() and all(_same(value, found[name]) for name, value in wanted.items())
    return bool(wanted == found)

"""Requests that follow from each other: the steps, what each reply should be, and values kept for later ones."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import BeforeValidator, Field, model_validator

from graders.actions import DEFAULT, Method, Payload
from graders.replies import Expecting
from graders.sandbox.base import HttpReply
from graders.spec import TEMPLATE, HeaderName, Identifier, Port, Spec, Text
from graders.values import Values

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def _json_path_alone(value: Any) -> Any:
    return {"json": value} if isinstance(value, str) else value


class Keep(Spec):
    """Where a value stands in a reply. In a step, the path into its JSON alone is enough: `keep: {id: item.id}`."""

    json_path: Text | None = Field(default=None, alias="json")
    """Path into the body's JSON, empty for all of it."""
    header: HeaderName | None = None
    """A header of the reply."""
    matches: Text = ""
    """A regular expression, found in the header or else the body; its first group is kept, or all that it found."""

    @model_validator(mode="after")
    def _one_place(self) -> "Keep":
        if self.json_path is not None and (self.header is not None or self.matches):
            raise ValueError("says where a value stands: `json`, or `header`, `matches` or both of these")
        if self.json_path is None and self.header is None and not self.matches:
            raise ValueError("says where a value stands: `json`, `header` or `matches`")
        return self


Kept = Annotated[Keep, BeforeValidator(_json_path_alone, json_schema_input_type=str | Keep)]


class Step(Expecting):
    """One step: a request and what its reply should be, or a disturbance of a run of the plan."""

    title: Text = ""
    """What learners read of it; by default, what is sent."""
    method: Method = "GET"
    """How it is asked."""
    path: Text = Field(default="", pattern=r"^([/{][^\s#]*)?$", max_length=2000)
    """Where the request goes. `{name}` alone, of a value that was kept, may also be a whole address, as in Location."""
    port: Port | None = None
    """Where it differs from the run's own."""
    send: Payload = Payload()
    """What the request carries: `headers`, and either `body` or `json`."""
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 5
    """How long one answer may take."""
    within_seconds: Annotated[float, Field(ge=0, le=120)] = 0
    """How long it is asked again until the reply is as it should be, such as while an app finds its store again."""
    keep: dict[str, Kept] = Field(default_factory=dict)
    """Name -> where in the reply its value stands; later steps write it as `{name}`."""
    restart: Identifier | None = None
    """A run that is stopped and started again, with the files and volumes it has, and waited for."""
    stop: Identifier | None = None
    """A run that is stopped."""
    start: Identifier | None = None
    """A run that was stopped before and is started again, and waited for."""

    @model_validator(mode="after")
    def _one_thing(self) -> "Step":
        disturbs = [name for name in ("restart", "stop", "start") if getattr(self, name) is not None]
        if len(disturbs) + bool(self.path) != 1:
            raise ValueError("does one thing: it asks for a `path`, or does a `restart`, `stop` or `start` of a run")
        if disturbs and (more := self.said() - {*disturbs, "title"}):
            raise ValueError(f"does a `{disturbs[0]}`; `{min(more)}` belongs to a request")
        for name in self.keep:
            if not _NAME.fullmatch(name):
                raise ValueError(f"keeps `{name}`, which is no name: lower-case letters, digits and _")
        return self

    @property
    def disturbed(self) -> str:
        """The run that it restarts, stops or starts; empty for a request."""
        return self.restart or self.stop or self.start or ""

    def texts(self) -> dict[str, Any]:
        """Everything of it that values go into, as plain values."""
        return self.model_dump(mode="json", exclude={"title"})


class Exchange(Spec):
    """Steps that are taken one after the other, with the run that answers them, until one is not as it should be."""

    run: Identifier = DEFAULT
    steps: tuple[Step, ...] = Field(min_length=1, max_length=40)

    def kept(self) -> set[str]:
        """Names of the values that its steps keep."""
        return {name for step in self.steps for name in step.keep}

    def too_early(self) -> Iterator[tuple[int, str]]:
        """Each step that uses a value before it is kept, with the name."""
        names, known = self.kept(), set[str]()
        for position, step in enumerate(self.steps):
            used = {found[2] for text in _texts_in(step.texts()) for found in TEMPLATE.finditer(text) if found[2]}
            yield from ((position, name) for name in sorted((used & names) - known))
            known |= step.keep.keys()

    def filled(self, values: Values) -> "Exchange":
        """The same with drawn values put in; what it keeps itself stays open until it is known."""
        kept = frozenset(self.kept())
        return Exchange(run=self.run, steps=tuple(filled_step(step, values, leave=kept) for step in self.steps))


def filled_step(step: Step, values: Values, *, leave: frozenset[str] = frozenset()) -> Step:
    """A step with values put in, quoted where they stand in paths and patterns. Raises pydantic's ValidationError."""

    def plain(value: Any, quoting: Callable[[str], str] = str) -> Any:
        if isinstance(value, str):
            return TEMPLATE.sub(lambda found: _one(found, values, leave, quoting), value)
        if isinstance(value, Mapping):
            return {plain(key): plain(item, quoting) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [plain(item, quoting) for item in value]
        return value

    raw = step.model_dump(by_alias=True)
    path = raw.pop("path")
    alone = TEMPLATE.fullmatch(path)
    whole = alone is not None and alone[2] in values
    filled = plain(raw)
    filled["keep"] = {
        name: {**plain(place), "matches": plain(place["matches"], re.escape)} for name, place in raw["keep"].items()
    }
    filled["path"] = _address(values[alone[2]]) if alone is not None and whole else plain(path, _quoted)
    return Step.model_validate(filled)


def _one(found: re.Match[str], values: Values, leave: frozenset[str], quoting: Callable[[str], str]) -> str:
    literal, name = found.groups()
    if (literal or name) in leave:
        return found[0]
    if literal:
        return f"{{{literal}}}"
    return quoting(values[name]) if name in values else found[0]


def _quoted(value: str) -> str:
    return quote(value, safe="/")


def _address(value: str) -> str:
    """The path of an address such as a Location header holds; host and port do not count, since it is asked anyway."""
    rest = re.sub(r"^[a-z][a-z0-9+.-]*://[^/?#]*", "", value.strip(), flags=re.IGNORECASE).partition("#")[0]
    return quote(rest if rest.startswith("/") else f"/{rest}", safe="/?=&%;:@!$'()*+,~-._")


def _texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield key
            yield from _texts_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts_in(item)


@dataclass(frozen=True, kw_only=True)
class SeenStep:
    """How one step went."""

    what: str
    """What was done, such as `POST /items`."""
    sent: str = ""
    """Headers and body of the request, as the author chose them."""
    reply: HttpReply | None = None
    asked: Step | None = None
    """The step with what was kept before it put in, where it is a request."""
    objection: str = ""
    """What was not as it should be, to follow `what` in a sentence; empty when all was."""


@dataclass(frozen=True, kw_only=True)
class SeenExchange:
    """The steps that were taken. The last of them is the one that failed, where one did."""

    steps: tuple[SeenStep, ...]
    not_ours: str = ""
    """Why it came to an end by no fault of the learner, in a sentence; empty when it did not."""

    @property
    def failed(self) -> SeenStep | None:
        """The step that was not as it should be."""
        return next((step for step in self.steps if step.objection), None)

"""What a proof looks at, and what must be seen there for the key to hold.

An author writes a thing to look at and a fact of it: `{container: box, state: created}` must be seen, and of
`{stdout: answer}` the output itself is the answer. A fact's name alone (`stdout`) is short for that.
"""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Field, model_validator

from graders.checks.patterns import PatternText, SlowPattern, search
from graders.spec import Identifier, ImagePath, Spec, Text, Texts
from graders.visible import quoted

Value = str | int | float | bool | None
"""A fact as it was seen; None where there is nothing of the kind."""
Subject = Literal["run", "command", "build", "container", "image", "volume", "network"]

ANSWER = "answer"
"""What stands for the question's answer in the place of something that must be seen."""
SUBJECTS: tuple[Subject, ...] = ("run", "command", "build", "container", "image", "volume", "network")
_PRINTED = frozenset({"stdout", "stderr", "output", "exit_code", "lines"})
_CONFIG = frozenset(
    {"size_mb", "layers", "workdir", "user", "cmd", "entrypoint", "env", "ports", "volumes", "history", "exists"}
)
FACTS: dict[Subject, frozenset[str]] = {
    "run": _PRINTED,
    "command": _PRINTED,
    "build": _CONFIG | {"works", "line", "log", "error", "added_mb", "reused", "content", "holds"},
    "container": frozenset({"state", "exit_code", "exists", "content"}),
    "image": _CONFIG | {"content"},
    "volume": frozenset({"exists", "content"}),
    "network": frozenset({"exists"}),
}
"""What can be seen of each kind of thing."""
_OF_FILES = frozenset({"exists", "content"})


def _text_of(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, int | float) else value


class Expected(Spec):
    """What must be seen. Written as a plain value, it is what is seen as a whole."""

    equals: Annotated[Text | None, BeforeValidator(_text_of, json_schema_input_type=str | int | float | bool)] = None
    """All of it; spaces and line ends around it do not matter, and 2 is the same as 2.0."""
    contains: Texts = ()
    """Each of these is in it."""
    lacks: Texts = ()
    """None of these is in it."""
    matches: PatternText | None = None
    """A regular expression that is found in it."""
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "Expected":
        if not self.said():
            raise ValueError("says what must be seen: a value, `contains`, `lacks`, `matches`, `at_least` or `at_most`")
        return self

    def holds(self, seen: Value) -> bool:
        """Whether what was seen is as it must be. What is not there is as nothing asks for it to be."""
        if seen is None:
            return False
        text = in_words(seen)
        if self.equals is not None and not same(text, self.equals):
            return False
        if any(part not in text for part in self.contains) or any(part in text for part in self.lacks):
            return False
        if self.matches is not None and not _found(self.matches, text):
            return False
        if self.at_least is None and self.at_most is None:
            return True
        number = number_in(text)
        return number is not None and not (
            (self.at_least is not None and number < Decimal(str(self.at_least)))
            or (self.at_most is not None and number > Decimal(str(self.at_most)))
        )

    def words(self) -> str:
        """Say it, to follow "should": `be "created"`."""
        parts = [] if self.equals is None else [f"be {quoted(self.equals)}"]
        parts += [f"contain {quoted(part)}" for part in self.contains]
        parts += [f"lack {quoted(part)}" for part in self.lacks]
        parts += [] if self.matches is None else [f"match {quoted(self.matches)}"]
        parts += [] if self.at_least is None else [f"be at least {self.at_least:g}"]
        parts += [] if self.at_most is None else [f"be at most {self.at_most:g}"]
        return " and ".join(parts)


def _expected(value: Any) -> Any:
    if value == ANSWER or isinstance(value, Expected | dict):
        return value
    return {"equals": value}


def _fact(value: Any) -> Any:
    return None if value is None else _expected(value)


_Fact = Annotated[
    Literal["answer"] | Expected | None,
    BeforeValidator(_fact, json_schema_input_type=str | int | float | bool | Expected | None),
]


class Asked(NamedTuple):
    """One fact to see."""

    subject: Subject
    name: str
    """Of the run, build, container…; of a command its number."""
    fact: str
    path: str = ""
    """The file that it is a fact of."""
    text: str = ""
    """What an image is searched for, for the fact `holds`."""

    @property
    def key(self) -> str:
        """The same in words, which name it in what was seen: `the stdout of the run default`."""
        fact = self.fact.replace("_", " ")
        thing = f"the {self.subject} {self.name}"
        if self.path:
            return f"{'whether there is' if fact == 'exists' else f'the {fact} of'} {self.path} in {thing}"
        if self.fact == "holds":
            return f"whether {quoted(self.text)} is in the image of {thing}"
        if self.fact in {"exists", "works"}:
            return f"whether {thing} {fact}"
        return f"the {fact} of {thing}"


class Shows(Spec):
    """A thing that is looked at, and what must be seen of it; without a thing named, what was done last."""

    run: Identifier | None = None
    command: Annotated[int, Field(ge=1, strict=True)] | None = None
    """Which of `commands`, from 1."""
    build: Identifier | None = None
    container: Text | None = None
    image: Text | None = None
    volume: Text | None = None
    network: Text | None = None

    file: ImagePath | None = None
    """A path in the build's image, container, image or volume: whether it `exists`, or its `content`."""

    stdout: _Fact = None
    stderr: _Fact = None
    output: _Fact = None
    """Both, as a terminal shows them."""
    exit_code: _Fact = None
    lines: _Fact = None
    """How many lines that hold something were printed to stdout."""
    works: _Fact = None
    """Whether a build gave an image."""
    line: _Fact = None
    """The line of the Dockerfile at which a build failed."""
    log: _Fact = None
    """What the steps of a build printed."""
    error: _Fact = None
    """The engine's words for why a build failed."""
    reused: _Fact = None
    """How many steps a build with `rebuild_of` took from the build before."""
    size_mb: _Fact = None
    """The image's size, all layers, in MB (1,000,000 bytes)."""
    added_mb: _Fact = None
    """The same without the base."""
    layers: _Fact = None
    """How many layers the image has, the base's included."""
    workdir: _Fact = None
    user: _Fact = None
    cmd: _Fact = None
    """As JSON, such as `["echo", "hello"]`."""
    entrypoint: _Fact = None
    env: _Fact = None
    """NAME=value, one a line."""
    ports: _Fact = None
    """Such as `8000/tcp`, one a line."""
    volumes: _Fact = None
    """Paths, one a line."""
    history: _Fact = None
    """What each row was created by, one a line."""
    state: _Fact = None
    """`created`, `running`, `paused`, `exited` or `dead`."""
    exists: _Fact = None
    content: _Fact = None
    """Of a regular file, as text."""
    holds: Text | None = None
    """A text (six characters at least) that is in the image of a build: in a layer, the history or the settings."""

    times: float = 1
    """What a number that is the answer is multiplied by first."""
    plus: float = 0
    """What is added then."""

    @model_validator(mode="before")
    @classmethod
    def _fact_alone(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {value: ANSWER}
        if (
            isinstance(value, dict)
            and value.get("file")
            and not _OF_FILES & {key for key in value if value[key] is not None}
        ):
            return {**value, "exists": True}
        return value

    @model_validator(mode="after")
    def _holds_together(self) -> "Shows":
        named = [subject for subject in SUBJECTS if getattr(self, subject) is not None]
        if len(named) > 1:
            raise ValueError(f"looks at one thing, not at a {named[0]} and a {named[1]}")
        if not self.facts():
            raise ValueError("says what is looked at, such as `stdout`, `exit_code: 0` or `works: true`")
        if named:
            self._require_facts_of(named[0])
        if list(self.facts().values()).count(ANSWER) > 1:
            raise ValueError("takes one thing for the answer, not several")
        if self.file is not None and self.facts().keys() - _OF_FILES:
            raise ValueError("looks at whether a `file` `exists` or at its `content`, and at nothing else beside it")
        if self.file is None and self.content is not None:
            raise ValueError("needs the `file` whose `content` is meant")
        if self.holds is not None and len(self.holds.encode()) < 6:  # noqa: PLR2004  what a search can tell from chance
            raise ValueError("looks for a text of at least six characters with `holds`: shorter ones turn up by chance")
        return self

    def _require_facts_of(self, subject: Subject) -> None:
        wrong = sorted(self.facts().keys() - FACTS[subject])
        if wrong:
            known = ", ".join(f"`{name}`" for name in sorted(FACTS[subject]))
            raise ValueError(f"cannot see `{wrong[0]}` of a {subject}; there are {known}")

    def facts(self) -> dict[str, Expected | str]:
        """The facts that are looked at, with what must be seen, or `answer`."""
        named = set(FACTS["build"]).union(*FACTS.values()) - {"holds"}
        found: dict[str, Expected | str] = {
            name: getattr(self, name) for name in sorted(named) if getattr(self, name) is not None
        }
        return found if self.holds is None else {**found, "holds": Expected(equals="true")}

    @property
    def subject(self) -> Subject | None:
        """The kind of thing that is named; None where none is."""
        return next((subject for subject in SUBJECTS if getattr(self, subject) is not None), None)

    def asked(self, subject: Subject, name: str) -> Iterator[tuple[Asked, Expected | str]]:
        """Every fact to see of this thing, with what must be seen."""
        for fact, wanted in self.facts().items():
            yield Asked(subject, name, fact, self.file or "", (self.holds or "") if fact == "holds" else ""), wanted

    def answer_in(self, seen: Value) -> Value:
        """What was seen as an answer: a number as it is computed, a text as it is."""
        number = None if seen is None or (self.times == 1 and not self.plus) else number_in(in_words(seen))
        if number is None:
            return seen
        return float(number * Decimal(str(self.times)) + Decimal(str(self.plus)))


def in_words(seen: Value) -> str:
    """A fact as text."""
    if seen is None:
        return ""
    if isinstance(seen, float):
        return f"{seen:.6f}".rstrip("0").rstrip(".")
    return str(seen).lower() if isinstance(seen, bool) else str(seen)


def number_in(text: str) -> Decimal | None:
    """The number that a text is, None where it is none."""
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def same(one: str, other: str) -> bool:
    """Whether two texts say the same, but for what is around them and how a number is written."""
    one, other = one.strip().replace("\r\n", "\n"), other.strip().replace("\r\n", "\n")
    if one == other:
        return True
    first, second = number_in(one), number_in(other)
    return first is not None and first == second


def _found(pattern: str, text: str) -> bool:
    try:
        return search(pattern, text)
    except SlowPattern:
        return False

"""Docker command: type a command, which is compared by what it asks for."""

from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, StringConstraints, model_validator

from graders.commands.model import Command, CommandRefused
from graders.spec import Authored
from quizzes.types.base import Feedback, Key, QuestionType, Sample, Scored, Text, Value, between, refuse_at
from quizzes.types.command_meaning import compared, meant
from quizzes.types.text import typed
from quizzes.types.typed_command import needs_keys_of_its_own

MAX_LENGTH = 500
_ON_KEYBOARDS = (
    "It is taken as it was meant, though a terminal would not: it has dashes or quotation marks as word processors make"
    " them. Type `-`, `\"` and `'` on your keyboard."
)


def _one_or_more(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


Lines = Annotated[
    tuple[Annotated[Text, StringConstraints(max_length=MAX_LENGTH)], ...],
    BeforeValidator(_one_or_more, json_schema_input_type=str | list[str]),
]


class WrongCommand(Authored):
    """A wrong command that is often given, compared like a right one, and what to tell about it."""

    text: Annotated[Lines, between(1, 20)]
    feedback: Feedback


class DockerCommand(QuestionType):
    """Type a docker command; `answer` is one, or a list of commands each of which is right.

    Commands are read as docker's own client reads them and compared by what they ask for (command_meaning.py): how a
    command is called, the order of its options and their long or short names do not matter; that options stand before
    the image does. `scoring`: `per_part` (the share of parts that are right, for the answer that fits best), or
    `all_or_nothing`. A line that docker would refuse earns nothing, and the review gives docker's words.
    """

    kind: Literal["docker_command"]
    answer: Annotated[Lines, between(1, 20)]
    scoring: Literal["per_part", "all_or_nothing"] = "per_part"
    wrong: Annotated[tuple[WrongCommand, ...], between(0, 50)] = ()

    instruction: ClassVar[str] = "Type the command, docker included."

    @cached_property
    def _keys(self) -> tuple[Command, ...]:
        return tuple(meant(text) for text in self.answer)

    @model_validator(mode="after")
    def _commands_can_be_read(self) -> Self:
        for position, text in enumerate(self.answer):
            self._require_command(text, ("answer", position))
        for position, wrong in enumerate(self.wrong):
            for text in wrong.text:
                if self._require_command(text, ("wrong", position, "text")) in self._keys:
                    refuse_at(("wrong", position, "text"), f"`{text}` counts as right", text)
        return self

    @staticmethod
    def _require_command(text: str, place: tuple[str | int, ...]) -> Command:
        try:
            return meant(text)
        except CommandRefused as refused:
            refuse_at(place, f"docker would refuse this: {_first_words(refused)}", text)

    def read(self, raw: object) -> Value | None:
        """Read the line typed, whether or not it is a command; one that goes on behind a backslash becomes one line."""
        joined = raw.replace("\r\n", "\n").replace("\\\n", " ") if isinstance(raw, str) else raw
        return typed(joined, max_length=MAX_LENGTH, spaces_count=True)

    def score(self, value: Value) -> Scored:
        """Compare with the answer that fits best, and say which parts differ."""
        try:
            given = meant(str(value))
        except CommandRefused as refused:
            return Scored(fraction=Fraction(0), trouble=_first_words(refused))
        best = max((compared(given, key) for key in self._keys), key=lambda one: one.fraction)
        odd = _ON_KEYBOARDS if needs_keys_of_its_own(str(value)) else ""
        if best.fraction == 1:
            return Scored(fraction=best.fraction, lines=best.lines, feedback=odd)
        known = next((wrong.feedback for wrong in self.wrong if given in map(meant, wrong.text)), odd)
        fraction = best.fraction if self.scoring == "per_part" else Fraction(0)
        return Scored(fraction=fraction, feedback=known, lines=best.lines)

    def key(self) -> Key:
        """Give what would have been accepted."""
        return Key(literals=self.answer)

    def public_extras(self) -> dict[str, Any]:
        """Say how long an answer may be."""
        return {"max_length": MAX_LENGTH}

    @classmethod
    def samples(cls) -> list[Sample]:
        """Give samples."""
        spec: dict[str, Any] = {
            "id": "run-in-the-background",
            "kind": "docker_command",
            "topics": ["cmd.run"],
            "text": "Start `busybox` in the background as `web`, with `MODE` set to `fast`, running `sleep 60`.",
            "answer": "docker run -d --name web -e MODE=fast busybox sleep 60",
            "wrong": [{"text": "docker create busybox", "feedback": "It is made, and not started."}],
        }
        listing = spec | {"answer": ["docker ps -a"], "wrong": []}
        remove = spec | {"answer": "docker rm -f one two", "wrong": []}
        whole = listing | {"scoring": "all_or_nothing"}
        elsewhere = spec | {"answer": ["docker pull busybox", "docker compose up -d"], "wrong": []}
        right = "docker container run --env MODE=fast --name=web --detach busybox:latest sleep 60"
        return [
            Sample(name="right", spec=spec, raw=spec["answer"], fraction=Fraction(1)),
            Sample(name="right, spelled otherwise", spec=spec, raw=right, fraction=Fraction(1)),
            Sample(name="an option missing", spec=spec, raw=right.replace("--detach ", ""), fraction=Fraction(5, 6)),
            Sample(name="an option too much", spec=spec, raw=right.replace("run", "run --rm"), fraction=Fraction(6, 7)),
            Sample(name="a wrong value", spec=spec, raw=right.replace("fast", "slow"), fraction=Fraction(5, 6)),
            Sample(
                name="an option behind the image",
                spec=spec,
                raw="docker run --name web -e MODE=fast busybox -d sleep 60",
                fraction=Fraction(5, 7),
            ),
            Sample(name="another image", spec=spec, raw=right.replace("busybox", "alpine"), fraction=Fraction(0)),
            Sample(name="known wrong", spec=spec, raw="docker create busybox", fraction=Fraction(0)),
            Sample(
                name="another way to call it", spec=listing, raw="$ docker container ls --all", fraction=Fraction(1)
            ),
            Sample(name="half", spec=listing, raw="docker ps", fraction=Fraction(1, 2)),
            Sample(name="half, all or nothing", spec=whole, raw="docker ps", fraction=Fraction(0)),
            Sample(name="in any order", spec=remove, raw="docker rm two one --force", fraction=Fraction(1)),
            Sample(
                name="not offered in a console", spec=elsewhere, raw="docker image pull busybox", fraction=Fraction(1)
            ),
            Sample(name="only known by name", spec=elsewhere, raw="docker compose up -d", fraction=Fraction(1)),
            Sample(name="no such option", spec=spec, raw="docker run --nope <b>x</b>", fraction=Fraction(0)),
            Sample(name="no docker command", spec=spec, raw="rm -rf / && echo '", fraction=Fraction(0)),
            Sample(name="hidden marks", spec=listing, raw="docker\u202e ps\x00 -a", fraction=Fraction(1)),
            Sample(name="too long", spec=spec, raw="docker " + "x" * MAX_LENGTH, refused="answer_too_long"),
            Sample(name="a list", spec=spec, raw=["docker", "ps"], refused="answer_type"),
        ]


def _first_words(refused: CommandRefused) -> str:
    """What docker's client says first, without the usage that follows it."""
    return refused.message.split("\n\n", maxsplit=1)[0].removeprefix("console: ")

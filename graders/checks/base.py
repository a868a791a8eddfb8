"""What a check is: a frozen spec that says what it wants to see, and judges what was seen."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar, Literal, Self

from graders.observations import Observations, Wants
from graders.report import CheckOutcome
from graders.spec import Identifier, Points, Spec, Text
from graders.values import Quoting, Values, filled

Keyword = Literal[
    "", "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "ONBUILD", "RUN",
    "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
]  # fmt: skip

HIDDEN_TITLE = "A hidden check"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a check says. `hint` is its own advice; the author's hint, where there is one, is shown before it."""

    outcome: CheckOutcome
    message: str
    hint: str = ""
    expected: str = ""
    seen: str = ""
    line: int | None = None
    why: str = ""
    """Why it matters, where the kind's own `why` does not fit what was found."""
    share: Decimal | None = None
    """The part of the points that it gets, from 0 to 1; all or none of them where it is not said."""


def passed(message: str, *, seen: str = "") -> Verdict:
    """What was asked for holds."""
    return Verdict(outcome=CheckOutcome.PASSED, message=message, seen=seen)


def failed(
    message: str, *, hint: str = "", expected: str = "", seen: str = "", line: int | None = None, why: str = ""
) -> Verdict:
    """It does not hold; `message` says what was expected and what was seen."""
    return Verdict(
        outcome=CheckOutcome.FAILED, message=message, hint=hint, expected=expected, seen=seen, line=line, why=why
    )


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One submission and what the check says of it; or a malformed check, and what its author is told."""

    about: str
    check: Mapping[str, Any] = field(default_factory=dict)
    """The check's own fields."""
    dockerfile: str = 'FROM busybox:1.35\nCMD ["true"]\n'
    commands: tuple[str, ...] = ()
    """What is handed in to a lab with a console, in the place of a Dockerfile; drawn values are put in."""
    files: Mapping[str, str] = field(default_factory=dict)
    plan: Mapping[str, Any] = field(default_factory=dict)
    """What else the plan needs: runs, builds, values, requests."""
    folders: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Folders of the lab itself, by name: path in it -> text."""
    says: str = ""
    """Part of the message."""
    line: int | None = None


@dataclass(frozen=True, kw_only=True)
class Samples:
    """How a kind of check proves itself: the contract test grades each of these on a real engine."""

    right: tuple[Sample, ...]
    wrong: tuple[Sample, ...]
    malformed: tuple[Sample, ...]


class Check(Spec):
    """One thing that is checked. A subclass adds its fields, `heading`, `wants`, `judge` and `samples`."""

    samples: ClassVar[Samples]
    why: ClassVar[str] = ""
    """Why it matters, in one sentence; shown when it fails."""
    opposites: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Pairs of fields, of which the one asks for what the other forbids."""
    of_console: ClassVar[bool] = False
    """Whether it looks at what docker commands left, in a lab with a console, and not at a build or a run."""
    quoting: ClassVar[Quoting] = {}
    """How drawn values are quoted in fields that are no plain text, such as regular expressions."""

    kind: str
    id: Identifier
    title: Text = ""
    """What learners read; by default the check's own words."""
    points: Points
    hint: Text = ""
    """Shown when the check fails."""
    hidden: bool = False
    """Learners see its title and outcome only; without a title, not even what it is about."""
    needs: tuple[Identifier, ...] = ()
    """Checks that must pass, or this one is skipped."""
    topics: tuple[Text, ...] = ()
    """Topics it gives evidence for; by default the lab's."""
    blame: Keyword = ""
    """Instruction whose last line is marked when the check fails and knows no line of its own."""

    @classmethod
    def for_value(cls, value: Any) -> "type[Check]":
        """The class of the value's kind, this one when the kind is not known."""
        from graders.checks.registry import kinds

        return kinds().get(str(value.get("kind")), cls) if isinstance(value, dict) else cls

    def heading(self) -> str:
        """The title where the author gives none."""
        raise NotImplementedError

    def shown_title(self) -> str:
        """What learners read of it, before and after: a hidden check without a title does not tell what it looks at."""
        return self.title or (HIDDEN_TITLE if self.hidden else self.heading())

    def wants(self) -> Wants:
        """What it must see."""
        return Wants()

    def wants_then(self, seen: Observations) -> Wants:
        """What else it must see once it has seen what it `wants`: files that only some images make it look at."""
        del seen
        return Wants()

    def at_odds(self) -> Iterator[str]:
        """What it asks for and forbids at once, in sentences for its author: it can never pass."""
        for wanted, unwanted in self.opposites:
            for text in sorted(_texts_of(getattr(self, wanted)) & _texts_of(getattr(self, unwanted))):
                yield f"`{text}` stands under `{wanted}` and under `{unwanted}`; no image or run can have it both ways."

    def own_values(self) -> frozenset[str]:
        """Names that stand for values of its own in its texts, beside those that the plan declares."""
        return frozenset()

    def folders(self) -> tuple[str, ...]:
        """Folders of the lab that grading needs."""
        return ()

    def judge(self, seen: Observations) -> Verdict:
        """Judge what was seen. A wrong answer is a verdict, never an exception."""
        raise NotImplementedError

    def filled(self, values: Values) -> Self:
        """The same check with the drawn values put in. Raises pydantic's ValidationError where they do not fit."""
        return filled(self, values, quoting=self.quoting)


def _texts_of(value: Any) -> set[str]:
    return set() if value is None else {value} if isinstance(value, str) else set(value)

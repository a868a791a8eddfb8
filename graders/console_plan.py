"""What makes a lab one of commands: what is done before the learner begins, and what a session may have.

A *console lab* is one whose plan has `console:`. Learners type docker commands, or hand them in as a file, one a line;
what is there at the end is checked, and the way that led there.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from graders.authored import Place
from graders.checks.registry import kinds
from graders.commands.lines import read_line
from graders.commands.model import CommandRefused
from graders.commands.parser import parse
from graders.commands.rules import ConsoleRules
from graders.spec import Line, Spec
from graders.values import Values, draw, filled
from graders.visible import listed

if TYPE_CHECKING:
    from graders.plan import LabPlan

COMMANDS_FILE = "commands.txt"
"""What is handed in by those who prefer files: a command a line."""
MOST_LINES = 200
MOST_PREPARED = 20


class ConsolePlan(Spec):
    """The console of a lab."""

    prepare: tuple[Line, ...] = Field(default=(), max_length=MOST_PREPARED)
    """Lines that are carried out before the learner begins, in the same session; each must succeed."""
    rules: ConsoleRules = ConsoleRules()
    """What a session may have, and how long things may take."""
    replay_seconds: float = Field(default=120, gt=0, le=600)
    """How long the lines of a commands.txt may take together."""


def console_faults(plan: "LabPlan") -> Iterator[tuple[Place, str]]:
    """What contradicts itself in a plan because it has a console, or because it has none."""
    if plan.console is None:
        for position, check in enumerate(plan.checks):
            if check.of_console:
                yield (
                    ("checks", position, "kind"),
                    f"The kind `{check.kind}` looks at what docker commands left; give the lab a `console`.",
                )
        return
    yield from _parts_that_do_not_fit(plan)
    yield from _unreadable(plan.console, draw(plan.values, seed=0))
    known = [f"`{kind}`" for kind, check in kinds().items() if check.of_console]
    if plan.submission.required != (COMMANDS_FILE,):
        yield (
            ("submission", "required"),
            f"What is handed in to a lab with a `console` is {COMMANDS_FILE}; leave `required` out.",
        )
    for position, check in enumerate(plan.checks):
        if check.blame:
            yield ("checks", position, "blame"), "There is no Dockerfile to blame in a lab with a `console`."
        if not check.of_console:
            yield (
                ("checks", position, "kind"),
                (
                    f"A lab with a `console` builds and runs nothing by itself, so `{check.kind}` has nothing to look "
                    f"at. Take a kind that looks at the end or at the way there: {listed(known, word='or')}."
                ),
            )


def _unreadable(console: ConsolePlan, values: Values) -> Iterator[tuple[Place, str]]:
    """Lines of `prepare` that cannot be read; whether they succeed is seen when the lab's solutions are graded."""
    for position, line in enumerate(filled(console, values).prepare):
        place: Place = ("console", "prepare", position)
        try:
            commands = [words for part in read_line(line).pipelines for words in part.commands]
            for words in commands:
                plain = [word.plain for word in words]
                if None not in plain[:1] and plain[0] != "docker":
                    yield place, f"`{plain[0]}` is no docker command; `prepare` holds nothing else."
                elif None not in plain:
                    parse([word for word in plain if word is not None])
        except CommandRefused as refusal:
            yield place, f"This line cannot be carried out: {refusal.message.splitlines()[0]}"


def _parts_that_do_not_fit(plan: "LabPlan") -> Iterator[tuple[Place, str]]:
    for part in ("builds", "runs", "requests"):
        if getattr(plan, part):
            yield (part,), f"A lab with a `console` has no `{part}`: the learner's commands do what is done."

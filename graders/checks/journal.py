"""The check `journal`: which docker commands led there, in which order."""

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

from pydantic import Field, model_validator

from graders.checks.base import Sample, Samples, Verdict, failed, passed
from graders.checks.console_check import ConsoleCheck, steps_of, succeeded
from graders.checks.journal_steps import Called, Step, is_looking, shown_done
from graders.checks.registry import register
from graders.commands.end_state import EndState, Line
from graders.commands.model import Done
from graders.visible import quoted

Entry = tuple[Line, Done]


@register("journal")
class Journal(ConsoleCheck):
    """The commands led there by these `steps`, in this order, whatever lies between them, and by none of `never`.

    A part of the steps gets a part of the points; a command that must `never` come, or too many, leaves none.
    """

    steps: tuple[Step, ...] = Field(default=(), max_length=30)
    """Commands that are given one after the other; others may come between them."""
    never: tuple[Step, ...] = Field(default=(), max_length=30)
    """Commands that must not succeed at any time."""
    at_most: int | None = Field(default=None, ge=1)
    """How many commands may be used that change something; those that only look are free."""

    why: ClassVar[str] = (
        "The same end can be reached by a way that loses data, leaves nothing to repeat, or kills what should go on."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="It was created before it was started, and looking around is free.",
                check={
                    "steps": [{"command": "create", "of": "{box}"}, {"command": "start", "of": "{box}"}],
                    "never": [{"command": "run"}],
                    "at_most": 2,
                },
                plan={"values": {"box": "word"}},
                commands=(
                    "docker container create --name {box} busybox:1.35 sleep 300",
                    "docker ps -a",
                    "docker container start {box}",
                ),
            ),
            Sample(
                about="An id is as good as a name, and a command in another is one too.",
                check={
                    "steps": [
                        {"command": "run", "of": "web", "flags": {"detach": True, "env": "LEVEL=3"}},
                        {"command": "container pause", "of": "web"},
                        {"command": "rm", "of": "web", "flags": {"force": True}},
                    ]
                },
                commands=(
                    "docker run -d -e LEVEL=3 --name web busybox:1.35 sleep 300",
                    "docker pause $(docker ps -q)",
                    "docker unpause web && docker rm -f web",
                ),
            ),
            Sample(
                about="It was refused before it was done in the right way.",
                check={
                    "steps": [
                        {"command": "volume rm", "of": "store", "ends": "badly"},
                        {"command": "rm", "of": "web"},
                        {"command": "volume rm", "of": "store"},
                    ],
                    "never": [{"command": "rm", "flags": {"force": True}}],
                },
                commands=(
                    "docker create --name web -v store:/data busybox:1.35",
                    "docker volume rm store",
                    "docker rm web",
                    "docker volume rm store",
                ),
            ),
        ),
        wrong=(
            Sample(
                about="It was run in one go, where it should have been created and started.",
                check={
                    "steps": [{"command": "create", "of": "web"}, {"command": "start", "of": "web"}],
                    "never": [{"command": "run"}],
                },
                commands=("docker ps", "docker run -d --name web busybox:1.35 sleep 300"),
                says="Line 2 is docker run web, which was not to be used",
                line=2,
            ),
            Sample(
                about="It was done to another container.",
                check={"steps": [{"command": "pause", "of": "web"}]},
                commands=(
                    "docker run -d --name web busybox:1.35 sleep 300",
                    "docker run -d --name wed busybox:1.35 sleep 300",
                    "docker pause wed",
                ),
                says="line 3 does it to wed, not to web",
                line=3,
            ),
            Sample(
                about="A step is missing, and is told of in other words.",
                check={"steps": [{"command": "pause", "of": "web", "about": "freeze it"}]},
                commands=("docker run -d --name web busybox:1.35 sleep 300", "docker stop -t 0 web"),
                says="Step 1 of 1 (freeze it) was never done",
            ),
            Sample(
                about="A flag was left out.",
                check={"steps": [{"command": "rm", "of": "web", "flags": {"volumes": True}}]},
                commands=("docker create --name web -v /data busybox:1.35", "docker rm web"),
                says="line 2 does not give --volumes",
                line=2,
            ),
            Sample(
                about="It was tried, and refused.",
                check={"steps": [{"command": "rm", "of": "web", "without": "force"}]},
                commands=("docker run -d --name web busybox:1.35 sleep 300", "docker rm web"),
                says="line 2 did not succeed",
                line=2,
            ),
            Sample(
                about="It was done under another name, and in a line that failed for another container.",
                check={"never": [{"command": "stop", "of": "web"}]},
                commands=(
                    "docker run -d --name web busybox:1.35 sleep 300",
                    "docker rename $(docker ps -q) wed",
                    "docker stop -t 0 wed nobody",
                    "docker rm wed; docker run -d --name web busybox:1.35 sleep 300",
                ),
                says="Line 3 is docker stop wed, which was not to be used",
                line=3,
            ),
            Sample(
                about="Too many commands.",
                check={"at_most": 1},
                commands=("docker create --name ada busybox:1.35", "docker create --name ben busybox:1.35"),
                says="2 commands that change something",
                line=2,
            ),
        ),
        malformed=(
            Sample(about="Nothing is asked for.", says="`steps`, `never` or `at_most`"),
            Sample(
                about="No docker command.", check={"steps": [{"command": "freeze"}]}, says="no docker command: `freeze`"
            ),
            Sample(
                about="A flag that the command has not.",
                check={"steps": [{"command": "pause", "flags": {"force": True}}]},
                says="`docker pause` has not",
            ),
            Sample(
                about="A flag that is asked for and forbidden.",
                check={"never": [{"command": "rm", "flags": {"force": True}, "without": "force"}]},
                says="forbids it",
            ),
        ),
    )

    @model_validator(mode="after")
    def _asks_something(self) -> "Journal":
        if not self.steps and not self.never and self.at_most is None:
            raise ValueError("needs one of `steps`, `never` or `at_most`")
        return self

    def heading(self) -> str:
        """Say what is expected."""
        return "The commands led there in the right way"

    def judge_end(self, end: EndState) -> Verdict:
        """Follow the steps through the journal."""
        entries, called = steps_of(end.journal), Called(end)
        return (
            self._forbidden(entries, called)
            or self._too_many(entries)
            or self._missing(entries, called)
            or passed("The commands led there in the right way.")
        )

    def _forbidden(self, entries: Sequence[Entry], called: Called) -> Verdict | None:
        for line, done in entries:
            for step in self.never:
                if step.fits(done, called) and not _removed_nothing(done):
                    why = f" ({step.about})" if step.about else ""
                    return failed(
                        f"Line {line.number} is {shown_done(line, done)}, which was not to be used{why}.",
                        seen=line.text,
                        line=line.number,
                    )
        return None

    def _too_many(self, entries: Sequence[Entry]) -> Verdict | None:
        changing = [
            line
            for line, done in entries
            if done.command is not None and succeeded(done) and not is_looking(done.command)
        ]
        if self.at_most is None or len(changing) <= self.at_most:
            return None
        return failed(
            f"It took {len(changing)} commands that change something; {self.at_most} are enough.",
            expected=f"at most {self.at_most}",
            seen="\n".join(dict.fromkeys(line.text for line in changing)),
            line=changing[self.at_most].number,
        )

    def _missing(self, entries: Sequence[Entry], called: Called) -> Verdict | None:
        found = _longest_way(self.steps, entries, called)
        missing = next((position for position in range(len(self.steps)) if position not in found), None)
        if missing is None:
            return None
        step = self.steps[missing]
        after = max((found[position] for position in found if position < missing), default=-1)
        before = min((found[position] for position in found if position > missing), default=len(entries))
        words, line = _what_went_wrong(step, entries, called, after=after, before=before)
        next_line = entries[after + 1][0] if after + 1 < len(entries) else None
        came_after = f"After line {entries[after][0].number} came: " if after >= 0 else "First came: "
        verdict = failed(
            f"Step {missing + 1} of {len(self.steps)} ({step.shown()}) {words}.",
            expected=step.shown(),
            seen=line.text if line is not None else came_after + next_line.text if next_line else "nothing",
            hint=f"It said: {quoted(line.stderr)}" if line is not None and line.stderr and line.exit_code else "",
            line=line.number if line is not None else next_line.number if next_line else None,
        )
        share = (Decimal(len(found)) / Decimal(len(self.steps))).quantize(Decimal("0.0001"))
        return Verdict(**{**vars(verdict), "share": share})


def _removed_nothing(done: Done) -> bool:
    """Whether it is a prune that found nothing to remove, or only asked whether one is sure."""
    return done.command is not None and done.command.path[-1] == "prune" and not done.touched


def _longest_way(steps: Sequence[Step], entries: Sequence[Entry], called: Called) -> dict[int, int]:
    """The most steps that are found in their order: position of the step -> position of its command."""
    rows, columns = len(steps), len(entries)
    fits = [[step.fits(done, called) for _, done in entries] for step in steps]
    most = [[0] * (columns + 1) for _ in range(rows + 1)]
    for row in reversed(range(rows)):
        for column in reversed(range(columns)):
            most[row][column] = max(most[row + 1][column], most[row][column + 1])
            if fits[row][column]:
                most[row][column] = max(most[row][column], most[row + 1][column + 1] + 1)
    found: dict[int, int] = {}
    row = column = 0
    while row < rows and column < columns and most[row][column]:
        if fits[row][column] and most[row][column] == most[row + 1][column + 1] + 1:
            found[row] = column
            row, column = row + 1, column + 1
        elif most[row][column] == most[row][column + 1]:
            column += 1
        else:
            row += 1
    return found


def _what_went_wrong(
    step: Step, entries: Sequence[Entry], called: Called, *, after: int, before: int
) -> tuple[str, Line | None]:
    """Why a step was not found, and the line to blame: done at another time, to another thing, in vain, or never."""
    for position, (line, done) in enumerate(entries):
        if step.fits(done, called):
            if position <= after:
                return f"was done too early: at line {line.number}, before line {entries[after][0].number}", line
            if position >= before:
                return f"was done too late: at line {line.number}, after line {entries[before][0].number}", line
    same = [(line, done) for line, done in entries if step.is_same_command(done)]
    about_it = [(line, done) for line, done in same if step.is_about(done, called)]
    otherwise = next(((line, done) for line, done in entries if step.makes_otherwise(done)), None)
    if otherwise is not None and not about_it:
        line, done = otherwise
        return f"was never done: line {line.number} is {shown_done(line, done)}", line
    tried = [(line, step.objection(done, called)) for line, done in about_it or same]
    if not tried:
        return "was never done", None
    line, objection = tried[-1]
    return f"is missing: line {line.number} {objection}", line

"""Opens the console of a lab: a session on an engine, with all done in it that the lab does before a learner begins."""

from collections.abc import Callable, Mapping, Sequence

from graders.commands.end_state import Line
from graders.commands.interpreter import Console
from graders.commands.model import Carried
from graders.commands.opening import begin
from graders.commands.state import SessionState
from graders.console_plan import COMMANDS_FILE
from graders.plan import LabPlan
from graders.sandbox.connection import Engine
from graders.values import draw
from graders.visible import quoted


class PreparationFailed(Exception):
    """A line that a lab carries out before its learners begin did not succeed: the lab is broken, or its engine full.

    `line` is the line, with what it printed; the message says it in a sentence for the lab's author.
    """

    def __init__(self, line: Line) -> None:
        words = line.stderr.strip() or line.stdout.strip() or "it printed nothing"
        super().__init__(
            f"The line {quoted(line.text)} of `prepare` ended with exit code {line.exit_code}: {quoted(words)}."
        )
        self.line = line


def open_console(
    engine: Engine,
    plan: LabPlan,
    *,
    seed: int,
    files: Mapping[str, bytes],
    state: SessionState,
    save: Callable[[SessionState], None],
    labels: Mapping[str, str] | None = None,
) -> Console:
    """Open a session of the lab, whose values are drawn by `seed`.

    `files` lie in the lab's folder (a commands.txt among them is left out); `state` is a new ledger, `save` keeps it.
    Raises PreparationFailed, and SandboxUnavailable also where a base is not on the engine. What was made by then is
    in the ledger: end the session.
    """
    console = begin(
        engine,
        state=state,
        bases=[base.image for base in plan.bases],
        files={path: content for path, content in files.items() if path != COMMANDS_FILE},
        rules=plan.require_console().rules,
        save=save,
        labels=labels,
    )
    prepare(console.carry_out, prepared_lines(plan, seed=seed))
    console.state.history = []
    save(console.state)
    return console


def prepared_lines(plan: LabPlan, *, seed: int) -> Sequence[str]:
    """What is carried out before the learner begins, with the drawn values put in."""
    console = plan.filled(draw(plan.values, seed=seed)).console
    return () if console is None else console.prepare


def prepare(carry_out: Callable[[str], Carried], lines: Sequence[str]) -> tuple[Line, ...]:
    """Carry out what comes before the learner. Raises PreparationFailed at the first line that does not succeed."""
    done = []
    for number, text in enumerate(lines, start=1):
        done.append(Line.of(number, text, carry_out(text)))
        if done[-1].exit_code != 0:
            raise PreparationFailed(done[-1])
    return tuple(done)

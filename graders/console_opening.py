"""What a lab does in a session before its learner begins, and what it means when that does not succeed."""

from collections.abc import Callable, Sequence

from graders.commands.end_state import Line
from graders.commands.model import Carried
from graders.plan import LabPlan
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

"""Tries a submission and one of the lab's solutions on the same random inputs, container for container."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import Field

from graders.actions import Run
from graders.sandbox.base import RunResult
from graders.spec import Spec, Text, VariableName
from graders.values import DrawnValue, draw, filled


class Inputs(Spec):
    """What a trial gives to a container, in the place of what the run says."""

    args: tuple[Text, ...] | None = None
    env: dict[VariableName, Text] = Field(default_factory=dict)
    """Beside the run's own."""
    stdin: Text | None = None

    def put_into(self, run: Run) -> Run:
        """The run with these inputs."""
        given: dict[str, object] = {"env": {**run.env, **self.env}}
        if self.args is not None:
            given["args"] = self.args
        if self.stdin is not None:
            given["stdin"] = self.stdin
        return run.model_copy(update=given)


@dataclass(frozen=True, kw_only=True)
class Trials:
    """What is to be tried: a run of the plan, on `count` inputs, of its own build and of a solution's."""

    run: str
    reference: str
    """The build that is made from a solution."""
    count: int
    inputs: Inputs
    values: Mapping[str, DrawnValue]
    """Drawn anew for each trial."""

    def drawn(self, seed: str) -> Iterator[Inputs]:
        """The inputs of each trial; the same seed gives the same."""
        for number in range(self.count):
            yield filled(self.inputs, draw(self.values, seed=f"{seed}/{number}"))


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One input, and what either container made of it."""

    build: str
    inputs: Inputs
    result: RunResult
    reference: RunResult


def carry_out(trials: Trials, *, seed: str, run: Run, start: Callable[[Run], RunResult]) -> tuple[Trial, ...]:
    """Run both on each input, one after the other; what the solution's own container cannot do ends it early."""
    done: list[Trial] = []
    for inputs in trials.drawn(seed):
        given = inputs.put_into(run)
        reference = start(given.model_copy(update={"build": trials.reference}))
        result = start(given)
        done.append(Trial(build=run.build, inputs=inputs, result=result, reference=reference))
        if reference.limit is not None or reference.start_error:
            break
    return tuple(done)

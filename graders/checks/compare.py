"""The check `compare`: on random inputs, the image behaves as one of the lab's own solutions does."""

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from graders.actions import DEFAULT
from graders.blame import line_in_effect
from graders.causes import engine_words, start_cause
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.endings import limit_words
from graders.checks.registry import register
from graders.observations import Observations, Wants
from graders.sandbox.base import RunResult
from graders.spec import Identifier, templates_in
from graders.trials import Inputs, Trial, Trials
from graders.values import DrawnValue
from graders.visible import listed, quoted, shortened, visible

Part = Literal["stdout", "stderr", "exit_code"]
_NAMES: dict[Part, str] = {"stdout": "output", "stderr": "error output", "exit_code": "exit code"}

_SUM = 'FROM busybox:1.35\nENTRYPOINT ["sh", "-c", "echo $(($1 + $2))", "sum"]\n'
_PLAN = {"builds": {"model": {"solution": "reference"}}}
_CHECK = {
    "reference": "model",
    "trials": 2,
    "values": {"a": {"kind": "number", "at_least": 1}, "b": "number"},
    "inputs": {"args": ["{a}", "{b}"]},
}
_FOLDERS = {"solutions/reference": {"Dockerfile": _SUM}}


@register("compare")
class Compare(Check):
    """On inputs drawn at random, a run does what the same run of one of the lab's solutions does.

    `reference` names a build with `solution`. Each trial runs both with the same `args`, `env` and `stdin`. Spaces at
    the ends of lines do not count.
    """

    reference: Identifier
    """The build made from a solution of the lab."""
    run: Identifier = DEFAULT
    """The run whose settings both get."""
    trials: int = Field(default=3, ge=1, le=20)
    """How many inputs are tried; each takes two containers."""
    values: dict[Identifier, DrawnValue] = Field(default_factory=dict)
    """What is drawn anew for each trial, used in `inputs` as `{name}`."""
    inputs: Inputs = Inputs()
    """`args`, `env` and `stdin` of each trial."""
    parts: tuple[Part, ...] = Field(default=("stdout", "exit_code"), min_length=1)
    """What must be the same."""
    tell: bool = True
    """Whether a learner is shown what the solution gave."""

    why: ClassVar[str] = "An image is judged by what it does with any input, not with the one that was tried at home."
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="Another program with the same answers.",
                check=_CHECK,
                plan=_PLAN,
                folders=_FOLDERS,
                dockerfile='FROM busybox:1.35\nENTRYPOINT ["sh", "-c", "expr $1 + $2", "sum"]\n',
            ),
            Sample(
                about="Input and environment are given to both.",
                check={
                    "reference": "model",
                    "trials": 1,
                    "values": {"w": "word"},
                    "inputs": {"stdin": "{w}\n", "env": {"END": "{w}"}},
                },
                plan=_PLAN,
                folders={
                    "solutions/reference": {"Dockerfile": "FROM busybox:1.35\nCMD tr a-z A-Z && echo $END && exit 3\n"}
                },
                dockerfile="FROM busybox:1.35\nCMD read a; echo $a | tr a-z A-Z; echo $END; exit 3\n",
            ),
        ),
        wrong=(
            Sample(
                about="The answer is fixed.",
                check=_CHECK,
                plan=_PLAN,
                folders=_FOLDERS,
                dockerfile='FROM busybox:1.35\nENTRYPOINT ["echo", "7"]\n',
                says="it printed",
                line=2,
            ),
            Sample(
                about="It ends with an error.",
                check=_CHECK,
                plan=_PLAN,
                folders=_FOLDERS,
                dockerfile='FROM busybox:1.35\nENTRYPOINT ["sh", "-c", "expr $1 + $2; exit 2", "sum"]\n',
                says="exited with 2, not 0",
                line=2,
            ),
            Sample(
                about="It cannot be started.",
                check=_CHECK,
                plan=_PLAN,
                folders=_FOLDERS,
                dockerfile='FROM busybox:1.35\nENTRYPOINT ["no-such-program"]\n',
                says="could not be started",
                line=2,
            ),
        ),
        malformed=(
            Sample(
                about="The build is no solution's.", check={"reference": "default", "trials": 1}, says="no `solution`"
            ),
            Sample(
                about="The solution is not there.",
                check={"reference": "model", "trials": 1},
                plan=_PLAN,
                says="no folder `solutions/reference`",
            ),
            Sample(
                about="A value that is not drawn.",
                check={"reference": "model", "inputs": {"args": ["{n}"]}},
                plan=_PLAN,
                folders=_FOLDERS,
                says="`{n}`",
            ),
            Sample(
                about="A run that serves has no end to compare.",
                check={"reference": "model", "run": "web", "trials": 1},
                plan={**_PLAN, "runs": {"web": {"serve": {"port": 80}}}},
                folders=_FOLDERS,
                says="serves",
            ),
        ),
    )

    @model_validator(mode="after")
    def _two_parties(self) -> "Compare":
        if self.trials > 1 and not any(templates_in(self.inputs.model_dump(mode="json"))):
            raise ValueError("has the same inputs in each trial; draw some under `values`, or say `trials: 1`")
        return self

    def heading(self) -> str:
        """Say what is expected."""
        return "It behaves like the lab's own solution on random inputs"

    def own_values(self) -> frozenset[str]:
        """What it draws itself."""
        return frozenset(self.values)

    def wants(self) -> Wants:
        """The trials."""
        trials = Trials(
            run=self.run, reference=self.reference, count=self.trials, inputs=self.inputs, values=self.values
        )
        return Wants(trials={self.id: trials})

    def judge(self, seen: Observations) -> Verdict:
        """Tell of the first trial that differs. Raises BrokenReference where the solution itself broke."""
        tried = seen.trials[self.id]
        for number, trial in enumerate(tried, start=1):
            if trial.reference.start_error or trial.reference.limit is not None:
                raise BrokenReference(trial.reference.start_error or str(trial.reference.limit))
            verdict = _trouble(seen, trial) or self._difference(seen, trial, number)
            if verdict is not None:
                return verdict
        return passed(f"{listed([_NAMES[part] for part in self.parts]).capitalize()}: the same in {len(tried)} trials.")

    def _difference(self, seen: Observations, trial: Trial, number: int) -> Verdict | None:
        for part in self.parts:
            mine, model = _part(trial.result, part), _part(trial.reference, part)
            if mine == model:
                continue
            if part == "exit_code":
                told = f"it exited with {mine}, not {model}" if self.tell else f"it exited with {mine}"
            else:
                told = _printed(part, mine) + (f"; the solution {_printed(part, model)[3:]}" if self.tell else "")
            return failed(
                f"{_given(trial)}, {told}. (Trial {number} of {self.trials}.)",
                expected=shortened(model, limit=2000) if self.tell else "",
                seen=shortened(mine, limit=2000),
                line=_line(seen, trial),
            )
        return None


class BrokenReference(Exception):
    """The solution that is compared with could not be run: a fault of the lab."""


def _trouble(seen: Observations, trial: Trial) -> Verdict | None:
    result = trial.result
    if result.start_error:
        return failed(
            f"The container could not be started: {visible(engine_words(result.start_error))}.",
            hint=start_cause(result.start_error),
            line=_line(seen, trial),
        )
    if result.limit is not None:
        name, advice = limit_words(result.limit)
        return failed(f"{_given(trial)}, it ran into its {name}.", hint=advice, line=_line(seen, trial))
    return None


def _line(seen: Observations, trial: Trial) -> int | None:
    return line_in_effect(seen.dockerfile(trial.build), "CMD", "ENTRYPOINT", target=seen.target(trial.build))


def _given(trial: Trial) -> str:
    inputs = trial.inputs
    parts = []
    if inputs.args is not None:
        parts.append(f"arguments {quoted(' '.join(inputs.args), limit=200)}")
    if inputs.stdin is not None:
        parts.append(f"input {quoted(inputs.stdin, limit=200)}")
    parts += [f"{name}={quoted(value, limit=100)}" for name, value in inputs.env.items()]
    return f"Given {listed(parts)}" if parts else "Run as it is"


def _part(result: RunResult, part: Part) -> str:
    if part == "exit_code":
        return str(result.exit_code)
    text = visible(result.stdout if part == "stdout" else result.stderr).replace("\r\n", "\n")
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def _printed(part: Part, text: str) -> str:
    where = " as error output" if part == "stderr" else ""
    return f"it printed {quoted(text)}{where}" if text else f"it printed nothing{where}"

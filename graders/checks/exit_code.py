"""The check `exit_code`: how a run ended."""

from typing import ClassVar

from pydantic import Field, model_validator

from graders.actions import DEFAULT
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.endings import denial_of, did_not_end, run_line
from graders.checks.registry import register
from graders.observations import Observations, Wants
from graders.spec import Identifier

_SIGNALS = {
    129: "SIGHUP",
    130: "SIGINT",
    134: "SIGABRT",
    137: "SIGKILL",
    139: "SIGSEGV",
    141: "SIGPIPE",
    143: "SIGTERM",
}


@register("exit_code")
class ExitCode(Check):
    """The container exits with `equals`, or with anything but 0 where `nonzero` is set."""

    run: Identifier = DEFAULT
    equals: int | None = Field(default=None, ge=0, le=255)
    """The exit code; 0 where nothing else is said."""
    nonzero: bool = False
    """Whether it must fail, with whatever code but 0."""

    why: ClassVar[str] = "The exit code is all that an engine, a script or a pipeline learns of how a container ended."
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(about="It exits with 0 where nothing else is asked for."),
            Sample(
                about="It exits with the code asked for.",
                check={"equals": 3},
                dockerfile='FROM busybox:1.35\nCMD ["sh", "-c", "exit 3"]\n',
            ),
            Sample(
                about="137 alone is no sign that memory ran out.",
                check={"equals": 137},
                dockerfile='FROM busybox:1.35\nCMD ["sh", "-c", "exit 137"]\n',
            ),
            Sample(
                about="It fails, as it should.",
                check={"nonzero": True},
                dockerfile='FROM busybox:1.35\nCMD ["false"]\n',
            ),
        ),
        wrong=(
            Sample(
                about="It exits with another code.",
                dockerfile='FROM busybox:1.35\nCMD ["sh", "-c", "exit 3"]\n',
                says="exited with 3, not 0",
                line=2,
            ),
            Sample(
                about="The command is not there, and the run cannot start.",
                dockerfile='FROM busybox:1.35\nCMD ["no-such-program"]\n',
                says="could not be started",
                line=2,
            ),
            Sample(
                about="It runs into its time limit.",
                dockerfile='FROM busybox:1.35\nCMD ["sleep", "9999"]\n',
                plan={"limits": {"run_seconds": 1}},
                says="time limit",
                line=2,
            ),
            Sample(about="It succeeds though it should fail.", check={"nonzero": True}, says="exited with 0"),
        ),
        malformed=(
            Sample(about="No exit code is that large.", check={"equals": 256}, says="less than or equal to 255"),
            Sample(about="Two wishes at once.", check={"equals": 1, "nonzero": True}, says="not both"),
            Sample(about="The run is not there.", check={"run": "other"}, says="no run `other`"),
        ),
    )

    @model_validator(mode="after")
    def _one_wish(self) -> "ExitCode":
        if self.nonzero and self.equals is not None:
            raise ValueError("takes either `equals` or `nonzero`, not both")
        return self

    def heading(self) -> str:
        """Say what is expected."""
        return (
            "The container ends with an error code" if self.nonzero else f"The container exits with {self.equals or 0}"
        )

    def wants(self) -> Wants:
        """The run."""
        return Wants(runs=frozenset({self.run}), ended=True)

    def judge(self, seen: Observations) -> Verdict:
        """Compare the exit code."""
        run = seen.runs[self.run]
        code = run.result.exit_code
        trouble = did_not_end(seen, run)
        if trouble is not None:
            return trouble
        if self.nonzero:
            return (
                passed(f"It exited with {code}.")
                if code
                else failed("It exited with 0, though it should have failed.", expected="not 0", seen="0")
            )
        wanted = self.equals or 0
        if code == wanted:
            return passed(f"It exited with {code}, as it should.")
        return failed(
            f"It exited with {code}, not {wanted}.",
            expected=str(wanted),
            seen=str(code),
            hint=denial_of(run) or _code_hint(code),
            line=run_line(seen, run),
        )


def _code_hint(code: int | None) -> str:
    match code:
        case 126:
            return (
                "126 means that the command was found but could not be executed: is it executable, and is it a program?"
            )
        case 127:
            return "127 means that the shell found no such command: is it installed in the image, and on the PATH?"
        case None:
            return ""
        case _ if code in _SIGNALS:
            return f"{code} is 128 and the number of a signal: the process was ended by {_SIGNALS[code]}."
    return "The container's exit code is that of its main process; its error output says more."

"""The check `stops`: a container ends by its stop signal."""

import signal
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field

from graders.actions import DEFAULT
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.endings import complaint_of, did_not_last, keyword_line, limit_words, output_of, run_line
from graders.checks.registry import register
from graders.checks.shells import command_of, is_shell
from graders.observations import Observations, SeenRun, Wants
from graders.sandbox.base import Limit, Process
from graders.spec import Identifier, one_or_many
from graders.visible import listed

ExitCode = Annotated[int, Field(ge=0, le=255)]
ExitCodes = Annotated[
    tuple[ExitCode, ...], BeforeValidator(one_or_many, json_schema_input_type=ExitCode | list[ExitCode])
]

_UP = {"runs": {"default": {"serve": {"ready": {"log": "up"}}, "stop": {"within_seconds": 1.5}}}}
_HEARS = "trap 'echo bye; exit 0' TERM; echo up; while true; do sleep 0.1; done"


@register("stops")
class Stops(Check):
    """A serving run ends when it gets its stop signal (STOPSIGNAL, SIGTERM where the image says nothing).

    The run's `stop` says how long it is given; one without is stopped too, within 5 s. What it prints at the end can be
    looked at by `stdout`, its exit code by `exit_code`.
    """

    run: Identifier = DEFAULT
    exit_codes: ExitCodes = ()
    """Exit codes it may end with; by default 0, or 128 and the number of the signal."""

    why: ClassVar[str] = (
        "A container that ignores its stop signal is killed after ten seconds and loses what it was doing."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="It hears SIGTERM and ends.",
                dockerfile=f'FROM busybox:1.35\nCMD ["sh", "-c", "{_HEARS}"]\n',
                plan=_UP,
            ),
            Sample(
                about="It asks for another signal, and ends by that.",
                check={"exit_codes": 3},
                dockerfile=(
                    "FROM busybox:1.35\nSTOPSIGNAL SIGUSR1\n"
                    """CMD ["sh", "-c", "trap 'exit 3' USR1; echo up; while true; do sleep 0.1; done"]\n"""
                ),
                plan=_UP,
            ),
            Sample(
                about="A server ends after it was asked.",
                check={"run": "web", "exit_codes": [0, 143]},
                dockerfile=(
                    "FROM busybox:1.35\n"
                    """CMD ["sh", "-c", "trap 'exit' TERM; httpd -f -p 8080 & wait"]\n"""
                ),
                plan={"runs": {"web": {"serve": {"port": 8080}}}},
            ),
        ),
        wrong=(
            Sample(
                about="The shell form puts a shell in the way.",
                dockerfile="FROM busybox:1.35\nCMD echo up; sleep 300; echo done\n",
                plan=_UP,
                says="shell",
                line=2,
            ),
            Sample(
                about="PID 1 has no handler.",
                dockerfile='FROM busybox:1.35\nENTRYPOINT ["sleep"]\nCMD ["300"]\n',
                plan={"runs": {"default": {"serve": {"ready": "started"}, "stop": {"within_seconds": 1}}}},
                says="no handler for SIGTERM",
                line=3,
            ),
            Sample(
                about="It would have ended anyway.",
                dockerfile='FROM busybox:1.35\nCMD ["sleep", "2"]\n',
                plan={"runs": {"default": {"serve": {"ready": "started"}, "stop": {"within_seconds": 9}}}},
                says="ended by itself",
                line=2,
            ),
            Sample(
                about="It has ended before.",
                dockerfile='FROM busybox:1.35\nCMD ["echo", "up"]\n',
                plan=_UP,
                says="ended by itself",
                line=2,
            ),
            Sample(
                about="It is never up.",
                dockerfile='FROM busybox:1.35\nCMD ["sleep", "300"]\n',
                plan={"runs": {"default": {"serve": {"ready": {"log": "up"}, "wait_seconds": 1}}}},
                says="did not print within 1 s",
                line=2,
            ),
            Sample(
                about="Its stop signal cannot be heard.",
                dockerfile='FROM busybox:1.35\nSTOPSIGNAL SIGKILL\nCMD ["sh", "-c", "echo up; sleep 300"]\n',
                plan=_UP,
                says="SIGKILL",
                line=2,
            ),
            Sample(
                about="It ends with an error.",
                dockerfile=f'FROM busybox:1.35\nCMD ["sh", "-c", "{_HEARS.replace("exit 0", "exit 1")}"]\n',
                plan=_UP,
                says="exit code 1",
                line=2,
            ),
        ),
        malformed=(
            Sample(about="A run that ends by itself.", says="ends by itself"),
            Sample(about="No exit code.", check={"exit_codes": [300]}, plan=_UP, says="less than or equal to 255"),
            Sample(
                about="A stop without anything to stop.",
                plan={"runs": {"default": {"stop": {"within_seconds": 2}}}},
                says="to have something to stop",
            ),
            Sample(
                about="Something of the lab's own.",
                plan={"runs": {"default": {"base": "busybox", "serve": {"ready": "started"}}}},
                says="the lab's own base",
            ),
        ),
    )

    def heading(self) -> str:
        """Say what is expected."""
        return "The container ends by its stop signal" + (f" ({self.run})" if self.run != DEFAULT else "")

    def wants(self) -> Wants:
        """The stop, and what the image says of its signal."""
        return Wants(stops=frozenset({self.run}))

    def judge(self, seen: Observations) -> Verdict:
        """Judge whether it was there, heard the signal, and ended well."""
        run = seen.runs[self.run]
        name, number = _signal_of(seen, run)
        trouble = did_not_last(seen, run) or _limit_trouble(seen, run)
        if trouble is not None:
            return trouble
        if run.stop is None or not run.stop.was_running:
            return _ended_by_itself(seen, run, f"just before {name} was sent")
        if number == signal.SIGKILL:
            return failed(
                f"Its stop signal is {name}, which ends a program on the spot: it cannot finish what it is doing.",
                expected="a signal that programs can hear",
                seen=name,
                line=keyword_line(seen, run, "STOPSIGNAL"),
            )
        first = run.processes[0] if run.processes else None
        if run.result.limit is Limit.WALL:
            return _was_killed(seen, run, name, number, first)
        if first is not None and _is_deaf(run, number):
            return _ended_by_itself(seen, run, f"and not by {name}: {_deafness(first, name)}")
        allowed = self.exit_codes or (0, 128 + number)
        if run.result.exit_code not in allowed:
            codes = listed([str(code) for code in allowed], word="or")
            return failed(
                f"{name} ended it, with the exit code {run.result.exit_code}, not {codes}.{complaint_of(run)}",
                expected=codes,
                seen=str(run.result.exit_code),
                line=run_line(seen, run),
            )
        return passed(f"It ended {run.stop.seconds:.1f} s after {name}, with the exit code {run.result.exit_code}.")


def _signal_of(seen: Observations, run: SeenRun) -> tuple[str, int]:
    """The image's stop signal by name and number; a number that has no name is its name."""
    asked = seen.images[run.build].stop_signal.upper() if run.build in seen.images else ""
    asked = asked[:20] or "SIGTERM"
    if asked.isascii() and asked.isdigit():
        try:
            return signal.Signals(int(asked)).name, int(asked)
        except ValueError:
            return f"signal {asked}", int(asked)
    name = f"SIG{asked.removeprefix('SIG')}"
    known = {each.name: each.value for each in signal.Signals}
    base, _, offset = name.partition("+")
    return name, known.get(base, signal.SIGTERM) + (int(offset) if offset.isascii() and offset.isdigit() else 0)


def _limit_trouble(seen: Observations, run: SeenRun) -> Verdict | None:
    if run.result.limit in {None, Limit.WALL}:
        return None
    name, advice = limit_words(run.result.limit or Limit.WALL)
    return failed(f"The container ran into its {name} before it ended.", hint=advice, line=run_line(seen, run))


def _ended_by_itself(seen: Observations, run: SeenRun, how: str) -> Verdict:
    return failed(
        f"The container ended by itself (exit code {run.result.exit_code}), {how}.",
        seen=output_of(run),
        hint="What is to be stopped must go on until somebody stops it.",
        line=run_line(seen, run),
    )


def _was_killed(seen: Observations, run: SeenRun, name: str, number: int, first: Process | None) -> Verdict:
    within = run.stop.within_seconds if run.stop is not None else 0
    reason, hint = "", "The container's first process must hear the signal, finish what it is doing, and end."
    if first is not None and is_shell(first):
        reason = f" Its first process was the shell {command_of(first)}, which does not pass signals on."
        hint = "In the shell form, and in scripts, a shell stands between the signal and your program."
    elif first is not None and _is_deaf(run, number):
        reason = f" {_sentence(_deafness(first, name))}"
        hint = "The kernel lets the first process of a container ignore every signal it has no handler for."
    elif first is not None:
        reason = f" Its first process was {command_of(first)}."
    return failed(
        f"The container did not end within {within:g} s of {name} and was killed.{reason}",
        expected=f"an end within {within:g} s of {name}",
        seen=output_of(run),
        hint=hint,
        line=run_line(seen, run),
    )


def _is_deaf(run: SeenRun, number: int) -> bool:
    """Whether the signal cannot have moved PID 1: without a handler the kernel keeps it from the first process."""
    heeds = run.stop.heeds if run.stop is not None else None
    return heeds is not None and 1 <= number < signal.NSIG and not heeds >> (number - 1) & 1


def _deafness(first: Process, name: str) -> str:
    return f"its first process, {command_of(first)}, has no handler for {name}"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."

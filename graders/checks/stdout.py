"""The check `stdout`: what a run prints."""

from collections.abc import Mapping
from typing import ClassVar, Literal

import regex
from pydantic import model_validator

from graders.actions import DEFAULT
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.endings import complaint_of, denial_of, did_not_end, did_not_start, output_of, run_line
from graders.checks.patterns import PatternText, search
from graders.checks.registry import register
from graders.observations import Observations, SeenRun, Wants
from graders.sandbox.base import Limit, RunResult
from graders.spec import Identifier, Text, Texts
from graders.values import Quoting
from graders.visible import last_lines, listed, quoted, shortened, visible


@register("stdout")
class Stdout(Check):
    """A run prints what it should.

    Unless `exact`, line ends are unified, and spaces at the ends of lines and empty lines around the text do not count.
    A run that a limit ended fails, whatever it printed.
    """

    run: Identifier = DEFAULT
    stream: Literal["stdout", "stderr", "both"] = "stdout"
    """Which of its outputs."""
    equals: Text | None = None
    """All that it prints."""
    contains: Texts = ()
    """Texts that it prints."""
    absent: Texts = ()
    """Texts that it must not print."""
    matches: PatternText | None = None
    """A regular expression; `^` and `$` are the beginning and end of a line."""
    ignore_case: bool = False
    """Whether capital letters are small letters too."""
    exact: bool = False
    """Whether spaces and empty lines count."""

    why: ClassVar[str] = (
        "A container speaks to the world through its output: logs, scripts and other containers go by what it prints."
    )
    quoting: ClassVar[Quoting] = {"matches": regex.escape}
    opposites: ClassVar[tuple[tuple[str, str], ...]] = (("contains", "absent"),)
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="It prints the text.",
                check={"contains": "hello"},
                dockerfile='FROM busybox:1.35\nCMD ["echo", "hello, world"]\n',
            ),
            Sample(
                about="Line ends and outer empty lines do not count.",
                check={"equals": "a\nb"},
                dockerfile='FROM busybox:1.35\nCMD printf "\\na \\r\\nb\\n\\n"\n',
            ),
            Sample(
                about="A drawn value comes back.",
                check={"run": "greeted", "equals": "{word}"},
                plan={"values": {"word": "word"}, "runs": {"greeted": {"env": {"GREETING": "{word}"}}}},
                dockerfile="FROM busybox:1.35\nCMD echo $GREETING\n",
            ),
            Sample(
                about="Arguments take the place of CMD, and input comes in.",
                check={"run": "fed", "contains": ["one", "two"]},
                plan={"runs": {"fed": {"args": ["cat"], "stdin": "one\ntwo\n"}}},
            ),
            Sample(
                about="A drawn value inside a pattern is plain text.",
                check={"run": "named", "matches": "{odd}$"},
                plan={
                    "values": {"odd": {"kind": "choice", "of": ["a.b*c", "(d|e"]}},
                    "runs": {"named": {"env": {"V": "{odd}"}}},
                },
                dockerfile='FROM busybox:1.35\nCMD echo "value=$V"\n',
            ),
            Sample(
                about="Errors have a stream of their own.",
                check={"stream": "stderr", "contains": "oops"},
                dockerfile="FROM busybox:1.35\nCMD echo oops >&2\n",
            ),
            Sample(
                about="A text is not printed.",
                check={"absent": "secret", "contains": "HELLO", "ignore_case": True},
                dockerfile="FROM busybox:1.35\nCMD echo hello\n",
            ),
        ),
        wrong=(
            Sample(
                about="It prints something else.",
                check={"equals": "hello"},
                dockerfile="FROM busybox:1.35\nCMD echo bye\n",
                says='printed "bye"',
                line=2,
            ),
            Sample(about="It prints nothing.", check={"contains": "hello"}, says="printed nothing", line=2),
            Sample(
                about="The text is fixed, where a drawn one is asked for.",
                check={"run": "greeted", "contains": "{word}"},
                plan={"values": {"word": "word"}, "runs": {"greeted": {"env": {"GREETING": "{word}"}}}},
                dockerfile="FROM busybox:1.35\nCMD echo hello\n",
                says='printed "hello"',
                line=2,
            ),
            Sample(
                about="It prints without end.",
                check={"contains": "no such text"},
                dockerfile='FROM busybox:1.35\nCMD ["yes"]\n',
                plan={"limits": {"run_seconds": 5, "output_kib": 64}},
                says="limit",
                line=2,
            ),
            Sample(
                about="It ends with an error, and says so.",
                check={"contains": "hello"},
                dockerfile="FROM busybox:1.35\nCMD cat /none\n",
                says="No such file",
                line=2,
            ),
            Sample(
                about="What must not be printed is.",
                check={"absent": "secret"},
                dockerfile="FROM busybox:1.35\nCMD echo secret\n",
                says='"secret"',
                line=2,
            ),
            Sample(
                about="Terminal escapes are shown inert.",
                check={"equals": "red"},
                dockerfile='FROM busybox:1.35\nCMD printf "\\033[31mred"\n',
                says="␛[31mred",
                line=2,
            ),
        ),
        malformed=(
            Sample(about="Nothing is asked for.", says="`equals`, `contains`, `absent` or `matches`"),
            Sample(about="A broken expression.", check={"matches": "[a"}, says="no regular expression"),
            Sample(about="A value that is not declared.", check={"contains": "{greeting}"}, says="not declared"),
            Sample(about="An unknown stream.", check={"stream": "stdin", "equals": "a"}, says="`stream`"),
        ),
    )

    @model_validator(mode="after")
    def _asks_something(self) -> "Stdout":
        if self.equals is None and not self.contains and not self.absent and self.matches is None:
            raise ValueError("needs one of `equals`, `contains`, `absent` or `matches`")
        return self

    def heading(self) -> str:
        """Say what is expected."""
        return (
            "The container prints what it should"
            if self.run == DEFAULT
            else f"The container prints what it should ({self.run})"
        )

    def wants(self) -> Wants:
        """The run."""
        return Wants(runs=frozenset({self.run}), awaited=frozenset((self.run, text) for text in self.contains))

    def judge(self, seen: Observations) -> Verdict:
        """Compare what was printed. A run that a limit ended fails, whatever it printed."""
        run = seen.runs[self.run]
        trouble = did_not_start(seen, run) or self._limit_trouble(seen, run)
        if trouble is not None:
            return trouble
        printed = self._printed(run.secret_result or run.result if self.hidden else run.result)
        objection = self._objection(printed)
        if not objection:
            return passed("It prints what it should.", seen=last_lines(printed))
        told = f"It printed {quoted(printed)}" if printed else "It printed nothing"
        ended = f" and exited with {run.result.exit_code}" if run.result.exit_code and run.port is None else ""
        return failed(
            f"{told}{ended}; {objection}.{complaint_of(run) if self.stream == 'stdout' else ''}",
            expected=self._expected(),
            seen=shortened(output_of(run) if self.stream == "stdout" else last_lines(printed), limit=2000),
            hint=denial_of(run) if run.result.exit_code else "",
            line=run_line(seen, run),
        )

    def _limit_trouble(self, seen: Observations, run: SeenRun) -> Verdict | None:
        return did_not_end(seen, run) if run.port is None or run.result.limit is not Limit.WALL else None

    def _printed(self, result: RunResult) -> str:
        streams: Mapping[str, bytes] = {
            "stdout": result.stdout,
            "stderr": result.stderr,
            "both": result.stdout + result.stderr,
        }
        return visible(streams[self.stream]) if self.exact else _normal(visible(streams[self.stream]))

    def _objection(self, printed: str) -> str:
        text, fold = (printed.casefold(), str.casefold) if self.ignore_case else (printed, str)
        if self.equals is not None and text != fold(self.equals if self.exact else _normal(self.equals)):
            return f"expected was exactly {quoted(self.equals)}"
        missing = [part for part in self.contains if fold(part) not in text]
        if missing:
            return f"expected was {listed([quoted(part) for part in missing])} in it"
        unwanted = [part for part in self.absent if fold(part) in text]
        if unwanted:
            return f"{listed([quoted(part) for part in unwanted])} must not be in it"
        if self.matches is not None and not search(
            f"(?i){self.matches}" if self.ignore_case else self.matches, printed
        ):
            return f"it does not fit the pattern {quoted(self.matches)}"
        return ""

    def _expected(self) -> str:
        if self.equals is not None:
            return self.equals
        return "\n".join([*self.contains, *([f"/{self.matches}/"] if self.matches else [])])


def _normal(text: str) -> str:
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    return "\n".join(lines).strip("\n")

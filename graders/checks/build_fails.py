"""The check `build_fails`: the build fails as it should, at the step and for the reason that the lab asks for."""

from typing import ClassVar, Literal

from pydantic import Field

from graders.actions import DEFAULT
from graders.blame import line_of_step
from graders.causes import engine_words, without_places
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.endings import limit_words
from graders.checks.registry import register
from graders.checks.steps import StepName, is_meant, shown
from graders.dockerfile.model import Instruction
from graders.observations import Observations, Wants
from graders.sandbox.base import BuildResult, BuildStep, Limit
from graders.spec import Identifier, Texts
from graders.visible import last_lines, listed, quoted, visible

_TAIL_CHARACTERS = 2000


@register("build_fails")
class BuildFails(Check):
    """The build fails, as it should in a lab on finding faults: at a step, with an exit code, a message or a limit.

    What is not given does not matter. A Dockerfile that the lab refuses to build at all is not judged.
    """

    step: StepName | None = None
    """The step that fails, such as `RUN make` or `COPY app.py`."""
    exit_code: int | None = Field(default=None, ge=1, le=255)
    """What the failing command ends with."""
    says: Texts = ()
    """Texts in what the failing step printed, or in the builder's own words; capital letters do not count."""
    limit: Literal["time", "memory", "processes", "disk", "output"] | None = None
    """The limit that it runs into."""
    build: Identifier = DEFAULT

    why: ClassVar[str] = (
        "Who makes a build fail on purpose can read why it fails by accident: the step, its exit code, its last words."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="It fails where it should, and says why.",
                check={"step": "RUN no-such-command", "exit_code": 127, "says": "NOT found"},
                dockerfile="FROM busybox:1.35\nRUN true\nRUN no-such-command\n",
            ),
            Sample(
                about="A file is missing, whatever the step.",
                check={"step": "COPY app.py"},
                dockerfile="FROM busybox:1.35\nCOPY ./app.py /app/\n",
            ),
            Sample(
                about="It takes too long.",
                check={"limit": "time"},
                dockerfile="FROM busybox:1.35\nRUN sleep 9999\n",
                plan={"limits": {"build_seconds": 2}},
            ),
        ),
        wrong=(
            Sample(about="It builds.", says="It builds, though it should fail"),
            Sample(
                about="Another step fails.",
                check={"step": "RUN make"},
                dockerfile="FROM busybox:1.35\nRUN false\nRUN make\n",
                says='fails at "RUN false"',
                line=2,
            ),
            Sample(
                about="With another exit code.",
                check={"exit_code": 3},
                dockerfile="FROM busybox:1.35\nRUN exit 4\n",
                says="exit code 4, not with 3",
                line=2,
            ),
            Sample(
                about="With other words.",
                check={"says": "permission denied"},
                dockerfile="FROM busybox:1.35\nRUN echo all is well && false\n",
                says='without "permission denied"',
                line=2,
            ),
            Sample(
                about="Without running into the limit.",
                check={"limit": "time"},
                dockerfile="FROM busybox:1.35\nRUN false\n",
                says="not at the time limit",
                line=2,
            ),
        ),
        malformed=(
            Sample(about="No limit.", check={"limit": "patience"}, says="`limit`"),
            Sample(about="0 is no failure.", check={"exit_code": 0}, says="`exit_code`"),
        ),
    )

    def heading(self) -> str:
        """Say what is expected."""
        return "The build fails as it should"

    def wants(self) -> Wants:
        """The build, whether an image comes out of it or not."""
        return Wants(builds=frozenset({self.build}))

    def judge(self, seen: Observations) -> Verdict:
        """Compare how it failed."""
        result = seen.builds[self.build]
        if result.ok:
            return failed("It builds, though it should fail.", expected=self._expected())
        step = result.steps[result.failed_step] if result.failed_step is not None else None
        line = line_of_step(seen.dockerfile(self.build), step.name) if step is not None else None
        instruction = next((each for each in seen.dockerfile(self.build).instructions if each.line == line), None)
        said = "\n".join([without_places(step.log), engine_words(step.error)] if step is not None else [])
        said = visible(f"{said}\n{engine_words(result.error)}".strip())
        objection = self._objection(result, step, instruction, said)
        told = f"It fails at {quoted(_named(step, instruction))}{f' on line {line}' if line else ''}"
        if objection:
            return failed(
                f"{told}{objection}.",
                expected=self._expected(),
                seen=last_lines(said)[-_TAIL_CHARACTERS:],
                line=line,
            )
        return passed(f"{told}, as it should.", seen=last_lines(said)[-_TAIL_CHARACTERS:])

    def _objection(
        self, result: BuildResult, step: BuildStep | None, instruction: Instruction | None, said: str
    ) -> str:
        if self.step is not None and (instruction is None or not is_meant(self.step, instruction)):
            return f", not at a step such as {quoted(self.step)}"
        if self.limit is not None and result.limit != Limit(self.limit):
            at = f"at the {limit_words(result.limit)[0]}, " if result.limit else ""
            return f", {at}not at the {limit_words(Limit(self.limit))[0]}"
        if self.exit_code is not None and result.exit_code != self.exit_code:
            code = f"with exit code {result.exit_code}, " if result.exit_code else ""
            return f", {code}not with {self.exit_code}"
        missing = [text for text in self.says if text.casefold() not in said.casefold()]
        if missing:
            return f", without {listed([quoted(text) for text in missing])} in what it says"
        return ""

    def _expected(self) -> str:
        parts = [self.step or "", f"exit code {self.exit_code}" if self.exit_code else "", *self.says]
        parts.append(limit_words(Limit(self.limit))[0] if self.limit else "")
        return "\n".join(filter(None, parts)) or "a build that fails"


def _named(step: BuildStep | None, instruction: Instruction | None) -> str:
    if instruction is not None:
        return shown(instruction)
    return (step.name.partition("] ")[2] or step.name) if step is not None else "the start"

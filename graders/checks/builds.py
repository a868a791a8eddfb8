"""The check `builds`: an image comes out of the Dockerfile."""

from typing import ClassVar

from graders.actions import DEFAULT
from graders.blame import line_of_step
from graders.causes import build_cause, engine_words, without_places
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.endings import limit_words
from graders.checks.registry import register
from graders.observations import Observations, Wants
from graders.sandbox.base import BuildResult, BuildStep
from graders.spec import Identifier
from graders.visible import last_lines, quoted, shortened, visible

_TAIL_CHARACTERS = 2000


@register("builds")
class Builds(Check):
    """The build succeeds; a failing one quotes the step, its line, its last output, and what usually lies behind it."""

    build: Identifier = DEFAULT

    why: ClassVar[str] = (
        "Nobody can run an image that does not build: the Dockerfile is its recipe, and it must work on any machine."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(about="It builds.", dockerfile="FROM busybox:1.35\nRUN echo hello > /hello\n"),
            Sample(
                about="Another build of the same files.",
                check={"build": "other"},
                plan={"builds": {"other": {"args": {"A": "1"}}}},
            ),
        ),
        wrong=(
            Sample(
                about="A command is not found.",
                dockerfile="FROM busybox:1.35\nRUN echo before\nRUN no-such-command\n",
                says="no-such-command",
                line=3,
            ),
            Sample(
                about="A file is not in the context.",
                dockerfile="FROM busybox:1.35\nCOPY app.py /\n",
                says="COPY app.py /",
                line=2,
            ),
            Sample(
                about="A step takes too long.",
                dockerfile="FROM busybox:1.35\nRUN sleep 9999\n",
                plan={"limits": {"build_seconds": 2}},
                says="time limit",
                line=2,
            ),
        ),
        malformed=(
            Sample(about="The build is not there.", check={"build": "other"}, says="no build `other`"),
            Sample(about="An unknown field.", check={"bild": "x"}, says="Did you mean `build`?"),
        ),
    )

    def heading(self) -> str:
        """Say what is expected."""
        return "The image builds" if self.build == DEFAULT else f"The image builds ({self.build})"

    def wants(self) -> Wants:
        """The build."""
        return Wants(builds=frozenset({self.build}))

    def judge(self, seen: Observations) -> Verdict:
        """Say how the build ended."""
        result = seen.builds[self.build]
        if result.ok:
            steps = len(result.steps)
            return passed(f"It builds: {steps} step{'' if steps == 1 else 's'} in {result.seconds:.1f} s.")
        step = result.steps[result.failed_step] if result.failed_step is not None else None
        if step is None:
            return failed(
                f"The build failed{_limit_says(result)}: {quoted(engine_words(result.error), limit=400)}.",
                hint=build_cause(result, None, ""),
            )
        line = line_of_step(seen.dockerfile(self.build), step.name)
        what = _instruction_of(step)
        return failed(
            f"The build stopped at step {step.index} of {step.total}{f', line {line}' if line else ''}: "
            f"{shortened(visible(what), limit=200)}{_ending(result)}",
            hint=build_cause(result, step, what.partition(" ")[0].upper()),
            seen=last_lines(visible(without_places(step.log) or engine_words(step.error)))[-_TAIL_CHARACTERS:],
            line=line,
        )


def _instruction_of(step: BuildStep) -> str:
    return step.name.partition("] ")[2] or step.name


def _limit_says(result: BuildResult) -> str:
    return f" at the {limit_words(result.limit)[0]}" if result.limit else ""


def _ending(result: BuildResult) -> str:
    if result.limit:
        return f". The build ran into its {limit_words(result.limit)[0]} after {result.seconds:.1f} s and was ended."
    if result.exit_code:
        return f". The command ended with exit code {result.exit_code}."
    return f". The builder says: {quoted(engine_words(result.error), limit=300)}."

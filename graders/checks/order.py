"""The check `order`: one step stands above another."""

from itertools import pairwise
from typing import ClassVar

from pydantic import Field, model_validator

from graders.actions import DEFAULT
from graders.blame import lineage
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.registry import register
from graders.checks.steps import StepName, is_meant, shown
from graders.dockerfile.model import Instruction
from graders.observations import Observations, Wants
from graders.spec import Identifier, Text
from graders.visible import quoted, visible

_FILES = {"requirements.txt": "click==8\n", "app.py": "print('hello')\n"}


@register("order")
class Order(Check):
    """Steps stand in an order: dependencies are installed before the sources are copied, say.

    A step is named by its instruction and words of it, such as `RUN pip install` or `COPY requirements.txt`; where
    several lines fit, the first one counts. What order is good for can be measured too: see `cache_reuse`.
    """

    steps: tuple[StepName, ...] = Field(min_length=2, max_length=10)
    """The steps, from top to bottom."""
    stage: Text = "any"
    """`any`: the whole file, from top to bottom; `image`: the stages that the image stands on; else a stage's name."""
    build: Identifier = DEFAULT

    why: ClassVar[str] = (
        "A builder goes from top to bottom and reuses what has not changed: the order decides what it has to do again."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="Dependencies come first.",
                check={"steps": ["COPY requirements.txt", "RUN install", "COPY ."]},
                dockerfile=(
                    "FROM busybox:1.35\nWORKDIR /app\nCOPY ./require*.txt ./\n"
                    "RUN cat requirements.txt && \\\n    echo install\nCOPY . .\n"
                ),
                files=_FILES,
            ),
            Sample(
                about="By a regular expression, in a stage of its own.",
                check={"steps": ["RUN /^adduser .*app/", "USER app"], "stage": "image"},
                dockerfile="FROM busybox:1.35 AS x\nUSER app\nFROM busybox:1.35\nRUN adduser -D app\nUSER app\n",
            ),
        ),
        wrong=(
            Sample(
                about="Everything is copied before anything is installed.",
                check={"steps": ["COPY requirements.txt", "RUN install", "COPY ."]},
                dockerfile=(
                    "FROM busybox:1.35\nWORKDIR /app\nCOPY . .\nCOPY requirements.txt .\n"
                    "RUN cat requirements.txt && echo install\n"
                ),
                files=_FILES,
                says='"COPY . ." on line 3 stands above "RUN cat requirements.txt && echo install" on line 5',
                line=3,
            ),
            Sample(
                about="A step is missing.",
                check={"steps": ["WORKDIR /app", "COPY app.py"]},
                dockerfile="FROM busybox:1.35\nCOPY app.py /app/\n",
                files=_FILES,
                says='no step such as "WORKDIR /app"',
            ),
            Sample(
                about="It is only printed.",
                check={"steps": ["USER app", "CMD true"]},
                dockerfile='FROM busybox:1.35\nRUN echo USER app\nCMD ["true"]\n',
                says='no step such as "USER app"',
            ),
            Sample(about="The stage is missing.", check={"steps": ["RUN", "CMD"], "stage": "maker"}, says="no stage"),
        ),
        malformed=(
            Sample(about="One step has no order.", check={"steps": ["RUN"]}, says="`steps`"),
            Sample(
                about="No instruction.", check={"steps": ["pip install", "COPY ."]}, says="begin with an instruction"
            ),
            Sample(about="A broken expression.", check={"steps": ["RUN /(/", "COPY ."]}, says="regular expression"),
            Sample(about="The same step twice.", check={"steps": ["RUN a", "RUN a"]}, says="twice"),
        ),
    )

    @model_validator(mode="after")
    def _each_once(self) -> "Order":
        if len(set(self.steps)) < len(self.steps):
            raise ValueError("names a step twice")
        return self

    def heading(self) -> str:
        """Say what is expected."""
        return "The steps stand in the right order"

    def wants(self) -> Wants:
        """The Dockerfile; nothing needs to be built."""
        return Wants(sources=frozenset({self.build}))

    def judge(self, seen: Observations) -> Verdict:
        """Compare where each step stands."""
        instructions = self._looked_at(seen)
        if instructions is None:
            return failed(
                f"There is no stage named {quoted(self.stage)}.", hint="A stage gets its name by FROM … AS name."
            )
        found = [next((each for each in instructions if is_meant(step, each)), None) for step in self.steps]
        for step, instruction in zip(self.steps, found, strict=True):
            if instruction is None:
                return failed(f"There is no step such as {quoted(step)}.")
        present = [each for each in found if each is not None]
        for above, below in pairwise(present):
            if above.line >= below.line:
                return failed(
                    f"{quoted(shown(below))} on line {below.line} stands above {quoted(shown(above))} on line "
                    f"{above.line}; expected was the other way round.",
                    seen=visible("\n".join(shown(each) for each in sorted(present, key=lambda each: each.line))),
                    line=below.line,
                )
        return passed(f"They stand on the lines {', '.join(str(each.line) for each in present)}.")

    def _looked_at(self, seen: Observations) -> list[Instruction] | None:
        dockerfile = seen.dockerfile(self.build)
        if self.stage == "any":
            return list(dockerfile.instructions)
        if self.stage == "image":
            stages = lineage(dockerfile, seen.target(self.build))
        else:
            named = dockerfile.stage_named(self.stage)
            if named is None:
                return None
            stages = (named,)
        return [each for stage in stages for each in (stage.opening, *stage.instructions)]

"""The check `stages`: how many stages there are, what they are called, and whether each is of use."""

from typing import ClassVar

from pydantic import Field, model_validator

from graders.actions import DEFAULT
from graders.blame import lineage, target_stage
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.registry import register
from graders.dockerfile.model import Dockerfile, Stage
from graders.dockerfile.mounts import BadMount, Mount
from graders.observations import Observations, Wants
from graders.spec import Identifier, Texts
from graders.visible import listed, quoted

_TWO = "FROM busybox:1.35 AS maker\nRUN echo made > /made\nFROM busybox:1.35\nCOPY --from={} /made /\n"


@register("stages")
class Stages(Check):
    """The Dockerfile has so many stages, with these names, and each of them is of use to the image."""

    at_least: int | None = Field(default=None, ge=1, le=50)
    """How many there must be."""
    at_most: int | None = Field(default=None, ge=1, le=50)
    """How many there may be."""
    names: Texts = ()
    """Names that stages must have, in any order; there may be others."""
    used: bool = False
    """Whether the image must stand on each stage, or copy from it, by way of others too."""
    build: Identifier = DEFAULT

    why: ClassVar[str] = (
        "Stages keep compilers and sources out of what is shipped: what the last one does not copy, nobody downloads."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="Two stages, and the image takes what the first has made.",
                check={"at_least": 2, "at_most": 2, "names": "maker", "used": True},
                dockerfile=_TWO.format("maker"),
            ),
            Sample(about="By number it is used, too.", check={"used": True}, dockerfile=_TWO.format("0")),
            Sample(
                about="A stage that stands on another uses it.",
                check={"names": ["tools", "app"], "used": True},
                dockerfile="FROM busybox:1.35 AS tools\nRUN true\nFROM tools AS app\nRUN true\n",
            ),
        ),
        wrong=(
            Sample(about="One stage only.", check={"at_least": 2}, says="1 stage; at least 2 are asked for", line=1),
            Sample(
                about="Too many.",
                check={"at_most": 1},
                dockerfile=_TWO.format("maker"),
                says="2 stages; at most 1",
                line=3,
            ),
            Sample(
                about="A stage has another name.",
                check={"names": ["builder"]},
                dockerfile=_TWO.format("maker"),
                says='no stage named "builder"',
            ),
            Sample(
                about="Nothing is taken from a stage.",
                check={"used": True},
                dockerfile="FROM busybox:1.35 AS maker\nRUN true\nFROM busybox:1.35\nRUN echo COPY --from=maker\n",
                says='takes nothing from the stage "maker"',
                line=1,
            ),
        ),
        malformed=(
            Sample(about="Nothing is asked for.", says="`at_least`, `at_most`, `names` or `used`"),
            Sample(about="More than at most.", check={"at_least": 3, "at_most": 2}, says="more than its `at_most`"),
        ),
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> "Stages":
        if not (self.at_least or self.at_most or self.names or self.used):
            raise ValueError("needs one of `at_least`, `at_most`, `names` or `used`")
        if self.at_least and self.at_most and self.at_least > self.at_most:
            raise ValueError("has an `at_least` that is more than its `at_most`")
        if self.at_most and len(set(self.names)) > self.at_most:
            raise ValueError("asks for more `names` than there may be stages by its `at_most`")
        return self

    def heading(self) -> str:
        """Say what is expected."""
        if self.at_least and self.at_least > 1:
            return f"There are at least {self.at_least} stages"
        return "The stages are as asked"

    def wants(self) -> Wants:
        """The Dockerfile; nothing needs to be built."""
        return Wants(sources=frozenset({self.build}))

    def judge(self, seen: Observations) -> Verdict:
        """Count, look for the names, and follow what the image is made from."""
        dockerfile = seen.dockerfile(self.build)
        stages = dockerfile.stages
        there = f"There {'is' if len(stages) == 1 else 'are'} {len(stages)} stage{'' if len(stages) == 1 else 's'}"
        if self.at_least and len(stages) < self.at_least:
            return failed(f"{there}; at least {self.at_least} are asked for.", line=stages[-1].line)
        if self.at_most and len(stages) > self.at_most:
            return failed(f"{there}; at most {self.at_most} may be there.", line=stages[-1].line)
        for name in self.names:
            if dockerfile.stage_named(name) is None:
                named = [quoted(stage.name) for stage in stages if stage.name]
                told = f"there is {listed(named)}" if named else "no stage has a name"
                return failed(f"There is no stage named {quoted(name)}; {told}.", expected=name)
        if self.used:
            used = _used(dockerfile, seen.target(self.build))
            for stage in stages:
                if stage.index not in used:
                    called = f"the stage {quoted(stage.name)}" if stage.name else f"stage {stage.index + 1}"
                    return failed(
                        f"The image takes nothing from {called}, which begins on line {stage.line}.", line=stage.line
                    )
        return passed(f"{there}.")


def _used(dockerfile: Dockerfile, target: str) -> set[int]:
    """The stages that the image is made from, directly or by way of others."""
    waiting, used = [target_stage(dockerfile, target)], set[int]()
    while waiting:
        stage = waiting.pop()
        if stage.index not in used:
            used.add(stage.index)
            waiting += lineage(dockerfile, str(stage.index))[:-1]
            waiting += _taken_from(dockerfile, stage)
    return used


def _taken_from(dockerfile: Dockerfile, stage: Stage) -> list[Stage]:
    sources = [step.flag("from") or "" for step in stage.instructions if step.keyword == "COPY"]
    for step in stage.instructions:
        mounts = [flag.value for flag in step.flags if step.keyword == "RUN" and flag.name == "mount" and flag.value]
        sources += [_mounted_from(mount) for mount in mounts]
    found = [source_stage(dockerfile, source) for source in sources]
    return [each for each in found if each is not None and each.index < stage.index]


def _mounted_from(text: str) -> str:
    try:
        return Mount.parse(text).fields.get("from", "")
    except BadMount:
        return ""


def source_stage(dockerfile: Dockerfile, source: str) -> Stage | None:
    """The stage that COPY --from means by name or number; None when it means an image."""
    if source.isascii() and source.isdigit() and len(source) < 4:  # noqa: PLR2004  # no file has so many stages
        return dockerfile.stages[int(source)] if int(source) < len(dockerfile.stages) else None
    return dockerfile.stage_named(source) if source else None

"""The check `pinned_base`: FROM names a version that stays what it is."""

import re
from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from graders.actions import DEFAULT
from graders.blame import lineage
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.registry import register
from graders.dockerfile.errors import ExpansionError
from graders.dockerfile.expansion import expand, global_scope
from graders.dockerfile.model import Dockerfile, Stage
from graders.dockerfile.policy import SCRATCH
from graders.dockerfile.references import Reference
from graders.observations import Observations, Wants
from graders.spec import Identifier
from graders.visible import quoted

_VERSION = re.compile(r"(?:^|[^0-9A-Za-z])v?([0-9]+(?:\.[0-9]+)*)")


@register("pinned_base")
class PinnedBase(Check):
    """Every FROM names its base image by a tag other than `latest`, or by a digest.

    Variables are worked out first, with the build's own arguments; stages of the same file and `scratch` are fine.
    """

    by: Literal["tag", "digest"] = "tag"
    """`tag`: a tag other than `latest`, or a digest; `digest`: a digest."""
    version_parts: int | None = Field(default=None, ge=1, le=4)
    """How many numbers the version in the tag must have: `3.11` has two."""
    stages: Literal["all", "image"] = "all"
    """`all` stages, or those that the `image` stands on."""
    build: Identifier = DEFAULT

    why: ClassVar[str] = (
        "A base that is not pinned changes under you: the same Dockerfile builds another image tomorrow, or none."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(about="A tag with a version."),
            Sample(
                about="By a variable, with two numbers.",
                check={"version_parts": 2},
                dockerfile="ARG V=1.35\nFROM busybox:${V} AS a\nFROM a\nFROM scratch\nCOPY --from=a /bin /bin\n",
            ),
            Sample(
                about="The build's own argument counts.",
                check={"version_parts": 2},
                plan={"builds": {"default": {"args": {"BASE": "busybox:1.35"}}}},
                dockerfile="ARG BASE=busybox\nFROM $BASE\n",
            ),
        ),
        wrong=(
            Sample(about="A tag is no digest.", check={"by": "digest"}, says="not by a digest", line=1),
            Sample(
                about="The version is not exact enough, in another stage.",
                check={"version_parts": 3},
                dockerfile="FROM scratch AS a\nCOPY Dockerfile /\nFROM busybox:1.35\n",
                says='The version in "busybox:1.35" has 2 numbers',
                line=3,
            ),
        ),
        malformed=(
            Sample(about="No such pin.", check={"by": "name"}, says="`by`"),
            Sample(about="A digest has no version.", check={"by": "digest", "version_parts": 2}, says="no version"),
        ),
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> "PinnedBase":
        if self.by == "digest" and self.version_parts is not None:
            raise ValueError("asks for a digest, which has no version to count the numbers of")
        return self

    def heading(self) -> str:
        """Say what is expected."""
        return "The base image is pinned" if self.by == "tag" else "The base image is pinned by its digest"

    def wants(self) -> Wants:
        """The Dockerfile; nothing needs to be built."""
        return Wants(sources=frozenset({self.build}))

    def judge(self, seen: Observations) -> Verdict:
        """Look at each FROM that names an image."""
        dockerfile = seen.dockerfile(self.build)
        looked_at = dockerfile.stages if self.stages == "all" else lineage(dockerfile, seen.target(self.build))
        named = list(_images(dockerfile, looked_at, seen.build_specs[self.build].args))
        for stage, image in named:
            objection = self._objection(image)
            if objection:
                return failed(
                    f"{objection} on line {stage.line}.",
                    seen=stage.opening.source.strip(),
                    line=stage.line,
                )
        return passed("Every base image is pinned." if named else "No base image is named that could change.")

    def _objection(self, image: str) -> str:
        found = Reference.parse(image)
        if found is None:
            return f"{quoted(image)} is no name of an image"
        if found.digest is not None:
            return ""
        if self.by == "digest":
            return f"{quoted(image)} is named by a tag, not by a digest,"
        if found.tag is None or found.tag == "latest":
            written = "says latest" if image.endswith(":latest") else "has no tag and so means latest"
            return f"{quoted(image)} {written}"
        version = _VERSION.search(found.tag)
        parts = version[1].count(".") + 1 if version else 0
        if self.version_parts is not None and parts < self.version_parts:
            numbers = f"{parts} number{'' if parts == 1 else 's'}"
            return f"The version in {quoted(image)} has {numbers}; at least {self.version_parts} are asked for,"
        return ""


def _images(
    dockerfile: Dockerfile, stages: tuple[Stage, ...], build_args: Mapping[str, str]
) -> Iterator[tuple[Stage, str]]:
    scope = global_scope(dockerfile, build_args)
    for stage in stages:
        try:
            image = expand(stage.base, scope, escape=dockerfile.escape).text
        except ExpansionError:
            image = stage.base
        if image != SCRATCH and all(below.name != image for below in dockerfile.stages[: stage.index]):
            yield stage, image

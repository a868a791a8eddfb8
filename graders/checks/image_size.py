"""The check `image_size`: how large the image is, all in all or beyond its base."""

from typing import ClassVar

from pydantic import Field, model_validator

from graders.actions import DEFAULT
from graders.blame import lines_of_history
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.registry import register
from graders.observations import Observations, Wants
from graders.sandbox.base import MIB
from graders.spec import Identifier
from graders.visible import quoted

_WORTH_NAMING = MIB // 4


@register("image_size")
class ImageSize(Check):
    """The image has at most so many MiB, unpacked, or at most so many more than its base."""

    at_most_mib: float | None = Field(default=None, gt=0)
    """How many MiB the whole image may have, its base included."""
    over_base_mib: float | None = Field(default=None, ge=0)
    """How much may be added to the base image."""
    build: Identifier = DEFAULT

    why: ClassVar[str] = (
        "Every machine that runs the image downloads all of it: a small one starts sooner and holds less to attack."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(about="It is small.", check={"at_most_mib": 20}),
            Sample(about="It adds nothing to its base.", check={"over_base_mib": 0.5}),
        ),
        wrong=(
            Sample(
                about="A layer is too large, and is named.",
                check={"at_most_mib": 10},
                dockerfile="FROM busybox:1.35\nRUN true\nRUN head -c 12000000 /dev/zero > /big\n",
                says="largest part",
                line=3,
            ),
            Sample(
                about="Removing a file in a later layer wins nothing back.",
                check={"over_base_mib": 1},
                dockerfile="FROM busybox:1.35\nRUN head -c 4000000 /dev/zero > /big\nRUN rm /big\n",
                says="more than its base",
                line=2,
            ),
        ),
        malformed=(
            Sample(about="Nothing is asked for.", says="`at_most_mib` or `over_base_mib`"),
            Sample(about="No size.", check={"at_most_mib": 0}, says="greater than 0"),
        ),
    )

    @model_validator(mode="after")
    def _asks_something(self) -> "ImageSize":
        if self.at_most_mib is None and self.over_base_mib is None:
            raise ValueError("needs `at_most_mib` or `over_base_mib`")
        return self

    def heading(self) -> str:
        """Say what is expected."""
        if self.at_most_mib is not None:
            return f"The image has at most {self.at_most_mib:g} MiB"
        return f"The image adds at most {self.over_base_mib:g} MiB to its base"

    def wants(self) -> Wants:
        """The image."""
        return Wants(images=frozenset({self.build}))

    def judge(self, seen: Observations) -> Verdict:
        """Compare sizes; a verdict of failure names the largest layer."""
        image, base = seen.images[self.build], seen.bases[self.build]
        size, added = image.size_bytes, image.size_bytes - (base.size_bytes if base is not None else 0)
        if self.at_most_mib is not None and size > self.at_most_mib * MIB:
            return self._too_large(seen, f"The image has {size / MIB:.1f} MiB", self.at_most_mib)
        if self.over_base_mib is not None and added > self.over_base_mib * MIB:
            return self._too_large(seen, f"The image has {added / MIB:.1f} MiB more than its base", self.over_base_mib)
        return passed(f"It has {size / MIB:.1f} MiB, {max(0, added) / MIB:.1f} of them beyond its base.")

    def _too_large(self, seen: Observations, what: str, limit: float) -> Verdict:
        image, base = seen.images[self.build], seen.bases[self.build]
        own = len(base.history) if base is not None else 0
        lines = lines_of_history(seen.dockerfile(self.build), image.history, seen.target(self.build))
        rows = [(entry.size_bytes, entry.created_by, line) for entry, line in zip(image.history, lines, strict=True)][
            own:
        ]
        largest, created_by, line = max(rows, key=lambda row: row[0], default=(0, "", None))
        named = ""
        if largest >= _WORTH_NAMING:
            named = (
                f" The largest part beyond the base is the {largest / MIB:.1f} MiB of {quoted(created_by, limit=80)}."
            )
        return failed(
            f"{what}; at most {limit:g} MiB were asked for.{named}",
            expected=f"at most {limit:g} MiB",
            seen=what,
            hint="What a layer adds stays in the image, even if a later one removes it. A smaller base helps most.",
            line=line if named else None,
        )

"""The check `image_size`: how large the image is, and how many layers it adds to its base, of which size."""

from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field, model_validator

from graders.actions import DEFAULT
from graders.blame import lineage, lines_of_history
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.registry import register
from graders.observations import Observations, Wants
from graders.sandbox.base import MIB
from graders.spec import Identifier
from graders.visible import listed, quoted

_WORTH_NAMING = MIB // 4


@dataclass(frozen=True)
class _Row:
    size_bytes: int
    instruction: str
    line: int | None


@register("image_size")
class ImageSize(Check):
    """The image has at most so many MiB, unpacked, or adds at most so many MiB or layers to its base.

    A layer is what RUN, COPY, ADD or WORKDIR makes; the other instructions only change what the image says of itself.
    """

    at_most_mib: float | None = Field(default=None, gt=0)
    """How many MiB the whole image may have, its base included."""
    over_base_mib: float | None = Field(default=None, ge=0)
    """How much may be added to the base image."""
    layers_at_most: int | None = Field(default=None, ge=0)
    """How many layers may be added to the base's."""
    largest_layer_mib: float | None = Field(default=None, gt=0)
    """How much the largest of these layers may have."""
    build: Identifier = DEFAULT

    why: ClassVar[str] = (
        "Every machine that runs the image downloads all of it: a small one starts sooner and holds less to attack."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(about="It is small.", check={"at_most_mib": 20}),
            Sample(about="It adds nothing to its base.", check={"over_base_mib": 0.5}),
            Sample(
                about="What only changes the configuration makes no layer.",
                check={"layers_at_most": 2, "largest_layer_mib": 1},
                dockerfile='FROM busybox:1.35\nENV A=1\nRUN true\nLABEL b=2\nRUN echo > /x\nCMD ["true"]\n',
            ),
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
            Sample(
                about="The base alone is larger than that.",
                check={"at_most_mib": 1},
                dockerfile="# Small\nFROM busybox:1.35 AS maker\nFROM maker\nRUN head -c 1000000 /dev/zero > /big\n",
                says='Its base, "busybox:1.35", alone has 1.9 MiB',
                line=2,
            ),
            Sample(
                about="A step for every line.",
                check={"layers_at_most": 2},
                dockerfile="FROM busybox:1.35\nRUN echo 1 > /1\nRUN echo 2 > /2\nENV A=1\nRUN echo 3 > /3\n",
                says="adds 3 layers to its base; at most 2 were asked for. They come from the lines 2, 3 and 5",
                line=5,
            ),
            Sample(
                about="One of its layers is too large.",
                check={"largest_layer_mib": 1},
                dockerfile="FROM busybox:1.35\nRUN head -c 3000000 /dev/zero > /big\nRUN rm /big\n",
                says="The largest layer has 2.9 MiB",
                line=2,
            ),
        ),
        malformed=(
            Sample(about="Nothing is asked for.", says="`at_most_mib`, `over_base_mib`, `layers_at_most` or"),
            Sample(about="No size.", check={"at_most_mib": 0}, says="greater than 0"),
        ),
    )

    @model_validator(mode="after")
    def _asks_something(self) -> "ImageSize":
        if not self.said() & {"at_most_mib", "over_base_mib", "layers_at_most", "largest_layer_mib"}:
            raise ValueError("needs `at_most_mib`, `over_base_mib`, `layers_at_most` or `largest_layer_mib`")
        return self

    def heading(self) -> str:
        """Say what is expected."""
        asked = [f"has at most {self.at_most_mib:g} MiB"] if self.at_most_mib is not None else []
        asked += [f"adds at most {self.over_base_mib:g} MiB to its base"] if self.over_base_mib is not None else []
        asked += [f"adds at most {_layers(self.layers_at_most)}"] if self.layers_at_most is not None else []
        if self.largest_layer_mib is not None:
            asked.append(f"has no layer of more than {self.largest_layer_mib:g} MiB")
        return f"The image {listed(asked)}"

    def wants(self) -> Wants:
        """The image."""
        return Wants(images=frozenset({self.build}))

    def judge(self, seen: Observations) -> Verdict:
        """Compare sizes; a verdict of failure names the largest layer."""
        image, base = seen.images[self.build], seen.bases[self.build]
        rows = self._own_rows(seen)
        size, added = image.size_bytes, image.size_bytes - (base.size_bytes if base is not None else 0)
        if self.at_most_mib is not None and size > self.at_most_mib * MIB:
            if size - added > self.at_most_mib * MIB:
                return self._base_too_large(size, size - added, self.at_most_mib, seen)
            return _too_large(f"The image has {size / MIB:.1f} MiB", self.at_most_mib, rows)
        if self.over_base_mib is not None and added > self.over_base_mib * MIB:
            return _too_large(f"The image has {added / MIB:.1f} MiB more than its base", self.over_base_mib, rows)
        largest = max(rows, key=lambda row: row.size_bytes, default=None)
        if self.largest_layer_mib is not None and largest and largest.size_bytes > self.largest_layer_mib * MIB:
            return _too_large(f"The largest layer has {largest.size_bytes / MIB:.1f} MiB", self.largest_layer_mib, rows)
        if self.layers_at_most is not None and len(rows) > self.layers_at_most:
            return _too_many(rows, self.layers_at_most)
        of_them = f"{max(0, added) / MIB:.1f} of them beyond its base"
        return passed(f"It has {size / MIB:.1f} MiB, {of_them}, in {_layers(len(rows))} of its own.")

    def _base_too_large(self, size: int, of_base: int, limit: float, seen: Observations) -> Verdict:
        """Name the base, which no saving beyond it makes smaller."""
        lowest = lineage(seen.dockerfile(self.build), seen.target(self.build))[0]
        return failed(
            f"The image has {size / MIB:.1f} MiB; at most {limit:g} MiB were asked for. "
            f"Its base, {quoted(lowest.base)}, alone has {of_base / MIB:.1f} MiB.",
            expected=f"at most {limit:g} MiB",
            seen=lowest.opening.source.strip(),
            hint="All of the base is in the image, whether it is used or not. Is there a smaller one that will do?",
            line=lowest.line,
        )

    def _own_rows(self, seen: Observations) -> list[_Row]:
        """The rows of the history that made a layer beyond the base's."""
        image, base = seen.images[self.build], seen.bases[self.build]
        own = len(base.history) if base is not None else 0
        dockerfile = seen.dockerfile(self.build)
        lines = lines_of_history(dockerfile, image.history, seen.target(self.build))
        written = {each.line: " ".join(each.logical.split()) for each in dockerfile.instructions}
        return [
            _Row(entry.size_bytes, written.get(line, "") if line else entry.created_by, line)
            for entry, line in list(zip(image.history, lines, strict=True))[own:]
            if not entry.empty_layer
        ]


def _too_large(what: str, limit: float, rows: list[_Row]) -> Verdict:
    largest = max(rows, key=lambda row: row.size_bytes, default=None)
    named, line = "", None
    if largest is not None and largest.size_bytes >= _WORTH_NAMING:
        part = quoted(largest.instruction, limit=80)
        named = f" The largest part beyond the base is the {largest.size_bytes / MIB:.1f} MiB of {part}."
        line = largest.line
    return failed(
        f"{what}; at most {limit:g} MiB were asked for.{named}",
        expected=f"at most {limit:g} MiB",
        seen=what,
        hint="What a layer adds stays in the image, even if a later one removes it. A smaller base helps most.",
        line=line,
    )


def _too_many(rows: list[_Row], limit: int) -> Verdict:
    lines = [str(row.line) for row in rows if row.line is not None]
    where = f" They come from the lines {listed(lines)}." if len(lines) == len(rows) and len(rows) > 1 else ""
    return failed(
        f"The image adds {_layers(len(rows))} to its base; at most {limit} were asked for.{where}",
        expected=f"at most {_layers(limit)}",
        seen=_layers(len(rows)),
        hint="Steps that belong together can be one: RUN first && second. COPY takes several files at once.",
        line=rows[-1].line,
    )


def _layers(count: int) -> str:
    return "1 layer" if count == 1 else f"{count} layers"

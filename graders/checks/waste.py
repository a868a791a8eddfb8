"""The check `waste`: how many bytes the image carries that nobody can see any more."""

from typing import ClassVar

from pydantic import Field, model_validator

from graders.actions import DEFAULT
from graders.archive.limits import in_words
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.registry import register
from graders.image.contents import EntryKind
from graders.image.filesystem import Waste
from graders.image.seen import SeenLayers, shown_path
from graders.image.waste import Pair, worst_pairs
from graders.observations import Observations, Wants
from graders.sandbox.base import MIB
from graders.spec import Identifier
from graders.visible import listed

_PAIRS_NAMED = 2
_ADVICE = (
    "A layer cannot be made smaller by a later one. What is only needed for a moment is made and removed in the same "
    "RUN, or stays behind in another stage; owners and rights can be set while copying."
)


@register("waste")
class WasteCheck(Check):
    """The image carries at most so many bytes of its own that later layers delete, replace or only touch.

    Counted are the layers beyond the base's, a file with several names once. What lies in the base counts only with
    `of_base`: rights that are changed all over a base copy it. Needs the layers to be read, which takes as long as
    saving the image does.
    """

    at_most_mib: float | None = Field(default=None, ge=0)
    """MiB that may be wasted."""
    at_most_percent: float | None = Field(default=None, ge=0, le=100)
    """Or so many percent of what the layers beyond the base hold."""
    of_base: bool = False
    """Whether files of the base count that are replaced or touched, too."""
    build: Identifier = DEFAULT
    """Which build's image."""

    why: ClassVar[str] = (
        "Every machine that runs an image fetches and stores all of its layers, hidden bytes included, and what was "
        "deleted can still be read from them."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="Made and removed in one step.",
                check={"at_most_mib": 0.1},
                dockerfile="FROM busybox:1.35\nRUN head -c 3000000 /dev/zero > /big && wc -c /big > /size && rm /big\n",
            ),
            Sample(
                about="A file with two names is there as long as one of them is.",
                check={"at_most_percent": 1},
                dockerfile=(
                    "FROM busybox:1.35\nRUN head -c 3000000 /dev/zero > /a && ln /a /b\nRUN rm /a && echo > /c\n"
                ),
            ),
            Sample(about="Nothing beyond the base.", check={"at_most_percent": 0}),
            Sample(
                about="What is deleted of the base was not this image's.",
                check={"at_most_mib": 0},
                dockerfile='FROM busybox:1.35\nRUN ["/bin/busybox", "rm", "-rf", "/bin"]\n',
            ),
        ),
        wrong=(
            Sample(
                about="Removed in a later layer.",
                check={"at_most_mib": 1},
                dockerfile="FROM busybox:1.35\nRUN head -c 3000000 /dev/zero > /big\nRUN rm /big\n",
                says="RUN on line 2 stores 2.9 MiB that RUN on line 3 deletes (/big)",
                line=2,
            ),
            Sample(
                about="Rights changed in a later layer store the file again.",
                check={"at_most_percent": 10},
                dockerfile="FROM busybox:1.35\nCOPY big /srv/big\nRUN chmod 600 /srv/big\n",
                files={"big": "x" * 400_000},
                says="COPY on line 2 stores 390.6 KiB that RUN on line 3 replaces or changes (/srv/big)",
                line=2,
            ),
            Sample(
                about="The whole base is stored again.",
                check={"at_most_mib": 1, "of_base": True},
                dockerfile="FROM busybox:1.35\nRUN chmod -R go-w /bin\n",
                says="the base image stores",
                line=2,
            ),
        ),
        malformed=(
            Sample(about="Nothing is asked for.", says="`at_most_mib` or `at_most_percent`"),
            Sample(about="More than everything.", check={"at_most_percent": 101}, says="less than or equal to 100"),
        ),
    )

    @model_validator(mode="after")
    def _asks_something(self) -> "WasteCheck":
        if self.at_most_mib is None and self.at_most_percent is None:
            raise ValueError("needs `at_most_mib` or `at_most_percent`")
        return self

    def heading(self) -> str:
        """Say what is expected."""
        if self.at_most_mib is not None:
            return f"Layers of the image hide at most {self.at_most_mib:g} MiB"
        return f"Layers of the image hide at most {self.at_most_percent:g} % of what it adds"

    def wants(self) -> Wants:
        """The layers."""
        return Wants(layers=frozenset({self.build}))

    def judge(self, seen: Observations) -> Verdict:
        """Add up what was hidden; the verdict names who stored it and who hid it."""
        layers = seen.layers[self.build]
        if layers.limit:
            return failed(f"{layers.limit} So nobody knows what it wastes.", expected=self._allowed())
        waste = [each for each in layers.waste if self._counts(layers, each)]
        wasted = sum(each.size_bytes for each in waste)
        stored = sum(
            entry.size_bytes for layer in layers.own for entry in layer.contents.entries if entry.kind is EntryKind.FILE
        )
        percent = 100 * wasted / stored if stored else 0.0
        told = f"{in_words(wasted)} of the image are hidden by later layers ({percent:.0f} % of what it adds)"
        if self.at_most_mib is not None and wasted > self.at_most_mib * MIB:
            return self._wasteful(layers, waste, told)
        if self.at_most_percent is not None and percent > self.at_most_percent:
            return self._wasteful(layers, waste, told)
        return passed(f"{told}.")

    def _counts(self, layers: SeenLayers, waste: Waste) -> bool:
        if layers.layers[waste.undone_in].from_base:
            return False
        if layers.layers[waste.made_in].from_base:
            return self.of_base and not waste.deleted
        return True

    def _wasteful(self, layers: SeenLayers, waste: list[Waste], told: str) -> Verdict:
        pairs = worst_pairs(layers, waste)
        named = [_named(pair) for pair in pairs[:_PAIRS_NAMED]]
        more = " Others waste some, too." if len(pairs) > len(named) else ""
        first = pairs[0]
        return failed(
            f"{told}; {self._allowed()} may be. {' '.join(named)}{more}",
            expected=self._allowed(),
            seen=told,
            hint=_ADVICE,
            line=first.undone.line if first.made.from_base else first.made.line,
        )

    def _allowed(self) -> str:
        allowed = [f"{self.at_most_mib:g} MiB"] if self.at_most_mib is not None else []
        allowed += [f"{self.at_most_percent:g} %"] if self.at_most_percent is not None else []
        return f"at most {listed(allowed)}"


def _named(pair: Pair) -> str:
    name = pair.made.name
    did = "deletes" if pair.deleted else "replaces or changes"
    return (
        f"{name[0].upper() if not pair.made.from_base else name[0]}{name[1:]} stores {in_words(pair.size_bytes)} "
        f"that {pair.undone.name} {did} ({shown_path(pair.largest.path)})."
    )

"""The check `memory`: how much memory a container holds."""

from typing import Annotated, ClassVar

from pydantic import Field

from graders.actions import DEFAULT
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.endings import did_not_last, limit_words, run_line
from graders.checks.registry import register
from graders.observations import Observations, Wants
from graders.sandbox.base import MIB, Limit
from graders.spec import Identifier

_UP = {"runs": {"default": {"serve": {"ready": {"log": "up"}, "wait_seconds": 20}}}}
_HOLDS = "head -c {size}m /dev/zero | tail -c {size}m > /dev/null; echo up; exec sleep 300"


@register("memory")
class Memory(Check):
    """A serving run holds at most `at_most_mib` of memory at once, from its start until it was asked everything.

    The figure is the peak that the kernel counts for the container, what it keeps of files in memory included. A run
    that ends by itself leaves none: give such a run `memory_mib`, and it is ended when it wants more.
    """

    run: Identifier = DEFAULT
    at_most_mib: Annotated[float, Field(gt=0, le=4096)]
    """The most it may hold, in MiB."""

    why: ClassVar[str] = (
        "Containers share their machine's memory: whoever takes too much is killed, or crowds out its neighbours."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="It holds little.",
                check={"at_most_mib": 40},
                dockerfile=f"FROM busybox:1.35\nCMD {_HOLDS.format(size=2)}\n",
                plan=_UP,
            ),
        ),
        wrong=(
            Sample(
                about="It holds much, if only for a moment.",
                check={"at_most_mib": 40},
                dockerfile=f"FROM busybox:1.35\nCMD {_HOLDS.format(size=60)}\n",
                plan=_UP,
                says="not at most 40 MiB",
                line=2,
            ),
            Sample(
                about="It wants more than it is given.",
                check={"at_most_mib": 20},
                dockerfile=f"FROM busybox:1.35\nCMD set -e; {_HOLDS.format(size=60)}\n",
                plan={"runs": {"default": {"memory_mib": 24, "serve": {"ready": {"log": "up"}, "wait_seconds": 20}}}},
                says="memory limit",
                line=2,
            ),
            Sample(
                about="It ends by itself.",
                check={"at_most_mib": 20},
                dockerfile='FROM busybox:1.35\nCMD ["echo", "up"]\n',
                plan=_UP,
                says="ended by itself",
                line=2,
            ),
        ),
        malformed=(
            Sample(about="No figure.", plan=_UP, says="`at_most_mib` is missing"),
            Sample(about="A run that ends by itself.", check={"at_most_mib": 8}, says="ends by itself"),
            Sample(about="No memory at all.", check={"at_most_mib": 0}, plan=_UP, says="greater than 0"),
        ),
    )

    def heading(self) -> str:
        """Say what is expected."""
        return f"It holds at most {self.at_most_mib:g} MiB of memory"

    def wants(self) -> Wants:
        """The peak, measured while it is up."""
        return Wants(memory=frozenset({self.run}))

    def judge(self, seen: Observations) -> Verdict:
        """Compare the peak."""
        run = seen.runs[self.run]
        if run.result.limit is Limit.MEMORY:
            name, advice = limit_words(Limit.MEMORY)
            return failed(f"The container ran into its {name}.", hint=advice, line=run_line(seen, run))
        trouble = did_not_last(seen, run)
        if trouble is not None:
            return trouble
        if run.memory_peak_bytes is None:
            return failed("The container had ended before its memory was measured.", line=run_line(seen, run))
        peak = f"{run.memory_peak_bytes / MIB:.1f} MiB"
        most = f"at most {self.at_most_mib:g} MiB"
        if run.memory_peak_bytes <= self.at_most_mib * MIB:
            return passed(f"It held {peak} at once, {most} as it should.", seen=peak)
        return failed(
            f"It held {peak} of memory at once, not {most}.",
            expected=most,
            seen=peak,
            hint="What it reads at once it must hold at once; files it works with count while they are kept in memory.",
            line=run_line(seen, run),
        )

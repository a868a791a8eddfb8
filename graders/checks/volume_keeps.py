"""The check `volume_keeps`: what a container wrote into a volume is there for the next one."""

from typing import ClassVar

from graders.actions import DEFAULT
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.endings import complaint_of, denial_of, did_not_start, keyword_line, output_of, run_line
from graders.checks.registry import register
from graders.checks.traces import file_with, where_it_shows
from graders.observations import Observations, Pair, SeenRun, Wants
from graders.sandbox.base import FileFacts
from graders.spec import Identifier, ImagePath, Text
from graders.visible import quoted, visible

_TWICE = {
    "values": {"note": "nonce"},
    "runs": {
        "first": {"env": {"NOTE": "{note}"}, "volumes": {"/data": "store"}},
        "second": {"volumes": {"/data": "store"}, "after": ["first"]},
    },
}
_CHECK = {"run": "first", "again": "second", "path": "/data/notes", "contains": "{note}"}
_WRITER = "FROM busybox:1.35\nCMD test -z $NOTE || echo $NOTE >> {path}; cat {path}\n"


@register("volume_keeps")
class VolumeKeeps(Check):
    """A volume outlives its container: what the first run wrote at `path` is there in the next, which has it too.

    Both are looked at from outside, when they have ended. What was written elsewhere is looked for, and named.
    """

    run: Identifier = DEFAULT
    """The run that writes."""
    again: Identifier
    """A run of the same image, after it, with the same volume."""
    path: ImagePath
    """A file in the volume, as the containers see it."""
    contains: Text
    """What is written: a drawn value that only the first is given."""
    shown: bool = False
    """Whether the second container must say it too: print it, or answer with it."""

    why: ClassVar[str] = (
        "Data outlives its container only in a volume: an update replaces the container, and everything in its layer."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="It is there in the next container, which shows it.",
                check={**_CHECK, "shown": True},
                dockerfile=_WRITER.format(path="/data/notes"),
                plan=_TWICE,
            ),
            Sample(
                about="A user that the volume belongs to.",
                check=_CHECK,
                dockerfile=(
                    "FROM busybox:1.35\nRUN mkdir /data && chown 1000 /data\nUSER 1000\n"
                    "CMD test -z $NOTE || echo $NOTE > /data/notes\n"
                ),
                plan=_TWICE,
            ),
        ),
        wrong=(
            Sample(
                about="It writes beside the volume.",
                check=_CHECK,
                dockerfile=_WRITER.format(path="/notes"),
                plan=_TWICE,
                says="was written to /notes",
                line=2,
            ),
            Sample(
                about="It may not write into the volume.",
                check=_CHECK,
                dockerfile="FROM busybox:1.35\nUSER 1000\nCMD echo $NOTE > /data/notes\n",
                plan=_TWICE,
                says="Permission denied",
                line=2,
            ),
            Sample(
                about="It begins anew each time.",
                check=_CHECK,
                dockerfile="FROM busybox:1.35\nCMD echo $NOTE > /data/notes\n",
                plan=_TWICE,
                says="no longer",
                line=2,
            ),
            Sample(
                about="It does not show what it has kept.",
                check={**_CHECK, "shown": True},
                dockerfile="FROM busybox:1.35\nCMD test -z $NOTE || echo $NOTE >> /data/notes\n",
                plan=_TWICE,
                says="says nothing of it",
                line=2,
            ),
            Sample(
                about="It writes something else.",
                check=_CHECK,
                dockerfile="FROM busybox:1.35\nCMD echo hello > /data/notes\n",
                plan=_TWICE,
                says='holds "hello"',
                line=2,
            ),
        ),
        malformed=(
            Sample(
                about="A path in no volume.",
                check={**_CHECK, "path": "/notes"},
                plan=_TWICE,
                says="in no volume that both",
            ),
            Sample(
                about="Another volume.",
                check=_CHECK,
                plan={
                    "values": {"note": "nonce"},
                    "runs": {
                        "first": {"volumes": {"/data": "store"}},
                        "second": {"volumes": {"/data": "other"}, "after": ["first"]},
                    },
                },
                says="in no volume that both",
            ),
            Sample(
                about="The second run comes first.",
                check={**_CHECK, "run": "second", "again": "first"},
                plan=_TWICE,
                says="must come after",
            ),
        ),
    )

    def heading(self) -> str:
        """Say what is expected."""
        return f"What is written at {self.path} is there in the next container"

    def wants(self) -> Wants:
        """The file of both, and what the first wrote elsewhere."""
        return Wants(
            runs=frozenset({self.run, self.again}),
            written=frozenset({self.run}),
            run_files=frozenset({(self.run, self.path), (self.again, self.path)}),
            pairs=(Pair(first=self.run, then=self.again, path=self.path, kept=True),),
        )

    def judge(self, seen: Observations) -> Verdict:
        """First that it was written into the volume, then that it is still there."""
        first, then = seen.runs[self.run], seen.runs[self.again]
        trouble = did_not_start(seen, first) or did_not_start(seen, then)
        if trouble is not None:
            return trouble
        written = seen.run_files[self.run, self.path]
        if not self._holds(written):
            return self._not_written(seen, first, written)
        kept = seen.run_files[self.again, self.path]
        if not self._holds(kept):
            now = f"holds {quoted(kept.content)}" if kept is not None else "is gone"
            return failed(
                f"{self.path} no longer holds {quoted(self.contains)} when the second container has ended: it {now}.",
                expected=self.contains,
                seen=quoted(kept.content) if kept is not None else "",
                hint="What is there when a container starts must be kept, not written anew.",
                line=run_line(seen, then),
            )
        if self.shown and not where_it_shows(then, self.contains):
            return failed(
                f"{self.path} holds {quoted(self.contains)}, but the second container says nothing of it."
                f"{complaint_of(then)}",
                expected=self.contains,
                seen=output_of(then),
                line=run_line(seen, then),
            )
        return passed(f"The second container finds at {self.path} what the first one wrote.")

    def _holds(self, found: FileFacts | None) -> bool:
        return found is not None and self.contains in visible(found.content)

    def _not_written(self, seen: Observations, run: SeenRun, found: FileFacts | None) -> Verdict:
        elsewhere = file_with(run, self.contains)
        if elsewhere:
            return failed(
                f"{quoted(self.contains)} was written to {elsewhere}, in the container's own layer, and not to "
                f"{self.path}, in the volume: it is gone with the container.",
                expected=self.path,
                seen=elsewhere,
                hint="A volume keeps what is written below the path that it is mounted at.",
                line=run_line(seen, run),
            )
        told = (
            f"There is no {self.path} in the volume when the first container has ended."
            if found is None
            else f"{self.path} holds {quoted(found.content)}, without {quoted(self.contains)}."
        )
        denied = denial_of(run)
        return failed(
            f"{told}{complaint_of(run)}",
            expected=f"{self.contains} in {self.path}",
            seen=output_of(run),
            hint=f"{denied} A new volume begins as a copy of the image's folder there: its files, owner and mode."
            if denied
            else "The first container must write it before it ends.",
            line=(keyword_line(seen, run, "USER") if denied else None) or run_line(seen, run),
        )

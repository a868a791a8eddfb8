"""The check `mounts`: what stands at a path of a container, and whether the next one gets the same."""

from typing import ClassVar, Literal

from graders.actions import DEFAULT
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.endings import did_not_start, keyword_line
from graders.checks.registry import register
from graders.observations import Observations, Pair, SeenRun, Wants
from graders.sandbox.base import MountFacts, MountKind
from graders.spec import Identifier, ImagePath

_NAMES = {
    MountKind.VOLUME: "a volume with a name",
    MountKind.ANONYMOUS: "a volume without a name",
    MountKind.FOLDER: "a folder of the host",
    MountKind.TMPFS: "a folder in memory",
}
_TWICE = {"runs": {"first": {}, "second": {"after": ["first"]}}}


@register("mounts")
class Mounts(Check):
    """A mount of this `type` stands at `path` of a run, as the engine says.

    With `again`, a later run of the same image has one too: the same volume if it has a name, a new one otherwise.
    """

    run: Identifier = DEFAULT
    path: ImagePath
    """Where it stands."""
    type: Literal["volume", "anonymous", "folder", "tmpfs"] = "volume"
    """`volume` (with a name), `anonymous` (without: VOLUME makes them), `folder` (as a bind mount is) or `tmpfs`."""
    writable: bool | None = None
    """Whether it can be written to."""
    again: Identifier | None = None
    """A later run that has one too."""

    why: ClassVar[str] = (
        "Only a volume with a name is found again: one without is a new one for each container, and memory forgets."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="VOLUME makes a new volume for each container.",
                check={"run": "first", "again": "second", "path": "/data", "type": "anonymous"},
                dockerfile='FROM busybox:1.35\nVOLUME /data\nCMD ["true"]\n',
                plan=_TWICE,
            ),
            Sample(
                about="One with a name is the same for both.",
                check={"run": "first", "again": "second", "path": "/data", "type": "volume", "writable": True},
                dockerfile='FROM busybox:1.35\nVOLUME /data\nCMD ["true"]\n',
                plan={
                    "runs": {
                        "first": {"volumes": {"/data": "store"}},
                        "second": {"volumes": {"/data": "store"}, "after": ["first"]},
                    }
                },
            ),
            Sample(
                about="A folder of the lab's that cannot be written to.",
                check={"path": "/config", "type": "folder", "writable": False},
                plan={"runs": {"default": {"folders": {"/config": {"a": "b"}}, "folders_read_only": True}}},
            ),
            Sample(
                about="A folder in memory.",
                check={"path": "/scratch", "type": "tmpfs"},
                plan={"runs": {"default": {"tmpfs": "/scratch"}}},
            ),
        ),
        wrong=(
            Sample(
                about="Nothing stands there.",
                check={"path": "/data", "type": "anonymous"},
                says="Nothing is mounted at /data",
            ),
            Sample(
                about="It stands elsewhere.",
                check={"path": "/data", "type": "anonymous"},
                dockerfile='FROM busybox:1.35\nVOLUME /date\nCMD ["true"]\n',
                says="Nothing is mounted at /data; mounts are at /date",
                line=2,
            ),
        ),
        malformed=(
            Sample(about="No path.", says="`path` is missing"),
            Sample(about="Only a run can name a volume.", check={"path": "/data"}, says="under its `volumes`"),
            Sample(
                about="Something else stands there.",
                check={"path": "/data", "type": "anonymous"},
                plan={"runs": {"default": {"tmpfs": ["/data"]}}},
                says="puts something else at /data",
            ),
            Sample(
                about="No such kind.", check={"path": "/data", "type": "bind"}, says="'volume', 'anonymous', 'folder'"
            ),
        ),
    )

    def heading(self) -> str:
        """Say what is expected."""
        return f"{_NAMES[MountKind(self.type)].capitalize()} stands at {self.path}"

    def wants(self) -> Wants:
        """The mounts of the run, or of both."""
        runs = frozenset({self.run} if self.again is None else {self.run, self.again})
        pair = () if self.again is None else (Pair(first=self.run, then=self.again, path=self.path),)
        return Wants(mounts=runs, pairs=pair, mounted={run: (self.path, MountKind(self.type)) for run in runs})

    def judge(self, seen: Observations) -> Verdict:
        """Compare what the engine says."""
        found = []
        for name in (self.run, *(() if self.again is None else (self.again,))):
            run = seen.runs[name]
            trouble = did_not_start(seen, run) or self._objection(seen, run)
            if trouble is not None:
                return trouble
            found.append(self._mount_of(run))
        names = {mount.name for mount in found if mount is not None}
        if self.type == "anonymous" and self.again is not None and len(names) == 1:
            return failed(f"Both containers have the same volume at {self.path}.")
        if self.type == "volume" and len(names) > 1:
            return failed(f"Each container has a volume of its own at {self.path}.")
        return passed(f"{_NAMES[MountKind(self.type)].capitalize()} stands at {self.path}.")

    def _mount_of(self, run: SeenRun) -> MountFacts | None:
        return next((mount for mount in run.mounts if mount.path.rstrip("/") == self.path), None)

    def _objection(self, seen: Observations, run: SeenRun) -> Verdict | None:
        line = keyword_line(seen, run, "VOLUME")
        mount, wanted = self._mount_of(run), _NAMES[MountKind(self.type)]
        if mount is None:
            others = [each.path for each in run.mounts]
            told = f"; mounts are at {', '.join(others)}" if others else ""
            return failed(
                f"Nothing is mounted at {self.path}{told}.",
                expected=f"{wanted} at {self.path}",
                seen="\n".join(f"{_NAMES[each.kind]} at {each.path}" for each in run.mounts),
                hint="What is written there goes to the container's own layer.",
                line=line,
            )
        if mount.kind is not MountKind(self.type):
            return failed(
                f"At {self.path} stands {_NAMES[mount.kind]}, not {wanted}.",
                expected=wanted,
                seen=_NAMES[mount.kind],
                line=line,
            )
        if self.writable is not None and mount.writable != self.writable:
            state = "can" if mount.writable else "cannot"
            return failed(f"What stands at {self.path} {state} be written to.", line=line)
        return None

"""The check `volume_file`: a file that lies in a volume of the session."""

from typing import ClassVar

from graders.checks.base import Sample, Samples, Verdict, failed
from graders.checks.console_check import known, last_line_about, named
from graders.checks.console_files import FileCheck
from graders.checks.registry import register
from graders.commands.end_state import EndState, EndWants
from graders.spec import ImagePath, Text

_WRITE = "docker run --rm -v store:/data busybox:1.35 sh -c 'echo {note} > /data/note'"
_VALUES = {"values": {"note": "nonce"}}


@register("volume_file")
class VolumeFile(FileCheck):
    """The file at `path` of a volume is there (or is not) and holds what it should, whoever wrote it.

    The volume is read by itself: no container need have it, and what an image or a container has at a path of the same
    name does not count.
    """

    volume: Text
    """Its name."""
    path: ImagePath
    """Where the file lies in the volume, which begins at `/`."""

    why: ClassVar[str] = "What must outlast a container belongs in a volume with a name; here it is, or it is lost."
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="A container that is gone left what was drawn.",
                check={"volume": "store", "path": "/note", "contains": "{note}"},
                plan=_VALUES,
                commands=(_WRITE,),
            ),
            Sample(
                about="What was in it is gone.",
                check={"volume": "store", "path": "/note", "exists": False},
                plan=_VALUES,
                commands=(_WRITE, "docker run --rm -v store:/data busybox:1.35 rm /data/note"),
            ),
        ),
        wrong=(
            Sample(
                about="It was written beside the volume.",
                check={"volume": "store", "path": "/note", "contains": "{note}"},
                plan=_VALUES,
                commands=("docker run --rm -v store:/data busybox:1.35 sh -c 'echo {note} > /note'",),
                says="no /note in the volume store",
                line=1,
            ),
            Sample(
                about="Another volume has it.",
                check={"volume": "store", "path": "/note", "contains": "{note}"},
                plan=_VALUES,
                commands=("docker run --rm -v other:/data busybox:1.35 sh -c 'echo {note} > /data/note'",),
                says="There is: other",
            ),
            Sample(
                about="It holds another text.",
                check={"volume": "store", "path": "/note", "equals": "{note}"},
                plan=_VALUES,
                commands=("docker run --rm -v store:/data busybox:1.35 sh -c 'echo note > /data/note'",),
                says='holds "note"',
            ),
        ),
        malformed=(
            Sample(
                about="The content of what is not there.",
                check={"volume": "store", "path": "/a", "exists": False, "equals": "x"},
                says="`exists: false`",
            ),
            Sample(about="A way out of it.", check={"volume": "store", "path": "/../a"}, says="absolute path"),
            Sample(about="No volume.", check={"path": "/a"}, says="`volume` is missing"),
        ),
    )

    def heading(self) -> str:
        """Say what is expected."""
        if not self.exists:
            return f"{named('volume', self.volume)} has no {self.path}"
        return f"{named('volume', self.volume)} holds {self.path} as it should be"

    def looks_at(self) -> EndWants:
        """The file."""
        return EndWants(volume_files=frozenset({(self.volume, self.path)}))

    def judge_end(self, end: EndState) -> Verdict:
        """Look at the file."""
        found = end.volume(self.volume)
        if found is None:
            names = (one.name for one in end.volumes if not one.anonymous)
            return failed(
                f"There is no volume {self.volume} to look into. {known(names, what='volume with a name')}",
                expected=f"a volume {self.volume}",
            )
        line = last_line_about(end, "volume", found.name) or last_line_about(end, "container", *found.used_by)
        return self.verdict(
            found.files.get(self.path),
            where=f"{self.path} in the volume {self.volume}",
            line=line,
            hint="A volume is mounted at a path: what is written elsewhere in a container is not in it.",
        )

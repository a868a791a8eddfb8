"""The check `folder_file`: a file of the lab's folder, which commands such as `docker cp` write to."""

from typing import ClassVar

from graders.checks.base import Sample, Samples, Verdict
from graders.checks.console_files import FileCheck
from graders.checks.registry import register
from graders.commands.end_state import EndState, EndWants
from graders.spec import InsidePath


@register("folder_file")
class FolderFile(FileCheck):
    """The file at `path` of the lab's folder is there (or is not) and holds what it should."""

    path: InsidePath
    """Where it lies, from the folder on."""

    why: ClassVar[str] = (
        "A container's files are not the host's: what you need outside of it has to be copied out while it is there."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="What was drawn was copied out of a container.",
                check={"path": "report.txt", "contains": "{note}"},
                plan={
                    "values": {"note": "nonce"},
                    "console": {"prepare": ["docker run --name job busybox:1.35 sh -c 'echo {note} > /out'"]},
                },
                commands=("docker cp job:/out report.txt",),
            ),
            Sample(
                about="There is none.",
                check={"path": "report.txt", "exists": False},
                commands=("docker ps",),
            ),
        ),
        wrong=(
            Sample(
                about="It was not copied.",
                check={"path": "report.txt", "contains": "done"},
                commands=("docker run --name job busybox:1.35 sh -c 'echo done > /out'",),
                says="no report.txt in the lab's folder",
            ),
            Sample(
                about="Another file was copied.",
                check={"path": "report.txt", "equals": "done"},
                commands=("docker create --name job busybox:1.35", "docker cp job:/etc/passwd report.txt"),
                says='not "done"',
            ),
        ),
        malformed=(
            Sample(about="A path that leaves the folder.", check={"path": "../a"}, says="inside the folder"),
            Sample(about="No path.", check={"contains": "a"}, says="`path` is missing"),
        ),
    )

    def heading(self) -> str:
        """Say what is expected."""
        if not self.exists:
            return f"The lab's folder has no {self.path}"
        return f"{self.path} in the lab's folder is as it should be"

    def looks_at(self) -> EndWants:
        """The file."""
        return EndWants(folder_files=frozenset({self.path}))

    def judge_end(self, end: EndState) -> Verdict:
        """Look at the file."""
        return self.verdict(end.folder.get(self.path), where=f"{self.path} in the lab's folder")

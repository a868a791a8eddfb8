"""The check `container_file`: a file of a container of the session."""

from typing import ClassVar

from graders.checks.base import Sample, Samples, Verdict
from graders.checks.console_check import complaint, last_line_about, named, not_there
from graders.checks.console_files import FileCheck
from graders.checks.registry import register
from graders.commands.end_state import EndState, EndWants
from graders.spec import ImagePath, Text

_WRITE = "docker run --name web busybox:1.35 sh -c 'echo {note} > /note'"


@register("container_file")
class ContainerFile(FileCheck):
    """The file at `path` of a container is there (or is not) and holds what it should.

    The container may run, be created only, or have ended; volumes that are mounted in it are part of what it has.
    """

    container: Text
    """Its name."""
    path: ImagePath
    """Where the file lies."""

    why: ClassVar[str] = (
        "What a container writes lies in a layer of its own: it is there while the container is, and in no other one."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="What was drawn was written by the container.",
                check={"container": "web", "path": "/note", "contains": "{note}"},
                plan={"values": {"note": "nonce"}},
                commands=(_WRITE,),
            ),
            Sample(
                about="It was copied into one that never ran.",
                check={"container": "web", "path": "/www/page.html", "equals": "hello"},
                plan={"submission": {"editable": ["page.html"]}},
                files={"page.html": "hello\n"},
                commands=("docker create --name web -w /www busybox:1.35", "docker cp page.html web:/www/page.html"),
            ),
            Sample(
                about="A container that runs is looked into, and one file is gone.",
                check={"container": "web", "path": "/etc/hosts.bak", "exists": False},
                commands=(
                    "docker run -d --name web busybox:1.35 sleep 300",
                    "docker exec web sh -c 'echo a > /etc/hosts.bak; rm /etc/hosts.bak'",
                ),
            ),
        ),
        wrong=(
            Sample(
                about="It was written in another container.",
                check={"container": "web", "path": "/note", "contains": "{note}"},
                plan={"values": {"note": "nonce"}},
                commands=(
                    "docker create --name web busybox:1.35",
                    "docker run --rm busybox:1.35 sh -c 'echo {note} > /note'",
                ),
                says="no /note in the container web",
                line=1,
            ),
            Sample(
                about="It holds something else.",
                check={"container": "web", "path": "/note", "equals": "other"},
                plan={"values": {"note": "word"}},
                commands=(_WRITE,),
                says='not "other"',
            ),
            Sample(
                about="The container is gone, and its file with it.",
                check={"container": "web", "path": "/note"},
                plan={"values": {"note": "word"}},
                commands=(_WRITE, "docker rm web"),
                says="There is no container web",
            ),
            Sample(
                about="It is there, and should not be.",
                check={"container": "web", "path": "/etc/passwd", "exists": False},
                commands=("docker create --name web busybox:1.35",),
                says="though it should not be",
            ),
        ),
        malformed=(
            Sample(
                about="The content of what is not there.",
                check={"container": "web", "path": "/a", "exists": False, "contains": "x"},
                says="`exists: false`",
            ),
            Sample(about="A path that is relative.", check={"container": "web", "path": "a"}, says="absolute path"),
            Sample(about="No container.", check={"path": "/a"}, says="`container` is missing"),
            Sample(
                about="A text that must be in it and must not.",
                check={"container": "web", "path": "/a", "contains": "x", "absent": "x"},
                says="both ways",
            ),
        ),
    )

    def heading(self) -> str:
        """Say what is expected."""
        if not self.exists:
            return f"{named('container', self.container)} has no {self.path}"
        return f"{named('container', self.container)} has {self.path} as it should be"

    def looks_at(self) -> EndWants:
        """The file."""
        return EndWants(container_files=frozenset({(self.container, self.path)}))

    def judge_end(self, end: EndState) -> Verdict:
        """Look at the file."""
        found = end.container(self.container)
        if found is None:
            return not_there(end, "container", self.container, (one.name for one in end.containers))
        line = last_line_about(end, "container", found.name, found.id)
        return self.verdict(
            found.files.get(self.path),
            where=f"{self.path} in the container {self.container}",
            line=line,
            hint=complaint(end, line),
        )

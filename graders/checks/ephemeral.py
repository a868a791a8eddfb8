"""The check `ephemeral`: what a container wrote is gone in the next one."""

from typing import ClassVar

from graders.actions import DEFAULT
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.endings import complaint_of, denial_of, did_not_start, output_of, run_line
from graders.checks.registry import register
from graders.checks.traces import where_it_shows
from graders.observations import Observations, Pair, Wants
from graders.spec import Identifier, ImagePath, Text
from graders.visible import quoted, visible

_TWICE = {
    "values": {"note": "nonce"},
    "runs": {
        "first": {"env": {"NOTE": "{note}"}},
        "second": {"after": ["first"]},
    },
}
_CHECK = {"run": "first", "again": "second", "path": "/notes", "contains": "{note}"}
_WRITER = "FROM busybox:1.35\nCMD test -z $NOTE || echo $NOTE >> {path}; cat {path}\n"


@register("ephemeral")
class Ephemeral(Check):
    """A container has its own layer and loses it: what the first run wrote at `path` is not there in the next.

    Both halves are looked at from outside: the text is in the file when the first container has ended, and neither in
    the file nor in anything that the second container says.
    """

    run: Identifier = DEFAULT
    """The run that writes."""
    again: Identifier
    """A run of the same image, after it."""
    path: ImagePath
    """Where the first writes; in no volume that the second has too."""
    contains: Text
    """What it writes: a drawn value that only the first is given."""

    why: ClassVar[str] = (
        "Containers come and go, and their layers with them: what must last belongs into a volume, and nowhere else."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="What was written in its own layer is gone.",
                check=_CHECK,
                dockerfile=_WRITER.format(path="/notes"),
                plan=_TWICE,
            ),
            Sample(
                about="A volume that has no name is a new one each time.",
                check={**_CHECK, "path": "/data/notes"},
                dockerfile=_WRITER.format(path="/data/notes").replace("CMD", "VOLUME /data\nCMD"),
                plan=_TWICE,
            ),
        ),
        wrong=(
            Sample(
                about="It writes nothing there.",
                check=_CHECK,
                dockerfile=_WRITER.format(path="/var/notes").replace("CMD", "RUN mkdir -p /var\nCMD"),
                plan=_TWICE,
                says="no /notes",
                line=3,
            ),
            Sample(
                about="It writes something else.",
                check=_CHECK,
                dockerfile="FROM busybox:1.35\nCMD echo hello > /notes\n",
                plan=_TWICE,
                says="without",
                line=2,
            ),
            Sample(
                about="It keeps it where the next one finds it.",
                check=_CHECK,
                dockerfile="FROM busybox:1.35\nCMD test -z $NOTE || echo $NOTE > /keep/a; cp /keep/a /notes\n",
                plan={
                    "values": {"note": "nonce"},
                    "runs": {
                        "first": {"env": {"NOTE": "{note}"}, "volumes": {"/keep": "store"}},
                        "second": {"after": ["first"], "volumes": {"/keep": "store"}},
                    },
                },
                says="/notes of the second container",
                line=2,
            ),
            Sample(
                about="It has no room to write.",
                check=_CHECK,
                dockerfile="FROM busybox:1.35\nUSER 1000\nCMD echo $NOTE > /notes\n",
                plan=_TWICE,
                says="Permission denied",
                line=3,
            ),
        ),
        malformed=(
            Sample(
                about="A path in a volume of both.",
                check={**_CHECK, "path": "/keep/notes"},
                plan={
                    "values": {"note": "nonce"},
                    "runs": {
                        "first": {"volumes": {"/keep": "store"}},
                        "second": {"after": ["first"], "volumes": {"/keep": "store"}},
                    },
                },
                says="is in the volume `store`",
            ),
            Sample(
                about="No order.",
                check=_CHECK,
                plan={"values": {"note": "nonce"}, "runs": {"first": {}, "second": {}}},
                says="give it `after: [first]`",
            ),
            Sample(
                about="Another image.",
                check=_CHECK,
                plan={
                    "values": {"note": "nonce"},
                    "builds": {"other": {}},
                    "runs": {"first": {}, "second": {"after": ["first"], "build": "other"}},
                },
                says="not of one image",
            ),
            Sample(
                about="No second run.",
                check={"path": "/notes", "contains": "a"},
                says="`again` is missing",
            ),
        ),
    )

    def heading(self) -> str:
        """Say what is expected."""
        return f"What is written at {self.path} is gone in the next container"

    def wants(self) -> Wants:
        """The file of both."""
        return Wants(
            runs=frozenset({self.run, self.again}),
            run_files=frozenset({(self.run, self.path), (self.again, self.path)}),
            pairs=(Pair(first=self.run, then=self.again, path=self.path, kept=False),),
        )

    def judge(self, seen: Observations) -> Verdict:
        """First that it was there, then that it is gone."""
        first, then = seen.runs[self.run], seen.runs[self.again]
        trouble = did_not_start(seen, first) or did_not_start(seen, then)
        if trouble is not None:
            return trouble
        line = run_line(seen, first)
        written = seen.run_files[self.run, self.path]
        text = visible(written.content) if written is not None else ""
        if self.contains not in text:
            found = f"holds {quoted(text)}, without {quoted(self.contains)}" if written is not None else ""
            return failed(
                f"{self.path} of the first container {found}.{complaint_of(first)}"
                if found
                else f"There is no {self.path} in the first container when it has ended, so nothing of it can be gone."
                f"{complaint_of(first)}",
                expected=f"{self.contains} in {self.path}",
                seen=output_of(first),
                hint=denial_of(first) or "The first container must write before it ends.",
                line=line,
            )
        kept = seen.run_files[self.again, self.path]
        if kept is not None and self.contains in visible(kept.content):
            return failed(
                f"{self.path} of the second container still holds {quoted(self.contains)}.",
                expected="a file system as the image has it",
                seen=quoted(kept.content),
                hint="Something that both containers have, such as a volume, carries it over.",
                line=run_line(seen, then),
            )
        shows = where_it_shows(then, self.contains)
        if shows:
            return failed(
                f"The second container still knows {quoted(self.contains)}: it is in {shows}.",
                seen=output_of(then),
                line=run_line(seen, then),
            )
        return passed(f"{self.path} held it when the first container ended, and the second knows nothing of it.")

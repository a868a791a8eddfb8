"""The check `run_file`: what a container has written, or has not, when it has ended."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import model_validator

from graders.actions import DEFAULT
from graders.checks.accounts import PASSWD, is_owned_by, name_of, number_of, users_in
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.endings import complaint_of, denial_of, did_not_start, limit_words, output_of, run_line
from graders.checks.image_file import Mode
from graders.checks.registry import register
from graders.observations import Observations, SeenRun, Wants
from graders.sandbox.base import FileFacts, FileKind, Limit
from graders.spec import Identifier, ImagePath, ImagePaths, Text, Texts
from graders.visible import last_lines, listed, quoted, visible

_KEPT = {"values": {"word": "word"}, "runs": {"default": {"env": {"WORD": "{word}"}, "volumes": {"/data": "store"}}}}


@register("run_file")
class RunFile(Check):
    """Files of a run's container when it has ended: in its own layer, a volume or a folder of the lab's.

    Paths are there (`present`) or not (`absent`); the file at `path` is as asked. A symbolic link at the end of a path
    is not followed. A serving run is looked at after it was asked everything and has ended.
    """

    run: Identifier = DEFAULT
    present: ImagePaths = ()
    """Paths that must be there."""
    absent: ImagePaths = ()
    """Paths that must not be there."""
    path: ImagePath | None = None
    """One path, looked at in detail."""
    type: Literal["file", "folder", "symlink"] | None = None
    """What it is."""
    mode: Mode | None = None
    """Its mode in octal digits, such as `"0640"`."""
    owner: Text | None = None
    """A user's name or number."""
    contains: Texts = ()
    """Texts in the file."""
    lacks: Texts = ()
    """Texts that must not be in the file."""
    equals: Text | None = None
    """Its text, outer empty lines aside."""

    why: ClassVar[str] = (
        "What a program leaves behind is found by others only where they look for it, and if they may read it."
    )
    opposites: ClassVar[tuple[tuple[str, str], ...]] = (
        ("present", "absent"),
        ("path", "absent"),
        ("contains", "lacks"),
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="A drawn word is in a file of a volume, and nothing is left elsewhere.",
                check={"path": "/data/word", "equals": "{word}", "absent": ["/var/word", "/work"]},
                dockerfile="FROM busybox:1.35\nCMD echo $WORD > /data/word\n",
                plan=_KEPT,
            ),
            Sample(
                about="A file of its own layer, with its mode and owner.",
                check={"path": "/note", "mode": "0600", "owner": "app", "type": "file", "lacks": "secret"},
                dockerfile=(
                    "FROM busybox:1.35\nRUN echo app:x:12:12::/: >> /etc/passwd && touch /note && chown 12 /note\n"
                    "USER app\nCMD echo hello > /note; chmod 600 /note\n"
                ),
            ),
            Sample(
                about="A server wrote down what it was asked, in a folder of the lab's.",
                check={"run": "web", "present": ["/config/app.conf", "/config/out"]},
                dockerfile=(
                    "FROM busybox:1.35\n"
                    """CMD ["sh", "-c", "cp /config/app.conf /config/out; exec httpd -f -p 8080"]\n"""
                ),
                plan={
                    "runs": {"web": {"folders": {"/config": {"app.conf": "x"}}, "serve": {"port": 8080}}},
                },
            ),
        ),
        wrong=(
            Sample(
                about="Nothing is written.",
                check={"path": "/data/word", "contains": "{word}"},
                dockerfile="FROM busybox:1.35\nCMD echo $WORD\n",
                plan=_KEPT,
                says="There is no /data/word",
                line=2,
            ),
            Sample(
                about="It cannot write there, since it is read only.",
                check={"present": "/note"},
                dockerfile="FROM busybox:1.35\nCMD echo hello > /note\n",
                plan={"runs": {"default": {"read_only": True}}},
                says="Read-only file system",
                line=2,
            ),
            Sample(
                about="It may not write there, as somebody else.",
                check={"present": "/note"},
                dockerfile="FROM busybox:1.35\nCMD echo hello > /note\n",
                plan={"runs": {"default": {"user": "23456:0"}}},
                says="Permission denied",
                line=2,
            ),
            Sample(
                about="Another text.",
                check={"path": "/data/word", "equals": "{word}"},
                dockerfile="FROM busybox:1.35\nCMD echo hello > /data/word\n",
                plan=_KEPT,
                says='holds "hello"',
                line=2,
            ),
            Sample(
                about="A text that must not be there.",
                check={"path": "/data/word", "lacks": "{word}"},
                dockerfile="FROM busybox:1.35\nCMD echo $WORD > /data/word\n",
                plan=_KEPT,
                says="must not be in it",
            ),
            Sample(
                about="A link that leads elsewhere.",
                check={"path": "/note", "contains": "root"},
                dockerfile="FROM busybox:1.35\nCMD ln -s /etc/passwd /note\n",
                says='is a symlink to "/etc/passwd", not a file',
            ),
            Sample(
                about="Another mode.",
                check={"path": "/note", "mode": "0600"},
                dockerfile="FROM busybox:1.35\nCMD touch /note && chmod 644 /note\n",
                says="has the mode 0644, not 0600",
            ),
            Sample(
                about="Another owner.",
                check={"path": "/note", "owner": "app"},
                dockerfile="FROM busybox:1.35\nRUN echo app:x:12:12::/: >> /etc/passwd\nCMD touch /note\n",
                says="belongs to root (0), not to app",
            ),
            Sample(
                about="Something is left.",
                check={"absent": "/work"},
                dockerfile="FROM busybox:1.35\nCMD mkdir /work\n",
                says="/work was left behind",
            ),
        ),
        malformed=(
            Sample(about="No path.", says="`present`, `absent` or `path`"),
            Sample(about="A text of no file.", check={"present": "/a", "contains": "b"}, says="needs the `path`"),
            Sample(about="A relative path.", check={"path": "a"}, says="absolute path"),
            Sample(
                about="In memory.",
                check={"path": "/scratch/a"},
                plan={"runs": {"default": {"tmpfs": "/scratch"}}},
                says="is in memory",
            ),
            Sample(about="What the kernel shows.", check={"present": "/proc/1/status"}, says="is in memory"),
        ),
    )

    @model_validator(mode="after")
    def _asks_something(self) -> "RunFile":
        if not (self.present or self.absent or self.path):
            raise ValueError("needs `present`, `absent` or `path`")
        details = self.said() & {"type", "mode", "owner", "contains", "lacks", "equals"}
        if details and self.path is None:
            raise ValueError(f"needs the `path` that {listed([f'`{name}`' for name in sorted(details)])} are about")
        return self

    def heading(self) -> str:
        """Say what is expected."""
        paths = [*self.present, *([self.path] if self.path else [])]
        if paths:
            return f"The container leaves {listed(paths)}"
        return f"The container does not leave {listed(list(self.absent), word='or')}"

    def wants(self) -> Wants:
        """The paths, and who is who when an owner is asked for."""
        paths = {*self.present, *self.absent, *([self.path] if self.path else []), *([PASSWD] if self.owner else [])}
        return Wants(run_files=frozenset((self.run, path) for path in paths))

    def judge(self, seen: Observations) -> Verdict:
        """Look at each path; the first objection decides."""
        run = seen.runs[self.run]
        objection = did_not_start(seen, run) or next(self._objections(seen, run), None)
        return objection if objection is not None else passed("The files are as asked.")

    def _objections(self, seen: Observations, run: SeenRun) -> Iterator[Verdict]:
        line = run_line(seen, run)
        wanted = [*self.present, *([self.path] if self.path else [])]
        missing = [path for path in wanted if seen.run_files[self.run, path] is None]
        if missing:
            yield failed(
                f"There is no {listed(missing, word='and no')} after the run{_ending(run)}.{complaint_of(run)}",
                seen=output_of(run),
                hint=denial_of(run) or "A path counts from /; a relative one, as programs use them, from WORKDIR.",
                line=line,
            )
        left = [path for path in self.absent if seen.run_files[self.run, path] is not None]
        if left:
            yield failed(f"{listed(left)} {'was' if len(left) == 1 else 'were'} left behind.", line=line)
        found = seen.run_files[self.run, self.path] if self.path else None
        if found is not None:
            objection = (
                self._kind_objection(found)
                or self._rights_objection(found, users_in(seen.run_files.get((self.run, PASSWD))))
                or self._content_objection(found)
            )
            if objection:
                text = visible(found.content)
                yield failed(
                    f"{self.path} {objection}.{complaint_of(run)}",
                    expected=self.equals if self.equals is not None else "\n".join(self.contains),
                    seen=last_lines(text)[:2000],
                    line=line,
                )

    def _kind_objection(self, found: FileFacts) -> str:
        reads = bool(self.contains or self.lacks) or self.equals is not None
        wanted = self.type or ("file" if reads else None)
        if wanted is None or found.kind.value == wanted:
            return ""
        told = f"a {found.kind.value}" if found.kind is not FileKind.OTHER else "a special file"
        link = f" to {quoted(found.link_target)}" if found.kind is FileKind.SYMLINK else ""
        return f"is {told}{link}, not a {wanted}"

    def _rights_objection(self, found: FileFacts, users: dict[str, int]) -> str:
        mode = f"{found.mode & 0o7777:04o}"
        if self.mode is not None and mode != self.mode:
            return f"has the mode {mode}, not {self.mode}"
        if self.owner is None:
            return ""
        owner = number_of(self.owner, users)
        if owner is None:
            return f"cannot belong to {quoted(self.owner)}, whom the image does not know"
        if not is_owned_by(self.owner, found.uid, users):
            return f"belongs to {name_of(found.uid, users)}, not to {self.owner}"
        return ""

    def _content_objection(self, found: FileFacts) -> str:
        text = visible(found.content)
        cut = " (only its beginning was read)" if found.content_cut else ""
        if self.equals is not None and text.strip("\n") != visible(self.equals).strip("\n"):
            return f"holds {quoted(text)}, not {quoted(self.equals)}{cut}"
        missing = [part for part in self.contains if part not in text]
        if missing:
            return f"holds {quoted(text)}, without {listed([quoted(part) for part in missing])}{cut}"
        unwanted = [part for part in self.lacks if part in text]
        if unwanted:
            return f"holds {quoted(text)}; {listed([quoted(part) for part in unwanted])} must not be in it"
        return ""


def _ending(run: SeenRun) -> str:
    """How it ended, where that may be why something is missing."""
    if run.result.limit is not None and not (run.waited_for is not None and run.result.limit is Limit.WALL):
        return f", which ended at its {limit_words(run.result.limit)[0]}"
    if run.waited_for is None and run.result.exit_code:
        return f", which exited with {run.result.exit_code}"
    return ""

"""The check `runs_as`: who the container's processes run as."""

from typing import ClassVar

from pydantic import model_validator

from graders.actions import DEFAULT
from graders.blame import line_in_effect
from graders.checks.accounts import PASSWD, is_number, name_of, number_of, poses_as, users_of
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.endings import did_not_start
from graders.checks.registry import register
from graders.observations import Observations, SeenRun, Wants
from graders.spec import Identifier, Text
from graders.visible import quoted, shortened, visible

_ADVICE = (
    "Create a user in a RUN (useradd app in Debian, adduser -D app in Alpine), and name it in USER before CMD. A "
    "number such as 1000 works without a user of that name."
)


@register("runs_as")
class RunsAs(Check):
    """Every process of the container runs as `user`, or as anybody but root.

    Processes are looked at from outside while they run; where the container has ended too soon for that, the image's
    USER decides, since without privileges no process can become another user.
    """

    run: Identifier = DEFAULT
    build: Identifier = DEFAULT
    user: Text | None = None
    """A name or a number; without it, anybody but root."""

    why: ClassVar[str] = (
        "Whoever breaks into a program gets its user's rights: one that runs as root gives away its whole container."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="A number.", dockerfile='FROM busybox:1.35\nUSER 1000\nCMD ["sleep", "1"]\n', check={"user": 1000}
            ),
            Sample(
                about="A user by name.",
                dockerfile='FROM busybox:1.35\nRUN echo app:x:12:12::/: >> /etc/passwd\nUSER app\nCMD ["sleep", "1"]\n',
                check={"user": "app"},
            ),
            Sample(
                about="Anybody but root, in a container that ends at once.",
                dockerfile='FROM busybox:1.35\nUSER 65534\nCMD ["true"]\n',
            ),
            Sample(about="Root, where root is asked for.", check={"user": "root"}),
        ),
        wrong=(
            Sample(about="Root by default.", dockerfile='FROM busybox:1.35\nCMD ["sleep", "1"]\n', says="root (0)"),
            Sample(
                about="Root by number.",
                dockerfile='FROM busybox:1.35\nUSER 1000\nUSER 0\nCMD ["sleep", "1"]\n',
                says="root (0)",
                line=3,
            ),
            Sample(
                about="Somebody else.",
                dockerfile='FROM busybox:1.35\nUSER 1001\nCMD ["sleep", "1"]\n',
                check={"user": 1000},
                says="1001",
                line=2,
            ),
            Sample(
                about="Root by another name.",
                dockerfile='FROM busybox:1.35\nRUN echo app:x:0:0::/: >> /etc/passwd\nUSER app\nCMD ["sleep", "1"]\n',
                check={"user": "app"},
                says="root (0)",
                line=3,
            ),
            Sample(
                about="Nobody the image knows.",
                dockerfile='FROM busybox:1.35\nUSER ghost\nCMD ["true"]\n',
                says="could not be started",
                line=2,
            ),
        ),
        malformed=(
            Sample(
                about="The run sets the user itself.", plan={"runs": {"default": {"user": "1000"}}}, says="sets a user"
            ),
            Sample(about="No user.", check={"user": ""}, says="`user`"),
        ),
    )

    @model_validator(mode="after")
    def _names_somebody(self) -> "RunsAs":
        if self.user is not None and not self.user.strip():
            raise ValueError("has an empty `user`; leave it out for anybody but root")
        return self

    def heading(self) -> str:
        """Say what is expected."""
        return f"It runs as {self.user}" if self.user else "It does not run as root"

    def wants(self) -> Wants:
        """The processes while they run, and who is who in the image where somebody is asked for by name."""
        run = frozenset({self.run})
        return Wants(
            runs=run,
            processes=run,
            own_user=run,
            images=frozenset({self.build}),
            paths=frozenset({(self.build, PASSWD)} if self.user and not is_number(self.user) else ()),
        )

    def wants_then(self, seen: Observations) -> Wants:
        """Who is who, where a name is all that is known: a file is dear to read, and mostly the processes tell."""
        declared = seen.images[self.build].user.partition(":")[0]
        unknown = declared and not is_number(declared) and not seen.runs[self.run].processes
        return Wants(paths=frozenset({(self.build, PASSWD)} if unknown else ()))

    def judge(self, seen: Observations) -> Verdict:
        """Look at every process seen."""
        run = seen.runs[self.run]
        trouble = did_not_start(seen, run)
        if trouble is not None:
            return trouble
        users = users_of(seen, self.build)
        line = line_in_effect(seen.dockerfile(self.build), "USER", target=seen.target(self.build))
        declared = seen.images[self.build].user
        if run.processes and (name := declared.partition(":")[0]) and not is_number(name):
            users.setdefault(name, run.processes[0].uid)  # the engine itself has looked it up
        wanted = number_of(self.user, users) if self.user else None
        if self.user and wanted is None:
            return failed(f"The image has no user {quoted(self.user)}.", hint=_ADVICE, line=line)
        for uid, command in self._seen(run, declared, users):
            if uid != wanted or poses_as(self.user or "", uid) if wanted is not None else uid == 0:
                what = f"{quoted(shortened(visible(command), limit=80))} runs" if command else "The container runs"
                told = f"{what} as {name_of(uid, users)}"
                expected = self.user or "anybody but root"
                return failed(
                    f"{told}; expected was {expected}.",
                    expected=expected,
                    seen=name_of(uid, users),
                    hint=_ADVICE if line is None else "",
                    line=line,
                )
        return passed(f"It runs as {name_of(self._seen(run, declared, users)[0][0], users)}.")

    def _seen(self, run: SeenRun, declared: str, users: dict[str, int]) -> list[tuple[int, str]]:
        if run.processes:
            return [(process.uid, " ".join(process.command)) for process in run.processes]
        return [(number_of(declared, users) or 0, "")]

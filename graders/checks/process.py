"""The check `process`: what runs in a container, and which of it is PID 1."""

from collections.abc import Iterator
from typing import ClassVar

import regex
from pydantic import Field, model_validator

from graders.actions import DEFAULT
from graders.checks.accounts import PASSWD, name_of, number_of, poses_as, users_in
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.endings import did_not_last, run_line
from graders.checks.patterns import PatternText, search
from graders.checks.registry import register
from graders.checks.shells import command_of, is_shell, names_of
from graders.observations import Observations, SeenRun, Wants
from graders.sandbox.base import Process as RunningProcess
from graders.spec import Identifier, Text, Texts
from graders.values import Quoting
from graders.visible import listed, visible

_UP = {"runs": {"default": {"serve": {"ready": "started"}}}}
_TWO = 'FROM busybox:1.35\nCMD ["sh", "-c", "sleep 300 & sleep 301 & echo up; wait"]\n'
_TWO_UP = {"runs": {"default": {"serve": {"ready": {"log": "up"}}}}}
_NAME_AND_NUMBERS = "RUN echo app:x:12:12::/: >> /etc/passwd\n"


@register("process")
class Process(Check):
    """What runs in a serving run, seen from outside while it is up: PID 1, how many, and as whom."""

    run: Identifier = DEFAULT
    program: Texts = ()
    """Programs that PID 1 may be, by name, such as `python3`."""
    matches: PatternText | None = None
    """A regular expression that the command of PID 1 fits."""
    no_shell: bool = False
    """Whether PID 1 must not be a shell."""
    at_least: int | None = Field(default=None, ge=1, le=1000)
    """How many processes run at least."""
    at_most: int | None = Field(default=None, ge=1, le=1000)
    """How many processes run at most."""
    users: dict[Text, Text] = Field(default_factory=dict)
    """Text in a command -> who the processes with it run as, by name or number; at least one must be there."""

    why: ClassVar[str] = (
        "PID 1 is the container: it gets its signals, and when it ends, everything else in the container ends with it."
    )
    quoting: ClassVar[Quoting] = {"matches": regex.escape}
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="PID 1 is the program.",
                check={"program": ["sleep", "httpd"], "no_shell": True, "at_most": 1, "matches": "^sleep 300$"},
                dockerfile='FROM busybox:1.35\nCMD ["sleep", "300"]\n',
                plan=_UP,
            ),
            Sample(
                about="A script becomes its program.",
                check={"program": "sleep", "matches": "{seconds}"},
                dockerfile='FROM busybox:1.35\nCMD ["sh", "-c", "exec sleep $SECONDS_ASKED"]\n',
                plan={
                    "values": {"seconds": "number"},
                    "runs": {"default": {"env": {"SECONDS_ASKED": "{seconds}"}, "serve": {"ready": "started"}}},
                },
            ),
            Sample(
                about="A server that tells `ps` more than its name.",
                check={"program": "redis-server"},
                dockerfile=('FROM python:3.11-slim\nCMD ["bash", "-c", "exec -a \'redis-server *:6379\' sleep 300"]\n'),
                plan={**_UP, "bases": ["python"]},
            ),
            Sample(
                about="Several processes, each as somebody.",
                check={"at_least": 3, "users": {"sleep 300": "app", "sleep 301": 12}},
                dockerfile=_TWO.replace("CMD", f"{_NAME_AND_NUMBERS}USER app\nCMD"),
                plan=_TWO_UP,
            ),
        ),
        wrong=(
            Sample(
                about="Another program.",
                check={"program": "httpd"},
                dockerfile='FROM busybox:1.35\nCMD ["sleep", "300"]\n',
                plan=_UP,
                says='PID 1 is "sleep 300", not httpd',
                line=2,
            ),
            Sample(
                about="The shell form.",
                check={"no_shell": True},
                dockerfile="FROM busybox:1.35\nCMD sleep 300; echo done\n",
                plan=_UP,
                says="is a shell",
                line=2,
            ),
            Sample(
                about="More than one process.",
                check={"at_most": 1},
                dockerfile=_TWO,
                plan=_TWO_UP,
                says="3 processes run, not at most 1",
                line=2,
            ),
            Sample(
                about="Fewer processes than asked for, and another command.",
                check={"at_least": 2},
                dockerfile='FROM busybox:1.35\nCMD ["sleep", "300"]\n',
                plan=_UP,
                says="1 process runs, not at least 2",
            ),
            Sample(
                about="Another command.",
                check={"matches": "^sleep 301"},
                dockerfile='FROM busybox:1.35\nCMD ["sleep", "300"]\n',
                plan=_UP,
                says="does not fit",
            ),
            Sample(
                about="As somebody else.",
                check={"users": {"sleep 300": 12}},
                dockerfile=_TWO,
                plan=_TWO_UP,
                says="runs as root (0), not as 12",
            ),
            Sample(
                about="Nobody does that.",
                check={"users": {"worker": "root"}},
                dockerfile=_TWO,
                plan=_TWO_UP,
                says='No process has "worker" in its command',
            ),
            Sample(
                about="It ends at once.",
                check={"no_shell": True},
                dockerfile='FROM busybox:1.35\nCMD ["ls", "/none"]\n',
                plan=_UP,
                says="ended by itself",
                line=2,
            ),
        ),
        malformed=(
            Sample(about="Nothing is asked for.", plan=_UP, says="`program`, `matches`, `no_shell`"),
            Sample(about="A run that ends by itself.", check={"no_shell": True}, says="ends by itself"),
            Sample(about="A broken expression.", check={"matches": "("}, plan=_UP, says="no regular expression"),
            Sample(about="Too few for too many.", check={"at_least": 3, "at_most": 2}, plan=_UP, says="more than"),
        ),
    )

    @model_validator(mode="after")
    def _asks_something(self) -> "Process":
        if not (self.program or self.matches or self.no_shell or self.at_least or self.at_most or self.users):
            raise ValueError("needs one of `program`, `matches`, `no_shell`, `at_least`, `at_most` or `users`")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError("has an `at_least` that is more than its `at_most`")
        return self

    def heading(self) -> str:
        """Say what is expected."""
        if self.program:
            return f"Its first process is {listed(list(self.program), word='or')}"
        if self.no_shell:
            return "Its first process is no shell"
        if self.at_most == 1:
            return "It runs one process"
        return "It runs the processes that it should"

    def wants(self) -> Wants:
        """The processes while it is up; who is who is looked up where users are asked for."""
        run = frozenset({self.run})
        who = {(self.run, PASSWD)} if self.users else ()
        return Wants(processes=run, lasting=run, run_files=frozenset(who))

    def judge(self, seen: Observations) -> Verdict:
        """Judge what was seen while it was up; the first objection decides."""
        run = seen.runs[self.run]
        trouble = did_not_last(seen, run)
        if trouble is not None:
            return trouble
        if not run.processes:
            return failed("The container had ended before its processes were looked at.", line=run_line(seen, run))
        objection = next(self._objections(seen, run), None)
        if objection is not None:
            return objection
        return passed("Its processes are as they should be.", seen=_table(run))

    def _objections(self, seen: Observations, run: SeenRun) -> Iterator[Verdict]:
        first, line = run.processes[0], run_line(seen, run)
        if self.program and (names_of(first).isdisjoint(self.program) or _poses(first, self.program)):
            wanted = listed(list(self.program), word="or")
            yield failed(
                f"PID 1 is {_described(first)}, not {wanted}.",
                expected=wanted,
                seen=_table(run),
                hint=_SHELL_ADVICE if is_shell(first) else "PID 1 is what ENTRYPOINT and CMD start.",
                line=line,
            )
        if self.no_shell and is_shell(first):
            yield failed(
                f"PID 1, {command_of(first)}, is a shell.",
                expected="the program itself",
                seen=_table(run),
                hint=_SHELL_ADVICE,
                line=line,
            )
        if self.matches is not None and not search(self.matches, " ".join(first.command)):
            yield failed(f"The command of PID 1, {command_of(first)}, does not fit.", seen=_table(run), line=line)
        count = len(run.processes)
        told = "1 process runs" if count == 1 else f"{count} processes run"
        for bound, wrong, words in (
            (self.at_least, count < (self.at_least or 0), "at least"),
            (self.at_most, count > (self.at_most or count), "at most"),
        ):
            if bound is not None and wrong:
                yield failed(f"{told}, not {words} {bound}.", expected=f"{words} {bound}", seen=_table(run), line=line)
        for text, user in self.users.items():
            yield from self._about_user(seen, run, text, user)

    def _about_user(self, seen: Observations, run: SeenRun, text: str, user: str) -> Iterator[Verdict]:
        users = users_in(seen.run_files.get((self.run, PASSWD)))
        wanted = number_of(user, users)
        found = [process for process in run.processes if text in " ".join(process.command)]
        if not found:
            yield failed(f'No process has "{visible(text)}" in its command.', seen=_table(run))
        elif wanted is None:
            yield failed(f'The image has no user "{visible(user)}".', seen=_table(run))
        for process in found:
            if process.uid != wanted or poses_as(user, process.uid):
                yield failed(
                    f"{command_of(process)} runs as {name_of(process.uid, users)}, not as {user}.",
                    expected=user,
                    seen=_table(run),
                )


_SHELL_ADVICE = (
    "A shell is there when CMD or ENTRYPOINT is in the shell form, or a script does not hand over with exec."
)


def _poses(first: RunningProcess, wanted: tuple[str, ...]) -> bool:
    """Whether it is a shell that only calls itself by another name."""
    return is_shell(first) and not any(is_shell(RunningProcess(pid=1, uid=0, command=(name,))) for name in wanted)


def _described(first: RunningProcess) -> str:
    return f"the shell {command_of(first)}" if is_shell(first) else command_of(first)


def _table(run: SeenRun) -> str:
    """The processes, a line each, as `ps` would show them; only so many."""
    lines = [f"{process.pid} (user {process.uid}): {command_of(process)}" for process in run.processes[:20]]
    return "\n".join(lines)

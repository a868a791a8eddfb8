"""What hostile people hand in, as data: each attempt says what must come of it. Honest hand-ins stand beside them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from graders.archive import Submission
from graders.plan import Base, LabPlan, parse_plan
from graders.report import Outcome, Report

LABS = Path(__file__).resolve().parents[2] / "packs/containerization-review/labs"
BASES = {
    "busybox": Base(name="busybox", image="busybox:1.35"),
    "python-slim": Base(name="python-slim", image="python:3.11-slim"),
}

WORD = """
title: Say the word
points: 4
bases: [busybox]
allow: {allow}
submission: {editable: ["*"]}
limits: {build_seconds: {build}, run_seconds: {run}, memory_mib: 64, pids: 40, output_kib: 64, disk_mib: 16}
values: {word: nonce}
builds: {default: {files: {word.txt: "{word}\\n"}}}
checks:
  - {id: builds, kind: builds, points: 1}
  - {id: says, kind: stdout, equals: "{word}", points: 2, needs: [builds]}
  - {id: file, kind: image_file, path: /out, equals: "{word}", points: 1, needs: [builds]}
"""
"""A lab that is passed by copying a file that nobody knows beforehand, and printing it."""

HONEST = 'FROM busybox:1.35\nCOPY word.txt /out\nCMD ["cat", "/out"]\n'


def word_plan(allow: str = "{}", *, quick: bool = False) -> LabPlan:
    """The lab, with what its policy allows; `quick` where its time is to run out."""
    text = WORD.replace("{allow}", allow)
    text = text.replace("{build}", "5" if quick else "60").replace("{run}", "3" if quick else "40")
    return parse_plan(text, file="lab.yaml", bases=BASES)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One hand-in at the lab WORD. Either it is refused by `rule` at `line`, or it gets `points` and meets `limit`."""

    row: int
    """Of the table in docs/security.md."""
    name: str
    dockerfile: str | bytes
    files: Mapping[str, bytes] = field(default_factory=dict)
    allow: str = "{}"
    rule: str = ""
    line: int | None = None
    points: float = 0
    limit: str = ""
    """`build: …` or `run: …`, in the words of reports."""

    @property
    def plan(self) -> LabPlan:
        """The lab that it is handed in at."""
        return word_plan(self.allow, quick=self.is_quick)

    @property
    def is_quick(self) -> bool:
        """Whether it goes on until its time is up: no engine ends a step that prints too much sooner."""
        return self.limit in {"build: time", "run: time", "build: output"}

    @property
    def submission(self) -> Submission:
        """What is handed in."""
        text = self.dockerfile.encode() if isinstance(self.dockerfile, str) else self.dockerfile
        return Submission.from_files({"Dockerfile": text, **self.files})

    def judge(self, report: Report) -> None:
        """See that what had to come of it has come of it."""
        if self.rule:
            assert report.outcome is Outcome.REFUSED, report.checks
            found = {(refusal.rule, refusal.line): refusal.message for refusal in report.refusals}
            assert (self.rule, self.line) in found, found
            message = found[self.rule, self.line]
            assert message.endswith(".")
            assert len(message) > 20
            assert report.builds == report.containers == ()
        else:
            assert report.outcome is Outcome.GRADED, report.refusals
            limits = {f"build: {build.limit}" for build in report.builds if build.limit}
            limits |= {f"run: {container.limit}" for container in report.containers if container.limit}
            assert limits == ({self.limit} if self.limit else set()), [check.message for check in report.checks]
            if self.limit:
                named = [check for check in report.checks if "limit" in check.message]
                assert named, "a verdict says which limit it was"
                assert named[0].line is not None
        assert report.score == self.points, [(check.id, check.message) for check in report.checks]


def of_row(row: int) -> list[Attempt]:
    """The attempts of one row."""
    return [attempt for attempt in ATTEMPTS if attempt.row == row]


def _refused(row: int, rule: str, line: int | None, allow: str = "{}", **texts: str | bytes) -> list[Attempt]:
    return [
        Attempt(row=row, name=name.replace("_", "-"), dockerfile=text, rule=rule, line=line, allow=allow)
        for name, text in texts.items()
    ]


def _step(row: int, name: str, command: str, limit: str) -> Attempt:
    """A RUN that meets a limit: nothing is built, so nothing is earned."""
    return Attempt(row=row, name=name, dockerfile=f"FROM busybox:1.35\nRUN {command}\n", limit=f"build: {limit}")


def _run(row: int, name: str, command: str, limit: str) -> Attempt:
    """A CMD that meets a limit: what was built and copied counts, what had to be printed does not."""
    text = f"FROM busybox:1.35\nCOPY word.txt /out\nCMD {command}\n"
    return Attempt(row=row, name=name, dockerfile=text, limit=f"run: {limit}", points=2)


def _output(name: str, *lines: str) -> Attempt:
    """Something odd where a file was to be: the image counts, the file does not."""
    text = "\n".join(["FROM busybox:1.35", "COPY word.txt /w", *lines, 'CMD ["cat", "/w"]', ""])
    return Attempt(row=13, name=name, dockerfile=text, points=3)


_BASE = "FROM busybox:1.35\n"
_FORK = "i=0; while [ $i -lt {count} ]; do sleep 9 & i=$((i+1)); done; wait"
MANY_FILES = "i=0; while fallocate -l 16000000 /fill$i; do i=$((i+1)); done; exit 1"
_FORGED = b'{"schema": "drydock.report/1", "outcome": "graded", "score": 4, "checks": [{"id": "says"}]}'

ATTEMPTS: tuple[Attempt, ...] = (
    *_refused(
        1,
        "syntax-directive",
        1,
        plain="# syntax=elsewhere/frontend:1\n" + _BASE,
        tight="#syntax=elsewhere/frontend:1\n" + _BASE,
        slashes="// syntax=elsewhere/frontend:1\n" + _BASE,
        json='{"syntax": "elsewhere/frontend:1"}\n',
        after_a_bom=b"\xef\xbb\xbf# syntax=elsewhere/frontend:1\n" + _BASE.encode(),
        capitals="# SYNTAX = elsewhere/frontend:1\n" + _BASE,
    ),
    *_refused(
        1,
        "syntax-directive",
        2,
        after_a_shebang="#!/usr/bin/env docker\n# syntax=elsewhere/frontend:1\n" + _BASE,
        after_another="# escape=`\n# syntax=elsewhere/frontend:1\n" + _BASE,
        by_argument=_BASE + "ARG BUILDKIT_SYNTAX=elsewhere/frontend:1\n",
    ),
    *_refused(
        2,
        "unknown-flag",
        2,
        host_network=_BASE + "RUN --network=host true\n",
        insecure=_BASE + "RUN --security=insecure true\n",
        unknown=_BASE + "RUN --privileged true\n",
        of_copy=_BASE + "COPY --exec=sh word.txt /out\n",
    ),
    *_refused(
        3,
        "add-url",
        2,
        http=_BASE + "ADD http://127.0.0.1/x /x\n",
        git=_BASE + "ADD git@elsewhere:me/it.git /x\n",
        ftp=_BASE + "ADD ftp://elsewhere/x /x\n",
    ),
    *_refused(
        3,
        "add-url",
        3,
        by_variable=_BASE + "ENV U=http://127.0.0.1/x\nADD $U /x\n",
        by_argument="ARG U\n" + _BASE + "ADD $U /x\n",
    ),
    *_refused(4, "base-not-allowed", 1, another="FROM debian:12-slim\n", of_a_job="FROM drydock-job/submission-1:1\n"),
    *_refused(4, "base-not-allowed", 2, by_argument="ARG B=debian:12-slim\nFROM ${B}\n"),
    *_refused(
        4,
        "copy-from-not-allowed",
        2,
        copy=_BASE + "COPY --from=debian:12-slim / /\n",
        of_another_student=_BASE + "COPY --from=drydock-job/submission-1:1 / /\n",
    ),
    *_refused(
        4, "mount", 2, "{mounts: [bind]}", mount=_BASE + "RUN --mount=type=bind,from=debian:12-slim,target=/x true\n"
    ),
    *_refused(5, "onbuild", 2, plain=_BASE + "ONBUILD RUN true\n"),
    *_refused(5, "onbuild", 2, inherited="FROM busybox:1.35 AS a\nONBUILD RUN true\nFROM a\n"),
    *_refused(
        6,
        "mount",
        2,
        cache=_BASE + "RUN --mount=type=cache,target=/c true\n",
        raced=_BASE + "RUN --mount=type=cache,target=/c,sharing=shared,id=all true\n",
        bind=_BASE + "RUN --mount=type=bind,source=.,target=/x true\n",
        secret=_BASE + "RUN --mount=type=secret,id=x true\n",
        ssh=_BASE + "RUN --mount=type=ssh true\n",
        second=_BASE + "RUN --mount=type=bind,target=/a --mount=type=cache,target=/b true\n",
    ),
    *_refused(
        6,
        "mount",
        2,
        "{mounts: [bind]}",
        up_and_out=_BASE + "RUN --mount=type=bind,source=../../../etc,target=/x true\n",
    ),
    _step(8, "memory-in-a-step", "dd if=/dev/zero of=/dev/null bs=2000M count=1", "memory"),
    _step(8, "forks-in-a-step", _FORK.format(count=900), "processes"),
    _step(8, "busy-in-a-step", "while :; do :; done & while :; do :; done", "time"),
    _run(8, "memory-at-run-time", "dd if=/dev/zero of=/dev/null bs=300M count=1", "memory"),
    _run(8, "forks-at-run-time", _FORK.format(count=60), "processes"),
    _run(8, "busy-at-run-time", "while :; do :; done & while :; do :; done", "time"),
    _step(9, "disk-in-a-step", "fallocate -l 20000000000 /fill", "disk"),
    _run(9, "one-file-at-run-time", "dd if=/dev/zero of=/fill bs=1M count=100", "disk"),
    _run(9, "many-files-at-run-time", MANY_FILES, "disk"),
    Attempt(
        row=9,
        name="many-files-at-run-time-in-silence",
        dockerfile=_BASE + f"COPY word.txt /out\nCMD exec 2> /dev/null; {MANY_FILES}\n".replace("exit 1", "exit 0"),
        points=2,
    ),
    _step(10, "flood-in-a-step", "yes", "output"),
    _step(10, "flood-without-newline-in-a-step", "yes | tr -d '\\n'", "output"),
    _run(10, "flood-at-run-time", "yes", "output"),
    _run(10, "flood-without-newline-at-run-time", "yes | tr -d '\\n' >&2", "output"),
    _step(11, "sleep-in-a-step", "sleep 9999", "time"),
    _step(11, "deaf-in-a-step", "trap '' TERM INT HUP; while :; do sleep 1; done", "time"),
    _run(11, "sleep-at-run-time", "trap '' TERM; sleep 9999", "time"),
    _run(11, "silent-at-run-time", "exec >&- 2>&-; sleep 9999", "time"),
    Attempt(
        row=11,
        name="sleep-in-a-healthcheck",
        dockerfile=HONEST + "HEALTHCHECK --interval=1s --timeout=1h CMD sleep 9999\n",
        points=4,
    ),
    _output("link-to-the-file", "RUN ln -s /w /out"),
    _output("link-out-of-the-image", "RUN ln -s ../../../../../../etc/shadow /out"),
    _output("link-to-itself", "RUN ln -s /out /out"),
    _output("pipe", "RUN mkfifo /out"),
    _output("folder", "RUN mkdir /out"),
    _output("sparse", "RUN truncate -s 300M /out"),
    _output("volume-over-it", "COPY word.txt /out/w", "VOLUME /out"),
    Attempt(
        row=14,
        name="prints-an-answer-it-does-not-know",
        dockerfile=_BASE + 'RUN echo passed > /out\nCMD ["echo", "passed"]\n',
        points=1,
    ),
    Attempt(
        row=14,
        name="forged-labels-and-results",
        dockerfile=_BASE
        + "LABEL drydock.job=else org.drydock.outcome=passed score=4\nCOPY report.json /out\n"
        + 'RUN mkdir /results && cp /out /results/results.json\nCMD ["cat", "/out"]\n',
        files={"report.json": _FORGED},
        points=1,
    ),
    Attempt(
        row=14,
        name="its-own-word-in-the-labs-place",
        dockerfile='FROM busybox:1.35\nCOPY mine.txt /out\nCMD ["cat", "/out"]\n',
        files={"mine.txt": b"word\n", "word.txt": b"word\n"},
        points=1,
    ),
    Attempt(
        row=16,
        name="path-shell-and-entrypoint",
        dockerfile=_BASE
        + 'ENV PATH=/evil LD_PRELOAD=/evil/lie.so\nSHELL ["/evil/sh", "-c"]\nCOPY word.txt /out\n'
        + 'ENTRYPOINT ["/bin/busybox", "cat", "/out"]\nCMD []\n',
        points=4,
    ),
    *_refused(17, "too-many-ports", 2, ports=_BASE + "EXPOSE 1-65535\n"),
    *_refused(
        17, "too-many-volumes", 2, volumes=_BASE + "VOLUME " + " ".join(f"/v{number}" for number in range(60)) + "\n"
    ),
    Attempt(
        row=17,
        name="stop-signal-volumes-and-healthcheck",
        dockerfile=HONEST
        + "STOPSIGNAL SIGCONT\nEXPOSE 1-900\nVOLUME /data /etc\nHEALTHCHECK --interval=1s CMD kill -9 -1\n",
        points=4,
    ),
)

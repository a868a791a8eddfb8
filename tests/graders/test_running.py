"""Runs in a scripted sandbox: what is asked of a container, in which order, and once however many checks want it."""

from textwrap import dedent

import pytest

from graders.archive import Submission
from graders.engine import grade
from graders.looking import settled_processes, wait_for_output, written_by
from graders.plan import Base, InvalidPlan, LabPlan, parse_plan
from graders.report import Report
from graders.sandbox.base import ContainerSpec, HttpReply, HttpRequest, Listener, Process
from graders.sandbox.fake import FakeContainer, FakeProgram, FakeSandbox, reply

BASES = {"busybox": Base(name="busybox", image="busybox:1.35"), "store": Base(name="store", image="redis:7")}
SERVER = FakeProgram(serves=True, stdout=b"up\n", listeners=(Listener(port=80, loopback_only=False),))


def plan(text: str) -> LabPlan:
    return parse_plan(f"title: x\nbases: [busybox, store]\n{dedent(text)}", file="lab.yaml", bases=BASES)


def graded(text: str, program: FakeProgram) -> tuple[Report, FakeSandbox]:
    sandbox = FakeSandbox(on_run=lambda spec: program)
    submission = Submission.from_files({"Dockerfile": b'FROM busybox:1.35\nCMD ["app"]\n'})
    report = grade(plan(text), submission, sandbox, seed=1, job_id="job")
    assert not report.refusals
    return report, sandbox


def outcomes(report: Report) -> list[str]:
    return [check.outcome.value for check in report.checks]


STOPPED = """
    points: 4
    runs: {worker: {serve: {ready: {log: up}}, stop: {after_seconds: 0, within_seconds: 3}}}
    checks:
      - {id: stops, kind: stops, run: worker, points: 1}
      - {id: code, kind: exit_code, run: worker, points: 1}
      - {id: says, kind: stdout, run: worker, contains: bye, points: 1}
      - {id: small, kind: memory, run: worker, at_most_mib: 16, points: 1}
    """


def test_several_checks_share_one_stop() -> None:
    report, sandbox = graded(STOPPED, FakeProgram(serves=True, stdout=b"up\nbye\n"))
    assert outcomes(report) == ["passed"] * 4
    assert sandbox.asked("stop") == [3]
    assert not sandbox.asked("kill")
    (container,) = report.containers
    assert container.stop_seconds is not None
    assert container.memory_peak_bytes == 8 * 1024 * 1024


def test_a_container_that_is_killed_after_its_stop_signal_has_no_stop_time() -> None:
    report, _ = graded(STOPPED, FakeProgram(serves=True, stdout=b"up\nbye\n", stops=False))
    assert outcomes(report) == ["failed", "failed", "failed", "passed"]
    assert "was killed" in report.checks[0].message
    assert "was killed" in report.checks[1].message
    assert report.containers[0].stop_seconds is None


def test_what_ends_by_itself_has_not_been_stopped() -> None:
    report, _ = graded(STOPPED, FakeProgram(stdout=b"up\nbye\n"))
    assert outcomes(report)[0] == "failed"
    assert "ended by itself" in report.checks[0].message


@pytest.mark.parametrize(
    ("first", "words"),
    [
        (Process(pid=1, uid=0, command=("/bin/sh", "-c", "app")), "does not pass signals on"),
        (Process(pid=1, uid=0, command=("app",), executable="/usr/bin/dash"), "the shell"),
        (Process(pid=1, uid=0, command=("app",), heeds=0), "has no handler for SIGTERM"),
        (Process(pid=1, uid=0, command=("app",), heeds=1 << 14), 'was "app"'),
        (Process(pid=1, uid=0, command=("app",)), 'was "app"'),
    ],
)
def test_why_a_signal_was_not_heard_is_told_by_what_was_seen(first: Process, words: str) -> None:
    report, _ = graded(STOPPED, FakeProgram(serves=True, stdout=b"up\n", stops=False, processes=(first,)))
    assert words in report.checks[0].message


def test_a_program_that_cannot_have_heard_the_signal_did_not_end_by_it() -> None:
    deaf = Process(pid=1, uid=0, command=("sleep", "3"), heeds=0)
    report, _ = graded(STOPPED, FakeProgram(serves=True, stdout=b"up\nbye\n", processes=(deaf,)))
    assert outcomes(report)[0] == "failed"
    assert "ended by itself" in report.checks[0].message


def test_each_file_of_a_run_is_read_once() -> None:
    report, sandbox = graded(
        """
        points: 3
        checks:
          - {id: a, kind: run_file, path: /a, contains: x, points: 1}
          - {id: b, kind: run_file, present: [/a, /b], points: 1}
          - {id: c, kind: run_file, absent: /c, points: 1}
        """,
        FakeProgram(files={"/a": b"x", "/b": b""}),
    )
    assert outcomes(report) == ["passed"] * 3
    assert sorted(sandbox.asked("read_file"), key=str) == ["/a", "/b", "/c"]
    assert len(sandbox.asked("start")) == 1


def test_a_run_has_what_the_plan_gives_it() -> None:
    _, sandbox = graded(
        """
        points: 1
        values: {word: word}
        runs:
          default:
            entrypoint: app
            hostname: "{word}"
            anonymous: /a
            folders: {/f: {deep/x: "{word}"}}
            folders_read_only: true
            tmpfs: [/t]
            memory_mib: 99
        checks: [{id: a, kind: exit_code, points: 1}]
        """,
        FakeProgram(),
    )
    (spec,) = sandbox.asked("run")
    assert isinstance(spec, ContainerSpec)
    assert (spec.entrypoint, spec.anonymous, spec.tmpfs, spec.limits.memory_mib) == (("app",), ("/a",), ("/t",), 99)
    assert spec.hostname is not None
    assert spec.folders == {"/f": {"deep/x": spec.hostname.encode()}}
    assert spec.folders_read_only


def test_a_run_of_a_base_is_one_of_the_labs_own() -> None:
    report, sandbox = graded(
        """
        points: 2
        runs:
          store: {base: store, network: inner, serve: {port: 80}}
          default: {network: inner, beside: [store]}
        checks:
          - {id: a, kind: exit_code, points: 1}
          - {id: b, kind: stdout, run: store, contains: up, points: 1}
        """,
        SERVER,
    )
    started = [spec for spec in sandbox.asked("start") if isinstance(spec, ContainerSpec)]
    assert {spec.image for spec in started} >= {"redis:7"}
    assert {container.build for container in report.containers if container.id == "store"} == {""}
    assert report.checks[1].outcome.value == "passed"


def test_what_hidden_checks_ask_is_in_no_file_that_learners_are_shown() -> None:
    files: dict[str, bytes] = {"/log": b"visible"}

    def answer(request: HttpRequest) -> HttpReply:
        files["/log"] = request.path.encode()
        return reply(b"ok")

    report, _ = graded(
        """
        points: 2
        values: {secret: nonce}
        runs: {web: {serve: {port: 80}}}
        checks:
          - {id: shown, kind: run_file, run: web, path: /log, contains: none, points: 1}
          - {id: hidden, kind: http, run: web, path: "/{secret}", hidden: true, points: 1}
        """,
        FakeProgram(serves=True, listeners=SERVER.listeners, files=files, http=answer),
    )
    secret = report.values["secret"]
    assert "visible" in report.checks[0].message
    assert secret not in report.checks[0].message + report.checks[0].seen


def test_a_hidden_check_sees_what_its_own_request_had_the_server_log() -> None:
    report, _ = graded(
        """
        points: 1
        values: {secret: nonce}
        runs: {web: {serve: {port: 80}}}
        requests: {visit: {run: web, path: "/{secret}"}}
        checks:
          - {id: logs, kind: logs, run: web, request: visit, contains: up, hidden: true, points: 1}
        """,
        SERVER,
    )
    assert outcomes(report) == ["passed"]


def test_a_start_that_fails_leaves_nothing_to_look_at() -> None:
    report, sandbox = graded(
        "points: 1\nchecks: [{id: a, kind: run_file, present: /a, points: 1}]",
        FakeProgram(start_error="exec: no such file or directory"),
    )
    assert "could not be started" in report.checks[0].message
    assert not sandbox.asked("read_file")


class Changing(FakeContainer):
    """A container whose processes and output come one after the other."""

    def __init__(self, processes: list[tuple[Process, ...]], output: list[bytes]) -> None:
        super().__init__(FakeSandbox(), "job", ContainerSpec(image="x"), FakeProgram(serves=True))
        self._processes, self._output = processes, output

    def processes(self) -> tuple[Process, ...]:
        return self._processes.pop(0) if len(self._processes) > 1 else self._processes[0]

    def logs(self) -> tuple[bytes, bytes]:
        return b"", self._output.pop(0) if len(self._output) > 1 else self._output[0]


def process(*command: str) -> tuple[Process, ...]:
    return (Process(pid=1, uid=0, command=command),)


def test_a_container_is_looked_at_once_its_program_has_begun() -> None:
    begun = process("app")
    assert settled_processes(Changing([(), process("runc", "init"), process("sh"), begun, begun], [b""])) == begun
    assert settled_processes(Changing([begun, ()], [b""])) == ()


def test_output_is_waited_for_until_all_of_it_is_there() -> None:
    container = Changing([()], [b"", b"a", b"a b", b"a b c"])
    wait_for_output(container, {"a", "b"})
    assert container.logs() == (b"", b"a b c")


def test_logs_are_looked_at_first_and_only_so_many_files() -> None:
    names = [f"/f{number}" for number in range(60)]
    program = FakeProgram(
        changes=("/c.pyc", *names, "/var/log/app.log"), files=dict.fromkeys([*names, "/var/log/app.log"], b"x")
    )
    container = FakeContainer(FakeSandbox(), "job", ContainerSpec(image="x"), program)
    found = written_by(container)
    assert found[0].path == "/var/log/app.log"
    assert len(found) == 12


@pytest.mark.parametrize(
    ("runs", "check", "says"),
    [
        ("{stop: {within_seconds: 1}}", "kind: exit_code", "to have something to stop"),
        ("{base: busy}", "kind: exit_code", "has no base `busy`. Did you mean `busybox`?"),
        ("{base: store, build: other}", "kind: exit_code", "of a `build` or of a `base`"),
        ("{base: store}", "kind: runs_as", "the lab's own base `store`"),
        ("{base: store}", "kind: logs, contains: a", "the lab's own base `store`"),
        ("{entrypoint: ''}", "kind: exit_code", "must name a program"),
        ("{tmpfs: /}", "kind: exit_code", "the whole file system"),
        ("{tmpfs: /a, anonymous: /a}", "kind: exit_code", "Two things are to stand at /a"),
        ("{folders: {/f: {a: b, a/c: d}}}", "kind: exit_code", "cannot be a file and a folder"),
        ("{folders: {/f: {../a: b}}}", "kind: exit_code", "inside the folder"),
        ("{hostname: A_B}", "kind: exit_code", "must be a host's name"),
        ("{serve: {ready: started}}", "kind: exit_code", "serves until it is killed"),
        ("{}", "kind: memory, at_most_mib: 9", "ends by itself"),
        ("{tmpfs: /t}", "kind: run_file, present: /t/a", "is in memory (/t)"),
    ],
)
def test_a_contradiction_in_a_run_is_named(runs: str, check: str, says: str) -> None:
    with pytest.raises(InvalidPlan) as caught:
        plan(
            f"points: 1\nbuilds: {{other: {{}}}}\nruns: {{default: {runs}}}\nchecks: [{{id: a, {check}, points: 1}}]\n"
        )
    assert says in str(caught.value)
    assert all(problem.line > 2 for problem in caught.value.problems)

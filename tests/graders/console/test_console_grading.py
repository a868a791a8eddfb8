"""Grading a console lab: a file of commands carried out in a session, or a session as it was left."""

from collections.abc import Callable
from typing import Any

import pytest
from console_ends import container, end_of, plan_of

from graders.archive import Submission
from graders.commands.end_state import EndState, EndWants
from graders.commands.model import Carried, Piece
from graders.console_grading import judge, wants_of
from graders.engine import grade
from graders.events import Event, EventKind
from graders.plan import LabPlan
from graders.report import CheckOutcome, Outcome, Report
from graders.sandbox.base import DiskFull, SandboxUnavailable
from graders.sandbox.fake import FakeSandbox

IS_RUNNING = {"kind": "container", "name": "web", "state": "running"}
HAS_NOTE = {"kind": "volume_file", "volume": "{vol}", "path": "/note", "contains": "{note}"}
VALUES = {"vol": "word", "note": "nonce"}


def handed_in(commands: str, **files: str) -> Submission:
    return Submission.from_files({"commands.txt": commands.encode(), **{n: t.encode() for n, t in files.items()}})


def graded(plan: LabPlan, commands: str = "docker ps\n", sandbox: FakeSandbox | None = None, **more: Any) -> Report:
    return grade(plan, handed_in(commands), sandbox or FakeSandbox(), seed=3, job_id="a", **more)


def failing(*lines: str) -> Callable[[str], Carried | None]:
    def answer(line: str) -> Carried | None:
        if line in lines:
            return Carried(exit_code=1, pieces=(Piece(stream="err", text="Error: no such thing\n"),))
        return None

    return answer


def test_a_session_that_was_left_is_judged_without_an_engine() -> None:
    report = judge(plan_of(IS_RUNNING), end_of(container("web", state="running")), seed=3, digest="d")
    assert report.outcome is Outcome.GRADED
    assert (report.score, report.max_score, report.submission, report.seed) == (1, 1, "d", 3)


def test_judging_the_same_state_again_gives_the_same_report() -> None:
    end = EndState.model_validate_json(end_of(container("web", state="paused")).model_dump_json())
    plan = plan_of(IS_RUNNING)
    assert judge(plan, end, seed=3, digest="d") == judge(plan, end, seed=3, digest="d")


def test_the_files_that_checks_want_are_named_with_the_drawn_values() -> None:
    plan = plan_of(HAS_NOTE, values=VALUES)
    wants = wants_of(plan, seed=3)
    ((volume, path),) = wants.volume_files
    assert path == "/note"
    assert volume == judge(plan, end_of(), seed=3, digest="").values["vol"]
    assert wants_of(plan, seed=3) == wants != wants_of(plan, seed=4)


def test_handed_in_lines_are_carried_out_in_order_and_judged() -> None:
    sandbox = FakeSandbox(end=end_of(container("web", state="running")))
    report = graded(plan_of(IS_RUNNING), "# mine\ndocker create web\n\ndocker start web\n", sandbox)
    assert report.score == 1
    assert sandbox.asked("carry_out") == ["docker create web", "docker start web"]
    assert [(line.line, line.text) for line in report.commands] == [(2, "docker create web"), (4, "docker start web")]
    assert sandbox.open_jobs == set()


def test_the_session_finds_the_bases_the_other_files_and_its_rules() -> None:
    plan = plan_of(IS_RUNNING, submission={"editable": ["Dockerfile"]}, console={"rules": {"containers": 2}})
    sandbox = FakeSandbox()
    grade(plan, handed_in("docker ps\n", Dockerfile="FROM busybox:1.35\n"), sandbox, seed=3, job_id="a")
    (asked,) = sandbox.asked("commands")
    assert isinstance(asked, dict)
    assert asked["bases"] == ("busybox:1.35",)
    assert asked["files"] == {"Dockerfile": b"FROM busybox:1.35\n"}
    assert asked["rules"].containers == 2


def test_what_the_lab_prepares_comes_first_with_the_values_and_is_no_part_of_the_journal() -> None:
    plan = plan_of(HAS_NOTE, values=VALUES, console={"prepare": ["docker volume create {vol}"]})
    sandbox = FakeSandbox()
    report = graded(plan, "docker ps\n", sandbox)
    assert sandbox.asked("carry_out") == [f"docker volume create {report.values['vol']}", "docker ps"]
    assert [call.verb for call in sandbox.calls if call.verb in {"carry_out", "begin", "look"}] == [
        "carry_out",
        "begin",
        "carry_out",
        "look",
    ]
    assert [line.hidden for line in report.commands] == [True, False]
    assert [line.text for line in report.for_learner().commands] == ["docker ps"]


def test_values_are_not_put_into_what_is_handed_in() -> None:
    sandbox = FakeSandbox()
    graded(plan_of(HAS_NOTE, values=VALUES), "docker volume create {vol}\n", sandbox)
    assert sandbox.asked("carry_out") == ["docker volume create {vol}"]


def test_a_line_that_fails_ends_nothing_and_is_told() -> None:
    sandbox = FakeSandbox(on_line=failing("docker rm x"), end=end_of(container("web", state="running")))
    report = graded(plan_of(IS_RUNNING), "docker rm x\ndocker ps\n", sandbox)
    assert report.score == 1
    assert [(line.exit_code, line.stderr) for line in report.commands] == [(1, "Error: no such thing\n"), (0, "")]


def test_a_preparation_that_fails_is_the_labs_fault_and_costs_nobody_a_verdict(
    caplog: pytest.LogCaptureFixture,
) -> None:
    plan = plan_of(IS_RUNNING, console={"prepare": ["docker volume create a"]})
    report = graded(plan, "docker ps\n", FakeSandbox(on_line=failing("docker volume create a")))
    (check,) = report.checks
    assert check.outcome is CheckOutcome.SKIPPED
    assert "not your fault" in check.message
    assert "no such thing" in caplog.text
    assert [(line.text, line.hidden) for line in report.commands] == [("docker volume create a", True)]


def test_a_file_that_cannot_be_read_is_refused_before_an_engine_is_touched() -> None:
    sandbox = FakeSandbox()
    report = graded(plan_of(IS_RUNNING), "# nothing\n", sandbox)
    assert report.outcome is Outcome.REFUSED
    assert report.refusals[0].rule == "commands"
    assert report.checks[0].message == "Not judged, since nothing was carried out."
    assert sandbox.asked("job") == []


def test_a_hand_in_without_commands_says_what_is_missing() -> None:
    plan = plan_of(IS_RUNNING, submission={"editable": ["Dockerfile"]})
    report = grade(plan, Submission.from_files({"Dockerfile": b"FROM a"}), FakeSandbox(), seed=1, job_id="a")
    (refusal,) = report.refusals
    assert "commands.txt" in refusal.message


def test_lines_that_come_when_the_time_is_over_are_not_carried_out_and_say_so() -> None:
    sandbox = FakeSandbox()
    plan = plan_of(IS_RUNNING, console={"replay_seconds": 1e-9})
    report = graded(plan, "docker ps\n", sandbox)
    assert sandbox.asked("carry_out") == []
    (line,) = report.commands
    assert line.exit_code == 124
    assert "Not carried out" in line.stderr


def test_followers_are_told_of_each_line_and_of_each_check() -> None:
    told: list[Event] = []
    graded(plan_of(IS_RUNNING), "docker ps\ndocker \x1b[31m\n", FakeSandbox(), on_event=told.append)
    assert [event.kind for event in told] == [
        EventKind.STARTED,
        EventKind.POLICY,
        EventKind.LINE_STARTED,
        EventKind.LINE_FINISHED,
        EventKind.LINE_STARTED,
        EventKind.LINE_FINISHED,
        EventKind.CHECK_FINISHED,
        EventKind.FINISHED,
    ]
    assert told[4].data == {"index": 2, "total": 2, "line": 2, "text": "docker ␛[31m"}


def test_commands_that_fill_the_disk_are_the_learners_own_and_what_was_done_is_told() -> None:
    def answer(line: str) -> Carried | None:
        if "fill" in line:
            raise DiskFull("no space left on device")
        return None

    report = graded(plan_of(IS_RUNNING), "docker ps\ndocker run fill\ndocker ps\n", FakeSandbox(on_line=answer))
    (check,) = report.checks
    assert check.outcome is CheckOutcome.SKIPPED
    assert "filled the disk" in check.message
    assert [line.text for line in report.commands] == ["docker ps"]


def test_an_engine_that_breaks_is_nobodys_wrong_answer() -> None:
    sandbox = FakeSandbox()
    sandbox.break_on("carry_out")
    with pytest.raises(SandboxUnavailable):
        graded(plan_of(IS_RUNNING), "docker ps\n", sandbox)


def test_a_check_is_skipped_when_one_that_it_needs_did_not_pass() -> None:
    plan = plan_of({**IS_RUNNING, "id": "runs"}, {**IS_RUNNING, "needs": ["runs"]})
    report = judge(plan, end_of(), seed=1, digest="")
    assert [check.outcome for check in report.checks] == [CheckOutcome.FAILED, CheckOutcome.SKIPPED]


def test_what_is_wanted_by_either_is_wanted_by_both() -> None:
    one, other = EndWants(folder_files=frozenset({"a"})), EndWants(folder_files=frozenset({"b"}))
    assert (one | other).folder_files == {"a", "b"}

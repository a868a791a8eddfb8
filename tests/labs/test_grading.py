"""From claim to grade with a scripted sandbox: what is written, and what trouble with engine or lease does."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import structlog
from builders import a_lab, a_member, a_plan, a_submission, an_instructor_of
from django.utils import timezone

from gradebook.models import GradeEvent, Score
from graders.report import CheckOutcome
from graders.sandbox.base import ContainerSpec
from graders.sandbox.fake import BuildCall, FakeProgram, FakeSandbox, steps
from labs import engines, grading, heartbeats, queue, storage, tasks, workers
from labs.events import CLAIMED, FINISHED, QUEUED
from labs.models import Submission, WorkerHeartbeat
from labs.place import WaitingFor, place_of
from labs.reading import events_after, log_of, report_for
from labs.states import State
from labs.versions import sync_lab

pytestmark = pytest.mark.django_db

PATIENT = 60.0


@pytest.fixture(autouse=True)
def _an_engine_is_named(settings: Any) -> None:
    settings.SANDBOX_ENGINE = "unix:///nowhere/docker.sock"


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> FakeSandbox:
    """The engine that this process's worker opens."""
    fake = FakeSandbox()
    monkeypatch.setattr(engines, "_sandbox", lambda _factory, _url: fake)
    return fake


def kinds(submission: Submission) -> list[str]:
    return [event.kind for event in submission.events.order_by("sequence")]


def test_a_worker_grades_what_waits_and_writes_all_of_it(sandbox: FakeSandbox) -> None:
    lab = a_lab()
    submission = a_submission(lab)
    sandbox.on_build = lambda _call: steps("[1/1] FROM busybox", log="hello from the build\n")

    assert grading.work(seconds=PATIENT).taken == 1

    submission.refresh_from_db()
    assert (submission.state, submission.score, submission.max_score) == (State.GRADED, 10, 10)
    assert (submission.checks_passed, submission.checks_total) == (3, 3)
    assert submission.grading_seconds is not None
    report = report_for(submission=submission, viewer=an_instructor_of(lab.activity.course))
    assert report is not None
    assert report.score == 10
    assert report.seed == submission.seed
    assert "hello from the build" in log_of(submission)
    assert Score.objects.get(user=submission.author).points == 10
    assert sandbox.open_jobs == set()


def test_events_are_gapless_and_end_with_what_the_database_holds(sandbox: FakeSandbox) -> None:
    submission = a_submission()

    grading.work(seconds=PATIENT)

    events = events_after(submission=submission, sequence=0)
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert [event.kind for event in events[:2]] == [QUEUED, CLAIMED]
    assert {"started", "policy", "step_started", "step_finished", "check_finished"} <= {event.kind for event in events}
    assert [event.kind for event in events].count(FINISHED) == 1
    assert events[-1].data == {"state": "graded", "score": 10.0, "max_score": 10.0}
    assert events_after(submission=submission, sequence=len(events) - 1) == events[-1:]


def test_nothing_that_learners_read_tells_of_hidden_checks(sandbox: FakeSandbox) -> None:
    sandbox.on_run = lambda _spec: FakeProgram(exit_code=7)
    lab = a_lab()
    submission = a_submission(lab)

    grading.work(seconds=PATIENT)

    submission.refresh_from_db()
    hidden = [event.data for event in submission.events.filter(kind="check_finished") if event.data["id"] == "secretly"]
    assert [set(data) for data in hidden] == [{"index", "total", "id", "title", "outcome"}]
    learners = report_for(submission=submission, viewer=submission.author)
    staffs = report_for(submission=submission, viewer=an_instructor_of(lab.activity.course))
    assert learners is not None
    assert staffs is not None
    check = next(check for check in learners.checks if check.id == "secretly")
    assert (check.outcome, check.message, check.hint, check.line) == (CheckOutcome.FAILED, "", "", None)
    assert next(check for check in staffs.checks if check.id == "secretly").message
    assert learners.seed == 0


def test_what_the_policy_refuses_is_never_built(sandbox: FakeSandbox) -> None:
    submission = a_submission(dockerfile=b"FROM somebody/elses:image\n")

    grading.work(seconds=PATIENT)

    submission.refresh_from_db()
    assert (submission.state, submission.score) == (State.REFUSED, None)
    assert sandbox.asked("build") == []
    report = report_for(submission=submission, viewer=submission.author)
    assert report is not None
    assert report.refusals
    assert submission.events.get(kind="policy").data["ok"] is False


def test_a_failing_build_is_a_grade_not_trouble(sandbox: FakeSandbox) -> None:
    sandbox.on_build = lambda _call: steps("[1/2] FROM busybox", "[2/2] RUN false", failed=1)
    submission = a_submission(dockerfile=b"FROM busybox:1.35\nRUN false\n")

    grading.work(seconds=PATIENT)

    submission.refresh_from_db()
    assert (submission.state, submission.score) == (State.GRADED, 0)


def test_one_worker_empties_the_queue(sandbox: FakeSandbox) -> None:
    for _ in range(4):
        a_submission()

    assert grading.work(seconds=PATIENT).taken == 4
    assert grading.work(seconds=PATIENT).taken == 0
    assert Submission.objects.filter(state=State.GRADED).count() == 4


def test_a_shift_that_ends_with_more_to_do_calls_for_the_next(
    sandbox: FakeSandbox, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    monkeypatch.setattr(tasks, "call_workers", lambda: calls.append(1))
    a_submission()

    settings.GRADING_SHIFT_SECONDS = 0
    tasks.wake()
    assert calls == [1]
    settings.GRADING_SHIFT_SECONDS = PATIENT
    tasks.wake()
    assert calls == [1]
    assert Submission.objects.get().state == State.GRADED


def test_a_worker_that_is_asked_to_end_finishes_what_it_has_and_takes_no_more(
    sandbox: FakeSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "leaving", threading.Event())
    sandbox.on_build = lambda _call: workers.take_nothing_more()
    first, second = a_submission(), a_submission()

    shift = grading.work(seconds=PATIENT, leaving=tasks.leaving)

    assert shift.taken == 1
    assert Submission.objects.get(pk=first.pk).state == State.GRADED
    assert Submission.objects.get(pk=second.pk).state == State.QUEUED


# ── Trouble ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_engine_that_fails_in_the_middle_gives_the_submission_back(sandbox: FakeSandbox) -> None:
    sandbox.break_on("build", times=1)
    submission = a_submission()

    assert grading.work(seconds=PATIENT).taken == 1

    submission.refresh_from_db()
    assert (submission.state, submission.losses) == (State.QUEUED, 1)
    assert "the engine is down" in submission.trouble
    Submission.objects.update(available_at=timezone.now())
    assert grading.work(seconds=PATIENT).taken == 1
    submission.refresh_from_db()
    assert (submission.state, submission.attempt) == (State.GRADED, 2)
    assert GradeEvent.objects.count() == 1


def test_while_the_engine_does_not_answer_nothing_is_taken(sandbox: FakeSandbox) -> None:
    heartbeats.started(worker=grading.worker_name(), engine_url="unix:///nowhere", version="1")
    sandbox.break_on("*")
    submission = a_submission()

    assert grading.work(seconds=PATIENT).taken == 0

    submission.refresh_from_db()
    assert (submission.state, submission.attempt) == (State.QUEUED, 0)
    place = place_of(submission)
    assert place is not None
    assert place.waiting_for is WaitingFor.ENGINE
    sandbox.mend()
    assert grading.work(seconds=PATIENT).taken == 1


def test_without_an_engine_named_the_heartbeat_says_so(settings: Any) -> None:
    settings.SANDBOX_ENGINE = ""
    heartbeats.started(worker=grading.worker_name(), engine_url="", version="1")
    a_submission()

    assert grading.work(seconds=PATIENT).taken == 0
    assert "SANDBOX_ENGINE" in WorkerHeartbeat.objects.get().engine_message


def test_a_bug_in_grading_gives_the_submission_back_and_kills_it_in_the_end(
    sandbox: FakeSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(grading, "grade", broken)
    submission = a_submission()
    for _ in range(3):
        Submission.objects.update(available_at=timezone.now())
        grading.work(seconds=PATIENT)

    submission.refresh_from_db()
    assert (submission.state, submission.losses) == (State.DEAD, 3)
    assert "a bug" in submission.trouble
    # Its author is told that it is not their fault, never what broke.
    assert all("a bug" not in str(event.data) for event in submission.events.all())


def test_results_of_a_lost_lease_are_dropped(sandbox: FakeSandbox) -> None:
    submission = a_submission()

    def taken_over(_call: BuildCall) -> None:
        Submission.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
        assert queue.return_expired() == 1
        assert queue.claim_next(worker="another") is not None

    sandbox.on_build = taken_over

    assert grading.work(seconds=PATIENT).taken == 1

    submission.refresh_from_db()
    assert (submission.state, submission.worker, submission.attempt) == (State.RUNNING, "another", 2)
    assert not Score.objects.exists()
    assert kinds(submission).count(FINISHED) == 0


def test_each_shift_begins_with_a_look_whether_an_earlier_job_left_something(sandbox: FakeSandbox) -> None:
    sandbox.break_on("sweep")
    a_submission()
    assert grading.work(seconds=PATIENT).taken == 1  # which it does not depend on
    before = len(sandbox.asked("sweep"))
    grading.work(seconds=PATIENT)
    assert len(sandbox.asked("sweep")) > before


def test_leftovers_of_a_killed_attempt_leave_storage_with_the_next_ones_result(
    sandbox: FakeSandbox, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    submission = a_submission()
    killed = queue.claim_next(worker="killed")
    assert killed is not None
    left = storage.save(storage.attempt_name(submission.key, killed.attempt, "report.json"), b"{}")
    Submission.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    queue.return_expired()

    with django_capture_on_commit_callbacks(execute=True):
        grading.work(seconds=PATIENT)

    submission.refresh_from_db()
    assert not storage.default_storage.exists(left)
    assert storage.default_storage.exists(submission.report_name)


# ── Safety ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def audits(settings: Any, sandbox: FakeSandbox, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What the next audits find, in order; the last one again and again. Production's rule holds."""
    findings: list[list[str]] = []

    def audit(_sandbox: FakeSandbox) -> list[str]:
        return findings.pop(0) if len(findings) > 1 else findings[0]

    monkeypatch.setattr(engines, "import_string", lambda _path: audit)
    settings.GRADING_REQUIRES_SAFE_ENGINE = True
    heartbeats.started(worker=grading.worker_name(), engine_url="unix:///nowhere", version="1")
    return findings


def test_production_grades_nothing_on_an_unsafe_engine_and_says_so(audits: list[list[str]]) -> None:
    audits.append(["Memory is not limited."])
    submission = a_submission()

    assert grading.work(seconds=PATIENT).taken == 0

    submission.refresh_from_db()
    assert (submission.state, submission.losses) == (State.QUEUED, 0)
    place = place_of(submission)
    assert place is not None
    assert place.waiting_for is WaitingFor.SAFE_ENGINE
    assert WorkerHeartbeat.objects.get().safety_message == "Memory is not limited."


def test_an_audit_holds_for_ten_minutes_and_until_the_engine_was_away(
    audits: list[list[str]], sandbox: FakeSandbox
) -> None:
    audits += [[], ["Memory is not limited."]]
    a_submission()
    assert grading.work(seconds=PATIENT).taken == 1
    a_submission()
    assert grading.work(seconds=PATIENT).taken == 1

    sandbox.break_on("info", times=1)
    a_submission()
    assert grading.work(seconds=PATIENT).taken == 0
    assert grading.work(seconds=PATIENT).taken == 0
    assert WorkerHeartbeat.objects.get().safety_message == "Memory is not limited."


# ── While it goes on ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db(transaction=True)
def test_the_lease_is_renewed_while_a_build_takes_longer(sandbox: FakeSandbox, settings: Any) -> None:
    settings.GRADING_LEASE_SECONDS = 0.6
    submission = a_submission()
    seen: list[Any] = []

    def slow(_call: BuildCall) -> None:
        before = Submission.objects.get(pk=submission.pk).lease_expires_at
        until = time.monotonic() + 10
        while time.monotonic() < until:
            time.sleep(0.05)
            now = Submission.objects.get(pk=submission.pk).lease_expires_at
            if now != before:
                seen.append(now)
                return

    sandbox.on_build = slow

    assert grading.work(seconds=PATIENT).taken == 1
    assert len(seen) == 1
    submission.refresh_from_db()
    assert submission.state == State.GRADED


@pytest.mark.django_db(transaction=True)
def test_a_step_is_seen_before_the_next_one_ends(sandbox: FakeSandbox) -> None:
    submission = a_submission()
    seen: list[str] = []

    def watched(_spec: ContainerSpec) -> None:
        until = time.monotonic() + PATIENT
        while not {"step_finished", "check_finished"} <= set(seen) and time.monotonic() < until:
            seen[:] = kinds(submission)
            time.sleep(0.02)

    sandbox.on_run = watched

    grading.work(seconds=PATIENT)

    assert "step_finished" in seen
    assert "check_finished" in seen
    assert FINISHED not in seen


def test_logs_carry_the_submissions_id(sandbox: FakeSandbox) -> None:
    submission = a_submission()

    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        grading.work(seconds=PATIENT)

    finished = next(line for line in lines if line["event"] == "grading_finished")
    assert finished["submission_id"] == submission.pk


def test_a_plan_of_an_old_version_grades_what_was_handed_in_for_it(sandbox: FakeSandbox) -> None:
    lab = a_lab()
    submission = a_submission(lab, author=a_member(lab.activity.course))
    harder = a_plan(title="Harder now", checks=[{"id": "builds", "kind": "builds", "points": 10}])
    sync_lab(activity=lab.activity, plan=harder, readme="", starter={})

    grading.work(seconds=PATIENT)

    submission.refresh_from_db()
    report = report_for(submission=submission, viewer=submission.author)
    assert report is not None
    assert report.lab == "A first image"

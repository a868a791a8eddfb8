"""Events while grading: log lines are gathered, nothing is lost, and what a database cannot hold is replaced."""

import pytest
from builders import a_plan, a_submission
from django.db import DatabaseError

from graders.events import Event, EventKind
from labs import progress, queue
from labs.errors import LeaseLost
from labs.models import Submission, SubmissionEvent
from labs.progress import Progress
from labs.queue import Claim
from labs.reading import events_after
from labs.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def claim() -> Claim:
    a_submission()
    claim = queue.claim_next(worker="w")
    assert claim is not None
    return claim


@pytest.fixture
def _time_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "GATHER_SECONDS", 3600.0)


def log_line(text: str, *, index: int = 1) -> Event:
    return Event(kind=EventKind.STEP_LOG, data={"index": index, "text": text})


def logs(claim: Claim) -> list[SubmissionEvent]:
    return list(SubmissionEvent.objects.filter(submission_id=claim.submission_id, kind="step_log").order_by("sequence"))


@pytest.mark.usefixtures("_time_stands_still")
def test_a_thousand_log_lines_are_two_events_and_none_is_lost(claim: Claim) -> None:
    lines = [f"line {number}\n" for number in range(1000)]

    with Progress(claim, a_plan()) as following:
        for line in lines:
            following.on_event(log_line(line))
        following.flush()

    assert len(logs(claim)) == 2  # the first line at once, the others together
    assert "".join(event.data["text"] for event in logs(claim)) == "".join(lines)
    assert following.log_text() == "".join(lines)


def test_the_log_of_a_lab_of_commands_has_each_line_that_was_carried_out(claim: Claim) -> None:
    with Progress(claim, a_plan()) as following:
        for number, text in enumerate(["docker ps", "docker rm a"], start=1):
            following.on_event(Event(kind=EventKind.LINE_STARTED, data={"index": number, "text": text}))
            following.on_event(Event(kind=EventKind.LINE_FINISHED, data={"index": number, "exit_code": 0}))
        following.flush()
    assert following.log_text() == "$ docker ps\n$ docker rm a\n"


@pytest.mark.usefixtures("_time_stands_still")
def test_what_is_gathered_is_written_in_order_and_together(claim: Claim) -> None:
    with Progress(claim, a_plan()) as following:
        following.on_event(log_line("one\n"))
        following.on_event(log_line("two\n"))
        following.on_event(Event(kind=EventKind.STEP_FINISHED, data={"index": 1}))
        first = events_after(submission=Submission.objects.get(), sequence=2)
        following.flush()

    events = events_after(submission=Submission.objects.get(), sequence=2)
    assert [(event.kind, event.data.get("text")) for event in first] == [("step_log", "one\n")]
    assert [(event.kind, event.data.get("text")) for event in events] == [
        ("step_log", "one\n"),
        ("step_log", "two\n"),
        ("step_finished", None),
    ]


@pytest.mark.usefixtures("_time_stands_still")
def test_lines_of_different_steps_stay_apart(claim: Claim) -> None:
    with Progress(claim, a_plan()) as following:
        for index in (1, 1, 2, 2):
            following.on_event(log_line("x", index=index))
        following.flush()

    assert [(event.data["index"], event.data["text"]) for event in logs(claim)] == [(1, "x"), (1, "x"), (2, "xx")]


@pytest.mark.django_db(transaction=True)
def test_a_last_line_is_written_though_nothing_follows_it(claim: Claim) -> None:
    with Progress(claim, a_plan()) as following:
        following.on_event(log_line("one\n"))
        following.on_event(log_line("two\n"))
        while "".join(event.data["text"] for event in logs(claim)) != "one\ntwo\n":
            assert not following.lost.wait(0.05)


def test_a_log_bomb_is_cut_in_events_and_kept_whole_beside_the_report(claim: Claim) -> None:
    bomb = "x" * 100_000
    with Progress(claim, a_plan()) as following:
        for _ in range(5):
            following.on_event(log_line(bomb))
        following.flush()

    shown = "".join(event.data["text"] for event in logs(claim))
    assert len(shown) < progress.LOG_CHARACTERS_IN_EVENTS + 100
    assert shown.endswith("The rest is in the full log.\n")
    assert following.log_text() == bomb * 5


def test_characters_that_no_database_holds_are_replaced(claim: Claim) -> None:
    with Progress(claim, a_plan()) as following:
        following.on_event(log_line("a\x00b\ud800c"))

    assert logs(claim)[0].data["text"] == "a\ufffdb?c"


def test_what_a_database_could_not_take_is_written_at_the_next_try(
    claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Progress(claim, a_plan()) as following:
        with monkeypatch.context() as away:
            away.setattr(progress, "append_while_leased", _no_database)
            with pytest.raises(DatabaseError):
                following.on_event(log_line("one\n"))
        following.flush()

    assert [event.data["text"] for event in logs(claim)] == ["one\n"]


def _no_database(**_: object) -> None:
    raise DatabaseError("away")


def test_grading_is_stopped_at_the_next_event_once_the_lease_is_lost(claim: Claim) -> None:
    with Progress(claim, a_plan()) as following:
        Submission.objects.update(attempt=claim.attempt + 1)
        with pytest.raises(LeaseLost):
            following.on_event(Event(kind=EventKind.BUILD_STARTED))
        with pytest.raises(LeaseLost):
            following.on_event(log_line("more"))

    assert Submission.objects.get().event_count == 2


def test_events_are_not_written_for_what_was_given_back(claim: Claim) -> None:
    queue.fail_infrastructure(claim, "the engine went away")

    with Progress(claim, a_plan()) as following, pytest.raises(LeaseLost):
        following.on_event(Event(kind=EventKind.BUILD_STARTED))

    assert Submission.objects.get().state == State.QUEUED

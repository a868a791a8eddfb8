"""What is told while a build goes on: each step with its line, and only so much output."""

import pytest

from graders.dockerfile.parser import parse
from graders.events import Event, EventKind
from graders.progress import MAX_LOG_CHARACTERS, BuildTeller
from graders.render import render_event
from graders.sandbox.base import BuildEvent, StepState

DOCKERFILE = parse("FROM busybox:1.35\nRUN one\n")


def told_of(*events: BuildEvent) -> list[Event]:
    told: list[Event] = []
    teller = BuildTeller(build="default", dockerfile=DOCKERFILE, emit=told.append)
    for event in events:
        teller(event)
    return told


def log(text: str) -> BuildEvent:
    return BuildEvent(kind="log", index=2, total=2, name="[2/2] RUN one", text=text)


STARTED = BuildEvent(kind="step_started", index=2, total=2, name="[2/2] RUN one")
FINISHED = BuildEvent(kind="step_finished", index=2, total=2, name="[2/2] RUN one", state=StepState.DONE)


def test_a_step_is_told_with_its_line_and_its_end() -> None:
    begun, ended = told_of(STARTED, FINISHED)
    assert (begun.kind, begun.data["line"], begun.data["total"]) == (EventKind.STEP_STARTED, 2, 2)
    assert (ended.kind, ended.data["state"]) == (EventKind.STEP_FINISHED, "done")
    assert ended.data["seconds"] >= 0


def test_a_step_whose_beginning_was_not_told_took_no_time() -> None:
    (ended,) = told_of(FINISHED)
    assert ended.data["seconds"] == 0


def test_a_flood_of_output_is_cut_once_and_said_to_go_on() -> None:
    told = told_of(log("x" * (MAX_LOG_CHARACTERS - 1)), log("yz"), log("more"), FINISHED)
    assert [event.kind for event in told] == [EventKind.STEP_LOG, EventKind.STEP_LOG, EventKind.STEP_FINISHED]
    assert told[1].data["text"] == "y\n… more output follows; it is not shown live.\n"


@pytest.mark.parametrize(
    ("kind", "data", "line"),
    [
        (EventKind.STARTED, {"engine": "fake", "checks": 3}, "Grading on fake: 3 checks"),
        (
            EventKind.STEP_STARTED,
            {"index": 1, "total": 2, "name": "[a 1/2] FROM x", "line": 4},
            "  step 1 of 2  FROM x   (line 4)",
        ),
        (EventKind.STEP_STARTED, {"index": 1, "total": 2, "name": "odd", "line": None}, "  step 1 of 2  odd"),
        (EventKind.STEP_LOG, {"text": "a\nb\n"}, "      a\n      b"),
        (EventKind.STEP_FINISHED, {}, ""),
        (EventKind.BUILD_STARTED, {"build": "default"}, "Building (default)"),
        (EventKind.BUILD_FINISHED, {"ok": True, "seconds": 1.24}, "Built after 1.2 s"),
        (EventKind.BUILD_FINISHED, {"ok": False, "seconds": 1.0}, "The build failed after 1.0 s"),
        (EventKind.RUN_STARTED, {"run": "web"}, "Running (web)"),
        (EventKind.LINE_STARTED, {"index": 1, "total": 2, "text": "docker ps"}, "  line 1 of 2  docker ps"),
        (EventKind.LINE_FINISHED, {"index": 1, "exit_code": 125}, "      exit code 125"),
        (EventKind.LINE_FINISHED, {"index": 1, "exit_code": 0}, ""),
        (
            EventKind.CHECK_FINISHED,
            {"outcome": "passed", "index": 1, "total": 2, "title": "It builds"},
            "✓ check 1 of 2  It builds",
        ),
    ],
)
def test_the_command_tells_each_event_in_a_line(kind: EventKind, data: dict[str, object], line: str) -> None:
    assert render_event(Event(kind=kind, data=data)) == line

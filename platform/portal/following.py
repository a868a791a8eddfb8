"""What a submission's events add up to: the step that is at work, what each printed, and which checks are done."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from graders.events import EventKind
from labs import events
from labs.models import SubmissionEvent

# While a step is at work the page shows the end of what it printed; the whole comes with the result.
LINES_WHILE_LIVE = 300


@dataclass(kw_only=True)
class FollowedStep:
    """One build step, finished or not; `state` is running, done, cached, failed or not reached."""

    build: str
    index: int
    total: int
    name: str
    state: str = "running"
    seconds: float | None = None
    text: str = ""


@dataclass(kw_only=True)
class FollowedCheck:
    """A check that has been judged; hidden ones tell their title and outcome only."""

    id: str
    title: str
    outcome: str
    points: float | None
    max_points: float | None
    message: str = ""


@dataclass(kw_only=True)
class Followed:
    """Everything known of the grading that is under way, or was last."""

    claimed_at: datetime | None = None
    policy_ok: bool | None = None
    refusals: list[dict[str, Any]] = field(default_factory=list)
    steps: dict[tuple[str, int], FollowedStep] = field(default_factory=dict)
    building: str = ""
    builds_failed: list[str] = field(default_factory=list)
    builds_done: int = 0
    build_errors: list[str] = field(default_factory=list)
    running: str = ""
    runs_done: int = 0
    line_text: str = ""
    """The docker command that is being carried out, or was last."""
    line_index: int = 0
    lines_total: int = 0
    lines_done: int = 0
    checks: list[FollowedCheck] = field(default_factory=list)
    checks_total: int = 0
    returned: int = 0

    @property
    def step(self) -> FollowedStep | None:
        """The step that is at work, or was last."""
        return next(reversed(self.steps.values()), None)

    @property
    def at_line(self) -> bool:
        """Whether a docker command is being carried out."""
        return self.lines_done < self.line_index

    def steps_since(self, sequence: int, told: Iterable[SubmissionEvent]) -> set[tuple[str, int]]:
        """The steps that events after `sequence` say something about."""
        return {_key(event.data) for event in told if event.sequence > sequence and event.kind in _OF_STEPS}


_OF_STEPS = {EventKind.STEP_STARTED, EventKind.STEP_LOG, EventKind.STEP_FINISHED}


def _key(data: dict[str, Any]) -> tuple[str, int]:
    return str(data.get("build", "")), int(data.get("index", 0))


def follow(told: Iterable[SubmissionEvent]) -> Followed:
    """Add the events up, oldest first. A new claim starts anew: what a lost worker did no longer counts."""
    seen = Followed()
    for event in told:
        if event.kind == events.CLAIMED:
            seen = Followed(claimed_at=event.at, returned=seen.returned)
        elif event.kind == events.RETURNED:
            seen = Followed(returned=seen.returned + 1)
        else:
            _add(seen, event.kind, event.data)
    return seen


def _add(seen: Followed, kind: str, data: dict[str, Any]) -> None:
    match kind:
        case EventKind.STARTED:
            seen.checks_total = int(data.get("checks", 0))
        case EventKind.POLICY:
            seen.policy_ok = bool(data.get("ok"))
            seen.refusals = list(data.get("refusals", []))
        case EventKind.BUILD_STARTED:
            seen.building = str(data.get("build", ""))
        case EventKind.BUILD_FINISHED:
            _finish_build(seen, data)
        case EventKind.STEP_STARTED | EventKind.STEP_LOG | EventKind.STEP_FINISHED:
            _add_to_step(seen, kind, data)
        case EventKind.RUN_STARTED | EventKind.RUN_FINISHED:
            _add_run(seen, kind, data)
        case EventKind.LINE_STARTED | EventKind.LINE_FINISHED:
            _add_line(seen, kind, data)
        case EventKind.CHECK_FINISHED:
            seen.checks_total = int(data.get("total", seen.checks_total))
            seen.checks.append(_check(data))
        case _:
            pass


def _add_run(seen: Followed, kind: str, data: dict[str, Any]) -> None:
    if kind == EventKind.RUN_STARTED:
        seen.running = str(data.get("run", ""))
    else:
        seen.running = ""
        seen.runs_done += 1


def _add_line(seen: Followed, kind: str, data: dict[str, Any]) -> None:
    if kind == EventKind.LINE_STARTED:
        seen.line_text = str(data.get("text", ""))
        seen.line_index = int(data.get("index", 0))
        seen.lines_total = int(data.get("total", 0))
    else:
        seen.lines_done += 1


def _finish_build(seen: Followed, data: dict[str, Any]) -> None:
    seen.building = ""
    seen.builds_done += 1
    if not data.get("ok"):
        seen.builds_failed.append(str(data.get("build", "")))
        if data.get("error"):
            seen.build_errors.append(str(data["error"]))


def _add_to_step(seen: Followed, kind: str, data: dict[str, Any]) -> None:
    key = _key(data)
    step = seen.steps.get(key)
    if step is None:
        step = FollowedStep(build=key[0], index=key[1], total=0, name=f"Step {key[1]}")
        seen.steps[key] = step
    if kind == EventKind.STEP_STARTED:
        step.total = int(data.get("total", 0))
        step.name = str(data.get("name", step.name))
    elif kind == EventKind.STEP_LOG:
        step.text += str(data.get("text", ""))
    else:
        step.state = str(data.get("state", "done"))
        step.seconds = data.get("seconds")


def _check(data: dict[str, Any]) -> FollowedCheck:
    return FollowedCheck(
        id=str(data.get("id", "")),
        title=str(data.get("title", "")),
        outcome=str(data.get("outcome", "")),
        points=data.get("points"),
        max_points=data.get("max_points"),
        message=str(data.get("message", "")),
    )

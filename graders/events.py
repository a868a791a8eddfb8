"""What grading tells while it works: the events that a live page, a terminal and the database follow."""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class EventKind(StrEnum):
    """What happened. Each kind's data is documented in docs/report.md."""

    STARTED = "started"
    POLICY = "policy"
    BUILD_STARTED = "build_started"
    STEP_STARTED = "step_started"
    STEP_LOG = "step_log"
    STEP_FINISHED = "step_finished"
    BUILD_FINISHED = "build_finished"
    RUN_STARTED = "run_started"
    RUN_FINISHED = "run_finished"
    LINE_STARTED = "line_started"
    LINE_FINISHED = "line_finished"
    CHECK_FINISHED = "check_finished"
    FINISHED = "finished"


class Event(BaseModel):
    """Something that happened; `data` is plain JSON, and safe for the learner to see."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: EventKind
    data: dict[str, Any] = Field(default_factory=dict)

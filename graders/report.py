"""What grading says: a report of checks, refusals and phases, in a documented and versioned JSON schema.

`Report.model_dump(mode="json")` is the JSON that `python -m graders grade --json` prints, that the database keeps and
that the REST API shows. `docs/report.md` documents it. A change that a reader would notice raises `SCHEMA`.
"""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from graders.refusal import Refusal

SCHEMA: Literal["drydock.report/1"] = "drydock.report/1"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CheckOutcome(StrEnum):
    """How one check ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


class Outcome(StrEnum):
    """How grading ended as a whole."""

    GRADED = "graded"
    """Every check was judged or skipped for a reason; the score counts, whatever it is."""
    REFUSED = "refused"
    """The policy refused the submission before anything was built."""


class CheckResult(_Frozen):
    """One check's verdict."""

    id: str
    kind: str
    title: str
    outcome: CheckOutcome
    points: float = Field(ge=0)
    max_points: float = Field(ge=0)
    message: str
    hint: str = ""
    why: str = ""
    """When it failed: why it matters, in one sentence."""
    expected: str = ""
    seen: str = ""
    line: int | None = None
    """Line of the Dockerfile to blame, 1-based."""
    topics: tuple[str, ...] = ()
    hidden: bool = False
    """A hidden check shows its title and outcome only."""

    def for_learner(self) -> "CheckResult":
        """The result without what a hidden check would give away."""
        if not self.hidden:
            return self
        return self.model_copy(update={"message": "", "hint": "", "why": "", "expected": "", "seen": "", "line": None})


class Phase(_Frozen):
    """Where the time went."""

    name: str
    seconds: float


class StepReport(_Frozen):
    """One build step."""

    index: int
    total: int
    name: str
    line: int | None
    state: str
    seconds: float
    log: str = ""
    error: str = ""


class BuildReport(_Frozen):
    """One build of the experiment."""

    id: str
    ok: bool
    seconds: float
    steps: tuple[StepReport, ...]
    error: str = ""
    limit: str = ""
    log_cut: bool = False
    hidden: bool = False
    """Only hidden checks need it, so learners do not see it."""


class LayerReport(_Frozen):
    """One layer of the image, oldest first."""

    created_by: str
    size_bytes: int
    line: int | None = None
    from_base: bool = False
    instruction: str = ""
    """As it stands in the Dockerfile; empty for the base's layers and where the line is not known."""
    empty: bool = False
    """Whether it only changes what the image says of itself, and has no layer of its own."""
    wasted_bytes: int | None = None
    """How many of its bytes later layers delete, replace or touch, so that nobody sees them; None if not measured."""
    undone_by: tuple[int, ...] = ()
    """Lines of the instructions that took them out of sight."""


class ImageReport(_Frozen):
    """The image a build made."""

    build: str
    size_bytes: int
    layers: tuple[LayerReport, ...]
    hidden: bool = False
    """Only hidden checks need its build, so learners do not see it."""
    base: str = ""
    """The base image, as FROM names it; empty for `scratch`."""
    base_size_bytes: int = 0
    """What the base brings, which a picture shows as one."""
    base_wasted_bytes: int | None = None
    """How much of that the learner's layers delete or replace."""
    wasted_bytes: int | None = None
    """How much of their own they do."""
    waste_note: str = ""
    """Why waste was not measured, in a sentence; empty when it was."""


class ContainerReport(_Frozen):
    """One run of the experiment; output as text with control characters made visible."""

    id: str
    build: str
    exit_code: int | None
    seconds: float
    stdout: str = ""
    stderr: str = ""
    limit: str = ""
    cut: bool = False
    start_error: str = ""
    """The engine's words when it could not be started."""
    beside: str = ""
    """The run that it was up beside; empty for a run of its own."""
    stop_seconds: float | None = None
    """How long it took to end by its stop signal; null where it was sent none, or was killed when its time was up."""
    memory_peak_bytes: int | None = None
    """The most memory it held at once, where that was measured."""
    hidden: bool = False
    """Only hidden checks look at it, so learners do not see it."""


class CommandReport(_Frozen):
    """A line of docker commands that was carried out; output as text with control characters made visible."""

    line: int
    """Its number in what was handed in or typed, 1-based."""
    text: str
    exit_code: int
    stdout: str = ""
    stderr: str = ""
    """The beginning of what it printed."""
    hidden: bool = False
    """The lab itself carried it out before the learner began."""


class EngineReport(_Frozen):
    """Which engine graded."""

    name: str
    version: str


class Report(_Frozen):
    """One grading, whole."""

    schema_: Literal["drydock.report/1"] = Field(default=SCHEMA, alias="schema", serialization_alias="schema")
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)

    outcome: Outcome
    score: float
    max_score: float
    checks: tuple[CheckResult, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    phases: tuple[Phase, ...] = ()
    builds: tuple[BuildReport, ...] = ()
    images: tuple[ImageReport, ...] = ()
    containers: tuple[ContainerReport, ...] = ()
    commands: tuple[CommandReport, ...] = ()
    """Of a lab with a console: what was carried out, in order."""
    values: dict[str, str] = Field(default_factory=dict)
    """Random values drawn for this grading, by name; a regrade with the same seed repeats them."""
    seed: int = 0
    lab: str = ""
    submission: str = ""
    """Digest of the submitted files."""
    engine: EngineReport | None = None

    def for_learner(self) -> "Report":
        """The report without what hidden checks would give away: their message, hint, expected and seen; and values."""
        checks = tuple(check.for_learner() for check in self.checks)
        secret = {f"run {run.id}" for run in self.containers if run.hidden and not run.beside}
        secret |= {f"{what} {check.id}" for check in self.checks if check.hidden for what in ("trials", "checker")}
        secret |= {
            f"{what} {build.id}"
            for build in self.builds
            if build.hidden
            for what in ("build", "image", "files", "layers")
        }
        return self.model_copy(
            update={
                "checks": checks,
                "builds": tuple(build for build in self.builds if not build.hidden),
                "images": tuple(image for image in self.images if not image.hidden),
                "containers": tuple(container for container in self.containers if not container.hidden),
                "commands": tuple(command for command in self.commands if not command.hidden),
                "phases": tuple(phase for phase in self.phases if phase.name not in secret),
                "values": {},
                "seed": 0,
            }
        )

"""A submission as its page shows it: while it is graded from its events, afterwards from its report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.urls import reverse

from accounts.models import User
from courses.models import Course
from graders.console_plan import COMMANDS_FILE
from graders.plan import LabPlan
from graders.report import CheckOutcome, CheckResult, CommandReport, ContainerReport, Report
from graders.visible import visible
from labs import reading
from labs.models import Submission, SubmissionEvent
from labs.place import Place, place_of
from portal.dockerfile_view import SourceLine, annotate
from portal.following import LINES_WHILE_LIVE, Followed, follow
from portal.layer_view import LayerBar, bars, base_of
from portal.log_view import LogStep, fold_log
from portal.stages import Stage, stages_of

# 128 + SIGKILL: what a container's exit code is once the grader has stopped it.
_KILLED = 137
_GROUPS = (
    (CheckOutcome.FAILED, "failed", "To mend"),
    (CheckOutcome.SKIPPED, "skipped", "Not tried"),
    (CheckOutcome.PASSED, "passed", "Holding"),
)


@dataclass(frozen=True, kw_only=True)
class TopicLink:
    """Where to read about a topic."""

    title: str
    url: str


@dataclass(frozen=True, kw_only=True)
class ShownCheck:
    """A check's result, and for one that does not hold what to read."""

    result: CheckResult
    topics: Sequence[TopicLink] = ()


@dataclass(frozen=True, kw_only=True)
class CheckGroup:
    """The checks of one outcome."""

    outcome: str
    title: str
    checks: Sequence[ShownCheck]


@dataclass(frozen=True, kw_only=True)
class BuildLog:
    """One build's log."""

    name: str
    steps: Sequence[LogStep]
    error: str = ""
    limit: str = ""
    cut: bool = False


@dataclass(frozen=True, kw_only=True)
class ImageLayers:
    """One image as bars."""

    build: str
    size_bytes: int
    own_bytes: int
    wasted_bytes: int | None
    waste_note: str
    bars: Sequence[LayerBar]


@dataclass(frozen=True, kw_only=True)
class ContainerRun:
    """One run. A server never ends by itself: the grader stops it when it has answered."""

    report: ContainerReport
    stopped_by_grader: bool


@dataclass(frozen=True, kw_only=True)
class Live:
    """The part of the page that fills in while grading goes on."""

    submission: Submission
    followed: Followed
    place: Place | None
    stages: Sequence[Stage]
    logs: Sequence[BuildLog]
    last_event: int

    @property
    def by_commands(self) -> bool:
        """Whether it is graded by what docker commands leave, and not by what a Dockerfile builds."""
        return self.submission.version.lab_plan.console is not None


@dataclass(frozen=True, kw_only=True)
class Finished:
    """The part of the page that is there when grading has ended."""

    report: Report
    groups: Sequence[CheckGroup] = ()
    logs: Sequence[BuildLog] = ()
    source: Sequence[SourceLine] = ()
    source_name: str = "Dockerfile"
    source_lines: int = 0
    source_is_given: bool = False
    """Whether that file is the lab's own, so that the mistake stands in another."""
    findings: int = 0
    images: Sequence[ImageLayers] = ()
    containers: Sequence["ContainerRun"] = ()
    commands: Sequence[CommandReport] = ()
    now_pass: Sequence[str] = ()
    no_longer_pass: Sequence[str] = ()
    refusals_elsewhere: Sequence[str] = field(default_factory=tuple)


def told_events(submission: Submission) -> list[SubmissionEvent]:
    """Every event so far."""
    found: list[SubmissionEvent] = []
    while batch := reading.events_after(submission=submission, sequence=found[-1].sequence if found else 0):
        found += batch
    return found


def live_of(submission: Submission, told: Sequence[SubmissionEvent], *, only_steps_after: int = 0) -> Live:
    """The live part; with `only_steps_after`, its log holds only steps that later events say something about."""
    followed = follow(told)
    place = place_of(submission)
    keys = followed.steps_since(only_steps_after, told)
    by_build: dict[str, list[LogStep]] = {}
    for (build, index), step in followed.steps.items():
        by_build.setdefault(build, [])
        if (build, index) in keys:
            text = "\n".join(step.text.splitlines()[-LINES_WHILE_LIVE:])
            by_build[build] += fold_log(
                [(step.name, step.state, step.seconds, text, "")], prefix=f"log-{build}", first=index
            )
    return Live(
        submission=submission,
        followed=followed,
        place=place,
        stages=stages_of(submission, followed, place),
        logs=[BuildLog(name=build, steps=steps) for build, steps in by_build.items()],
        last_event=told[-1].sequence if told else 0,
    )


def finished_of(submission: Submission, viewer: User, previous: Submission | None) -> Finished | None:
    """The report as a page; None when there is none (cancelled, or trouble on our side)."""
    report = reading.report_for(submission=submission, viewer=viewer)
    if report is None:
        return None
    plan = submission.version.lab_plan
    name = source_name_of(plan)
    contents = reading.files_of(submission).files
    text = contents.get(name)
    source = annotate(visible(text), checks=report.checks, refusals=report.refusals) if text else []
    before = reading.report_for(submission=previous, viewer=viewer) if previous else None
    now_pass, no_longer_pass = _difference(report, before)
    return Finished(
        report=report,
        groups=_groups(report.checks, submission.lab.activity.course),
        logs=[_log(report, index) for index in range(len(report.builds))],
        source=source,
        source_name=name,
        source_lines=len(text.removesuffix(b"\n").split(b"\n")) if text else 0,
        source_is_given=not plan.submission.is_editable(name),
        findings=sum(len(line.findings) for line in source),
        images=[
            ImageLayers(
                build=image.build,
                size_bytes=image.size_bytes,
                own_bytes=sum(layer.size_bytes for layer in image.layers if not layer.from_base),
                wasted_bytes=image.wasted_bytes,
                waste_note=image.waste_note or ("Waste was not measured." if image.wasted_bytes is None else ""),
                bars=bars(image, _base(plan, image.build, contents)),
            )
            for image in report.images
        ],
        containers=[_run(container, plan) for container in report.containers],
        commands=report.commands,
        now_pass=now_pass,
        no_longer_pass=no_longer_pass,
        refusals_elsewhere=[refusal.message for refusal in report.refusals if refusal.line is None],
    )


def source_name_of(plan: LabPlan) -> str:
    """The file that findings stand in: the Dockerfile that is built first, or the list of commands."""
    if plan.console is not None:
        return COMMANDS_FILE
    return next(iter(plan.builds.values())).dockerfile if plan.builds else "Dockerfile"


def _groups(checks: Sequence[CheckResult], course: Course) -> list[CheckGroup]:
    grouped = [
        CheckGroup(
            outcome=word,
            title=title,
            checks=[_shown(check, course) for check in checks if check.outcome is outcome],
        )
        for outcome, word, title in _GROUPS
    ]
    return [group for group in grouped if group.checks]


def _shown(check: CheckResult, course: Course) -> ShownCheck:
    if check.outcome is not CheckOutcome.FAILED:
        return ShownCheck(result=check)
    page = reverse("portal:topics", args=[course.slug])
    known = [topic for topic in check.topics if topic in course.topics]
    return ShownCheck(
        result=check, topics=[TopicLink(title=course.topics[topic], url=f"{page}#topic-{topic}") for topic in known]
    )


def _run(report: ContainerReport, plan: LabPlan) -> ContainerRun:
    declared = plan.runs.get(report.id)
    serves = declared is not None and declared.serve is not None
    killed = report.exit_code == _KILLED and not report.limit and not report.start_error
    return ContainerRun(report=report, stopped_by_grader=serves and killed)


def _base(plan: LabPlan, build: str, contents: Mapping[str, bytes]) -> str:
    declared = plan.builds.get(build)
    text = contents.get(declared.dockerfile) if declared else None
    return base_of(text.decode("utf-8", "replace"), declared.target) if declared and text else ""


def _log(report: Report, index: int) -> BuildLog:
    build = report.builds[index]
    steps = fold_log(
        [(step.name, step.state, step.seconds, step.log, step.error) for step in build.steps], prefix=f"log-{build.id}"
    )
    told = any(step.error for step in build.steps)
    return BuildLog(name=build.id, steps=steps, error="" if told else build.error, limit=build.limit, cut=build.log_cut)


def _difference(report: Report, before: Report | None) -> tuple[list[str], list[str]]:
    """The titles of checks that pass now and did not before, and the other way round."""
    if before is None:
        return [], []
    passed_before = {check.id for check in before.checks if check.outcome is CheckOutcome.PASSED}
    known_before = {check.id for check in before.checks}
    passed_now = {check.id for check in report.checks if check.outcome is CheckOutcome.PASSED}
    return (
        [check.title for check in report.checks if check.id in passed_now - passed_before],
        [check.title for check in report.checks if check.id in known_before and check.id in passed_before - passed_now],
    )

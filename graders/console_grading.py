"""Grades a lab of docker commands: carries out what was handed in as a file, or judges what a session was at its end.

Both ways lead to one EndState and one judge. Whatever is handed in, the answer is a report; the only exception is
SandboxUnavailable, which is no submission's fault.
"""

import functools
import logging
import operator
import time
from collections.abc import Sequence

from graders.archive import Submission
from graders.commands.end_state import EndState, EndWants, Line
from graders.commands_file import CommandsFile, Typed, read_commands
from graders.console_opening import PreparationFailed, prepare, prepared_lines
from graders.console_plan import COMMANDS_FILE
from graders.events import Event, EventKind
from graders.handin import missing_or_large
from graders.judging import Judging
from graders.observations import Observations
from graders.plan import LabPlan
from graders.progress import Emit
from graders.refusal import Refusal
from graders.report import CommandReport, EngineReport, Outcome, Phase, Report
from graders.report_parts import command_report, shown_name
from graders.sandbox.base import Commands, DiskFull, Sandbox
from graders.values import draw
from graders.visible import shortened, visible

logger = logging.getLogger(__name__)

_DISK_FULL = "Not judged: what the commands made has filled the disk that a submission is given."
_OWN_FAULT = "Not judged: a part of the lab itself is broken, and it is not your fault. Please tell your instructor."
_TIMED_OUT = 124
"""The exit code of what was not carried out for want of time, as that of the program `timeout`."""


def wants_of(plan: LabPlan, *, seed: int) -> EndWants:
    """The files that the plan's checks want to see at the end of a session whose values were drawn by `seed`."""
    checks = plan.filled(draw(plan.values, seed=seed)).checks
    return functools.reduce(operator.or_, (check.wants().end for check in checks), EndWants())


def judge(plan: LabPlan, end: EndState, *, seed: int, digest: str, on_event: Emit | None = None) -> Report:
    """Judge what a session was at its end. Touches no engine, and judges the same again at any time.

    `seed` is what the session's values were drawn by, `digest` what names the submission in the report.
    """
    judging = Judging(plan, emit=on_event or _nobody)
    judging.tell(
        EventKind.STARTED, lab=plan.title, engine=end.engine.name if end.engine else "", checks=len(plan.checks)
    )
    judging.tell(EventKind.POLICY, ok=True, refusals=[])
    head = _head(plan, seed=seed, digest=digest, engine=end.engine)
    return _judged(plan, end, judging, Report(**head, outcome=Outcome.GRADED), seed=seed)


def replay(
    plan: LabPlan, submission: Submission, sandbox: Sandbox, *, seed: int, job_id: str, on_event: Emit | None = None
) -> Report:
    """Carry out the submission's commands in a session of its own, and judge what is there then.

    Raises SandboxUnavailable when the engine cannot be reached or does not work, and nothing else.
    """
    info = sandbox.info()
    engine = EngineReport(name=shown_name(info.name), version=info.version)
    judging = Judging(plan, emit=on_event or _nobody)
    judging.tell(EventKind.STARTED, lab=plan.title, engine=engine.name, checks=len(plan.checks))
    head = _head(plan, seed=seed, digest=submission.digest, engine=engine)
    typed = read_commands(submission.files.get(COMMANDS_FILE, b""), line_bytes=plan.require_console().rules.line_bytes)
    refusals = [*missing_or_large(plan, submission)] or [*typed.refusals]
    if refusals:
        return _refused(plan, judging, Report(**head, outcome=Outcome.REFUSED, refusals=tuple(refusals)), refusals)
    judging.tell(EventKind.POLICY, ok=True, refusals=[])
    began = time.perf_counter()
    with sandbox.job(job_id) as job:
        commands = job.commands(
            bases=[base.image for base in plan.bases],
            files={path: content for path, content in submission.files.items() if path != COMMANDS_FILE},
            rules=plan.require_console().rules,
        )
        try:
            before = prepare(commands.carry_out, prepared_lines(plan, seed=seed))
        except PreparationFailed as broken:
            logger.error("the lab %s cannot be prepared: %s", plan.title, broken)  # noqa: TRY400  the lab's, no bug
            report = Report(**head, outcome=Outcome.GRADED, commands=_prepared((broken.line,)))
            return _unjudged(plan, judging, report, _OWN_FAULT)
        commands.begin()
        prepared = time.perf_counter()
        journal: list[Line] = []
        try:
            _carry_out(plan, commands, typed, judging, journal)
            carried_out = time.perf_counter()
            end = commands.look(wants_of(plan, seed=seed), journal=journal)
        except DiskFull as full:
            logger.warning("a job has filled its disk: %s", full)
            told = (*_prepared(before), *(command_report(line) for line in journal))
            return _unjudged(plan, judging, Report(**head, outcome=Outcome.GRADED, commands=told), _DISK_FULL)
    phases = (
        Phase(name="prepare", seconds=round(prepared - began, 3)),
        Phase(name="commands", seconds=round(carried_out - prepared, 3)),
        Phase(name="look", seconds=round(time.perf_counter() - carried_out, 3)),
    )
    report = Report(**head, outcome=Outcome.GRADED, phases=phases, commands=_prepared(before))
    return _judged(plan, end, judging, report, seed=seed)


def _nobody(event: Event) -> None:
    del event


def _head(plan: LabPlan, *, seed: int, digest: str, engine: EngineReport | None) -> dict[str, object]:
    return {
        "score": 0.0,
        "max_score": float(plan.max_points),
        "lab": plan.title,
        "submission": digest,
        "seed": seed,
        "values": draw(plan.values, seed=seed),
        "engine": engine,
    }


def _carry_out(plan: LabPlan, commands: Commands, typed: CommandsFile, judging: Judging, journal: list[Line]) -> None:
    """Carry the lines out, each of them added to the journal when it has ended."""
    seconds = plan.require_console().replay_seconds
    until = time.monotonic() + seconds
    for position, line in enumerate(typed.lines, start=1):
        shown = shortened(visible(line.text))
        judging.tell(EventKind.LINE_STARTED, index=position, total=len(typed.lines), line=line.number, text=shown)
        if time.monotonic() < until:
            journal.append(Line.of(line.number, line.text, commands.carry_out(line.text)))
        else:
            journal.append(_too_late(line, seconds))
        judging.tell(EventKind.LINE_FINISHED, index=position, exit_code=journal[-1].exit_code)


def _too_late(line: Typed, seconds: float) -> Line:
    words = f"Not carried out: the commands before it took the {seconds:g} s that they have together.\n"
    return Line(number=line.number, text=line.text, exit_code=_TIMED_OUT, stderr=words)


def _judged(plan: LabPlan, end: EndState, judging: Judging, report: Report, *, seed: int) -> Report:
    values = draw(plan.values, seed=seed)
    seen = Observations(sources={}, values=values, seed=seed, end=end)
    for check in plan.filled(values).checks:
        if unmet := judging.unmet(check):
            judging.skip(check, unmet)
        else:
            judging.judge(check, seen)
    told = tuple(command_report(line) for line in end.journal)
    return judging.finish(report.model_copy(update={"commands": (*report.commands, *told)}))


def _refused(plan: LabPlan, judging: Judging, report: Report, refusals: Sequence[Refusal]) -> Report:
    judging.tell(EventKind.POLICY, ok=False, refusals=[refusal.model_dump() for refusal in refusals])
    return _unjudged(plan, judging, report, "Not judged, since nothing was carried out.")


def _unjudged(plan: LabPlan, judging: Judging, report: Report, reason: str) -> Report:
    for check in plan.checks:
        judging.skip(check, reason)
    return judging.finish(report)


def _prepared(lines: Sequence[Line]) -> tuple[CommandReport, ...]:
    """What the lab did before: for its authors, not for learners."""
    return tuple(command_report(line).model_copy(update={"hidden": True}) for line in lines)

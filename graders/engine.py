"""Grades one submission: its files, its Dockerfile by the policy, then the plan's checks, in order, by what was seen.

Whatever is handed in, the answer is a report. The only exception is SandboxUnavailable, which is no submission's fault.
"""

import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_DOWN, Decimal
from pathlib import PurePosixPath

from graders.actions import Build
from graders.archive import Submission, SubmissionRefused
from graders.attached import solution_of
from graders.blame import line_in_effect
from graders.checks.base import Check, Verdict
from graders.context import BadPattern, Context, context_of, ignore_file_of
from graders.dockerfile.dialect import Dialect
from graders.dockerfile.model import Dockerfile
from graders.dockerfile.policy import examine
from graders.events import Event, EventKind
from graders.experiment import Experiment
from graders.observations import Observations
from graders.plan import FilledPlan, LabPlan
from graders.progress import Emit
from graders.refusal import Refusal
from graders.report import CheckOutcome, CheckResult, EngineReport, Outcome, Phase, Report
from graders.report_parts import build_report, checker_report, container_reports, image_report
from graders.sandbox.base import MIB, EngineInfo, Sandbox
from graders.values import draw
from graders.visible import quoted, visible

logger = logging.getLogger(__name__)


def grade(
    plan: LabPlan, submission: Submission, sandbox: Sandbox, *, seed: int, job_id: str, on_event: Emit | None = None
) -> Report:
    """Grade `submission` by `plan` on `sandbox`.

    The same `seed` draws the same values. `job_id` names what is made on the engine; what an earlier job of this
    name left behind is removed. `on_event` is called with each Event as it happens. Points have at most two decimal
    places and a check gets all of its points or none, unless a checker of the lab's own gives a part of them: the score
    is their exact sum.
    Raises SandboxUnavailable when the engine cannot be reached or does not work, and nothing else.
    """
    return _Grading(plan, submission, sandbox, seed=seed, job_id=job_id, emit=on_event or _nobody).report()


def _nobody(event: Event) -> None:
    del event


class _Grading:
    """One grading, from the first file to the report."""

    def __init__(
        self, plan: LabPlan, submission: Submission, sandbox: Sandbox, *, seed: int, job_id: str, emit: Emit
    ) -> None:
        self.plan = plan
        self.submission = submission
        self.sandbox = sandbox
        self.seed = seed
        self.job_id = job_id
        self.emit = emit
        self.values = draw(plan.values, seed=seed)
        self.filled: FilledPlan = plan.filled(self.values)
        self.results: list[CheckResult] = []

    def report(self) -> Report:
        engine = self.sandbox.info()
        self._tell(EventKind.STARTED, lab=self.plan.title, engine=shown_name(engine.name), checks=len(self.plan.checks))
        began = time.perf_counter()
        sources, refusals = self._examine(engine)
        contexts = self._contexts(sources, refusals)
        phases = [Phase(name="policy", seconds=round(time.perf_counter() - began, 3))]
        if refusals:
            return self._refused(engine, refusals, phases)
        seen = Observations(
            sources=sources,
            targets={name: build.target for name, build in self.filled.builds.items()},
            build_specs=self.filled.builds,
            files_in=self.submission.files,
            values=self.values,
            seed=self.seed,
            requests=self.filled.requests,
            decoys=self.filled.decoys,
        )
        with self.sandbox.job(self.job_id) as job:
            experiment = Experiment(
                plan=self.plan, filled=self.filled, contexts=contexts, seen=seen, job=job, emit=self.emit
            )
            refusals = experiment.inherited(_dialect(engine))
            if refusals:
                return self._refused(engine, refusals, phases)
            self._tell(EventKind.POLICY, ok=True, refusals=[])
            self._judge_all(experiment)
            experiment.inspect_all()
        return self._finish(
            Report(
                **self._head(engine),
                outcome=Outcome.GRADED,
                phases=(*phases, *experiment.phases),
                builds=tuple(
                    build_report(name, result, seen.sources[name], hidden=experiment.is_hidden_build(name))
                    for name, result in seen.builds.items()
                ),
                images=tuple(image_report(name, seen, hidden=experiment.is_hidden_build(name)) for name in seen.images),
                containers=(
                    *(
                        container
                        for run in seen.runs.values()
                        for container in container_reports(
                            run, hidden=experiment.is_hidden(run.name), told=experiment.facts_told(run.name)
                        )
                    ),
                    *(checker_report(check, checked) for check, checked in seen.checkers.items()),
                ),
            )
        )

    def _refused(self, engine: EngineInfo, refusals: list[Refusal], phases: list[Phase]) -> Report:
        self._tell(EventKind.POLICY, ok=False, refusals=[refusal.model_dump() for refusal in refusals])
        for check in self.filled.checks:
            self._skip(check, "Not judged, since nothing was built.")
        return self._finish(
            Report(**self._head(engine), outcome=Outcome.REFUSED, refusals=tuple(refusals), phases=tuple(phases))
        )

    def _head(self, engine: EngineInfo) -> dict[str, object]:
        return {
            "score": 0.0,
            "max_score": float(self.plan.max_points),
            "lab": self.plan.title,
            "submission": self.submission.digest,
            "seed": self.seed,
            "values": self.values,
            "engine": EngineReport(name=shown_name(engine.name), version=engine.version),
        }

    def _examine(self, engine: EngineInfo) -> tuple[dict[str, Dockerfile], list[Refusal]]:
        """The Dockerfile of each build that the checks need, and every reason not to build them."""
        refusals = list(missing_or_large(self.plan, self.submission))
        dialect = _dialect(engine)
        policy = self.plan.policy()
        sources: dict[str, Dockerfile] = {}
        for name in self.filled.builds_read():
            build = self.filled.builds[name]
            files = self._files_of(build)
            text = files.files.get(build.dockerfile)
            if text is None:
                found = list(_missing(files, build.dockerfile))
                dockerfile = None
            else:
                dockerfile, found = examine(text, policy, dialect, build_arguments=build.args)
            if build.solution is not None:
                if found:
                    self._blame_lab(build, found[0])
                    continue
            else:
                refusals += [_named(refusal, build.dockerfile) for refusal in found]
            if dockerfile is not None:
                sources[name] = dockerfile
        return sources, list(dict.fromkeys(refusals))

    def _files_of(self, build: Build) -> Submission:
        """What a build is made from: what was handed in, or one of the lab's own solutions."""
        if build.solution is None:
            return self.submission
        return solution_of(self.plan.attached, build.solution)

    def _blame_lab(self, build: Build, refusal: Refusal) -> None:
        """Tell operators that one of the lab's own solutions cannot be built; no learner is refused for it."""
        logger.error("solution %s of %s is refused: %s", build.solution, self.plan.title, refusal.message)

    def _contexts(self, sources: dict[str, Dockerfile], refusals: list[Refusal]) -> dict[str, Context]:
        """What each build is made from; reasons why it cannot be put together are added to `refusals`.

        A solution of the lab's own that cannot be is taken out of `sources`.
        """
        contexts = {}
        for name in list(sources):
            build = self.filled.builds[name]
            files = self._files_of(build)
            try:
                contexts[name] = context_of(files, build)
                continue
            except SubmissionRefused as refused:
                refusal = refused.as_refusal()
            except BadPattern as bad:
                file = ignore_file_of(files, build.dockerfile)
                message = f"Line {bad.line} of {file} is no pattern. {bad.why}: {quoted(bad.text)}."
                refusal = Refusal(rule="ignore-pattern", line=None, message=message)
            if build.solution is None:
                refusals.append(refusal)
            else:
                self._blame_lab(build, refusal)
                del sources[name]
        return contexts

    def _judge_all(self, experiment: Experiment) -> None:
        for check in self.filled.checks:
            ended = {result.id: result.outcome for result in self.results}
            unmet = [need for need in check.needs if ended.get(need) is not CheckOutcome.PASSED]
            if unmet:
                self._skip(check, f"Not judged, since {self._titles(unmet)} did not pass.")
                continue
            wants = check.wants()
            reason = experiment.satisfy(wants) or experiment.satisfy(check.wants_then(experiment.seen))
            if wants.checker is not None and not reason:
                reason = experiment.ask_checker(check.id, wants.checker, wants)
            if reason:
                self._skip(check, reason)
            else:
                self._judge(check, experiment.seen)

    def _titles(self, ids: list[str]) -> str:
        return " and ".join(f'"{result.title}"' for result in self.results if result.id in ids)

    def _judge(self, check: Check, seen: Observations) -> None:
        try:
            verdict = check.judge(seen)
        except Exception:
            logger.exception("the check %s (%s) of %s broke", check.id, check.kind, self.plan.title)
            self._skip(
                check, "Not judged: this check itself is broken, and it is not your fault. Please tell your instructor."
            )
            return
        self._add(check, verdict, points=_points(check, verdict), seen=seen)

    def _skip(self, check: Check, reason: str) -> None:
        self._add(check, Verdict(outcome=CheckOutcome.SKIPPED, message=reason), points=Decimal(0))

    def _add(self, check: Check, verdict: Verdict, *, points: Decimal, seen: Observations | None = None) -> None:
        has_failed = verdict.outcome is CheckOutcome.FAILED
        line = verdict.line
        if has_failed and line is None and check.blame and seen is not None:
            line = line_in_effect(seen.dockerfile(), check.blame, target=seen.target())
        result = CheckResult(
            id=check.id,
            kind=check.kind,
            title=check.shown_title(),
            outcome=verdict.outcome,
            points=float(points),
            max_points=float(check.points),
            message=visible(verdict.message),
            hint="\n".join(filter(None, [check.hint, visible(verdict.hint)])) if has_failed else "",
            why=(verdict.why or check.why) if has_failed else "",
            expected=visible(verdict.expected),
            seen=visible(verdict.seen),
            line=line,
            topics=check.topics or self.plan.topics,
            hidden=check.hidden,
        )
        self.results.append(result)
        data: dict[str, object] = {
            "index": len(self.results),
            "total": len(self.plan.checks),
            "id": result.id,
            "title": result.title,
            "outcome": result.outcome.value,
        }
        if not result.hidden:
            data |= {
                "points": result.points,
                "max_points": result.max_points,
                "message": result.message,
                "line": result.line,
            }
        self._tell(EventKind.CHECK_FINISHED, **data)

    def _finish(self, report: Report) -> Report:
        score = sum((Decimal(str(result.points)) for result in self.results), Decimal(0))
        report = report.model_copy(update={"checks": tuple(self.results), "score": float(score)})
        self._tell(EventKind.FINISHED, outcome=report.outcome.value, score=report.score, max_score=report.max_score)
        return report

    def _tell(self, kind: EventKind, **data: object) -> None:
        self.emit(Event(kind=kind, data=data))


def _points(check: Check, verdict: Verdict) -> Decimal:
    """All of the check's points or none, unless the verdict says which part; never rounded up."""
    if verdict.share is not None:
        return (check.points * verdict.share).quantize(Decimal("0.01"), rounding=ROUND_DOWN)
    return check.points if verdict.outcome is CheckOutcome.PASSED else Decimal(0)


def _dialect(engine: EngineInfo) -> Dialect:
    return replace(Dialect.of_engine(engine.version), heredocs=engine.heredocs)


def shown_name(engine: str) -> str:
    """The engine's name for learners: of an address, what tells engines apart and not where they are on the machine."""
    scheme, separator, rest = engine.partition("://")
    if not separator:
        return engine
    return PurePosixPath(rest).parent.name or "engine" if scheme == "unix" else "engine"


def missing_or_large(plan: LabPlan, submission: Submission) -> Iterator[Refusal]:
    """Why the files as such cannot be graded: one that must be there is missing, or they are too large together."""
    for path in plan.submission.required:
        yield from _missing(submission, path)
    size, limit = submission.total_bytes, plan.submission.max_mib
    if size > limit * MIB:
        message = f"The files have {size / MIB:.1f} MiB together; this lab takes up to {limit:g} MiB."
        yield Refusal(rule="too-large", line=None, message=message)


def _missing(submission: Submission, path: str) -> Iterator[Refusal]:
    try:
        submission.require(path)
    except SubmissionRefused as refused:
        yield refused.as_refusal()


def _named(refusal: Refusal, dockerfile: str) -> Refusal:
    if dockerfile == "Dockerfile":
        return refusal
    return refusal.model_copy(update={"message": f"{dockerfile}: {refusal.message}"})

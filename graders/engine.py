"""Grades one submission: its files, its Dockerfile by the policy, then the plan's checks, in order, by what was seen.

Whatever is handed in, the answer is a report. The only exception is SandboxUnavailable, which is no submission's fault.
"""

import logging
import time
from dataclasses import replace

from graders.actions import Build
from graders.archive import Submission, SubmissionRefused
from graders.attached import solution_of
from graders.console_grading import replay
from graders.context import BadPattern, Context, context_of, ignore_file_of
from graders.dockerfile.dialect import Dialect
from graders.dockerfile.model import Dockerfile
from graders.dockerfile.policy import examine
from graders.events import Event, EventKind
from graders.experiment import Experiment
from graders.handin import missing, missing_or_large
from graders.judging import Judging
from graders.observations import Observations
from graders.plan import FilledPlan, LabPlan
from graders.progress import Emit
from graders.refusal import Refusal
from graders.report import EngineReport, Outcome, Phase, Report
from graders.report_parts import build_report, checker_report, container_reports, image_report, shown_name
from graders.sandbox.base import EngineInfo, Sandbox
from graders.values import draw
from graders.visible import quoted

logger = logging.getLogger(__name__)


def grade(
    plan: LabPlan, submission: Submission, sandbox: Sandbox, *, seed: int, job_id: str, on_event: Emit | None = None
) -> Report:
    """Grade `submission` by `plan` on `sandbox`.

    The same `seed` draws the same values. `job_id` names what is made on the engine; what an earlier job of this
    name left behind is removed. `on_event` is called with each Event as it happens. Points have at most two decimal
    places and a check gets all of its points or none, unless its verdict gives a part of them: the score is their
    exact sum. A lab of docker commands has what was handed in carried out, see graders/console_grading.py.
    Raises SandboxUnavailable when the engine cannot be reached or does not work, and nothing else.
    """
    if plan.console is not None:
        return replay(plan, submission, sandbox, seed=seed, job_id=job_id, on_event=on_event)
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
        self.judging = Judging(plan, emit=self.emit)

    def report(self) -> Report:
        engine = self.sandbox.info()
        self.judging.tell(
            EventKind.STARTED, lab=self.plan.title, engine=shown_name(engine.name), checks=len(self.plan.checks)
        )
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
            self.judging.tell(EventKind.POLICY, ok=True, refusals=[])
            self._judge_all(experiment)
            experiment.inspect_all()
        return self.judging.finish(
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
        self.judging.tell(EventKind.POLICY, ok=False, refusals=[refusal.model_dump() for refusal in refusals])
        for check in self.filled.checks:
            self.judging.skip(check, "Not judged, since nothing was built.")
        return self.judging.finish(
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
                found = list(missing(files, build.dockerfile))
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
            if unmet := self.judging.unmet(check):
                self.judging.skip(check, unmet)
                continue
            wants = check.wants()
            reason = experiment.satisfy(wants) or experiment.satisfy(check.wants_then(experiment.seen))
            if wants.checker is not None and not reason:
                reason = experiment.ask_checker(check.id, wants.checker, wants)
            if reason:
                self.judging.skip(check, reason)
            else:
                self.judging.judge(check, experiment.seen)


def _dialect(engine: EngineInfo) -> Dialect:
    return replace(Dialect.of_engine(engine.version), heredocs=engine.heredocs)


def _named(refusal: Refusal, dockerfile: str) -> Refusal:
    if dockerfile == "Dockerfile":
        return refusal
    return refusal.model_copy(update={"message": f"{dockerfile}: {refusal.message}"})

"""Does in the sandbox what the checks want to see, each thing once and no sooner than a check needs it.

One container serves as many checks as it honestly can: all files of an image are looked up in one pass, and a serving
run is asked everything that any check wants of it before it is stopped.
"""

import logging
import time
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import Any

from graders.actions import DEFAULT, Build
from graders.attached import files_of
from graders.blame import bases, root_base, stages_from_images
from graders.causes import engine_words
from graders.checker import Checker, run_checker
from graders.companions import order_of_start
from graders.context import Context
from graders.dockerfile.dialect import Dialect
from graders.dockerfile.triggers import judge_triggers
from graders.events import Event, EventKind
from graders.image.asked import search_of
from graders.image.seen import see_layers, unmeasured
from graders.observations import Fact, Observations, Wants
from graders.plan import FilledPlan, LabPlan
from graders.progress import BuildTeller, Emit
from graders.record import record_of
from graders.refusal import Refusal
from graders.report import Phase
from graders.running import Runs
from graders.sandbox.base import DiskFull, ImageFacts, Job
from graders.visible import visible

logger = logging.getLogger(__name__)

_DISK_FULL = "Not judged: what was built or run before has filled the disk that a submission is given."
_OWN_FAULT = "Not judged: a part of the lab itself is broken, and it is not your fault. Please tell your instructor."


class Experiment:
    """One submission in one job. `satisfy` is all that grading calls; `seen` is what came of it."""

    def __init__(
        self,
        *,
        plan: LabPlan,
        filled: FilledPlan,
        contexts: Mapping[str, Context],
        seen: Observations,
        job: Job,
        emit: Emit,
    ) -> None:
        self.plan = plan
        self.filled = filled
        self.seen = seen
        self.phases: list[Phase] = []
        self._contexts = contexts
        self._job = job
        self._emit = emit
        self._wanted = [(check.wants(), check.hidden) for check in filled.checks]
        self._runs = Runs(
            plan=plan,
            filled=filled,
            seen=seen,
            job=job,
            wanted=[wants for wants, _ in self._wanted],
            told=[wants for wants, hidden in self._wanted if not hidden],
        )
        self._bases: dict[str, ImageFacts] = {}

    def satisfy(self, wants: Wants) -> str:
        """See what is wanted. Returns why it cannot be seen, in a sentence for the learner, or nothing."""
        try:
            return self._see(wants)
        except DiskFull as full:
            logger.warning("a job has filled its disk: %s", full)
            return _DISK_FULL

    def _see(self, wants: Wants) -> str:
        for build in self.filled.builds_of(wants):
            if build not in self.seen.sources:
                return _OWN_FAULT
            self._build(build)
        for build in self.filled.images_of(wants):
            if not self.seen.builds[build].ok:
                own = self.filled.builds[build].solution is not None
                which = "" if build == DEFAULT else f" of the build `{build}`"
                return _OWN_FAULT if own else f"Not judged, since the image{which} could not be built."
            self._inspect(build)
        for build in sorted({build for build, _ in wants.paths}):
            self._look_up_files(build, {path for name, path in wants.paths if name == build})
        for build in sorted(wants.read_by_layer()):
            self._look_through(build)
        for run in self.filled.runs_of(wants):
            self._run(run)
            if any(beside.ours and not beside.ready for beside in self.seen.runs[run].beside.values()):
                return _OWN_FAULT
        self._try_out(wants)
        return ""

    def _try_out(self, wants: Wants) -> None:
        for key, trials in wants.trials.items():
            if key not in self.seen.trials:
                with self._phase(f"trials {key}"):
                    self.seen.trials[key] = self._runs.try_out(trials, seed=f"{self.seen.seed}/{key}")

    def ask_checker(self, check: str, checker: Checker, wants: Wants) -> str:
        """Let the lab's own checker judge what has been seen; returns why it cannot, in a sentence, or nothing."""
        try:
            self._ask_checker(check, checker, wants)
        except DiskFull as full:
            logger.warning("a job has filled its disk: %s", full)
            return _DISK_FULL
        return ""

    def _ask_checker(self, check: str, checker: Checker, wants: Wants) -> None:
        runs = self.filled.runs_of(wants)
        record = record_of(self.seen, builds=sorted(wants.builds), runs=runs, files=wants.run_files)
        image = next(base.image for base in self.plan.bases if base.name == checker.base)
        with self._phase(f"checker {check}"):
            self.seen.checkers[check] = run_checker(
                checker,
                self._job,
                image=image,
                limits=self.plan.limits.for_run(checker.seconds),
                source=files_of(self.plan.attached, checker.folder),
                submission=self.seen.files_in,
                record=record,
            )

    def inherited(self, dialect: Dialect) -> list[Refusal]:
        """Why the base images that a submission starts from may not be used: what their ONBUILD would carry out."""
        found: list[Refusal] = []
        policy = self.plan.policy()
        for name, source in self.seen.sources.items():
            build = self.filled.builds[name]
            for stage, image in stages_from_images(source, build.args) if build.solution is None else ():
                triggers = self._base(image).onbuild
                found += judge_triggers(stage, image=image, triggers=triggers, policy=policy, dialect=dialect)
        return list(dict.fromkeys(found))

    def inspect_all(self) -> None:
        """See what every image that was built is made of, for the report."""
        try:
            for build, result in self.seen.builds.items():
                if result.ok:
                    self._inspect(build)
                    image, base = self.seen.images[build], self.seen.bases[build]
                    if not self.is_hidden_build(build) and not unmeasured(image, base):
                        self._look_through(build)
        except DiskFull as full:
            logger.warning("a job has filled its disk: %s", full)

    def is_hidden(self, run: str) -> bool:
        """Whether only hidden checks look at this run."""
        return all(hidden for wants, hidden in self._wanted if run in self.filled.runs_behind(wants))

    def facts_told(self, run: str) -> set[Fact]:
        """What a check that is not hidden asks of how this run ended and what it held."""
        told = [wants for wants, hidden in self._wanted if not hidden]
        facts: set[Fact] = set()
        if any(run in wants.stops for wants in told):
            facts.add("stop")
        if any(run in wants.memory for wants in told):
            facts.add("memory")
        return facts

    def is_hidden_build(self, build: str) -> bool:
        """Whether learners are told nothing of this build: only hidden checks need it, or it is a solution's."""
        if self.filled.builds[build].solution is not None:
            return True
        return all(hidden for wants, hidden in self._wanted if build in self.filled.builds_of(wants))

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.phases.append(Phase(name=name, seconds=round(time.perf_counter() - began, 3)))

    def _build(self, name: str) -> None:
        if name in self.seen.builds:
            return
        build = self.filled.builds[name]
        if build.rebuild_of is not None:
            self._build(build.rebuild_of)
            if not self.seen.builds[build.rebuild_of].ok:
                self.seen.builds[name] = self.seen.builds[build.rebuild_of]
                return
        for base in bases(self.seen.sources[name], build.args):
            self._base(base)
        context = self._contexts[name]
        hidden = self.is_hidden_build(name)
        if not hidden:
            self._tell(EventKind.BUILD_STARTED, build=name)
        with self._phase(f"build {name}"):
            result = self._job.build(
                context.tar,
                dockerfile=context.dockerfile,
                target=build.target,
                build_args=build.args,
                use_cache=build.rebuild_of is not None,
                secrets=self._secrets_of(build),
                packages=self.plan.allow.packages,
                limits=self.plan.limits.for_build(),
                on_event=None
                if hidden
                else BuildTeller(build=name, dockerfile=self.seen.sources[name], emit=self._emit),
            )
        self.seen.builds[name] = result
        if hidden:
            return
        self._tell(
            EventKind.BUILD_FINISHED,
            build=name,
            ok=result.ok,
            error=visible(engine_words(result.error)),
            limit=result.limit.value if result.limit else "",
            seconds=round(result.seconds, 3),
        )

    def _secrets_of(self, build: Build) -> dict[str, bytes] | None:
        if "secret" not in self.plan.allow.mounts:
            return None
        return {name: content.encode() for name, content in build.secrets.items()}

    def _inspect(self, build: str) -> None:
        if build in self.seen.images:
            return
        spec = self.filled.builds[build]
        with self._phase(f"image {build}"):
            self.seen.images[build] = self._job.image(self.seen.builds[build].image_id)
            base = root_base(self.seen.sources[build], spec.target, spec.args)
            self.seen.bases[build] = self._base(base) if base else None

    def _base(self, reference: str) -> ImageFacts:
        """Facts of a base image, asked for before the build: one that the engine lacks is no learner's fault."""
        if reference not in self._bases:
            self._bases[reference] = self._job.image(reference)
        return self._bases[reference]

    def _look_up_files(self, build: str, paths: AbstractSet[str]) -> None:
        """Look for `paths`, and for those that other checks will want, in one pass."""
        if all((build, path) in self.seen.files for path in paths):
            return
        known = {path for wants, _ in self._wanted for name, path in wants.paths if name == build}
        wanted = sorted(path for path in known | paths if (build, path) not in self.seen.files)
        with self._phase(f"files {build}"):
            found = self._job.image_files(self.seen.builds[build].image_id, wanted)
        self.seen.files.update({(build, path): found.get(path) for path in wanted})

    def _look_through(self, build: str) -> None:
        """Read an image layer by layer, once, for every check that wants something of it."""
        if build in self.seen.layers:
            return
        image, base = self.seen.images[build], self.seen.bases[build]
        wanted = [wants for wants, _ in self._wanted]
        search = search_of(build, wanted, decoys=self.seen.decoys.get(build, {}), base=base)
        with self._phase(f"layers {build}"):
            found = self._job.layers(image.image_id, search=search)
            dockerfile, target = self.seen.dockerfile(build), self.seen.target(build)
            self.seen.layers[build] = see_layers(found, image=image, base=base, dockerfile=dockerfile, target=target)

    def _run(self, name: str) -> None:
        if name in self.seen.runs:
            return
        runs = self.filled.runs
        run = runs[name]
        for other in (*run.after, *(first for name in order_of_start(name, runs) for first in runs[name].after)):
            self._run(other)
        hidden = self.is_hidden(name)
        if not hidden:
            self._tell(EventKind.RUN_STARTED, run=name)
        with self._phase(f"run {name}"):
            seen = self._runs.carry_out(name)
        self.seen.runs[name] = seen
        if not hidden:
            self._tell(
                EventKind.RUN_FINISHED,
                run=name,
                exit_code=None if run.serve and not (seen.ended_early or seen.stop) else seen.result.exit_code,
                limit=seen.result.limit.value if seen.result.limit else "",
                seconds=round(seen.result.seconds, 3),
            )

    def _tell(self, kind: EventKind, **data: Any) -> None:
        self._emit(Event(kind=kind, data=data))

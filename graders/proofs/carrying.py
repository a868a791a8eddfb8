"""Carries a proof's plan out on a sandbox, in a job of its own, and sees what was asked for; all of it is removed.

What cannot be carried out (a Dockerfile that the policy refuses, a step that nobody expected to fail, a limit that was
met) is told as `trouble`: then nothing was proven, and nothing contradicted.
"""

import time
from collections.abc import Sequence
from dataclasses import replace

from graders.actions import Build
from graders.archive import Submission, SubmissionRefused
from graders.blame import stages_from_images
from graders.causes import engine_words, without_places
from graders.commands.replays import ReplayFailed
from graders.context import BadPattern, Context, context_of
from graders.dockerfile.dialect import Dialect
from graders.dockerfile.model import Dockerfile
from graders.dockerfile.policy import Policy, examine
from graders.dockerfile.triggers import judge_triggers
from graders.proofs.building import facts_of_build
from graders.proofs.commanding import type_commands
from graders.proofs.plan import ProofPlan
from graders.proofs.seen import Seen, Terminal
from graders.proofs.showing import shown_build, shown_dockerfile, shown_run
from graders.proofs.shows import Asked, Value
from graders.proofs.trouble import CannotTell
from graders.rebuilding import completed
from graders.sandbox.base import BuildResult, DiskFull, EngineInfo, Job, RunResult, Sandbox
from graders.visible import quoted, visible

DOCKERFILE = "Dockerfile"


def carry_out(plan: ProofPlan, sandbox: Sandbox, *, bases: Sequence[str], job_id: str) -> Seen:
    """Do what the plan says, and see what it asks for.

    `plan` has the question's Dockerfile and key in it (`with_key`); `bases` are the references of images that it may
    build from. `job_id` names what is made on the engine. Raises SandboxUnavailable when the engine cannot be reached
    or does not work, and nothing else.
    """
    engine = sandbox.info()
    terminal = Terminal()
    facts: dict[str, Value] = {}
    trouble = ""
    with sandbox.job(job_id) as job:
        try:
            if plan.commands:
                facts |= type_commands(plan, job, terminal, bases=bases, files=_files(plan))
            else:
                facts |= _Doing(plan, job, terminal, bases=bases, engine=engine).facts()
        except CannotTell as cannot:
            trouble = str(cannot)
        except (SubmissionRefused, BadPattern) as wrong:
            trouble = f"The proof's files cannot be used: {visible(str(wrong))}"
        except ReplayFailed as failed:
            trouble = f"{failed}"
        except DiskFull:
            trouble = "What the proof builds or runs has filled the disk that it is given."
    return Seen(engine=engine.version, facts=facts, terminal=terminal.pieces(), trouble=trouble)


def _files(plan: ProofPlan) -> dict[str, bytes]:
    files = {path: content.encode() for path, content in plan.files.items()}
    if plan.dockerfile:
        files.setdefault(DOCKERFILE, plan.dockerfile.encode())
    return files


class _Doing:
    """Builds and runs of one proof."""

    def __init__(
        self, plan: ProofPlan, job: Job, terminal: Terminal, *, bases: Sequence[str], engine: EngineInfo
    ) -> None:
        self._plan = plan
        self._job = job
        self._terminal = terminal
        self._dialect = replace(Dialect.of_engine(engine.version), heredocs=engine.heredocs)
        self._bases = frozenset(bases)
        self._asked = plan.asked()
        self._until = time.monotonic() + plan.limits.seconds
        self._built: dict[str, BuildResult] = {}
        self._sources: dict[str, Dockerfile] = {}
        self._texts: dict[str, bytes] = {}
        self._volumes: set[str] = set()

    def facts(self) -> dict[str, Value]:
        """Build, run, and see."""
        seen: dict[str, Value] = {}
        builds = completed(self._plan.builds)
        for name, build in builds.items():
            self._in_time()
            self._built[name] = self._build(name, build)
            asked = self._asked_of("build", name)
            if asked:
                seen |= facts_of_build(asked, self._job, self._built[name], dockerfile=self._sources[name], build=build)
        for name in self._plan.runs:
            self._in_time()
            seen |= self._run(name)
        return seen

    def _in_time(self) -> None:
        if time.monotonic() > self._until:
            raise CannotTell(f"It took longer than the {self._plan.limits.seconds:g} s that it is given.")

    def _asked_of(self, subject: str, name: str) -> list[Asked]:
        return [asked for asked in self._asked if (asked.subject, asked.name) == (subject, name)]

    def _build(self, name: str, build: Build) -> BuildResult:
        context = self._context(name, build)
        if build.rebuild_of is None:
            shown_dockerfile(build.dockerfile, self._texts[name], self._terminal)
        result = self._job.build(
            context.tar,
            dockerfile=context.dockerfile,
            target=build.target,
            build_args=build.args,
            secrets={key: text.encode() for key, text in build.secrets.items()} if build.secrets else None,
            use_cache=build.rebuild_of is not None,
            limits=self._plan.limits.for_build(),
        )
        shown_build(name, build, result, self._terminal)
        if result.limit is not None:
            raise CannotTell(f"The build met the {result.limit.value} limit of proofs.")
        expected = {"works", "line", "error", "log"} & {asked.fact for asked in self._asked_of("build", name)}
        if not result.ok and not expected:
            raise CannotTell(f"The build `{name}` failed, which nothing in the proof looks at: {_said(result.error)}")
        return result

    def _context(self, name: str, build: Build) -> Context:
        own = {path: content.encode() for path, content in build.files.items()}
        files = {**_files(self._plan), **own}
        text = files.get(build.dockerfile)
        if text is None:
            raise CannotTell(
                f"There is no {build.dockerfile} to build: give the question a `dockerfile`, or the proof its `files`."
            )
        policy = Policy(allowed_bases=self._bases, allow_mounts=frozenset({"secret"}) if build.secrets else frozenset())
        source, refusals = examine(text, policy, self._dialect, build_arguments=build.args)
        if refusals or source is None:
            raise CannotTell(f"Its Dockerfile may not be built here. {refusals[0].message}")
        for stage, image in stages_from_images(source, build.args):
            triggers = self._job.image(image).onbuild
            found = judge_triggers(stage, image=image, triggers=triggers, policy=policy, dialect=self._dialect)
            if found:
                raise CannotTell(f"Its Dockerfile may not be built here. {found[0].message}")
        self._sources[name], self._texts[name] = source, text
        return context_of(Submission.from_files(files), build)

    def _run(self, name: str) -> dict[str, Value]:
        run = self._plan.runs[name]
        asked = self._asked_of("run", name)
        built = self._built[run.build]
        if not built.ok:
            return {one.key: None for one in asked}
        for volume in sorted(set(run.volumes.values()) - self._volumes):
            self._job.create_volume(volume)
            self._volumes.add(volume)
        result = self._job.run(run.in_container(built.image_id, self._plan.limits.for_run(run)))
        shown_run(run, result, self._terminal)
        self._require_an_end(name, result, asked)
        stdout, stderr = visible(result.stdout), visible(result.stderr)
        values: dict[str, Value] = {
            "stdout": stdout,
            "stderr": stderr,
            "output": stdout + stderr,
            "exit_code": result.exit_code,
            "lines": sum(bool(line.strip()) for line in stdout.splitlines()),
        }
        return {one.key: values[one.fact] for one in asked}

    def _require_an_end(self, name: str, result: RunResult, asked: Sequence[Asked]) -> None:
        looked_at = {one.fact for one in asked}
        if result.limit is not None:
            raise CannotTell(f"The run `{name}` met the {result.limit.value} limit of proofs.")
        if result.start_error and not looked_at & {"exit_code", "stderr", "output"}:
            raise CannotTell(f"The run `{name}` could not be started: {_said(result.start_error)}")
        if result.stdout_cut or result.stderr_cut:
            raise CannotTell(f"The run `{name}` prints more than is kept, so what it prints proves nothing.")


def _said(error: str) -> str:
    return quoted(engine_words(without_places(error)), limit=200)

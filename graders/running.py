"""Carries out one run of the plan in the sandbox: starts what it needs beside it, waits or asks, and ends it.

What only hidden checks ask a server is asked last, when all else has been seen of it: whatever it could do with their
requests (print them, answer with them, name a process after them), nothing that learners are shown holds it.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from graders.actions import Request, Run, Serve, Stop
from graders.breaking import pace_of, try_out
from graders.companions import Part, not_begun, order_of_start
from graders.exchanges import Exchange, SeenExchange
from graders.health import HealthTrial
from graders.looking import end, leave_alone, output_once_still, settled_processes, wait_for_output, written_by
from graders.observations import Observations, SeenRun, Wants
from graders.plan import FilledPlan, LabPlan
from graders.playing import play
from graders.sandbox.base import (
    Container,
    ContainerSpec,
    HealthPace,
    HttpReply,
    Job,
    Listener,
)
from graders.serving import ask_all, wait_until_listening, wait_until_ready
from graders.trials import Trial, Trials, carry_out


class Runs:
    """The runs of one grading. What `wanted` holds, for all checks together, decides what is looked at meanwhile.

    `told` is the part of it that learners are told of: what checks want that are not hidden.
    """

    def __init__(
        self,
        *,
        plan: LabPlan,
        filled: FilledPlan,
        seen: Observations,
        job: Job,
        wanted: Sequence[Wants],
        told: Sequence[Wants],
    ) -> None:
        self._plan = plan
        self._filled = filled
        self._seen = seen
        self._job = job
        self._wanted = wanted
        self._told = told
        self._made: set[tuple[str, str]] = set()

    def carry_out(self, name: str) -> SeenRun:
        """Run it, from its companions' start to its end. The image must have been built."""
        run = self._filled.runs[name]
        parts: list[Part] = []
        try:
            late = self._start_beside(name, parts)
            if late is not None:
                seen = not_begun(name, run, late)
            else:
                seen = self._serve(name, run, run.serve, parts) if run.serve else self._wait(name, run)
        finally:
            beside = {part.name: part.ended() for part in parts}
        return replace(seen, beside=beside)

    def try_out(self, trials: Trials, *, seed: str) -> tuple[Trial, ...]:
        """Run on random inputs, beside one of the lab's solutions. Both images must have been built."""
        return carry_out(
            trials,
            seed=seed,
            run=self._filled.runs[trials.run],
            start=lambda run: self._job.run(self._spec(trials.run, run)),
        )

    def _start_beside(self, name: str, parts: list[Part]) -> Part | None:
        """Start what is to be up beside a run, each once those before it are ready. Returns the first that is not."""
        for other in order_of_start(name, self._filled.runs):
            run = self._filled.runs[other]
            if run.serve is None:
                continue
            parts.append(self._start(other, run, run.serve))
            if not parts[-1].readiness.ready:
                return parts[-1]
        return None

    def _start(self, name: str, run: Run, serve: Serve) -> Part:
        container = self._job.start(self._spec(name, run))
        return Part(
            name=name,
            build=run.of_build,
            serve=serve,
            container=container,
            readiness=wait_until_ready(container, serve),
            ours=self._filled.is_ours(run),
        )

    def _wait(self, name: str, run: Run) -> SeenRun:
        spec = self._spec(name, run)
        looked_at = {each for wants in self._wanted for each in _looked_at(wants)}
        if name not in looked_at:
            return SeenRun(name=name, build=run.of_build, result=self._job.run(spec))
        container = self._job.start(spec)
        processes = container.processes() if any(name in wants.processes for wants in self._wanted) else ()
        seen = SeenRun(name=name, build=run.of_build, processes=processes, result=container.wait())
        return self._looked_through(seen, container)

    def _serve(self, name: str, run: Run, serve: Serve, beside: Sequence[Part]) -> SeenRun:
        port = int(serve.port) if serve.port is not None else None
        deadline = time.monotonic() + serve.wait_seconds
        part = self._start(name, run, serve)
        container, ready = part.container, part.readiness.ready
        parts = {each.name: each for each in (*beside, part)}
        ends_at = time.monotonic() + self._seconds(run)
        asked, secret = self._requests_to(name)
        replies: dict[str, HttpReply] = {}
        exchanges: dict[str, SeenExchange] = {}

        def play_all(wanted: Sequence[Wants]) -> None:
            for key, exchange in _of_run(name, (wants.exchanges for wants in wanted)).items():
                if key not in exchanges:
                    exchanges[key] = play(exchange, parts=parts, ends_at=ends_at)

        def ask(requests: dict[str, Request]) -> None:
            seconds = self._seconds(run)
            replies.update(
                ask_all(container, requests, default_port=port, ready_by=deadline, seconds=seconds, ends_at=ends_at)
            )

        if ready:
            ask(asked)
        stop = self._stop_of(name, run)
        wait_for_output(container, _awaited(name, self._told, stop))
        if stop is not None and ready:
            leave_alone(stop)
        settles = serve.ready.started or any(name in wants.lasting for wants in self._wanted)
        processes = settled_processes(container) if settles else container.processes()
        listeners = self._listeners(name, container, port, deadline) if ready else container.listeners()
        health = container.health() if serve.ready.health else "none"
        ended_early = not container.running()
        if ready:
            play_all(self._told)
        told = None
        if ready and self._has_secrets(name):
            told = output_once_still(container)
            for other in beside:
                other.told = other.container.logs()
            self._read_files(name, container, self._told)
            ask(secret)
            play_all(self._wanted)
            wait_for_output(container, _awaited(name, self._wanted, stop))
        peak = container.memory_peak() if any(name in wants.memory for wants in self._wanted) else None
        trials = _of_run(name, (wants.health for wants in self._wanted)) if ready else {}
        health_trials = {key: try_out(trial, parts=parts) for key, trial in trials.items()}
        result, stopped = end(container, stop)
        seen = SeenRun(
            name=name,
            build=run.of_build,
            result=result if told is None else replace(result, stdout=told[0], stderr=told[1]),
            secret_result=None if told is None else result,
            processes=processes,
            listeners=listeners,
            port=port,
            waited_for=serve.ready,
            ready=ready,
            wait_seconds=serve.wait_seconds,
            health=health,
            instead=part.readiness.instead,
            ended_early=ended_early,
            replies=replies,
            exchanges=exchanges,
            health_trials=health_trials,
            stop=stopped,
            memory_peak_bytes=peak,
        )
        return self._looked_through(seen, container)

    def _listeners(
        self, name: str, container: Container, own_port: int | None, deadline: float
    ) -> tuple[Listener, ...]:
        """Where it listens; a port that a check looks for, and that it was not waited for by, may take until then."""
        ports = {port for wants in self._wanted for run, port in wants.listens if run == name}
        for port in sorted({int(port or own_port or 0) for port in ports}):
            wait_until_listening(container, port=port, seconds=max(deadline - time.monotonic(), 0))
        return container.listeners() if ports or own_port is not None else ()

    def _stop_of(self, name: str, run: Run) -> Stop | None:
        """How it is to be stopped; None for one that is killed."""
        if run.stop is None and any(name in wants.stops for wants in self._wanted):
            return Stop()
        return run.stop

    def _looked_through(self, seen: SeenRun, container: Container) -> SeenRun:
        """What can be seen of a container that has ended."""
        name = seen.name
        if seen.result.start_error:
            return seen
        self._read_files(name, container, self._wanted)
        if any(name in wants.mounts for wants in self._wanted):
            seen = replace(seen, mounts=container.mounts())
        if any(name in wants.written for wants in self._wanted):
            seen = replace(seen, written=written_by(container))
        return seen

    def _read_files(self, name: str, container: Container, wanted: Sequence[Wants]) -> None:
        """Read each file that is wanted of it, unless it has been read."""
        for run, path in sorted({key for wants in wanted for key in wants.run_files}):
            if run == name and (run, path) not in self._seen.run_files:
                self._seen.run_files[run, path] = container.read_file(path)

    def _has_secrets(self, run: str) -> bool:
        """Whether hidden checks have the run asked something that learners are not told of."""
        told, every = (
            {*_of_run(run, (wants.exchanges for wants in some)), *_of_run(run, (wants.health for wants in some))}
            for some in (self._told, self._wanted)
        )
        return told != every or bool(self._requests_to(run)[1])

    def _requests_to(self, run: str) -> tuple[dict[str, Request], dict[str, Request]]:
        """In the order of the checks, a named one where it is first asked for; those of hidden checks apart."""
        asked = self._requests_of(self._told, run)
        every = self._requests_of(self._wanted, run)
        return asked, {key: request for key, request in every.items() if key not in asked}

    def _requests_of(self, wanted: Sequence[Wants], run: str) -> dict[str, Request]:
        found: dict[str, Request] = {}
        for wants in wanted:
            for key, request in self._filled.requests_of(wants).items():
                if request.run == run:
                    found.setdefault(key, request)
        return found

    def _seconds(self, run: Run) -> float:
        return run.seconds or self._plan.limits.run_seconds

    def _spec(self, name: str, run: Run) -> ContainerSpec:
        for volume in run.volumes.values():
            self._make_once("volume", volume, self._job.create_volume)
        if run.network is not None:
            self._make_once("network", run.network, self._job.create_network)
        seconds = self._seconds(run)
        if run.serve is not None:
            seconds += run.serve.wait_seconds
        limits = self._plan.limits.for_run(seconds, memory_mib=run.memory_mib)
        return replace(
            run.in_container(self._image_of(run), limits),
            network=run.network,
            aliases=(name,) if run.network is not None else (),
            healthcheck=self._is_checked(name, run),
            health_pace=self._pace_of(name, run),
        )

    def _is_checked(self, name: str, run: Run) -> bool:
        """Whether its HEALTHCHECK is left on."""
        waited_for = run.serve is not None and run.serve.ready.health
        return waited_for or any(trial.run == name for wants in self._wanted for trial in wants.health.values())

    def _pace_of(self, name: str, run: Run) -> HealthPace:
        facts = self._seen.images.get(run.of_build)
        trials = _of_run(name, (wants.health for wants in self._wanted)).values()
        return pace_of(facts.healthcheck if facts is not None else None, trials)

    def _image_of(self, run: Run) -> str:
        if run.base is not None:
            return next(base.image for base in self._plan.bases if base.name == run.base)
        return self._seen.builds[run.build].image_id

    def _make_once(self, what: str, name: str, make: Callable[[str], None]) -> None:
        if (what, name) not in self._made:
            self._made.add((what, name))
            make(name)


T = TypeVar("T", Exchange, HealthTrial)


def _of_run(name: str, each: Iterable[Mapping[str, T]]) -> dict[str, T]:
    """What is wanted of this run, by key, in the order of the checks."""
    return {key: one for wanted in each for key, one in wanted.items() if one.run == name}


def _awaited(name: str, wanted: Sequence[Wants], stop: Stop | None) -> set[str]:
    """Texts to wait for; none of what is stopped, which prints all that it has to as it ends."""
    if stop is not None:
        return set()
    return {text for wants in wanted for run, text in wants.awaited if run == name}


def _looked_at(wants: Wants) -> frozenset[str]:
    """Runs of which more is wanted than how they end."""
    return wants.processes | wants.mounts | wants.written | {name for name, _ in wants.run_files}

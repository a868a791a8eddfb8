"""Carries out one run of the plan in the sandbox: starts what it needs beside it, waits or asks, and ends it.

What only hidden checks ask a server is asked last, when all else has been seen of it: whatever it could do with their
requests (print them, answer with them, name a process after them), nothing that learners are shown holds it.
"""

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from graders.actions import Request, Run, Serve, Stop
from graders.observations import Observations, SeenRun, SeenStop, Wants
from graders.plan import FilledPlan, LabPlan
from graders.sandbox.base import Container, ContainerSpec, FileFacts, FileKind, HttpReply, Job, Process, RunResult
from graders.serving import ask_all, wait_until_ready
from graders.trials import Trial, Trials, carry_out

_STILL_SECONDS = 0.05
_STILL_TRIES = 20
_STARTING = ("runc", "init")
"""What a container's first process is before it becomes the program."""
_SURPRISE_MILLISECONDS = 250
"""When a stop signal comes must not be foreseen to the moment: a program could end by itself then."""
_MOST_WRITTEN, _MOST_LOOKS = 12, 40


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
        with self._companions(run):
            return self._serve(name, run, run.serve) if run.serve else self._wait(name, run)

    def try_out(self, trials: Trials, *, seed: str) -> tuple[Trial, ...]:
        """Run on random inputs, beside one of the lab's solutions. Both images must have been built."""
        return carry_out(
            trials,
            seed=seed,
            run=self._filled.runs[trials.run],
            start=lambda run: self._job.run(self._spec(trials.run, run)),
        )

    @contextmanager
    def _companions(self, run: Run) -> Iterator[None]:
        started: list[Container] = []
        try:
            for name in run.beside:
                other = self._filled.runs[name]
                container = self._job.start(self._spec(name, other))
                started.append(container)
                if other.serve is not None:
                    wait_until_ready(container, other.serve)
            yield
        finally:
            for container in started:
                container.kill()

    def _wait(self, name: str, run: Run) -> SeenRun:
        spec = self._spec(name, run)
        looked_at = {each for wants in self._wanted for each in _looked_at(wants)}
        if name not in looked_at:
            return SeenRun(name=name, build=run.of_build, result=self._job.run(spec))
        container = self._job.start(spec)
        processes = container.processes() if any(name in wants.processes for wants in self._wanted) else ()
        seen = SeenRun(name=name, build=run.of_build, processes=processes, result=container.wait())
        return self._looked_through(seen, container)

    def _serve(self, name: str, run: Run, serve: Serve) -> SeenRun:
        port = int(serve.port) if serve.port is not None else None
        container = self._job.start(self._spec(name, run))
        deadline = time.monotonic() + serve.wait_seconds
        ready = wait_until_ready(container, serve)
        ends_at = time.monotonic() + self._seconds(run)
        asked, secret = self._requests_to(name)
        replies: dict[str, HttpReply] = {}

        def ask(requests: dict[str, Request]) -> None:
            seconds = self._seconds(run)
            replies.update(
                ask_all(container, requests, default_port=port, ready_by=deadline, seconds=seconds, ends_at=ends_at)
            )

        if ready:
            ask(asked)
        stop = self._stop_of(name, run)
        if stop is not None and ready:
            time.sleep(stop.after_seconds + secrets.randbelow(_SURPRISE_MILLISECONDS) / 1000)
        processes = _settled(container) if serve.ready.started else container.processes()
        listeners = container.listeners() if port is not None else ()
        peak = container.memory_peak() if any(name in wants.memory for wants in self._wanted) else None
        health = container.health() if serve.ready.health else "none"
        ended_early = not container.running()
        told = None
        if ready and secret:
            told = _output_once_still(container)
            self._read_files(name, container, self._told)
            ask(secret)
        result, stopped = _ended(container, stop)
        seen = SeenRun(
            name=name,
            build=run.of_build,
            result=result if told is None else replace(result, stdout=told[0], stderr=told[1]),
            processes=processes,
            listeners=listeners,
            port=port,
            waited_for=serve.ready,
            ready=ready,
            wait_seconds=serve.wait_seconds,
            health=health,
            ended_early=ended_early,
            replies=replies,
            stop=stopped,
            memory_peak_bytes=peak,
        )
        return self._looked_through(seen, container)

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
            seen = replace(seen, written=_written_by(container))
        return seen

    def _read_files(self, name: str, container: Container, wanted: Sequence[Wants]) -> None:
        """Read each file that is wanted of it, unless it has been read."""
        for run, path in sorted({key for wants in wanted for key in wants.run_files}):
            if run == name and (run, path) not in self._seen.run_files:
                self._seen.run_files[run, path] = container.read_file(path)

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
        return ContainerSpec(
            image=self._image_of(run),
            args=run.args,
            entrypoint=run.entrypoint,
            hostname=run.hostname,
            env=run.env,
            stdin=run.stdin.encode(),
            user=run.user,
            read_only=run.read_only,
            volumes=run.volumes,
            anonymous=run.anonymous,
            folders={
                path: {name: text.encode() for name, text in files.items()} for path, files in run.folders.items()
            },
            folders_read_only=run.folders_read_only,
            tmpfs=run.tmpfs,
            network=run.network,
            aliases=(name,) if run.network is not None else (),
            healthcheck=run.serve is not None and run.serve.ready.health,
            limits=self._plan.limits.for_run(seconds, memory_mib=run.memory_mib),
        )

    def _image_of(self, run: Run) -> str:
        if run.base is not None:
            return next(base.image for base in self._plan.bases if base.name == run.base)
        return self._seen.builds[run.build].image_id

    def _make_once(self, what: str, name: str, make: Callable[[str], None]) -> None:
        if (what, name) not in self._made:
            self._made.add((what, name))
            make(name)


def _looked_at(wants: Wants) -> frozenset[str]:
    """Runs of which more is wanted than how they end."""
    return wants.processes | wants.mounts | wants.written | {name for name, _ in wants.run_files}


def _ended(container: Container, stop: Stop | None) -> tuple[RunResult, SeenStop | None]:
    """End it, as `docker stop` does or at once."""
    if stop is None:
        return container.kill(), None
    was_running = container.running()
    began = time.monotonic()
    result = container.stop(within_seconds=stop.within_seconds)
    seconds = min(time.monotonic() - began, stop.within_seconds)
    return result, SeenStop(was_running=was_running, within_seconds=stop.within_seconds, seconds=seconds)


def _settled(container: Container) -> tuple[Process, ...]:
    """Its processes, once the first of them is the program that it starts with."""
    processes = container.processes()
    for _ in range(_STILL_TRIES):
        time.sleep(_STILL_SECONDS)
        before, processes = processes, container.processes()
        if not processes or (processes[0].command == before[0].command != _STARTING):
            break
    return processes


def _written_by(container: Container) -> tuple[FileFacts, ...]:
    """The beginnings of files in its own layer, logs first."""
    paths = sorted(container.changes(), key=lambda path: ("log" not in path, path.endswith(".pyc")))[:_MOST_LOOKS]
    found: list[FileFacts] = []
    for path in paths:
        if len(found) == _MOST_WRITTEN:
            break
        facts = container.read_file(path)
        if facts is not None and facts.kind is FileKind.FILE:
            found.append(facts)
    return tuple(found)


def _output_once_still(container: Container) -> tuple[bytes, bytes]:
    """What it has printed up to now; what it prints of its last answers may take a moment to arrive."""
    output = container.logs()
    for _ in range(_STILL_TRIES):
        time.sleep(_STILL_SECONDS)
        before, output = output, container.logs()
        if before == output:
            break
    return output

"""Carries out one run of the plan in the sandbox: starts what it needs beside it, waits or asks, and ends it.

What only hidden checks ask a server is asked last, when all else has been seen of it: whatever it could do with their
requests (print them, answer with them, name a process after them), nothing that learners are shown holds it.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from graders.actions import Request, Run, Serve
from graders.observations import Observations, SeenRun, Wants
from graders.plan import FilledPlan, LabPlan
from graders.sandbox.base import Container, ContainerSpec, HttpReply, Job
from graders.serving import ask_all, wait_until_ready

_STILL_SECONDS = 0.05
_STILL_TRIES = 20


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
        if not any(name in wants.processes for wants in self._wanted):
            return SeenRun(name=name, build=run.build, result=self._job.run(spec))
        container = self._job.start(spec)
        processes = container.processes()
        return SeenRun(name=name, build=run.build, processes=processes, result=container.wait())

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
        processes, listeners = container.processes(), container.listeners()
        health = container.health() if serve.ready.health else "none"
        ended_early = not container.running()
        told = None
        if ready and secret:
            told = _output_once_still(container)
            ask(secret)
        result = container.kill()
        return SeenRun(
            name=name,
            build=run.build,
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
        )

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
            image=self._seen.builds[run.build].image_id,
            args=run.args,
            env=run.env,
            stdin=run.stdin.encode(),
            user=run.user,
            read_only=run.read_only,
            volumes=run.volumes,
            network=run.network,
            aliases=(name,) if run.network is not None else (),
            healthcheck=run.serve is not None and run.serve.ready.health,
            limits=self._plan.limits.for_run(seconds),
        )

    def _make_once(self, what: str, name: str, make: Callable[[str], None]) -> None:
        if (what, name) not in self._made:
            self._made.add((what, name))
            make(name)


def _output_once_still(container: Container) -> tuple[bytes, bytes]:
    """What it has printed up to now; what it prints of its last answers may take a moment to arrive."""
    output = container.logs()
    for _ in range(_STILL_TRIES):
        time.sleep(_STILL_SECONDS)
        before, output = output, container.logs()
        if before == output:
            break
    return output

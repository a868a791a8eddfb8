"""Carries out one run of the plan in the sandbox: starts what it needs beside it, waits or asks, and ends it."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from graders.actions import Request, Run, Serve
from graders.observations import Observations, SeenRun, Wants
from graders.plan import FilledPlan, LabPlan
from graders.sandbox.base import Container, ContainerSpec, HttpReply, Job
from graders.serving import ask_all, wait_until_listening


class Runs:
    """The runs of one grading. What `wanted` holds, for all checks together, decides what is looked at meanwhile."""

    def __init__(
        self,
        *,
        plan: LabPlan,
        filled: FilledPlan,
        seen: Observations,
        job: Job,
        wanted: Sequence[Wants],
    ) -> None:
        self._plan = plan
        self._filled = filled
        self._seen = seen
        self._job = job
        self._wanted = wanted
        self._made: set[tuple[str, str]] = set()

    def carry_out(self, name: str) -> SeenRun:
        """Run it, from its companions' start to its end. The image must have been built."""
        run = self._filled.runs[name]
        with self._companions(run):
            return (
                self._serve(name, run, run.serve)
                if run.serve
                else self._wait(name, run)
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
                    wait_until_listening(
                        container,
                        port=int(other.serve.port),
                        seconds=other.serve.wait_seconds,
                    )
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
        return SeenRun(
            name=name, build=run.build, processes=processes, result=container.wait()
        )

    def _serve(self, name: str, run: Run, serve: Serve) -> SeenRun:
        port = int(serve.port)
        container = self._job.start(self._spec(name, run))
        deadline = time.monotonic() + serve.wait_seconds
        listened = wait_until_listening(
            container, port=port, seconds=serve.wait_seconds
        )
        replies: dict[str, HttpReply] = {}
        if listened:
            requests = self._requests_to(name)
            replies = ask_all(
                container,
                requests,
                default_port=port,
                ready_by=deadline,
                seconds=self._seconds(run),
            )
        processes, listeners = container.processes(), container.listeners()
        ended_early = not container.running()
        return SeenRun(
            name=name,
            build=run.build,
            result=container.kill(),
            processes=processes,
            listeners=listeners,
            port=port,
            listened=listened,
            wait_seconds=serve.wait_seconds,
            ended_early=ended_early,
            replies=replies,
        )

    def _requests_to(self, run: str) -> dict[str, Request]:
        """In the order of the checks; a named one where it is first asked for."""
        asked: dict[str, Request] = {}
        for wants in self._wanted:
            for key, request in self._filled.requests_of(wants).items():
                if request.run == run:
                    asked.setdefault(key, request)
        return asked

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
            limits=self._plan.limits.for_run(seconds),
        )

    def _make_once(self, what: str, name: str, make: Callable[[str], None]) -> None:
        if (what, name) not in self._made:
            self._made.add((what, name))
            make(name)

"""Serving runs that take part in one experiment: the one that is asked, and those that are up beside it."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from graders.actions import Run, Serve
from graders.causes import engine_words
from graders.observations import SeenRun
from graders.sandbox.base import Container, RunResult
from graders.serving import Readiness, wait_until_ready
from graders.visible import visible

STOP_SECONDS = 5.0
"""How long a part may take to end by its stop signal before it is killed."""

_log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class Part:
    """A serving run that is up, or was to be."""

    name: str
    build: str
    serve: Serve
    container: Container
    readiness: Readiness
    ours: bool
    """Whether the lab itself brings its image, so that its failures are not the learner's."""
    stopped: bool = False
    """Whether we stopped it."""
    told: tuple[bytes, bytes] | None = None
    """What it had printed before hidden checks had anything asked, where they had."""

    def stop(self) -> None:
        """End it by its stop signal."""
        self.stopped = True
        self.container.stop(within_seconds=STOP_SECONDS)

    def start_again(self) -> Readiness:
        """Start it again, with the files and volumes it has, and wait until it is ready."""
        self.stopped = False
        trouble = self.container.start_again()
        if trouble:
            words = visible(engine_words(trouble))
            return Readiness(ready=False, instead=f"Its container could not be started again: {words}.")
        return wait_until_ready(self.container, self.serve)

    def ended(self) -> SeenRun:
        """End it, and say what became of it."""
        port = int(self.serve.port) if self.serve.port is not None else None
        listeners = self.container.listeners() if port is not None and not self.readiness.ready else ()
        ended_early = not self.stopped and not self.container.running()
        if self.ours and not self.readiness.ready:
            _log.error("the lab's own run %s was not ready: %s", self.name, self.readiness.instead)
        result = self.container.kill()
        if self.told is not None:
            result = replace(result, stdout=self.told[0], stderr=self.told[1])
        return SeenRun(
            name=self.name,
            build=self.build,
            result=result,
            listeners=listeners,
            port=port,
            waited_for=self.serve.ready,
            ready=self.readiness.ready,
            instead=self.readiness.instead,
            wait_seconds=self.serve.wait_seconds,
            ended_early=ended_early,
            ours=self.ours,
        )


def order_of_start(name: str, runs: Mapping[str, Run]) -> Iterator[str]:
    """The runs that are up beside this one, in the order in which they are started: each after those beside itself."""
    started: set[str] = {name}

    def before(one: str) -> Iterator[str]:
        for other in runs[one].beside:
            if other not in started:
                started.add(other)
                yield from before(other)
                yield other

    yield from before(name)


def not_begun(name: str, run: Run, late: Part) -> SeenRun:
    """A run that was not started, since one beside it was not ready."""
    words = f"it was not tried, since `{late.name}` beside it was not ready"
    result = RunResult(exit_code=None, stdout=b"", stderr=b"", seconds=0.0, start_error=words)
    return SeenRun(
        name=name,
        build=run.of_build,
        result=result,
        waited_for=run.serve.ready if run.serve is not None else None,
        wait_seconds=run.serve.wait_seconds if run.serve is not None else 0,
    )

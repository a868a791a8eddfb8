"""Follows a build by its decoded progress messages: which steps there are, how they go, what they print.

Pure bookkeeping without a connection: messages in, events out, and at the end the steps of a `BuildResult`.
"""

import codecs
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from graders.sandbox.base import BuildEvent, BuildStep, StepState
from graders.sandbox.limits import is_clipped, is_clipped_for_good
from graders.sandbox.trace import LogChunk, Status, Vertex

_STEP_NAME = re.compile(r"^\[(?:(?P<stage>\S+) )?(?P<number>\d+)/(?P<total>\d+)\] (?P<instruction>.*)$", re.DOTALL)
_METADATA = re.compile(r"^\[internal\] load metadata for (?P<reference>\S+)$")


@dataclass
class _Step:
    index: int
    vertex: Vertex
    announced: bool = False
    ended: StepState | None = None
    log: list[str] = field(default_factory=list)
    decoders: dict[int, codecs.IncrementalDecoder] = field(default_factory=dict)


class Progress:
    """The state of one build.

    Args:
        use_cache: whether the build may reuse steps. Without it the engine calls a base image `cached` all the same,
            which is not what a reader would call so.
        log_bytes: how much output is kept, over all steps.
        send: takes events as they happen.
    """

    def __init__(self, *, use_cache: bool, log_bytes: int, send: Callable[[BuildEvent], None] | None) -> None:
        self.log_cut = False
        self.overflown = False
        """Whether it printed more than is ever kept: all that follows is dropped, so there is no use in going on."""
        self._use_cache = use_cache
        self._log_left = log_bytes
        self._send = send
        self._steps: dict[str, _Step] = {}
        self._other: dict[str, Vertex] = {}
        self._lines: list[str] = []
        self._writing: int | None = None

    @property
    def log(self) -> str:
        """All output so far in order of time, each change of step marked by the step's name."""
        return "".join(self._lines)

    def follow(self, status: Status) -> None:
        """Take in one message."""
        self._meet([vertex for vertex in status.vertexes if vertex.digest not in self._steps])
        for vertex in status.vertexes:
            if vertex.digest in self._steps:
                self._update(self._steps[vertex.digest], vertex)
            else:
                self._other[vertex.digest] = vertex
        for chunk in status.logs:
            self._print(chunk)

    def missing_base(self) -> str:
        """Reference of a base image that the engine could not find locally; empty when there is none such."""
        for vertex in self._other.values():
            found = _METADATA.match(vertex.name)
            if found and vertex.error:
                return found.group("reference")
        return ""

    def steps(self, *, failed: bool, error: str) -> tuple[tuple[BuildStep, ...], int | None]:
        """The steps as they ended, and the position of the one to blame when the build failed with `error`."""
        made = tuple(self._finished(step, failed=failed) for step in self._steps.values())
        return made, _to_blame(made, error) if failed else None

    def running_step(self) -> int | None:
        """Position of the step that runs now, for builds that are ended from outside."""
        for step in reversed(self._steps.values()):
            if step.announced and (step.ended is None or step.vertex.error):
                return step.index - 1
        return None

    def is_flooded(self) -> bool:
        """Whether the step that runs now has printed faster than the builder passes on, which drops the rest."""
        return any(
            step.index - 1 == self.running_step() and is_clipped("".join(step.log)) for step in self._steps.values()
        )

    def _meet(self, vertexes: Iterable[Vertex]) -> None:
        fresh = {vertex.digest: vertex for vertex in vertexes if _STEP_NAME.match(vertex.name)}
        for vertex in _inputs_first(fresh):
            self._steps[vertex.digest] = _Step(index=len(self._steps) + 1, vertex=vertex)

    def _update(self, step: _Step, vertex: Vertex) -> None:
        step.vertex = vertex
        if self._never_ran(vertex):
            return
        if vertex.started is not None and not step.announced:
            step.announced = True
            self._emit("step_started", step)
        if vertex.completed is not None:
            state = self._state(vertex)
            # A source is looked at more than once; only a failure is news after a first end.
            if step.ended is None or (state is StepState.FAILED and step.ended is not StepState.FAILED):
                step.ended = state
                self._emit("step_finished", step, state=state)

    def _never_ran(self, vertex: Vertex) -> bool:
        """When a later step cannot be prepared, the engine calls the steps before it `cached` without running them."""
        return vertex.cached and not self._use_cache and bool(vertex.inputs)

    def _state(self, vertex: Vertex) -> StepState:
        if vertex.error:
            return StepState.FAILED
        if vertex.cached and self._use_cache:
            return StepState.CACHED
        return StepState.DONE

    def _print(self, chunk: LogChunk) -> None:
        step = self._steps.get(chunk.vertex)
        if step is None:
            return
        kept = chunk.data[: self._log_left]
        self._log_left -= len(kept)
        if len(kept) < len(chunk.data):
            self.log_cut = self.overflown = True
        if not kept:
            return
        if chunk.stream not in step.decoders:
            step.decoders[chunk.stream] = codecs.getincrementaldecoder("utf-8")(errors="replace")
        text = step.decoders[chunk.stream].decode(kept)
        if is_clipped(text):
            self.log_cut = True
            self.overflown = self.overflown or is_clipped_for_good(text)
        if self._writing != step.index:
            self._writing = step.index
            separator = "" if not self._lines or self._lines[-1].endswith("\n") else "\n"
            self._lines.append(f"{separator}{step.vertex.name}\n")
        self._lines.append(text)
        step.log.append(text)
        self._emit("log", step, text=text)

    def _finished(self, step: _Step, *, failed: bool) -> BuildStep:
        vertex = step.vertex
        if step.ended is not None:
            state = step.ended
        elif not failed:
            state = self._state(vertex)
        else:  # either it ran when the build was ended, or its turn never came
            state = StepState.FAILED if step.announced else StepState.NOT_REACHED
        seconds = 0.0
        if state is not StepState.NOT_REACHED and vertex.started is not None and vertex.completed is not None:
            seconds = max(0.0, vertex.completed - vertex.started)
        return BuildStep(
            index=step.index,
            total=len(self._steps),
            name=vertex.name,
            state=state,
            seconds=seconds,
            log="".join(step.log),
            error=vertex.error,
        )

    def _emit(self, kind: str, step: _Step, *, text: str = "", state: StepState | None = None) -> None:
        if self._send is None:
            return
        event = BuildEvent(kind=kind, index=step.index, total=len(self._steps), name=step.vertex.name)
        self._send(replace(event, text=text, state=state))


def _inputs_first(vertexes: dict[str, Vertex]) -> list[Vertex]:
    """Order steps so that each comes after what it is made from, as the Dockerfile's stages have them.

    The engine lists them in any order. A COPY comes after the step before it in its own stage (its first input), then
    the stage it copies from, so stages stay together.
    """
    ordered: dict[str, Vertex] = {}
    used = {digest for vertex in vertexes.values() for digest in vertex.inputs}
    pending: list[tuple[Vertex, bool]] = [
        (vertex, False) for vertex in reversed(vertexes.values()) if vertex.digest not in used
    ]
    while pending:
        vertex, inputs_done = pending.pop()
        if vertex.digest in ordered:
            continue
        if inputs_done:
            ordered[vertex.digest] = vertex
            continue
        pending.append((vertex, True))
        pending.extend(
            (vertexes[digest], False)
            for digest in reversed(vertex.inputs)
            if digest in vertexes and digest not in ordered
        )
    return list(ordered.values())


def _to_blame(steps: Sequence[BuildStep], error: str) -> int | None:
    failed = [(position, step) for position, step in enumerate(steps) if step.state is StepState.FAILED]
    for position, step in failed:
        if step.error and step.error in error:
            return position
    return failed[0][0] if failed else None

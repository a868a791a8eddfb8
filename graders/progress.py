"""Turns what the sandbox says while it builds into events: each step with its line, its time and its output."""

import time
from collections.abc import Callable

from graders.blame import line_of_step
from graders.causes import without_places
from graders.dockerfile.model import Dockerfile
from graders.events import Event, EventKind
from graders.sandbox.base import BuildEvent
from graders.visible import visible

Emit = Callable[[Event], None]

MAX_LOG_CHARACTERS = 64 * 1024
"""How much of a build's output is told live; the report holds what the sandbox kept."""


class BuildTeller:
    """Called by the sandbox with each BuildEvent of one build."""

    def __init__(self, *, build: str, dockerfile: Dockerfile, emit: Emit) -> None:
        self._build = build
        self._dockerfile = dockerfile
        self._emit = emit
        self._began: dict[int, float] = {}
        self._room = MAX_LOG_CHARACTERS

    def __call__(self, event: BuildEvent) -> None:
        """Tell it on."""
        match event.kind:
            case "step_started":
                self._began[event.index] = time.perf_counter()
                line = line_of_step(self._dockerfile, event.name)
                self._tell(EventKind.STEP_STARTED, event, total=event.total, name=visible(event.name), line=line)
            case "log":
                self._log(event)
            case "step_finished":
                seconds = time.perf_counter() - self._began.get(event.index, time.perf_counter())
                state = event.state.value if event.state else ""
                self._tell(EventKind.STEP_FINISHED, event, state=state, seconds=round(seconds, 3))

    def _log(self, event: BuildEvent) -> None:
        if self._room <= 0:
            return
        text = visible(without_places(event.text))[: self._room]
        self._room -= len(text)
        if self._room <= 0:
            text += "\n… more output follows; it is not shown live.\n"
        self._tell(EventKind.STEP_LOG, event, text=text)

    def _tell(self, kind: EventKind, event: BuildEvent, **data: object) -> None:
        self._emit(Event(kind=kind, data={"build": self._build, "index": event.index, **data}))

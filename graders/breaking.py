"""Tries a HEALTHCHECK out: waits for health, breaks the program on purpose, and waits for the opposite."""

import secrets
import time
from collections.abc import Callable, Iterable, Mapping

from graders.companions import Part
from graders.health import Break, HealthTrial, SeenHealth
from graders.sandbox.base import Healthcheck, HealthPace
from graders.serving import message_of
from graders.visible import visible

LONGEST_TRY_SECONDS = 4.0
_PAUSE_SECONDS = 0.1
_FEWEST_GOOD_TRIES, _MORE_GOOD_TRIES = 3, 3
"""Tries in a row that succeed before it is broken, and up to how many more: when it is must not be foreseen."""


def pace_of(healthcheck: Healthcheck | None, trials: Iterable[HealthTrial]) -> HealthPace:
    """How often a HEALTHCHECK is tried here: by its own times a trial would take minutes.

    A try that hangs is ended in time to count: in half of what the container is given to become unhealthy.
    """
    own = healthcheck.timeout_seconds if healthcheck is not None else None
    halves = [trial.unhealthy_within / 2 for trial in trials]
    return HealthPace(timeout_seconds=min([own or LONGEST_TRY_SECONDS, LONGEST_TRY_SECONDS, *halves]))


def try_out(trial: HealthTrial, *, parts: Mapping[str, Part]) -> SeenHealth:
    """Wait for health, break the program, and wait for the opposite. The container stays broken."""
    part = parts[trial.run]
    container = part.container
    if container.health() == "none":
        return SeenHealth(was="none", before=())
    wanted = _FEWEST_GOOD_TRIES + secrets.randbelow(_MORE_GOOD_TRIES) if trial.breaks is not None else 1
    healthy = _wait(part, lambda: _is_steady(part, wanted), trial.healthy_within)
    was, before = container.health(), container.health_log()
    if not healthy or trial.breaks is None:
        return SeenHealth(was=was if healthy or was != "healthy" else "unsteady", before=before)
    not_broken = _break(trial.breaks, part, parts)
    if not_broken:
        return SeenHealth(was=was, before=before, not_broken=not_broken)
    _wait(part, lambda: container.health() == "unhealthy", trial.unhealthy_within)
    running = container.running()
    return SeenHealth(was=was, before=before, turned=container.health(), after=container.health_log(), running=running)


def _wait(part: Part, is_so: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() >= deadline or not part.container.running():
            return False
        time.sleep(_PAUSE_SECONDS)
    return True


def _is_steady(part: Part, wanted: int) -> bool:
    if part.container.health() != "healthy":
        return False
    tries = part.container.health_log()
    return len(tries) >= wanted and all(tried.exit_code == 0 for tried in tries[-wanted:])


def _break(breaks: Break, part: Part, parts: Mapping[str, Part]) -> str:
    if breaks.stop is not None:
        parts[breaks.stop].stop()
        return ""
    if breaks.request is not None:
        message = message_of(breaks.request, default_port=part.serve.port, left=breaks.request.timeout_seconds)
        reply = part.container.http(message)
        if reply.status is None:
            return f"{message.method} {message.path}, which is to break it, got no answer: {visible(reply.error)}"
        return ""
    return "" if part.container.freeze() else "Its processes could not be held still: they ended, or resisted."

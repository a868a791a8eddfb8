"""Whether consoles can be worked in: this worker's engine, the workers that are alive, and what a line waits for."""

import functools
import socket
import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from graders.sandbox.base import SandboxUnavailable
from labs import heartbeats
from labs.console_engine import console_engine, engine_name
from labs.console_models import ConsoleEntry, ConsoleSession
from labs.models import WorkerHeartbeat, WorkerKind
from labs.place import WaitingFor

log = structlog.get_logger(__name__)

SEEN_WITHIN = timedelta(seconds=30)
READY_SECONDS = 5.0
"""How long an engine that answered is taken to go on answering."""

SENTENCES = {
    WaitingFor.TURN: "Waiting for its turn.",
    WaitingFor.WORKER: "Waiting for a console worker: none is running. What you typed is safe, and waits.",
    WaitingFor.ENGINE: (
        "Waiting for the engine behind the consoles: it does not answer. What you typed is safe, and waits."
    ),
    WaitingFor.SAFE_ENGINE: (
        "Waiting for a safe engine: a required protection does not hold, so nothing is carried out. "
        "What you typed is safe."
    ),
}


def worker_name() -> str:
    """This worker's name: the configured one, or machine and engine."""
    return str(settings.WORKER_NAME or f"{socket.gethostname()}/consoles/{engine_name()}")[:200]


def health() -> heartbeats.GradingHealth:
    """How many workers for consoles are alive, and how many of them can work. One query."""
    return heartbeats.health(kind=WorkerKind.CONSOLES)


def waits_in_vain() -> bool:
    """Whether something has waited in a console for longer than a worker takes to see it."""
    return ConsoleEntry.objects.waiting().filter(queued_at__lt=timezone.now() - SEEN_WITHIN).exists()


def waiting_for(session: ConsoleSession) -> WaitingFor:
    """What has to happen before a waiting entry of this session is carried out. One query."""
    alive = heartbeats.alive(WorkerKind.CONSOLES)
    if session.engine:
        alive = alive.filter(engine_name=session.engine)
    beats = list(alive)
    if not beats:
        return WaitingFor.WORKER
    if not any(beat.engine_ok for beat in beats):
        return WaitingFor.ENGINE
    return WaitingFor.TURN if any(map(heartbeats.may_grade, beats)) else WaitingFor.SAFE_ENGINE


# ── This worker ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class _Readiness:
    """When this process last saw that its engine can be worked on; shared by its threads."""

    until: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


@functools.cache
def _readiness(factory: str, url: str) -> _Readiness:
    del factory, url
    return _Readiness()


def may_work(worker: str) -> bool:
    """Whether this worker's engine answers and is safe enough; asked again every few seconds and after trouble."""
    ready = _readiness(settings.CONSOLE_FACTORY, settings.CONSOLE_ENGINE)
    if time.monotonic() < ready.until:
        return True
    with ready.lock:
        if time.monotonic() < ready.until:
            return True
        if not engine_answers(worker) or not _is_safe(worker):
            return False
        ready.until = time.monotonic() + READY_SECONDS
        return True


def engine_answers(worker: str) -> bool:
    """Ask the engine who it is, and note the answer with the worker's heartbeat."""
    try:
        console_engine().version()
    except SandboxUnavailable as error:
        log.warning("console_engine_unavailable", worker=worker, engine=settings.CONSOLE_ENGINE, error=str(error))
        engine_failed(worker, str(error))
        return False
    heartbeats.engine_answered(worker=worker, name=engine_name())
    return True


def engine_failed(worker: str, message: str) -> None:
    """Note trouble with the engine: it is asked again before anything else is taken."""
    _readiness(settings.CONSOLE_FACTORY, settings.CONSOLE_ENGINE).until = 0.0
    heartbeats.engine_failed(worker=worker, message=message)


def _is_safe(worker: str) -> bool:
    """What the last audit said; the heart audits when this process starts, and after each outage."""
    if not settings.GRADING_REQUIRES_SAFE_ENGINE:
        return True
    return WorkerHeartbeat.objects.filter(worker=worker, safe=True, safety_checked_at__isnull=False).exists()


def audit_if_needed(worker: str) -> None:
    """Try the engine's protections where that is asked for and has not been done since it came up."""
    if not settings.GRADING_REQUIRES_SAFE_ENGINE:
        return
    if not WorkerHeartbeat.objects.filter(worker=worker, engine_ok=True, safety_checked_at__isnull=True).exists():
        return
    sandbox = import_string(settings.SANDBOX_FACTORY)(settings.CONSOLE_ENGINE)
    try:
        failures = [str(failure) for failure in import_string(settings.SANDBOX_AUDIT)(sandbox)]
    except SandboxUnavailable as error:
        engine_failed(worker, str(error))
        return
    heartbeats.audited(worker=worker, failures=failures)
    if failures:
        log.error("console_engine_unsafe", worker=worker, engine=settings.CONSOLE_ENGINE, failures=failures)

"""This worker's sandbox engine: opening it, asking whether it answers, and whether it is safe enough to grade with."""

import functools
from datetime import timedelta

import structlog
from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from graders.sandbox.base import Sandbox, SandboxUnavailable
from labs import heartbeats
from labs.models import WorkerHeartbeat

log = structlog.get_logger(__name__)

AUDIT_HOLDS_FOR = timedelta(minutes=10)


def open_sandbox() -> Sandbox:
    """The sandbox that settings name, one for each process. Raises SandboxUnavailable when none is named."""
    if not settings.SANDBOX_ENGINE:
        raise SandboxUnavailable(
            "No sandbox engine is configured: set SANDBOX_ENGINE (or SANDBOX_ENGINES) to the address of one, "
            "such as unix:///run/drydock/engine-0/docker.sock."
        )
    return _sandbox(settings.SANDBOX_FACTORY, settings.SANDBOX_ENGINE)


@functools.cache
def _sandbox(factory: str, url: str) -> Sandbox:
    made: Sandbox = import_string(factory)(url)
    return made


def engine_answers(*, worker: str) -> bool:
    """Ask the engine who it is, and note the answer with the worker's heartbeat."""
    try:
        info = open_sandbox().info()
    except SandboxUnavailable as error:
        log.warning("engine_unavailable", worker=worker, engine=settings.SANDBOX_ENGINE, error=str(error))
        heartbeats.engine_failed(worker=worker, message=str(error))
        return False
    heartbeats.engine_answered(worker=worker, name=f"{info.name} {info.version}")
    return True


def remove_leftovers() -> None:
    """Remove what a killed process before this one may have left on the engine, and what jobs in trouble left since."""
    try:
        _sweep(settings.SANDBOX_FACTORY, settings.SANDBOX_ENGINE)
        open_sandbox().sweep(unless_clean=True)
    except SandboxUnavailable as error:
        log.warning("leftovers_not_removed", engine=settings.SANDBOX_ENGINE, error=str(error))


@functools.cache
def _sweep(factory: str, url: str) -> int:
    return _sandbox(factory, url).sweep()


def engine_is_safe(*, worker: str) -> bool:
    """Whether every required protection holds, tried out at most every ten minutes and after each outage.

    Always true where the environment does not ask for it (development).
    """
    if not settings.GRADING_REQUIRES_SAFE_ENGINE:
        return True
    known = WorkerHeartbeat.objects.filter(
        worker=worker, safety_checked_at__gt=timezone.now() - AUDIT_HOLDS_FOR
    ).first()
    if known is not None:
        return known.safe
    audit = import_string(settings.SANDBOX_AUDIT)
    try:
        failures = [str(failure) for failure in audit(open_sandbox())]
    except SandboxUnavailable as error:
        heartbeats.engine_failed(worker=worker, message=str(error))
        return False
    heartbeats.audited(worker=worker, failures=failures)
    if failures:
        log.error("engine_unsafe", worker=worker, engine=settings.SANDBOX_ENGINE, failures=failures)
    return not failures

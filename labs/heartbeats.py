"""Workers tell that they are alive and how their engine is; pages, probes and the sweeper read it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from labs.models import WorkerHeartbeat, WorkerKind
from labs.querysets import WorkerHeartbeatQuerySet

BEAT_SECONDS = 5.0
# Three beats missed.
ALIVE_FOR = timedelta(seconds=20)
FORGOTTEN_AFTER = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class GradingHealth:
    """How many workers are alive, how many of their engines answer, and how many may grade."""

    workers: int
    engines_ok: int
    able: int
    """Alive, with an engine that answers and is safe enough for this environment."""
    messages: tuple[str, ...] = ()
    """What is wrong, for operators: one sentence for each worker in trouble."""


def alive(kind: WorkerKind, now: datetime | None = None) -> WorkerHeartbeatQuerySet[WorkerHeartbeat]:
    """The workers of a kind that have been heard of lately."""
    return WorkerHeartbeat.objects.filter(kind=kind).heard_since((now or timezone.now()) - ALIVE_FOR)


def health(now: datetime | None = None, kind: WorkerKind = WorkerKind.GRADING) -> GradingHealth:
    """The state of grading, or of consoles, as last heard of. One query."""
    workers = engines_ok = able = 0
    messages = []
    for beat in alive(kind, now):
        workers += 1
        engines_ok += beat.engine_ok
        able += may_grade(beat)
        if not beat.engine_ok:
            messages.append(f"{beat.worker}: {beat.engine_message or 'its engine has not answered yet.'}")
        elif not may_grade(beat):
            messages.append(f"{beat.worker}: {beat.safety_message or 'its engine has not been audited yet.'}")
    return GradingHealth(workers=workers, engines_ok=engines_ok, able=able, messages=tuple(messages))


def may_grade(beat: WorkerHeartbeat) -> bool:
    """Whether a worker grades: its engine answers and, where that is required, has passed its audit."""
    if not beat.engine_ok:
        return False
    # Before the first audit nothing speaks against it: the worker audits before it takes anything.
    return beat.safe or not settings.GRADING_REQUIRES_SAFE_ENGINE or beat.safety_checked_at is None


def beat(*, worker: str, engine_url: str, version: str, kind: WorkerKind = WorkerKind.GRADING) -> WorkerHeartbeat:
    """Say that a worker is alive."""
    now = timezone.now()
    row, _ = WorkerHeartbeat.objects.update_or_create(
        worker=worker, defaults={"kind": kind, "seen_at": now, "engine_url": engine_url, "version": version}
    )
    return row


def started(*, worker: str, engine_url: str, version: str, kind: WorkerKind = WorkerKind.GRADING) -> None:
    """Say that a worker has just started: what was known of its engine is asked anew."""
    now = timezone.now()
    WorkerHeartbeat.objects.update_or_create(
        worker=worker,
        defaults={
            "kind": kind,
            "seen_at": now,
            "started_at": now,
            "engine_url": engine_url,
            "version": version,
            "engine_ok": False,
            "engine_message": "",
            "safety_checked_at": None,
        },
    )


def engine_answered(*, worker: str, name: str) -> None:
    """Note that the worker's engine answers. One that comes back after an outage is to be audited again."""
    now = timezone.now()
    row = WorkerHeartbeat.objects.filter(worker=worker)
    row.filter(engine_ok=False).update(safety_checked_at=None)
    row.update(engine_ok=True, engine_message="", engine_name=name, engine_seen_at=now)


def engine_failed(*, worker: str, message: str) -> None:
    """Note that the worker's engine does not answer."""
    WorkerHeartbeat.objects.filter(worker=worker).update(engine_ok=False, engine_message=message)


def audited(*, worker: str, failures: list[str]) -> None:
    """Note what the audit of the worker's engine found."""
    WorkerHeartbeat.objects.filter(worker=worker).update(
        safe=not failures, safety_message=" ".join(failures), safety_checked_at=timezone.now()
    )


def stopped(*, worker: str) -> None:
    """Note that a worker has ended in good order."""
    WorkerHeartbeat.objects.filter(worker=worker).delete()


def forget_lost(now: datetime | None = None) -> int:
    """Drop workers that nobody has heard of for a day; returns how many."""
    long_ago = (now or timezone.now()) - FORGOTTEN_AFTER
    return WorkerHeartbeat.objects.filter(seen_at__lt=long_ago).delete()[0]

"""A worker process from start to end: its heartbeat, and the look into the queue that it takes by itself."""

import os
import threading
from importlib.metadata import version
from typing import Any

import structlog
from celery.signals import worker_process_init, worker_process_shutdown, worker_ready, worker_shutting_down
from django.conf import settings
from django.db import DatabaseError, connection

from labs import engines, heartbeats, tasks
from labs.grading import worker_name

log = structlog.get_logger(__name__)


class Heart(threading.Thread):
    """Beats while the process lives: says that the worker is there, and how its engine is."""

    def __init__(self) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self.worker = worker_name()
        self._stop_beating = threading.Event()

    def run(self) -> None:
        """Beat until stopped; a database that is away is tried again at the next beat."""
        first = True
        while True:
            try:
                self._beat(first=first)
                first = False
            except DatabaseError as error:
                log.warning("heartbeat_not_written", worker=self.worker, error=str(error))
            finally:
                connection.close()
            if self._stop_beating.wait(heartbeats.BEAT_SECONDS):
                return

    def stop(self) -> None:
        """Beat no more, and say goodbye."""
        self._stop_beating.set()
        self.join(timeout=heartbeats.BEAT_SECONDS)
        try:
            heartbeats.stopped(worker=self.worker)
        except DatabaseError as error:
            log.warning("goodbye_not_written", worker=self.worker, error=str(error))

    def _beat(self, *, first: bool) -> None:
        tell = heartbeats.started if first else heartbeats.beat
        tell(worker=self.worker, engine_url=settings.SANDBOX_ENGINE, version=version("drydock"))
        engines.engine_answers(worker=self.worker)


_heart: Heart | None = None


@worker_process_init.connect(dispatch_uid="labs.heart")
def start_beating(**_signal: Any) -> None:
    """Begin to beat in the process that grades: when it is killed, the beat ends with it."""
    global _heart  # noqa: PLW0603 - one for each process, and Celery's signals carry no state
    _heart = Heart()
    _heart.start()
    log.info("worker_started", worker=_heart.worker, engine=settings.SANDBOX_ENGINE, pid=os.getpid())


@worker_process_shutdown.connect(dispatch_uid="labs.heart")
def stop_beating(**_signal: Any) -> None:
    """End the beat in good order."""
    if _heart is not None:
        _heart.stop()


@worker_ready.connect(dispatch_uid="labs.first_look")
def look_into_the_queue(**_signal: Any) -> None:
    """Grade what was waiting before this worker came."""
    try:
        tasks.call_workers()
    except Exception:  # the broker is away: the sweeper calls as soon as it is back
        log.exception("first_call_failed")


@worker_shutting_down.connect(dispatch_uid="labs.leaving")
def take_nothing_more(**_signal: Any) -> None:
    """Let a worker that is asked to end finish what it has, and no more."""
    tasks.leaving.set()

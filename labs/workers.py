"""A worker process from start to end: its heartbeat, and the look into the queue that it takes by itself."""

import os
import threading
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import structlog
from celery.signals import (
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
    worker_shutdown,
    worker_shutting_down,
)
from django.conf import settings
from django.db import DatabaseError, connection

from labs import console_health, engines, heartbeats, tasks
from labs.console_engine import engine_name
from labs.grading import worker_name
from labs.models import WorkerKind

log = structlog.get_logger(__name__)


class Heart(threading.Thread):
    """Beats while the process lives: says that the worker is there, and how its engine is."""

    kind = WorkerKind.GRADING

    def __init__(self) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self.worker, self.engine_url = self._who()
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

    def _who(self) -> tuple[str, str]:
        """The worker's name, and its engine's address."""
        return worker_name(), settings.SANDBOX_ENGINE

    def _beat(self, *, first: bool) -> None:
        tell = heartbeats.started if first else heartbeats.beat
        tell(worker=self.worker, engine_url=self.engine_url, version=version("drydock"), kind=self.kind)
        self._look_at_engine()

    def _look_at_engine(self) -> None:
        engines.engine_answers(worker=self.worker)


class ConsoleHeart(Heart):
    """The heart of a worker that carries out what is typed in consoles: its threads share one process."""

    kind = WorkerKind.CONSOLES

    def _who(self) -> tuple[str, str]:
        return console_health.worker_name(), settings.CONSOLE_ENGINE

    def _look_at_engine(self) -> None:
        if console_health.engine_answers(self.worker):
            console_health.audit_if_needed(self.worker)


_hearts: list[Heart] = []


def _start(heart: Heart) -> None:
    _hearts.append(heart)
    heart.start()
    log.info("worker_started", worker=heart.worker, kind=heart.kind, engine=heart.engine_url, pid=os.getpid())


@worker_process_init.connect(dispatch_uid="labs.heart")
def start_beating(**_signal: Any) -> None:
    """Begin to beat in the process that grades: when it is killed, the beat ends with it."""
    _start(Heart())


@worker_process_shutdown.connect(dispatch_uid="labs.heart")
def stop_beating(**_signal: Any) -> None:
    """End the beat in good order."""
    while _hearts:
        _hearts.pop().stop()


@worker_ready.connect(dispatch_uid="labs.first_look")
def look_into_the_queue(sender: Any = None, **_signal: Any) -> None:
    """Take up what was waiting before this worker came: to grade it, or what was typed in consoles."""
    queues = queues_of(sender)
    if tasks.CONSOLE_QUEUE in queues:
        # What is asked of sessions that are on this engine comes by a queue of their own.
        sender.add_task_queue(tasks.console_queue_of(engine_name()))
        _start(ConsoleHeart())
        _call(lambda: tasks.call_consoles(engine_name()))
    if queues != {tasks.CONSOLE_QUEUE}:
        _call(tasks.call_workers)


def queues_of(consumer: Any) -> set[str]:
    """The names of the queues that a worker has been told to listen to."""
    listened = getattr(consumer, "task_consumer", None)
    return {queue.name for queue in listened.queues} if listened is not None else set()


def _call(send: Callable[[], None]) -> None:
    try:
        send()
    except Exception:  # the broker is away: the sweeper calls as soon as it is back
        log.exception("first_call_failed")


@worker_shutting_down.connect(dispatch_uid="labs.leaving")
def take_nothing_more(**_signal: Any) -> None:
    """Let a worker that is asked to end finish what it has, and no more."""
    tasks.leaving.set()


@worker_shutdown.connect(dispatch_uid="labs.console_heart")
def say_goodbye(**_signal: Any) -> None:
    """End the beat of a worker whose threads share its process."""
    stop_beating()

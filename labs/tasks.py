"""Wake-up calls for workers. A message carries nothing: the database says what is to be done."""

import multiprocessing

import structlog
from celery import shared_task
from django.conf import settings
from kombu.exceptions import OperationalError

from labs import console_work
from labs.console_engine import engine_name
from labs.grading import work

log = structlog.get_logger(__name__)

# A worker that hangs is killed by Celery after this, and its submission returns when the lease runs out.
HARD_LIMIT_SECONDS = 900.0
# A call that nobody heard for this long is worth nothing: the sweeper calls again.
EXPIRES_SECONDS = 60.0
CONSOLE_QUEUE = "console"
"""Calls about sessions that are on no engine yet; those on one have a queue of its name (`console_queue_of`)."""


# Set when this worker is asked to end; made before Celery forks, so that the process that grades sees it too.
leaving = multiprocessing.Event()


@shared_task(name="labs.wake", time_limit=settings.GRADING_SHIFT_SECONDS + HARD_LIMIT_SECONDS, ignore_result=True)
def wake() -> None:
    """Grade what waits, for one shift; safe to deliver twice, late or never."""
    if work(seconds=settings.GRADING_SHIFT_SECONDS, leaving=leaving).more:
        call_workers()


def call_workers(times: int = 1) -> None:
    """Send wake-up calls. Raises what the broker raises; callers decide whether that matters."""
    for _ in range(times):
        wake.apply_async(expires=EXPIRES_SECONDS, retry=False)


@shared_task(name="labs.wake_consoles", ignore_result=True)
def wake_consoles() -> None:
    """Carry out what waits in consoles, for one shift; safe to deliver twice, late or never."""
    shift = console_work.work(seconds=settings.CONSOLE_SHIFT_SECONDS, leaving=leaving, handed_in=_graders_if_possible)
    if shift.more and not leaving.is_set():
        call_consoles(engine_name())


def call_consoles(engine: str, times: int = 1) -> None:
    """Send wake-up calls to the workers of an engine, or to all where it has no name yet. Raises as `call_workers`."""
    for _ in range(times):
        wake_consoles.apply_async(queue=console_queue_of(engine), expires=EXPIRES_SECONDS, retry=False)


def console_queue_of(engine: str) -> str:
    """The queue that an engine's workers listen to."""
    return f"{CONSOLE_QUEUE}.{engine}" if engine else CONSOLE_QUEUE


def _graders_if_possible() -> None:
    """What was handed in is in the database: a broker that is away costs time only."""
    try:
        call_workers()
    except OperationalError as error:
        log.warning("workers_not_called", error=str(error))

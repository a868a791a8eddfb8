"""Wake-up calls for workers. A message carries nothing: the database says what is to be done."""

import multiprocessing

from celery import shared_task
from django.conf import settings

from labs.grading import work

# A worker that hangs is killed by Celery after this, and its submission returns when the lease runs out.
HARD_LIMIT_SECONDS = 900.0
# A call that nobody heard for this long is worth nothing: the sweeper calls again.
EXPIRES_SECONDS = 60.0


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

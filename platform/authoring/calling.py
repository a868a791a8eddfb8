"""Wake-up calls for who reads course files. A message carries nothing: the database says what is to be done."""

from celery import current_app

BRING_IN = "authoring.bring_in"
"""The task's name."""
READERS = "authoring"
"""The queue of a process of its own: it alone needs git and a way out, and reading takes nobody's turn to be graded."""
EXPIRES_SECONDS = 60.0


def call_readers() -> None:
    """Send a wake-up call. Raises what the broker raises; callers decide whether that matters."""
    current_app.send_task(BRING_IN, queue=READERS, expires=EXPIRES_SECONDS, retry=False)

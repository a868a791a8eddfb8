"""Wake-up calls for workers that carry proofs out. A message carries nothing: the database says what is to be done."""

from celery import current_app

PROVE = "quizzes.prove"
"""The task's name; it needs an engine, so it is in `authoring`, which knows those of labs."""
EXPIRES_SECONDS = 60.0


def call_provers(times: int = 1) -> None:
    """Send wake-up calls to grading workers. Raises what the broker raises; callers decide whether that matters."""
    for _ in range(times):
        current_app.send_task(PROVE, expires=EXPIRES_SECONDS, retry=False)

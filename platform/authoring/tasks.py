"""The tasks that carry proofs out, on the workers that grade, and that bring course files in, on one of their own."""

from celery import shared_task
from django.conf import settings

from authoring import calling, import_work, proof_work
from labs import tasks as labs_tasks
from quizzes import tasks

# A worker that hangs is killed by Celery after this, and its proof returns when the lease runs out.
HARD_LIMIT_SECONDS = 600.0


@shared_task(name=tasks.PROVE, time_limit=settings.PROOF_SHIFT_SECONDS + HARD_LIMIT_SECONDS, ignore_result=True)
def prove() -> None:
    """Carry out what waits, for one shift; safe to deliver twice, late or never."""
    if proof_work.work(seconds=settings.PROOF_SHIFT_SECONDS, leaving=labs_tasks.leaving).more:
        labs_tasks.call_workers()  # whoever grades goes first: the queue gives calls out in their order
        tasks.call_provers()


@shared_task(name=calling.BRING_IN, ignore_result=True)
def bring_in() -> None:
    """Read course files that wait, and apply what was confirmed; safe to deliver twice, late or never."""
    import_work.work()

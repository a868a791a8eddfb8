"""What a worker does: takes submissions from the queue, grades them, and writes down what came out."""

import socket
import time
from dataclasses import dataclass
from typing import Protocol

import structlog
from django.conf import settings
from django.db import transaction

from graders.archive import TAKEN_BEFORE
from graders.archive import Submission as Files
from graders.commands.end_state import EndState
from graders.console_grading import judge
from graders.engine import grade
from graders.plan import LabPlan
from graders.report import Report
from graders.sandbox.base import Sandbox, SandboxUnavailable
from labs import engines, queue, storage
from labs.errors import LeaseLost
from labs.models import Submission
from labs.progress import Progress
from labs.queue import Claim

log = structlog.get_logger(__name__)


def worker_name() -> str:
    """This worker's name: the configured one, or machine and engine, since each worker has an engine of its own."""
    engine = settings.SANDBOX_ENGINE.rpartition("://")[2].strip("/")
    return str(settings.WORKER_NAME or f"{socket.gethostname()}/{engine or 'no-engine'}")[:200]


class Leaving(Protocol):
    """Says whether this worker has been asked to end."""

    def is_set(self) -> bool:
        """Whether it has."""


@dataclass(frozen=True, kw_only=True)
class Shift:
    """What came of one wake-up call: how many submissions were taken, and whether more may wait."""

    taken: int
    more: bool = False


def work(*, seconds: float, leaving: Leaving | None = None) -> Shift:
    """Grade until nothing waits, `seconds` have passed, or the worker is asked to end.

    Takes nothing while the engine does not answer or is not safe enough: what waits keeps its place.
    """
    worker = worker_name()
    until = time.monotonic() + seconds
    taken = 0
    ready = False
    while time.monotonic() < until and not (leaving and leaving.is_set()):
        if not (ready or _engine_is_ready(worker)):
            return Shift(taken=taken)
        claim = queue.claim_next(worker=worker)
        if claim is None:
            return Shift(taken=taken)
        taken += 1
        # After trouble the engine has to answer again before the next one is risked.
        ready = grade_claim(claim, engines.open_sandbox())
    return Shift(taken=taken, more=True)


def _engine_is_ready(worker: str) -> bool:
    if not engines.engine_answers(worker=worker):
        return False
    engines.remove_leftovers()
    return engines.engine_is_safe(worker=worker)


def grade_claim(claim: Claim, sandbox: Sandbox) -> bool:
    """Grade one submission from claim to grade; False when the engine or the platform failed it.

    Never raises for what a submission does or an engine fails to do: the submission goes back into the queue.
    """
    with structlog.contextvars.bound_contextvars(submission_id=claim.submission_id, attempt=claim.attempt):
        started = time.monotonic()
        log.info("grading_started", worker=claim.worker)
        try:
            submission = _grade(claim, sandbox)
        except LeaseLost:
            log.warning("lease_lost")
        except SandboxUnavailable as error:
            queue.fail_infrastructure(claim, f"The sandbox engine failed: {error}")
            return False
        except Exception as error:  # whatever it was, the submission must not stay with this worker
            log.exception("grading_failed")
            queue.fail_infrastructure(claim, f"Grading failed: {type(error).__name__}: {error}")
            return False
        else:
            log.info(
                "grading_finished",
                state=submission.state,
                score=str(submission.score),
                seconds=round(time.monotonic() - started, 3),
            )
        return True


def _grade(claim: Claim, sandbox: Sandbox) -> Submission:
    submission = queue.held(claim).select_related("version").first()
    if submission is None:
        raise LeaseLost(f"Submission {claim.submission_id} was taken over at once.")
    plan = submission.version.lab_plan
    if submission.observed_name:
        return _judge(claim, submission, plan)
    files = Files.from_tar(storage.read(submission.files_name), caps=TAKEN_BEFORE)
    with Progress(claim, plan) as progress:
        report = grade(
            plan, files, sandbox, seed=submission.seed, job_id=_job_id(submission), on_event=progress.on_event
        )
        # The lease is kept while results are stored: storage may be far away.
        return _store(claim, submission, report, progress)


def _judge(claim: Claim, submission: Submission, plan: LabPlan) -> Submission:
    """Judge what a console's engine held when it was handed in: no engine is asked again."""
    end = EndState.model_validate_json(storage.read(submission.observed_name))
    with Progress(claim, plan) as progress:
        report = judge(plan, end, seed=submission.seed, digest=submission.digest, on_event=progress.on_event)
        return _store(claim, submission, report, progress)


def _store(claim: Claim, submission: Submission, report: Report, progress: Progress) -> Submission:
    progress.flush()
    log_name = storage.save_log(submission.key, claim.attempt, progress.log_text())
    report_name = storage.save_report(submission.key, claim.attempt, report)
    with transaction.atomic():
        finished = queue.finish(claim, report, report_name=report_name, log_name=log_name)
        transaction.on_commit(lambda: _remove_earlier(submission.key, claim.attempt), robust=True)
    return finished


def _remove_earlier(key: str, attempt: int) -> None:
    """Remove what killed attempts may have stored between their report and their commit."""
    for earlier in range(1, attempt):
        for file in ("report.json", "log.txt"):
            storage.delete(storage.attempt_name(key, earlier, file))


def _job_id(submission: Submission) -> str:
    """The same for every attempt, so that the sandbox first removes what a killed one left behind."""
    return f"submission-{submission.pk}-{submission.key[:8]}"

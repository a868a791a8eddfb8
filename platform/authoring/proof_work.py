"""What a worker does with proofs that wait: one at a time, seed by seed, and only while no submission waits."""

import threading
import time
from types import TracebackType
from typing import Self

import structlog
from django.db import DatabaseError, connection
from django.utils import timezone

from graders.sandbox.base import SandboxUnavailable
from labs import engines
from labs.grading import Leaving, Shift, worker_name
from labs.models import Submission
from quizzes import proof_services
from quizzes.proof_models import Proof
from quizzes.proof_runs import Prover
from quizzes.proof_services import ProofClaim

log = structlog.get_logger(__name__)

_RENEWALS_IN_A_LEASE = 3


def work(*, seconds: float, leaving: Leaving | None = None) -> Shift:
    """Carry proofs out until none waits, `seconds` have passed, a submission waits, or the worker is asked to end."""
    worker = worker_name()
    until = time.monotonic() + seconds
    taken = 0
    while time.monotonic() < until and not (leaving and leaving.is_set()):
        if submissions_wait():
            return Shift(taken=taken, more=True)
        if not _engine_is_ready(worker):
            return Shift(taken=taken)
        claim = proof_services.claim_next(worker=worker)
        if claim is None:
            return Shift(taken=taken)
        taken += 1
        if not carry_claim(claim, until=until, leaving=leaving):
            return Shift(taken=taken, more=True)
    return Shift(taken=taken, more=True)


def submissions_wait() -> bool:
    """Whether students wait for their submissions to be graded: they go first."""
    return Submission.objects.claimable(timezone.now()).exists()


def _engine_is_ready(worker: str) -> bool:
    if not engines.engine_answers(worker=worker):
        return False
    engines.remove_leftovers()
    return engines.engine_is_safe(worker=worker)


def carry_claim(claim: ProofClaim, *, until: float, leaving: Leaving | None = None) -> bool:
    """Carry one proof on, from the first seed that has not come out; False when it was given back.

    Never raises for what a proof does or an engine fails to do.
    """
    with structlog.contextvars.bound_contextvars(proof_id=claim.proof_id), _Lease(claim) as lease:
        try:
            return _carry(claim, lease, until=until, leaving=leaving)
        except SandboxUnavailable as error:
            proof_services.lose(claim, f"the sandbox engine failed: {error}")
        except Exception as error:  # whatever it was, the proof must not stay with this worker
            log.exception("proof_failed")
            proof_services.lose(claim, f"carrying it out failed: {type(error).__name__}: {error}")
    return False


def _carry(claim: ProofClaim, lease: "_Lease", *, until: float, leaving: Leaving | None) -> bool:
    proof = proof_services.held(claim).select_related("course").get()
    question = proof_services.content_of(proof)
    if question is None or question.proof is None:
        return proof_services.end_proof(claim, [], why="The course does not have this question any more.")
    if not proof.course.bases:
        return proof_services.end_proof(
            claim, [], why="The course names no base images: bring it in line with its pack (course sync)."
        )
    prover = Prover(question, sandbox=engines.open_sandbox(), bases=proof.course.bases, job_id=_job_id(proof))
    results = proof_services.results_of(proof)
    done = {result.seed for result in results}
    for seed in proof_services.seeds_to_carry_out(course=proof.course, question=question):
        if seed in done:
            continue
        if lease.lost.is_set():
            return False
        if time.monotonic() >= until or (leaving and leaving.is_set()) or submissions_wait():
            proof_services.give_back(claim)
            return False
        results.append(prover.prove(seed))
        if not proof_services.keep_seeds(claim, results):
            return False
    proof_services.end_proof(claim, results)
    log.info("proof_ended", seeds=len(results))
    return True


def _job_id(proof: Proof) -> str:
    return f"proof-{proof.pk}-{proof.question_digest[:8]}"


class _Lease:
    """Renews a claim's lease beside the work, for as long as the `with` block lasts."""

    def __init__(self, claim: ProofClaim) -> None:
        self._claim = claim
        self._done = threading.Event()
        self.lost = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="proof-lease", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _keep(self) -> None:
        every = proof_services.lease_time().total_seconds() / _RENEWALS_IN_A_LEASE
        try:
            while not self._done.wait(every):
                try:
                    if not proof_services.renew(self._claim):
                        self.lost.set()
                        return
                except DatabaseError:
                    log.exception("lease_not_renewed", proof_id=self._claim.proof_id)
        finally:
            connection.close()

"""Proofs as jobs: asked for, claimed by a worker with a lease, carried out seed by seed, ended, and returned when lost.

The database is the queue of record, as for labs: a row waits until a worker takes it by a conditional update, and what
a worker that died had goes back until it was tried three times.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.models import User
from courses.access import require_instructor
from courses.models import Course
from quizzes import tasks
from quizzes.errors import Conflict
from quizzes.models import Question, QuestionVersion
from quizzes.proof_models import Proof, ProofState
from quizzes.proof_runs import SeedResult, together
from quizzes.proving import Outcome, seeds_of
from quizzes.querysets import ProofQuerySet
from quizzes.stored import digest_of
from quizzes.types.base import QuestionType

log = structlog.get_logger(__name__)

MOST_TRIES = 3
KEPT = 5
"""Ended proofs of one content that are kept; older ones go."""
_WAKE_AT_MOST = 4
_MOST_WHY = 500


@dataclass(frozen=True, kw_only=True)
class ProofClaim:
    """A worker's right to carry a proof out, for as long as it renews the lease and nobody took over."""

    proof_id: int
    holder: str
    tries: int


def lease_time() -> timedelta:
    """How long a lease holds without being renewed."""
    return timedelta(seconds=settings.GRADING_LEASE_SECONDS)


# ── Asking ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def ask_proof(*, by: User, question: Question) -> Proof:
    """Have the question's proof carried out; one that is under way is given back as it is.

    Raises NotAllowed, and Conflict (`no_proof`) for a question that has none.
    """
    require_instructor(by, question.course)
    version = question.current_version
    if version is None or version.content.proof is None:
        raise Conflict("no_proof", "This question has no proof: give it one in its bank (docs/quiz-format.md).")
    under_way = Proof.objects.under_way().filter(course=question.course, question_digest=version.digest)
    if (there := under_way.first()) is not None:
        return there
    try:
        with transaction.atomic():
            made = Proof.objects.create(
                course=question.course,
                question_digest=version.digest,
                asked_by=by,
                of=len(seeds_to_carry_out(course=question.course, question=version.content)),
            )
    except IntegrityError:  # somebody else asked at the same moment
        return under_way.get()
    transaction.on_commit(_call_provers, robust=True)
    return made


def _call_provers(times: int = 1) -> None:
    try:
        tasks.call_provers(times)
    except OperationalError as error:  # the sweeper calls again
        log.warning("provers_not_called", error=str(error))


def seeds_to_carry_out(*, course: Course, question: QuestionType) -> tuple[int | None, ...]:
    """The seeds that settle a question: the first ones, and any other that contradicts it as it stands."""
    first = seeds_of(question)
    standing = Proof.objects.standing().filter(course=course, question_digest=digest_of(question))
    against = standing.filter(state=ProofState.CONTRADICTED).first()
    results = results_of(against) if against is not None else []
    seeds = [result.seed for result in results if result.outcome is Outcome.CONTRADICTED]
    return (*first, *(seed for seed in seeds if seed is not None and seed not in first))


def left_out(*, course: Course, question: QuestionType, results: Sequence[SeedResult]) -> tuple[int | None, ...]:
    """The seeds without which these results settle nothing; none where one of them contradicts."""
    if together(results)[0] is Outcome.CONTRADICTED:
        return ()
    done = {result.seed for result in results}
    return tuple(seed for seed in seeds_to_carry_out(course=course, question=question) if seed not in done)


@transaction.atomic
def keep_results(*, course: Course, question: QuestionType, results: Sequence[SeedResult]) -> Proof | None:
    """Keep what came of a proof that was carried out elsewhere, as by `course prove`.

    None, with nothing kept, where seeds were `left_out`: few of them take no contradiction back, and prove nothing.
    """
    if left_out(course=course, question=question, results=results):
        return None
    outcome, why = together(results)
    made = Proof.objects.create(
        course=course,
        question_digest=digest_of(question),
        state=ProofState(outcome.value),
        done=len(results),
        of=len(results),
        ended_at=timezone.now(),
        engine=_engine(results),
        why=why,
        seen=[result.as_json() for result in results],
    )
    _forget_older(made)
    return made


# ── Carrying out ─────────────────────────────────────────────────────────────────────────────────────────────────────


def claim_next(*, worker: str, now: datetime | None = None) -> ProofClaim | None:
    """Take the proof that has waited longest; None where none waits. Safe to call from many workers at once."""
    now = now or timezone.now()
    waiting = Proof.objects.filter(state=ProofState.WAITING).order_by("asked_at", "pk")
    for pk, tries in waiting.values_list("pk", "tries")[:_WAKE_AT_MOST]:
        holder = secrets.token_hex(16)
        won = Proof.objects.filter(pk=pk, state=ProofState.WAITING, tries=tries).update(
            state=ProofState.RUNNING,
            holder=holder,
            worker=worker[:200],
            tries=tries + 1,
            lease_expires_at=now + lease_time(),
        )
        if won:
            return ProofClaim(proof_id=pk, holder=holder, tries=tries + 1)
    return None


def held(claim: ProofClaim) -> ProofQuerySet[Proof]:
    """The proof, as long as this claim holds."""
    return Proof.objects.filter(pk=claim.proof_id, holder=claim.holder, state=ProofState.RUNNING)


def renew(claim: ProofClaim) -> bool:
    """Put off the end of the lease; False when somebody else has taken over."""
    return bool(held(claim).update(lease_expires_at=timezone.now() + lease_time()))


def content_of(proof: Proof) -> QuestionType | None:
    """The question that a proof is about; None where the course knows it no more."""
    versions = QuestionVersion.objects.filter(question__course=proof.course_id, digest=proof.question_digest)
    version = versions.first()
    return None if version is None else version.content


def keep_seeds(claim: ProofClaim, results: Sequence[SeedResult]) -> bool:
    """Keep what has come out up to now; False when somebody else has taken over."""
    return bool(
        held(claim).update(
            seen=[result.as_json() for result in results],
            done=len(results),
            engine=_engine(results),
            lease_expires_at=timezone.now() + lease_time(),
        )
    )


@transaction.atomic
def end_proof(claim: ProofClaim, results: Sequence[SeedResult], *, why: str = "") -> bool:
    """Write what came of it; without any result it was not run, and `why` says why. False when taken over."""
    outcome, reason = together(results) if results and not why else (Outcome.NOT_RUN, why)
    ended = held(claim).update(
        state=ProofState(outcome.value),
        why=reason[:_MOST_WHY],
        seen=[result.as_json() for result in results],
        done=len(results),
        engine=_engine(results),
        ended_at=timezone.now(),
        lease_expires_at=None,
        holder="",
    )
    if ended:
        _forget_older(Proof.objects.get(pk=claim.proof_id))
    return bool(ended)


def give_back(claim: ProofClaim) -> bool:
    """Let it wait again, with what has come out up to now, since something more urgent waits; this is no try."""
    return bool(held(claim).update(state=ProofState.WAITING, holder="", lease_expires_at=None, tries=F("tries") - 1))


def lose(claim: ProofClaim, why: str) -> bool:
    """Give it back after its engine or worker failed; after too many tries it was not run. False when taken over."""
    return _returned(held(claim), tries=claim.tries, why=why)


def sweep_proofs(now: datetime | None = None) -> int:
    """Return proofs whose workers were lost, and wake workers while any waits; returns how many were returned."""
    now = now or timezone.now()
    lost = Proof.objects.filter(state=ProofState.RUNNING, lease_expires_at__lt=now)
    returned = 0
    for pk, holder, tries in lost.values_list("pk", "holder", "tries"):
        row = Proof.objects.filter(pk=pk, holder=holder, state=ProofState.RUNNING, lease_expires_at__lt=now)
        returned += _returned(row, tries=tries, why="the worker that carried it out was lost")
    waiting = Proof.objects.filter(state=ProofState.WAITING)[:_WAKE_AT_MOST].count()
    if waiting:
        _call_provers(waiting)
    return returned


def _returned(row: ProofQuerySet[Proof], *, tries: int, why: str) -> bool:
    if tries < MOST_TRIES:
        return bool(row.update(state=ProofState.WAITING, holder="", lease_expires_at=None))
    return bool(
        row.update(
            state=ProofState.NOT_RUN,
            why=f"It was tried {tries} times, and at last {why}."[:_MOST_WHY],
            ended_at=timezone.now(),
            lease_expires_at=None,
            holder="",
        )
    )


def _engine(results: Iterable[SeedResult]) -> str:
    return next((result.engine for result in results if result.engine), "")[:60]


def _forget_older(proof: Proof) -> None:
    """Keep the newest few of a content, and always the one that settles it."""
    same = Proof.objects.filter(course=proof.course_id, question_digest=proof.question_digest)
    ended = same.exclude(state__in=(ProofState.WAITING, ProofState.RUNNING))
    kept = set(ended.order_by("-pk").values_list("pk", flat=True)[:KEPT])
    kept |= set(same.standing().values_list("pk", flat=True))
    ended.exclude(pk__in=kept).delete()


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def results_of(proof: Proof) -> list[SeedResult]:
    """What came out, seed by seed; what cannot be read any more is left out."""
    found = []
    stored: list[Any] = proof.seen if isinstance(proof.seen, list) else []
    for each in stored:
        try:
            found.append(SeedResult.model_validate(each))
        except ValueError:
            continue
    return found

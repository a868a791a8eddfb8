"""The queue of record: the database decides who is graded next, and a lease says who grades it.

Order: students' tries before regrades; the course that was served longest ago first; within it the lowest turn, then
age. A try gets its turn when it is handed in: the course's present turn, or one more than the author's latest waiting
try. So somebody's second waiting try comes after everybody else's first, and fifty tries delay others by one each
round, while none waits for ever. Every choice reads one index entry, however many rows wait.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, Max, OuterRef
from django.db.models.functions import Greatest
from django.utils import timezone

from accounts.models import User
from courses.models import Course
from gradebook.services import rounded
from graders.report import CheckOutcome, Outcome, Report
from labs import events, standing
from labs.errors import LeaseLost
from labs.models import CourseLane, Priority, Submission
from labs.querysets import SubmissionQuerySet
from labs.states import State

log = structlog.get_logger(__name__)

MAX_LOSSES = 3
# Waited before another try after the first and the second loss.
BACKOFF = (timedelta(seconds=5), timedelta(seconds=20))


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A worker's right to grade a submission, for as long as it renews the lease and nobody took over."""

    submission_id: int
    author_id: int
    attempt: int
    worker: str


def lease_time() -> timedelta:
    """How long a lease holds without being renewed."""
    return timedelta(seconds=settings.GRADING_LEASE_SECONDS)


# ── Getting in line ──────────────────────────────────────────────────────────────────────────────────────────────────


def one_at_a_time(author_id: int) -> None:
    """Let what is done for one person wait for what is being done for the same person, until this transaction ends."""
    # SQLite lets one transaction write at a time anyway.
    if connection.features.has_select_for_update:
        User.objects.select_for_update(no_key=True).filter(pk=author_id).values_list("pk").get()


def open_lane(course: Course) -> CourseLane:
    """The course's place in the round over courses, made when it first needs one."""
    lane, _ = CourseLane.objects.get_or_create(course=course)
    return lane


def next_turn(*, course: Course, author: User) -> int:
    """The turn that a try handed in now gets. Two queries, two more for a course's first."""
    lane = open_lane(course)
    latest = (
        Submission.objects.waiting()
        .filter(course=course, author=author, priority=Priority.TRY)
        .aggregate(latest=Max("turn"))["latest"]
    )
    return lane.turn if latest is None else max(lane.turn, int(latest) + 1)


# ── Claiming ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def claim_next(*, worker: str, now: datetime | None = None) -> Claim | None:
    """Take the submission whose turn it is; None when nothing can be taken. Safe to call from many workers at once."""
    now = now or timezone.now()
    for priority in Priority:
        for course_id in _courses_in_turn(priority=priority, now=now):
            claim = _claim_in(course_id, priority=priority, worker=worker, now=now)
            if claim is not None:
                return claim
    return None


def _courses_in_turn(*, priority: Priority, now: datetime) -> Iterator[int]:
    """Courses with something to take, the one served longest ago first, each once."""
    passed: list[int] = []
    waiting = Submission.objects.claimable(now).filter(priority=priority, course_id=OuterRef("course_id"))
    while True:
        lanes = CourseLane.objects.filter(Exists(waiting)).exclude(course_id__in=passed).order_by("served_at")
        course_id = lanes.values_list("course_id", flat=True).first()
        if course_id is None:
            return
        yield course_id
        # All that waited there was taken while we looked.
        passed.append(course_id)


@transaction.atomic
def _claim_in(course_id: int, *, priority: Priority, worker: str, now: datetime) -> Claim | None:
    queue = (
        Submission.objects.claimable(now)
        .filter(priority=priority, course_id=course_id)
        .order_by("turn", "pk")
        .values_list("pk", "author_id", "attempt", "event_count", "turn")
    )
    if connection.features.has_select_for_update_skip_locked:
        queue = queue.select_for_update(skip_locked=True)
    first = queue.first()
    if first is None:
        return None
    pk, author_id, attempt, event_count, turn = first
    won = Submission.objects.filter(pk=pk, attempt=attempt).move(
        State.RUNNING,
        attempt=attempt + 1,
        worker=worker,
        started_at=now,
        lease_expires_at=now + lease_time(),
        event_count=event_count + 1,
    )
    if not won:
        return None
    CourseLane.objects.filter(pk=course_id).update(served_at=now, turn=Greatest("turn", turn))
    events.write(
        submission_id=pk,
        attempt=attempt + 1,
        count_before=event_count,
        events=[events.NewEvent(kind=events.CLAIMED, data={"attempt": attempt + 1}, at=now)],
    )
    return Claim(submission_id=pk, author_id=author_id, attempt=attempt + 1, worker=worker)


# ── While it is graded ───────────────────────────────────────────────────────────────────────────────────────────────


def held(claim: Claim) -> SubmissionQuerySet[Submission]:
    """The submission, as long as this claim holds."""
    return Submission.objects.filter(pk=claim.submission_id, attempt=claim.attempt, state=State.RUNNING)


def renew(claim: Claim) -> bool:
    """Put off the end of the lease; False when another attempt has taken over."""
    return bool(held(claim).update(lease_expires_at=timezone.now() + lease_time()))


# ── Endings ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def finish(claim: Claim, report: Report, *, report_name: str, log_name: str) -> Submission:
    """Write the result and what follows from it for the gradebook: all of it, or nothing.

    Raises LeaseLost when another attempt has taken over; then nothing was written.
    """
    # One finish at a time for each person, so that the best of two tries that end together is found.
    one_at_a_time(claim.author_id)
    submission = held(claim).select_for_update(of=("self",)).select_related("lab__activity", "author").first()
    if submission is None:
        raise LeaseLost(f"Submission {claim.submission_id} is no longer at attempt {claim.attempt}.")
    now = timezone.now()
    graded = report.outcome is Outcome.GRADED
    state = State.GRADED if graded else State.REFUSED
    result = {
        "grading_seconds": (now - submission.started_at).total_seconds() if submission.started_at else None,
        "score": rounded(report.score) if graded else None,
        "max_score": rounded(report.max_score),
        "checks_passed": sum(check.outcome is CheckOutcome.PASSED for check in report.checks),
        "checks_total": len(report.checks),
        "report_name": report_name,
        "log_name": log_name,
        "trouble": "",
    }
    ending = {"state": state, "score": report.score if graded else None, "max_score": report.max_score}
    if not end(submission, state, event=ending, now=now, **result):
        raise LeaseLost(f"Submission {claim.submission_id} was taken over while it was being written.")
    if graded:
        standing.count(submission, report)
    return submission


def end(submission: Submission, state: State, *, event: Mapping[str, object], now: datetime, **fields: object) -> bool:
    """Move a submission, read and locked in this transaction, to its end, and say so; the object is kept up to date.

    False, and nothing done, when there is no such move from the state that it is in.
    """
    return _step(submission, state, kind=events.FINISHED, data=event, now=now, finished_at=now, **fields)


def _step(
    submission: Submission, to: State, *, kind: str, data: Mapping[str, object], now: datetime, **fields: object
) -> bool:
    """Make a move that ends a lease, or comes before one, and write its event."""
    changes = {"lease_expires_at": None, "event_count": submission.event_count + 1, **fields}
    mine = Submission.objects.filter(pk=submission.pk, attempt=submission.attempt, event_count=submission.event_count)
    if not mine.move(to, **changes):
        return False
    events.write(
        submission_id=submission.pk,
        attempt=submission.attempt,
        count_before=submission.event_count,
        events=[events.NewEvent(kind=kind, data=data, at=now)],
    )
    for name, value in {"state": to, **changes}.items():
        setattr(submission, name, value)
    return True


@transaction.atomic
def fail_infrastructure(claim: Claim, reason: str) -> bool:
    """Give a submission back after its engine or worker failed: queued again, or DEAD after too many losses.

    It never costs the student a try. False when another attempt has taken over.
    """
    submission = held(claim).select_for_update().first()
    return submission is not None and _lose(submission, reason, now=timezone.now(), wait=True)


def _lose(submission: Submission, reason: str, *, now: datetime, wait: bool) -> bool:
    losses = submission.losses + 1
    log.warning(
        "submission_lost", submission_id=submission.pk, attempt=submission.attempt, losses=losses, reason=reason
    )
    if losses >= MAX_LOSSES:
        return end(submission, State.DEAD, event={"state": State.DEAD}, now=now, losses=losses, trouble=reason)
    pause = BACKOFF[losses - 1] if wait else timedelta(0)
    return _step(
        submission,
        State.QUEUED,
        kind=events.RETURNED,
        data={"again_in_seconds": pause.total_seconds()},
        now=now,
        losses=losses,
        trouble=reason,
        available_at=now + pause,
    )


def requeue(submission: Submission, *, now: datetime, turn: int) -> bool:
    """Put what is DEAD, read and locked in this transaction, back in line with new chances. False when it is not."""
    return _step(
        submission,
        State.QUEUED,
        kind=events.QUEUED,
        data={},
        now=now,
        losses=0,
        finished_at=None,
        queued_at=now,
        available_at=now,
        turn=turn,
    )


def return_expired(now: datetime | None = None, *, at_most: int = 500) -> int:
    """Take submissions back from workers that stopped renewing; returns how many."""
    now = now or timezone.now()
    returned = 0
    for submission in Submission.objects.expired(now).order_by("lease_expires_at")[:at_most]:
        with transaction.atomic():
            # The worker may have renewed since: then this changes nothing.
            still = Submission.objects.expired(now).filter(pk=submission.pk, attempt=submission.attempt)
            current = still.select_for_update().first()
            if current and _lose(current, f"The worker {current.worker} stopped answering.", now=now, wait=False):
                returned += 1
    return returned

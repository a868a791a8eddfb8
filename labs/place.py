"""Where a submission stands in the queue, how long that may take, and what it is waiting for: a few cheap queries."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from math import ceil

from django.db.models import Avg, Exists, OuterRef, Q
from django.utils import timezone

from labs import heartbeats
from labs.models import CourseLane, Priority, Submission
from labs.states import State

# Counting stops here: nobody needs to know whether 2,000 or 3,000 are ahead, and the count would cost more.
COUNTED_AT_MOST = 1000
RECENT = 30
# Assumed while nothing has been graded yet.
USUAL_SECONDS = 15.0


class WaitingFor(StrEnum):
    """What has to happen before a queued submission is graded."""

    TURN = "turn"
    WORKER = "worker"
    ENGINE = "engine"
    SAFE_ENGINE = "safe_engine"


SENTENCES = {
    WaitingFor.TURN: "Waiting for its turn.",
    WaitingFor.WORKER: "Waiting for a grading worker: none is running. Your submission is safe and keeps its place.",
    WaitingFor.ENGINE: "Waiting for a sandbox engine: none answers. Your submission is safe and keeps its place.",
    WaitingFor.SAFE_ENGINE: (
        "Waiting for a safe engine: a required protection does not hold, so nothing is graded. "
        "Your submission is safe and keeps its place."
    ),
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A queued submission's place. `position` counts from 1; `capped` says that there may be more ahead."""

    position: int
    capped: bool
    expected_seconds: int | None
    waiting_for: WaitingFor

    @property
    def sentence(self) -> str:
        """What it is waiting for, in words."""
        return SENTENCES[self.waiting_for]


def place_of(submission: Submission) -> Place | None:
    """The place of a queued submission; None for one that does not wait. At most seven queries, whatever the length.

    Exact within a course; over courses it assumes that the round goes on as it stands.
    """
    if submission.state != State.QUEUED:
        return None
    now = timezone.now()
    queued = Submission.objects.filter(state=State.QUEUED)
    mine = queued.filter(course_id=submission.course_id, priority=submission.priority)
    before_me = Q(turn__lt=submission.turn) | Q(turn=submission.turn, pk__lt=submission.pk)
    ahead = mine.filter(before_me)[:COUNTED_AT_MOST].count()
    others = queued.filter(priority=submission.priority).exclude(course_id=submission.course_id)
    waiting_elsewhere = others[:COUNTED_AT_MOST].count()
    if waiting_elsewhere:
        in_lane = queued.filter(course_id=OuterRef("course_id"), priority=submission.priority)
        lanes = CourseLane.objects.filter(Exists(in_lane)).exclude(course_id=submission.course_id).count()
        ahead += min(waiting_elsewhere, lanes * (ahead + 1))
    if submission.priority != Priority.TRY:
        ahead += queued.filter(priority=Priority.TRY)[:COUNTED_AT_MOST].count()
    health = heartbeats.health(now=now)
    return Place(
        position=ahead + 1,
        capped=ahead >= COUNTED_AT_MOST,
        expected_seconds=_expected_seconds(ahead, health.able),
        waiting_for=_waiting_for(health),
    )


def _waiting_for(health: heartbeats.GradingHealth) -> WaitingFor:
    if not health.workers:
        return WaitingFor.WORKER
    if not health.engines_ok:
        return WaitingFor.ENGINE
    return WaitingFor.TURN if health.able else WaitingFor.SAFE_ENGINE


def _expected_seconds(ahead: int, workers: int) -> int | None:
    """Until a result, from how long the latest took; None while nobody grades."""
    if not workers:
        return None
    usual = usual_seconds()
    running = Submission.objects.filter(state=State.RUNNING)[:COUNTED_AT_MOST].count()
    # Those being graded are half done, on average.
    before = (ahead + min(running, workers) / 2) * usual / workers
    return ceil(before + usual)


def usual_seconds() -> float:
    """How long the latest gradings took, on average."""
    recent = (
        Submission.objects.filter(state=State.GRADED, finished_at__gte=timezone.now() - timedelta(days=7))
        .order_by("-finished_at")
        .values("grading_seconds")[:RECENT]
    )
    average = recent.aggregate(average=Avg("grading_seconds"))["average"]
    return float(average) if average else USUAL_SECONDS

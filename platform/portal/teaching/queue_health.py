"""How grading goes, as those who run a course want to know it: what waits, who grades, and what gave up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min

from accounts.models import User
from courses.models import Course
from labs import heartbeats, place
from labs.models import Submission
from labs.states import State

DEAD_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class QueueHealth:
    """The queue, the workers and engines behind it, and the course's submissions that could not be graded."""

    waiting_here: int
    running_here: int
    waiting: int
    waiting_since: datetime | None
    workers: int
    engines: int
    able: int
    usual_seconds: float
    dead: Sequence[Submission]
    dead_count: int

    @property
    def grades(self) -> bool:
        """Whether anything is graded at all."""
        return self.able > 0

    @property
    def trouble(self) -> str:
        """Why nothing is graded, in words; empty while it goes on."""
        if self.grades:
            return ""
        if not self.workers:
            return "No grading worker is running."
        if not self.engines:
            return "No sandbox engine answers."
        return "A required protection of the sandbox does not hold, so nothing is graded."


def queue_health(*, course: Course, viewer: User) -> QueueHealth:
    """The state of grading, with the course's part in it. Seven queries."""
    queued = Submission.objects.queued()
    dead = (
        Submission.objects.staffed_by(viewer)
        .filter(course=course)
        .dead()
        .select_related("author", "lab__activity")
        .order_by("-finished_at")
    )
    shown = list(dead[:DEAD_SHOWN])
    health = heartbeats.health()
    return QueueHealth(
        waiting_here=queued.filter(course=course).count(),
        running_here=Submission.objects.filter(course=course, state=State.RUNNING).count(),
        waiting=queued[: place.COUNTED_AT_MOST].count(),
        waiting_since=queued.aggregate(oldest=Min("queued_at"))["oldest"],
        workers=health.workers,
        engines=health.engines_ok,
        able=health.able,
        usual_seconds=place.usual_seconds(),
        dead=shown,
        dead_count=len(shown) if len(shown) < DEAD_SHOWN else dead.count(),
    )

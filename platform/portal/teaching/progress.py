"""How a class stands: who has begun what, who is stuck, and what waits for the instructor."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import groupby

from django.db.models import Avg, Count, F
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import User
from courses.deadlines import Window, WindowState
from courses.models import Activity, Course, Membership
from gradebook.models import Score
from labs.models import Lab, Submission
from labs.states import State
from quizzes.models import Attempt

# So many tries in a row without more points are no longer trying out.
STUCK_AFTER = 3
# Whoever has stopped trying for longer is not stuck but away.
STUCK_WITHIN = timedelta(days=14)


@dataclass(frozen=True, kw_only=True)
class ActivityProgress:
    """An activity as the class stands in it. `status` is a name of portal.templatetags.statuses."""

    activity: Activity
    status: str
    students: int
    started: int
    mean: Decimal | None

    @property
    def not_started(self) -> int:
        """How many students have not begun."""
        return max(0, self.students - self.started)


@dataclass(frozen=True, kw_only=True)
class Stuck:
    """Somebody whose latest tries brought no more points."""

    user: User
    activity: Activity
    tries_without_progress: int
    best: Decimal
    of: Decimal
    latest_id: int


def starters(activities: Iterable[Activity]) -> dict[int, set[int]]:
    """Who has begun each of these activities, by activity id; try-outs of staff aside. Two queries."""
    listed = list(activities)
    begun: dict[int, set[int]] = defaultdict(set)
    attempts = Attempt.objects.filter(quiz__activity__in=listed, is_tryout=False)
    for activity_id, user_id in attempts.values_list("quiz__activity_id", "student_id").distinct().order_by():
        begun[activity_id].add(user_id)
    tries = Submission.objects.filter(lab__activity__in=listed, tryout=False)
    for activity_id, user_id in tries.values_list("lab__activity_id", "author_id").distinct().order_by():
        begun[activity_id].add(user_id)
    return begun


def status_of(activity: Activity) -> str:
    """Where the activity stands for the class as a whole, extensions aside."""
    if not activity.published:
        return "unpublished"
    window = Window(opens_at=activity.opens_at, due_at=activity.due_at, closes_at=activity.closes_at)
    return _STATUS[window.state(timezone.now())]


_STATUS = {
    WindowState.NOT_YET: "upcoming",
    WindowState.OPEN: "can be done",
    WindowState.LATE: "past due",
    WindowState.CLOSED: "closed",
}


def progress_of(course: Course, students: Sequence[Membership]) -> list[ActivityProgress]:
    """Every activity of the course, in order. Four queries, however many there are."""
    activities = list(Activity.objects.filter(course=course).select_related("course").order_by("position", "pk"))
    begun = starters(activities)
    there = {member.user_id for member in students}
    means = means_of(course)
    return [
        ActivityProgress(
            activity=activity,
            status=status_of(activity),
            students=len(there),
            started=len(begun[activity.pk] & there),
            mean=means.get(activity.pk),
        )
        for activity in activities
    ]


def means_of(course: Course) -> dict[int, Decimal]:
    """The mean of the points that count, over active students with any, by activity id. One query."""
    members = Membership.objects.students().filter(course=course).values("user_id")
    counted = (
        Score.objects.filter(activity__course=course, user__in=members)
        .annotate(final=Coalesce(F("override_points"), F("points")))
        .filter(final__isnull=False)
    )
    rows = counted.order_by().values("activity_id").annotate(mean=Avg("final"), count=Count("pk"))
    return {row["activity_id"]: Decimal(str(row["mean"])) for row in rows}


def stuck_in(course: Course) -> list[Stuck]:
    """Students whose last tries at a lab brought nothing, those with most of them first. Two queries.

    Looked at are the tries of the last two weeks; one that was turned away counts as one without points.
    """
    rows = (
        Submission.objects.filter(
            course=course,
            lab__activity__published=True,
            tryout=False,
            is_current=True,
            state__in=(State.GRADED, State.REFUSED),
            handed_in_at__gte=timezone.now() - STUCK_WITHIN,
            author__memberships__in=Membership.objects.students().filter(course=course),
        )
        .order_by("lab_id", "author_id", "number")
        .values_list("lab_id", "author_id", "pk", "score", "max_score")
    )
    found = []
    for (lab_id, author_id), tries in groupby(rows, key=lambda row: row[:2]):
        listed = list(tries)
        scores = [row[3] or Decimal(0) for row in listed]
        best, of = max(scores), listed[-1][4] or Decimal(0)
        vain = len(scores) if best == 0 else len(scores) - 1 - scores.index(best)
        if vain >= STUCK_AFTER and (best == 0 or best < of):
            found.append((vain, lab_id, author_id, best, of, listed[-1][2]))
    labs = Lab.objects.select_related("activity__course").in_bulk([row[1] for row in found])
    people = User.objects.in_bulk([row[2] for row in found])
    return [
        Stuck(
            user=people[author_id],
            activity=labs[lab_id].activity,
            tries_without_progress=vain,
            best=best,
            of=of or labs[lab_id].activity.max_points,
            latest_id=latest,
        )
        for vain, lab_id, author_id, best, of, latest in sorted(found, key=lambda row: (-row[0], row[2]))
    ]

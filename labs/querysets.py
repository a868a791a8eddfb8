"""Who may see which lab and submission, and the moves between a submission's states."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q

from courses.models import Activity
from courses.querysets import member_of, staff_of
from labs.states import WAITING, State, sources_of

if TYPE_CHECKING:
    from accounts.models import User

M = TypeVar("M", bound=models.Model)


class LabQuerySet(models.QuerySet[M]):
    """Labs by who may see them."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Those whose activity the person may see."""
        return self.filter(activity__in=Activity.objects.visible_to(user))

    def staffed_by(self, user: "User | AnonymousUser") -> Self:
        """Those of courses one helps to run."""
        return self.filter(activity__in=Activity.objects.staffed_by(user))


class LabVersionQuerySet(models.QuerySet[M]):
    """Lab versions by who may see them: they hold the checks, so course staff only."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Those of labs in courses one helps to run."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_superuser else self.filter(staff_of(user, "lab__activity__course_id"))


class SubmissionQuerySet(models.QuerySet[M]):
    """Submissions by who may see them and where they are on their way."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """One's own while in the course and the lab is published; everybody's in courses one helps to run.

        A regrade that has not replaced the result yet is the staff's affair.
        """
        if not user.is_authenticated:
            return self.none()
        if user.is_superuser:
            return self
        own = Q(author_id=user.pk, lab__activity__published=True) & (Q(generation=0) | Q(is_current=True))
        return self.filter((own & member_of(user, "course_id")) | staff_of(user, "course_id"))

    def staffed_by(self, user: "User | AnonymousUser") -> Self:
        """Those in courses one helps to run."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_superuser else self.filter(staff_of(user, "course_id"))

    def waiting(self) -> Self:
        """Queued or being graded."""
        return self.filter(state__in=WAITING)

    def queued(self) -> Self:
        """Not taken by a worker yet."""
        return self.filter(state=State.QUEUED)

    def hand_ins(self) -> Self:
        """One row for each try, newest first: the original, or the regrade that took its place."""
        return self.filter(is_current=True).order_by("-number", "-pk")

    def trying(self) -> Self:
        """Tries that use up the allowance: waiting or graded, and not given back."""
        return self.filter(generation=0, counts_as_try=True, state__in=(*WAITING, State.GRADED))

    def dead(self) -> Self:
        """Those that could not be graded and wait for an instructor."""
        return self.filter(state=State.DEAD)

    def claimable(self, now: datetime) -> Self:
        """Queued, and not held back after a loss."""
        return self.filter(state=State.QUEUED, available_at__lte=now)

    def expired(self, now: datetime) -> Self:
        """Being graded by a worker that has stopped renewing its lease."""
        return self.filter(state=State.RUNNING, lease_expires_at__lt=now)

    def move(self, to: State, **fields: Any) -> int:
        """Move those of these rows that may go to `to`, in one statement; the answer is how many went."""
        return self.filter(state__in=sources_of(to)).update(state=to, **fields)


class SubmissionEventQuerySet(models.QuerySet[M]):
    """Events in the order in which they happened."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Those of submissions that the person may see."""
        from labs.models import Submission

        return self.filter(submission__in=Submission.objects.visible_to(user))

    def after(self, sequence: int) -> Self:
        """Those later than `sequence`."""
        return self.filter(sequence__gt=sequence).order_by("sequence")


class WorkerHeartbeatQuerySet(models.QuerySet[M]):
    """Workers by how lately they were heard of."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Operators only."""
        return self if user.is_authenticated and user.is_superuser else self.none()

    def heard_since(self, moment: datetime) -> Self:
        """Those that have beaten since."""
        return self.filter(seen_at__gte=moment)

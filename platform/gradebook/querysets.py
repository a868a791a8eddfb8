"""Who may see which score and evidence."""

from typing import TYPE_CHECKING, Self, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q

from courses.querysets import member_of, staff_of

if TYPE_CHECKING:
    from accounts.models import User

M = TypeVar("M", bound=models.Model)


class _OwnOrStaffQuerySet(models.QuerySet[M]):
    """Rows with a `user`, seen by that person and by those who help to run the course."""

    _course_path = "course_id"

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """One's own while in the course, and everybody's in courses one helps to run."""
        if not user.is_authenticated:
            return self.none()
        if user.is_superuser:
            return self
        own = Q(user_id=user.pk) & member_of(user, self._course_path)
        return self.filter(own | staff_of(user, self._course_path))


class ScoreQuerySet(_OwnOrStaffQuerySet[M]):
    """Scores by who may see them."""

    _course_path = "activity__course_id"

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """As above; a student's own score of an unpublished activity stays unseen."""
        seen = super().visible_to(user)
        if not user.is_authenticated or user.is_superuser:
            return seen
        return seen.filter(Q(activity__published=True) | staff_of(user, self._course_path))


class EvidenceQuerySet(_OwnOrStaffQuerySet[M]):
    """Evidence by who may see it."""


class GradeEventQuerySet(_OwnOrStaffQuerySet[M]):
    """Grade events by who may see them."""

    def after(self, cursor: int) -> Self:
        """Events later than the cursor, in order."""
        return self.filter(pk__gt=cursor).order_by("pk")

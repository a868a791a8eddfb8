"""Who may see which import of course files: written once, used by every page and by the API."""

from datetime import datetime
from typing import Self, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q

from accounts.models import User
from courses.querysets import staff_of

M = TypeVar("M", bound=models.Model)


class CourseImportQuerySet(models.QuerySet[M]):
    """Imports of course files."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Those of the courses one helps to run, and one's own of courses that are not there yet."""
        if not user.is_authenticated:
            return self.none()
        if user.is_superuser:
            return self
        return self.filter(staff_of(user, "course_id") | Q(course=None, by=user.pk))

    def claimable(self) -> Self:
        """Those that wait for a worker; what somebody has confirmed goes first."""
        return self.filter(state__in=("waiting", "confirmed")).order_by("state", "asked_at", "pk")

    def held_longer_than(self, now: datetime) -> Self:
        """Those whose workers were lost."""
        return self.filter(state__in=("reading", "applying"), lease_expires_at__lt=now)

    def replaceable(self) -> Self:
        """Those that a newer upload takes the place of: nobody has confirmed them."""
        return self.filter(state__in=("waiting", "reading", "seen"))

    def left_lying(self, now: datetime) -> Self:
        """Those that nobody confirmed in time."""
        return self.filter(state__in=("waiting", "seen"), expires_at__lt=now)

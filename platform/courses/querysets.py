"""Who may see which course, member and activity: written once, used by portal, API and admin."""

from typing import TYPE_CHECKING, Self, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Exists, OuterRef, Q

if TYPE_CHECKING:
    from accounts.models import User

M = TypeVar("M", bound=models.Model)

_STAFF = ("assistant", "instructor")


def _memberships(user: "User | AnonymousUser") -> "models.QuerySet[models.Model]":
    from courses.models import Membership

    return Membership.objects.filter(user_id=user.pk or 0, active=True)


def member_of(user: "User | AnonymousUser", course_path: str = "pk") -> Exists:
    """Match rows whose course (reached by `course_path`) has this person as an active member."""
    return Exists(_memberships(user).filter(course_id=OuterRef(course_path)))


def staff_of(user: "User | AnonymousUser", course_path: str = "pk") -> Exists:
    """Match rows whose course has this person as assistant or instructor."""
    return Exists(_memberships(user).filter(course_id=OuterRef(course_path), role__in=_STAFF))


def instructor_of(user: "User | AnonymousUser", course_path: str = "pk") -> Exists:
    """Match rows whose course has this person as instructor."""
    return Exists(_memberships(user).filter(course_id=OuterRef(course_path), role="instructor"))


class CourseQuerySet(models.QuerySet[M]):
    """Courses by who may see and run them."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Courses this person is an active member of; all for a superuser."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_superuser else self.filter(member_of(user))

    def staffed_by(self, user: "User | AnonymousUser") -> Self:
        """Courses in which this person assists or teaches."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_superuser else self.filter(staff_of(user))

    def taught_by(self, user: "User | AnonymousUser") -> Self:
        """Courses in which this person is an instructor."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_superuser else self.filter(instructor_of(user))


class SectionQuerySet(models.QuerySet[M]):
    """Sections by who may see them."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Sections of the courses this person is in."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_superuser else self.filter(member_of(user, "course_id"))


class MembershipQuerySet(models.QuerySet[M]):
    """Memberships by who may see them."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """One's own, and those of the courses one helps to run."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_superuser else self.filter(Q(user_id=user.pk) | staff_of(user, "course_id"))

    def active(self) -> Self:
        """Those who have not left."""
        return self.filter(active=True)

    def students(self) -> Self:
        """Active students."""
        return self.filter(active=True, role="student")

    def staff(self) -> Self:
        """Active assistants and instructors."""
        return self.filter(active=True, role__in=_STAFF)


class ActivityQuerySet(models.QuerySet[M]):
    """Activities by who may see them."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Published ones of one's courses, and every one of the courses one helps to run."""
        if not user.is_authenticated:
            return self.none()
        if user.is_superuser:
            return self
        return self.filter(staff_of(user, "course_id") | (Q(published=True) & member_of(user, "course_id")))

    def staffed_by(self, user: "User | AnonymousUser") -> Self:
        """Activities of the courses one helps to run."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_superuser else self.filter(staff_of(user, "course_id"))

    def taught_by(self, user: "User | AnonymousUser") -> Self:
        """Activities of the courses one teaches."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_superuser else self.filter(instructor_of(user, "course_id"))


class ExtensionQuerySet(models.QuerySet[M]):
    """Extensions by who may see them."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """One's own, and those in courses one helps to run."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_superuser else self.filter(Q(user_id=user.pk) | staff_of(user, "activity__course_id"))


class _StaffOnlyQuerySet(models.QuerySet[M]):
    """Rows that only those who help to run the course see."""

    _course_path = "course_id"

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Those of the courses one helps to run."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_superuser else self.filter(staff_of(user, self._course_path))


class SectionOverrideQuerySet(_StaffOnlyQuerySet[M]):
    """Other times of sections."""

    _course_path = "activity__course_id"


class AuditEntryQuerySet(_StaffOnlyQuerySet[M]):
    """What was done that changes grades or rules."""

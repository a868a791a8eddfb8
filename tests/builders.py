"""Plain functions that build what tests need, one thing each, with sensible defaults."""

import itertools
from typing import Any

from accounts.models import User
from courses.models import Activity, ActivityKind, Course, Membership, Role

_numbers = itertools.count(1)

PASSWORD = "correct horse battery"


def a_user(**fields: Any) -> User:
    """A person who can sign in with PASSWORD."""
    number = next(_numbers)
    fields.setdefault("email", f"person{number}@example.test")
    fields.setdefault("name", f"Person {number}")
    return User.objects.create_user(password=fields.pop("password", PASSWORD), **fields)


def a_course(*, instructor: User | None = None, **fields: Any) -> Course:
    """A course with an instructor."""
    number = next(_numbers)
    fields.setdefault("slug", f"course-{number}")
    fields.setdefault("title", f"Course {number}")
    course = Course.objects.create(**fields)
    Membership.objects.create(course=course, user=instructor or a_user(), role=Role.INSTRUCTOR)
    return course


def a_member(course: Course, *, role: Role = Role.STUDENT, user: User | None = None, **fields: Any) -> User:
    """Somebody who is in the course."""
    user = user or a_user()
    Membership.objects.create(course=course, user=user, role=role, **fields)
    return user


def an_instructor_of(course: Course) -> User:
    """The course's first instructor."""
    return course.memberships.get(role=Role.INSTRUCTOR).user


def an_activity(course: Course | None = None, **fields: Any) -> Activity:
    """A published activity, a lab unless told otherwise, worth ten points."""
    number = next(_numbers)
    fields.setdefault("kind", ActivityKind.LAB)
    fields.setdefault("slug", f"activity-{number}")
    fields.setdefault("title", f"Activity {number}")
    fields.setdefault("max_points", 10)
    fields.setdefault("published", True)
    return Activity.objects.create(course=course or a_course(), **fields)

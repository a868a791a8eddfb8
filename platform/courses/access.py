"""What a person may do in a course, asked one question at a time; querysets answer the same for lists."""

from accounts.models import User
from courses.errors import not_course_staff
from courses.models import STAFF_ROLES, Activity, Course, Membership, Role


def role_in(user: User, course: Course) -> Role | None:
    """The person's active role in the course; None for strangers. A superuser counts as instructor."""
    if user.is_superuser:
        return Role.INSTRUCTOR
    role = Membership.objects.active().filter(user=user, course=course).values_list("role", flat=True).first()
    return Role(role) if role else None


def may_teach(user: User, course: Course) -> bool:
    """Whether the person may change the course, its grades and its members."""
    return role_in(user, course) == Role.INSTRUCTOR


def may_assist(user: User, course: Course) -> bool:
    """Whether the person may see everybody's work in the course."""
    return role_in(user, course) in STAFF_ROLES


def is_student(user: User, course: Course) -> bool:
    """Whether the person is there as a student."""
    return role_in(user, course) == Role.STUDENT


def may_take(user: User, activity: Activity) -> bool:
    """Whether the person may work on the activity: students on published ones, course staff on all, as a try-out."""
    role = role_in(user, activity.course)
    return role in STAFF_ROLES or (role == Role.STUDENT and activity.published)


def may_make_courses(user: User) -> bool:
    """Whether the person may make new courses: those who may work in the admin."""
    return user.is_active and (user.is_staff or user.is_superuser)


def require_instructor(user: User, course: Course) -> None:
    """Raise NotAllowed unless the person teaches the course."""
    if not may_teach(user, course):
        raise not_course_staff()


def require_staff(user: User, course: Course) -> None:
    """Raise NotAllowed unless the person assists or teaches in the course."""
    if not may_assist(user, course):
        raise not_course_staff()

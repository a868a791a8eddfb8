"""What can go wrong with courses, as stable codes."""

from accounts.errors import Conflict, DrydockError, NotAllowed, NotFound

__all__ = ["Conflict", "DrydockError", "NotAllowed", "NotFound", "not_course_staff"]


def not_course_staff() -> NotAllowed:
    """Say that only those who teach the course may do this."""
    return NotAllowed("not_course_staff", "Only those who teach this course can do this.")

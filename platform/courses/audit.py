"""Writes down who did what to grades and rules, inside the transaction that does it: both are there or neither."""

from typing import Any

from accounts.models import User
from courses.models import Activity, AuditEntry, Course

MAX_SUMMARY_LENGTH = 500


def note(
    *,
    by: User,
    course: Course,
    action: str,
    summary: str,
    activity: Activity | None = None,
    detail: dict[str, Any] | None = None,
) -> AuditEntry:
    """Add an entry. `action` is a stable code, `summary` a sentence for people, `detail` JSON."""
    return AuditEntry.objects.create(
        by=by,
        course=course,
        activity=activity,
        action=action,
        summary=summary[:MAX_SUMMARY_LENGTH],
        detail=detail or {},
    )

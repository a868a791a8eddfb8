"""Setting times: an activity's window, a section's own times, a person's extension. One transaction each, on record.

Whoever's attempt is under way feels a change at once: apps above listen to the saved rows.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from courses.access import require_instructor
from courses.audit import note
from courses.deadlines import own_window, windows_for
from courses.errors import DrydockError
from courses.models import Activity, Course, Extension, Membership, Section, SectionOverride
from courses.order_of_times import others_kept_in_order, require_order, said
from courses.publishing import require_publishable
from courses.telling import told_of_extension, told_of_section

_WORDS = {
    "opens_at": "opens",
    "due_at": "due",
    "closes_at": "closes",
    "late_percent_per_day": "off for each day late",
    "late_grace_minutes": "grace",
    "late_floor_percent": "least that late work keeps",
    "published": "published",
}
_WINDOW = tuple(_WORDS)
EXTENSION_FIELDS = (
    "opens_at",
    "due_at",
    "closes_at",
    "extra_attempts",
    "extra_time_percent",
    "extra_minutes",
    "reason",
)
"""What an extension says, beside whose it is."""


@transaction.atomic
def set_window(
    *,
    by: User,
    activity: Activity,
    opens_at: datetime | None,
    due_at: datetime | None,
    closes_at: datetime | None,
    late_percent_per_day: int,
    published: bool,
    late_grace_minutes: int | None = None,
    late_floor_percent: int | None = None,
) -> Activity:
    """Set when an activity can be done, what lateness costs and whether students see it.

    Grace and floor stay as they are where they are not given. Raises NotAllowed, Conflict (`cannot_be_published`),
    ValidationError with the fields to blame, and DrydockError (`others_times_in_disorder`) when a section's or a
    person's own times would no longer come in order.
    """
    require_instructor(by, activity.course)
    if published:
        require_publishable(activity)
    before = _as_json(Activity.objects.get(pk=activity.pk), _WINDOW)
    activity.opens_at, activity.due_at, activity.closes_at = opens_at, due_at, closes_at
    activity.late_percent_per_day = late_percent_per_day
    if late_grace_minutes is not None:
        activity.late_grace_minutes = late_grace_minutes
    if late_floor_percent is not None:
        activity.late_floor_percent = late_floor_percent
    activity.published = published
    activity.full_clean()
    with others_kept_in_order(activity):
        activity.save()
    after = _as_json(activity, _WINDOW)
    changed = [name for name in _WINDOW if before[name] != after[name]]
    if changed:
        note(
            by=by,
            course=activity.course,
            activity=activity,
            action="window_set",
            summary=f"Changed the times of “{activity}”: {', '.join(_WORDS[name] for name in changed)}.",
            detail={
                "before": {name: before[name] for name in changed},
                "after": {name: after[name] for name in changed},
            },
        )
    return activity


@transaction.atomic
def grant_section_override(
    *,
    by: User,
    activity: Activity,
    section: Section,
    opens_at: datetime | None = None,
    due_at: datetime | None = None,
    closes_at: datetime | None = None,
    reason: str = "",
) -> SectionOverride:
    """Give one section other times; an empty one is the activity's own. Replaces an earlier override of theirs.

    Raises NotAllowed, and DrydockError (`section_of_other_course`, `override_empty`, `times_in_disorder`,
    `others_times_in_disorder`).
    """
    require_instructor(by, activity.course)
    if section.course_id != activity.course_id:
        raise DrydockError("section_of_other_course", "This section belongs to another course.")
    if not (opens_at or due_at or closes_at):
        raise DrydockError("override_empty", "Give at least one time: this changes nothing.")
    require_order(own_window(activity), activity.course, opens_at=opens_at, due_at=due_at, closes_at=closes_at)
    given = SectionOverride(
        activity=activity,
        section=section,
        opens_at=opens_at,
        due_at=due_at,
        closes_at=closes_at,
        reason=reason.strip(),
        granted_by=by,
        granted_at=timezone.now(),
    )
    given.clean_fields()
    # One row that changes, so that nobody under way is without the section's times for a moment.
    with told_of_section(by=by, activity=activity, section=section), others_kept_in_order(activity):
        override, _ = SectionOverride.objects.update_or_create(
            activity=activity,
            section=section,
            defaults={
                "opens_at": opens_at,
                "due_at": due_at,
                "closes_at": closes_at,
                "reason": given.reason,
                "granted_by": by,
                "granted_at": given.granted_at,
            },
        )
    note(
        by=by,
        course=activity.course,
        activity=activity,
        action="section_times_set",
        summary=f"Gave section {section} other times in “{activity}”: {_times_in_words(override, activity.course)}",
        detail={"section": section.name, **_as_json(override, ("opens_at", "due_at", "closes_at", "reason"))},
    )
    return override


@transaction.atomic
def clear_section_override(*, by: User, override: SectionOverride) -> None:
    """Let the activity's own times hold for the section again. Raises NotAllowed, and `others_times_in_disorder`."""
    activity, section = override.activity, override.section
    require_instructor(by, activity.course)
    detail = {"section": section.name, **_as_json(override, ("opens_at", "due_at", "closes_at", "reason"))}
    with told_of_section(by=by, activity=activity, section=section), others_kept_in_order(activity):
        override.delete()
    note(
        by=by,
        course=activity.course,
        activity=activity,
        action="section_times_cleared",
        summary=f"Took the times of section {section} in “{activity}” back.",
        detail=detail,
    )


@transaction.atomic
def grant_extension(
    *,
    by: User,
    activity: Activity,
    user: User,
    reason: str,
    opens_at: datetime | None = None,
    due_at: datetime | None = None,
    closes_at: datetime | None = None,
    extra_attempts: int = 0,
    extra_time_percent: int = 0,
    extra_minutes: int = 0,
) -> Extension:
    """Give somebody other times, more tries or more minutes; replaces an earlier extension of theirs in this activity.

    Raises NotAllowed, ValidationError, and DrydockError (`not_a_member`, `reason_needed`, `extension_empty`,
    `times_in_disorder`).
    """
    require_instructor(by, activity.course)
    if not Membership.objects.active().filter(course=activity.course, user=user).exists():
        raise DrydockError("not_a_member", f"{user} is not in this course. Enrol them first.")
    if not reason.strip():
        raise DrydockError(
            "reason_needed", "Say why: the reason is kept with the extension.", fields={"reason": "Needed."}
        )
    if not (opens_at or due_at or closes_at or extra_attempts or extra_time_percent or extra_minutes):
        raise DrydockError(
            "extension_empty",
            "Give other times, more tries or more minutes: this extension changes nothing.",
        )
    with told_of_extension(by=by, activity=activity, user=user):
        Extension.objects.filter(activity=activity, user=user).delete()
        below = windows_for(activities=[activity], user=user)[activity.pk]
        require_order(below, activity.course, opens_at=opens_at, due_at=due_at, closes_at=closes_at)
        extension = Extension(
            activity=activity,
            user=user,
            reason=reason.strip(),
            opens_at=opens_at,
            due_at=due_at,
            closes_at=closes_at,
            extra_attempts=extra_attempts,
            extra_time_percent=extra_time_percent,
            extra_minutes=extra_minutes,
            granted_by=by,
            granted_at=timezone.now(),
        )
        extension.clean_fields()
        extension.save()
    note(
        by=by,
        course=activity.course,
        activity=activity,
        action="extension_granted",
        summary=f"Gave {user.display_name} an extension in “{activity}”: {extension.reason}",
        detail={"user": user.pk, **_as_json(extension, EXTENSION_FIELDS)},
    )
    return extension


@transaction.atomic
def revoke_extension(*, by: User, extension: Extension) -> None:
    """Take an extension back."""
    activity, user = extension.activity, extension.user
    require_instructor(by, activity.course)
    detail = {"user": user.pk, **_as_json(extension, EXTENSION_FIELDS)}
    with told_of_extension(by=by, activity=activity, user=user):
        extension.delete()
    note(
        by=by,
        course=activity.course,
        activity=activity,
        action="extension_revoked",
        summary=f"Took the extension of {user.display_name} in “{activity}” back.",
        detail=detail,
    )


def _times_in_words(override: SectionOverride, course: Course) -> str:
    times = (("opens", override.opens_at), ("due", override.due_at), ("closes", override.closes_at))
    return ", ".join(f"{name} {said(at, course)}" for name, at in times if at) + "."


def _as_json(row: Any, names: tuple[str, ...]) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in names}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}

"""Tells the apps above whose work in an activity is due at another time, once for each thing that somebody does."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db.models import QuerySet

from accounts.models import User
from courses.models import Activity, Extension, Membership, Section, SectionOverride
from courses.signals import due_changed, times_changing


@contextmanager
def told_of_extension(*, by: User, activity: Activity, user: User) -> Iterator[None]:
    """Do what gives, changes or takes back a person's extension, inside a transaction, before any row is locked."""
    rows = Extension.objects.filter(activity=activity, user=user)
    with _told(by=by, activity=activity, user_ids=[user.pk], rows=rows):
        yield


@contextmanager
def told_of_section(*, by: User, activity: Activity, section: Section) -> Iterator[None]:
    """Do what gives, changes or takes back a section's times, inside a transaction, before any row is locked."""
    members = Membership.objects.active().filter(section=section).values_list("user_id", flat=True)
    rows = SectionOverride.objects.filter(activity=activity, section=section)
    with _told(by=by, activity=activity, user_ids=list(members), rows=rows):
        yield


@contextmanager
def _told(
    *,
    by: User,
    activity: Activity,
    user_ids: Collection[int],
    rows: "QuerySet[Extension] | QuerySet[SectionOverride]",
) -> Iterator[None]:
    times_changing.send(sender=Activity, activity=activity)
    before = _due(rows)
    yield
    if _due(rows) != before:
        due_changed.send(sender=Activity, activity=activity, by=by, user_ids=user_ids)


def _due(rows: "QuerySet[Extension] | QuerySet[SectionOverride]") -> datetime | None:
    return rows.values_list("due_at", flat=True).first()

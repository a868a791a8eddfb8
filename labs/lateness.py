"""Reckons the lateness of what was handed in anew when it is due at another time afterwards."""

from collections.abc import Collection, Iterator
from typing import Any

from django.db import transaction

from accounts.models import User
from courses.deadlines import windows_by_user
from courses.models import Activity
from gradebook.lateness import MovedTry, note_lateness
from gradebook.saving import save_alike
from gradebook.services import record_all
from labs.models import Lab, Submission
from labs.queue import one_at_a_time
from labs.standing import earned_by


def due_changed(
    sender: type[Activity], *, activity: Activity, by: User, user_ids: Collection[int], **kwargs: Any
) -> None:
    """It is due at another time for some people."""
    del sender, kwargs
    reckon_lateness_anew(by=by, activity=activity, user_ids=user_ids)


@transaction.atomic
def reckon_lateness_anew(*, by: User, activity: Activity, user_ids: Collection[int]) -> int:
    """Let the times and the lateness that hold now count for tries of these people; returns how many tries moved.

    Those that wait for their grade are among them. What counts is recorded once for each person for whom it changes,
    and an entry says what was done. Doing it again changes nothing.
    """
    lab = Lab.objects.filter(activity=activity).select_related("activity__course").first()
    if lab is None:
        return 0
    tries = Submission.objects.filter(lab=lab, tryout=False)
    authors = sorted(set(tries.filter(author_id__in=user_ids).values_list("author_id", flat=True)))
    for author in authors:
        one_at_a_time(author)
    listed = list(tries.filter(author_id__in=authors).order_by("pk"))
    moved = list(_moved(lab, listed))
    if not moved:
        return 0
    ids = {one.source_id for one in moved}
    save_alike(Submission.objects.all(), [one for one in listed if one.pk in ids], ["late_factor"])
    people = record_all(
        activity=lab.activity,
        source_kind="submission",
        earned=list(earned_by(lab, listed, of={one.user_id for one in moved})),
    )
    note_lateness(by=by, activity=lab.activity, moved=moved, people=people)
    return len(moved)


def _moved(lab: Lab, tries: Collection[Submission]) -> Iterator[MovedTry]:
    """The tries of which another share counts, changed."""
    windows = windows_by_user(activity=lab.activity, user_ids={one.author_id for one in tries})
    for one in tries:
        before, one.late_factor = one.late_factor, windows[one.author_id].late_factor(one.handed_in_at)
        if one.late_factor != before:
            yield MovedTry(
                user_id=one.author_id,
                source_kind="submission",
                source_id=one.pk,
                before=before,
                after=one.late_factor,
            )

"""Lets what counts of everybody's tries be found anew when a lab's scoring or its points change."""

from django.db import transaction

from courses.models import Activity
from gradebook.services import record_all
from labs.models import Lab, Submission
from labs.queue import one_at_a_time
from labs.standing import earned_by
from labs.states import State


@transaction.atomic
def count_anew(*, activity: Activity) -> int:
    """Let the lab's `scoring` and points as they are now count for all that is graded; returns for how many it moves.

    Doing it again changes nothing. A try that is graded meanwhile waits, and counts by what holds then.
    """
    lab = Lab.objects.filter(activity=activity).select_related("activity").first()
    if lab is None:
        return 0
    graded = Submission.objects.filter(lab=lab, tryout=False, is_current=True, state=State.GRADED)
    authors = sorted(set(graded.values_list("author_id", flat=True)))
    for author in authors:
        one_at_a_time(author)
    earned = earned_by(lab, list(graded.filter(author_id__in=authors).order_by("pk")), of=authors)
    return record_all(activity=lab.activity, source_kind="submission", earned=list(earned))

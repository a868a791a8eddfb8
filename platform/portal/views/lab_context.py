"""What every lab's page shows beside its own workbench: the task, what is looked at, hints, tries and times."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from courses.access import may_assist
from courses.deadlines import window_for
from gradebook.models import Score
from graders.checks.base import Check
from labs.models import Lab, LabVersion, Submission
from labs.tries import tries_of
from portal.tries_view import spark
from portal.views.signed_in import SignedInRequest

_LISTED = 50


def lab_context(
    request: SignedInRequest, lab: Lab, version: LabVersion, *, story: str, checks: Sequence[Check]
) -> dict[str, Any]:
    """The context of a lab's page; `checks` are those of the version, with the reader's values in them where it can."""
    activity, now = lab.activity, timezone.now()
    window = window_for(activity=activity, user=request.user)
    history = list(
        Submission.objects.visible_to(request.user).filter(lab=lab, author=request.user).hand_ins()[:_LISTED]
    )
    shown = [check for check in checks if not check.hidden]
    tries = tries_of(user=request.user, lab=lab, window=window)
    is_staff = may_assist(request.user, activity.course)
    return {
        "lab": lab,
        "activity": activity,
        "course": activity.course,
        "version": version,
        "plan": version.lab_plan,
        "story": story,
        "window": window,
        "window_state": window.state(now).name.lower(),
        "tries": tries,
        "history": history,
        "spark": spark(history),
        "score": Score.objects.filter(activity=activity, user=request.user).first(),
        "checks": [{"title": check.shown_title(), "points": check.points} for check in shown],
        "hidden_checks": len(checks) - len(shown),
        "hints": [
            {"number": number, "about": check.shown_title(), "text": check.hint}
            for number, check in enumerate((check for check in shown if check.hint), start=1)
        ],
        "is_staff": is_staff,
        "can_hand_in": is_staff or (window.accepts(now) and tries.left != 0),
    }

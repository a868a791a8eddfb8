"""When students see what of a quiz, in words for those who run it."""

from datetime import datetime

from django.utils import timezone

from courses.clocks import later_of
from courses.models import Activity
from portal.templatetags.times import absolute
from quizzes.specs import QuizSettings, Release, When

_WORDS = {
    Release.AFTER_ATTEMPT: "after each try",
    Release.AFTER_DUE: "once it is due for everybody",
    Release.AFTER_CLOSE: "once it is closed for everybody",
    Release.NEVER: "never",
}


def release_lines(settings: QuizSettings, activity: Activity) -> list[tuple[str, str]]:
    """What students see, and when: own answers, points, right answers, feedback. `activity` comes with its course."""
    policy = settings.release
    return [
        ("Own answers", _said(policy.answers, activity, waits_for_tries=False)),
        ("Points", _said(policy.scores, activity, waits_for_tries=False)),
        ("Right answers", _said(policy.keys, activity, waits_for_tries=True)),
        ("Feedback", _said(policy.feedback_or_keys, activity, waits_for_tries=True)),
    ]


def _said(when: When, activity: Activity, *, waits_for_tries: bool) -> str:
    if isinstance(when, datetime):
        zone = activity.course.zone
        return f"from {absolute(later_of(when, zone), zone, timezone.now())} on"
    is_timeless = activity.due_at is None and activity.closes_at is None
    if is_timeless and when in {Release.AFTER_DUE, Release.AFTER_CLOSE}:
        return "when a student has no try left" if waits_for_tries else _WORDS[Release.AFTER_ATTEMPT]
    return _WORDS[when]

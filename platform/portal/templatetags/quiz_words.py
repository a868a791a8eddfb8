"""A quiz's rules in plain words."""

from datetime import datetime

from django import template
from django.utils import timezone

from courses.clocks import later_of
from courses.deadlines import Window
from portal.templatetags.times import absolute
from quizzes.pages import QuizOverview
from quizzes.specs import Release, When

register = template.Library()

_SCORING = {
    "best": "the best try counts",
    "last": "the last try counts",
    "first": "the first try counts, the others are for learning",
    "average": "the average of your tries counts",
}
_WHEN = {
    Release.AFTER_ATTEMPT: "right after handing in",
    Release.AFTER_DUE: "once it is due for everybody",
    Release.AFTER_CLOSE: "once it has closed for everybody",
}


@register.filter
def scoring_words(scoring: str) -> str:
    """Which of several tries counts."""
    return _SCORING[scoring]


@register.filter
def release_words(quiz: QuizOverview) -> str:
    """When a student sees points, their own answers, right answers and feedback."""
    release = quiz.settings.release
    told: dict[str, list[str]] = {}
    for what, when, waits_for_tries in (
        ("your points", release.scores, False),
        ("your answers", release.answers, False),
        ("the right answers", release.keys, True),
        ("feedback", release.feedback_or_keys, True),
    ):
        told.setdefault(_when_words(when, quiz, waits_for_tries=waits_for_tries), []).append(what)
    never = told.pop("", [])
    words = [f"{_listed(whats)} {when}" for when, whats in told.items()]
    said = f"You see {', '.join(words)}." if words else ""
    return f"{said} Not shown here: {_listed(never)}.".strip() if never else said


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _when_words(when: When, quiz: QuizOverview, *, waits_for_tries: bool) -> str:
    if isinstance(when, datetime):
        zone = quiz.activity.course.zone
        return f"from {absolute(later_of(when, zone), zone, timezone.now())} on"
    timeless = quiz.window.due_at is None and quiz.window.closes_at is None
    if when in {Release.AFTER_DUE, Release.AFTER_CLOSE} and timeless:
        return "when you have no try left" if waits_for_tries else _WHEN[Release.AFTER_ATTEMPT]
    return _WHEN.get(when, "")


@register.filter
def late_words(window: Window) -> str:
    """What lateness costs; nothing where it costs nothing."""
    if not window.late_percent_per_day:
        return ""
    grace = f"more than {window.late_grace_minutes} minutes " if window.late_grace_minutes else ""
    floor = f", down to {window.late_floor_percent} %" if window.late_floor_percent else ""
    return f"Handed in {grace}later, {window.late_percent_per_day} % less counts for each started day{floor}."

"""A quiz's rules in plain words."""

from django import template

from courses.deadlines import Window
from quizzes.specs import Release, ReleasePolicy

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
def release_words(release: ReleasePolicy) -> str:
    """When points and right answers are shown."""
    scores, keys = _WHEN.get(release.scores), _WHEN.get(release.keys)
    if scores is None:
        return "Points and right answers are not shown here; your instructor tells you."
    if keys is None:
        return f"You see your points {scores}; right answers are not shown."
    if scores == keys:
        return f"You see your points, the right answers and explanations {scores}."
    return f"You see your points {scores}, the right answers and explanations {keys}."


@register.filter
def late_words(window: Window) -> str:
    """What lateness costs; nothing where it costs nothing."""
    if not window.late_percent_per_day:
        return ""
    return f"Later, {window.late_percent_per_day} % less counts for each started day."

"""A course's content in one digest: it changes with everything that bringing a pack in reads or writes."""

import hashlib
import json

from courses.models import Activity, Course
from quizzes.models import Question

_COURSE = ("title", "description", "topics", "topic_notes", "bases")
_QUESTION = ("slug", "retired", "current_version__digest")
_ACTIVITY = ("slug", "kind", "title", "summary", "position", "part", "max_points", "minutes", "topics")
_CONTENT = ("lab__current_version__digest", "lab__attempts_allowed", "lab__scoring", "quiz__current_version__digest")


def standing_of(course: Course | None) -> str:
    """The digest of the course as it stands; of one that is not there, empty. Times and members are not in it."""
    if course is None:
        return ""
    activities = Activity.objects.filter(course=course).order_by("slug")
    stands = [
        [getattr(course, name) for name in _COURSE],
        list(Question.objects.filter(course=course).order_by("slug").values_list(*_QUESTION)),
        list(activities.values_list(*_ACTIVITY, *_CONTENT)),
    ]
    return hashlib.sha256(json.dumps(stands, default=str).encode()).hexdigest()

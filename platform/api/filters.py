"""What lists can be narrowed by."""

import django_filters

from labs.models import Submission
from labs.states import State
from quizzes.models import Attempt, AttemptState


class AttemptFilter(django_filters.FilterSet):  # type: ignore[misc]  # the package ships no types
    """Attempts by quiz, state and student."""

    quiz = django_filters.NumberFilter(field_name="quiz__activity_id", help_text="The id of the quiz's activity.")
    state = django_filters.ChoiceFilter(choices=AttemptState.choices)
    student = django_filters.NumberFilter(field_name="student_id")

    class Meta:
        model = Attempt
        fields = ("quiz", "state", "student")


class SubmissionFilter(django_filters.FilterSet):  # type: ignore[misc]  # the package ships no types
    """Submissions by lab, state and author."""

    lab = django_filters.NumberFilter(field_name="lab__activity_id", help_text="The id of the lab's activity.")
    state = django_filters.ChoiceFilter(choices=State.choices)
    author = django_filters.NumberFilter(field_name="author_id")
    course = django_filters.CharFilter(field_name="course__slug")

    class Meta:
        model = Submission
        fields = ("lab", "state", "author", "course")

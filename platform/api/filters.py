"""What lists can be narrowed by."""

import django_filters
from django import forms
from django.core.validators import MaxValueValidator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from labs.models import Submission
from labs.states import State
from quizzes.models import Attempt, AttemptState

LARGEST_ID = 2**63 - 1


@extend_schema_field(OpenApiTypes.INT)
class IdFilter(django_filters.NumberFilter):  # type: ignore[misc]  # the package ships no types
    """An id: a whole number that every database can look for."""

    field_class = forms.IntegerField

    def get_max_validator(self) -> MaxValueValidator:
        """What is larger is no id."""
        return MaxValueValidator(LARGEST_ID)


class AttemptFilter(django_filters.FilterSet):  # type: ignore[misc]  # the package ships no types
    """Attempts by quiz, state and student."""

    quiz = IdFilter(field_name="quiz__activity_id", help_text="The id of the quiz's activity.")
    state = django_filters.ChoiceFilter(choices=AttemptState.choices)
    student = IdFilter(field_name="student_id")

    class Meta:
        model = Attempt
        fields = ("quiz", "state", "student")


class SubmissionFilter(django_filters.FilterSet):  # type: ignore[misc]  # the package ships no types
    """Submissions by lab, state and author."""

    lab = IdFilter(field_name="lab__activity_id", help_text="The id of the lab's activity.")
    state = django_filters.ChoiceFilter(choices=State.choices)
    author = IdFilter(field_name="author_id")
    course = django_filters.CharFilter(field_name="course__slug")

    class Meta:
        model = Submission
        fields = ("lab", "state", "author", "course")

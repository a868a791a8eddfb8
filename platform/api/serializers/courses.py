"""Courses, members and activities as the API shows them."""

from typing import Any

from rest_framework import serializers

from api.serializers.accounts import PersonSerializer
from courses.deadlines import Window
from courses.models import Activity, Course, Membership


class CourseSerializer(serializers.ModelSerializer[Course]):
    """A course one is in."""

    role = serializers.SerializerMethodField(help_text="What the caller is in it.")

    class Meta:
        model = Course
        fields = ["id", "slug", "title", "description", "time_zone", "topics", "role"]
        read_only_fields = fields

    def get_role(self, course: Course) -> str:
        """The caller's role."""
        roles: dict[int, str] = self.context["roles"]
        return roles.get(course.pk, "instructor")  # a superuser is in no course and may do all


class JoinSerializer(serializers.Serializer[Any]):
    """A join code."""

    code = serializers.CharField(max_length=32)


class MembershipSerializer(serializers.ModelSerializer[Membership]):
    """Somebody's place in a course."""

    person = PersonSerializer(source="user")
    section = serializers.CharField(source="section.name", default="")

    class Meta:
        model = Membership
        fields = ["id", "person", "role", "section", "active", "joined_at"]
        read_only_fields = fields


class RosterOutcomeSerializer(serializers.Serializer[Any]):
    """What importing a class list did."""

    enrolled = serializers.IntegerField()
    returned = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    accounts_made = serializers.IntegerField()


class ActivitySerializer(serializers.ModelSerializer[Activity]):
    """Something to do for points, with the times that hold for the caller."""

    course = serializers.SlugRelatedField[Course](slug_field="slug", read_only=True)
    opens_at = serializers.SerializerMethodField()
    due_at = serializers.SerializerMethodField()
    closes_at = serializers.SerializerMethodField()
    state = serializers.SerializerMethodField(help_text="not yet open, open, late or closed")
    my_points = serializers.SerializerMethodField(help_text="What counts for the caller; null before any is earned.")

    class Meta:
        model = Activity
        fields = [
            "id",
            "course",
            "kind",
            "slug",
            "title",
            "summary",
            "max_points",
            "minutes",
            "topics",
            "published",
            "opens_at",
            "due_at",
            "closes_at",
            "late_percent_per_day",
            "state",
            "my_points",
        ]
        read_only_fields = fields

    def _window(self, activity: Activity) -> Window:
        windows: dict[int, Window] = self.context["windows"]
        return windows[activity.pk]

    def _moment(self, value: Any) -> str | None:
        return serializers.DateTimeField().to_representation(value) if value else None

    def get_opens_at(self, activity: Activity) -> str | None:
        """When it opens."""
        return self._moment(self._window(activity).opens_at)

    def get_due_at(self, activity: Activity) -> str | None:
        """When it is due."""
        return self._moment(self._window(activity).due_at)

    def get_closes_at(self, activity: Activity) -> str | None:
        """When it closes."""
        return self._moment(self._window(activity).closes_at)

    def get_state(self, activity: Activity) -> str:
        """Where now falls in it."""
        return self._window(activity).state(self.context["now"]).value

    def get_my_points(self, activity: Activity) -> str | None:
        """The caller's points."""
        points = self.context["points"].get(activity.pk)
        return None if points is None else str(points)

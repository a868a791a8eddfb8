"""Scores and their changes as the API shows them."""

from typing import Any

from rest_framework import serializers

from api.serializers.accounts import PersonSerializer
from gradebook.models import GradeEvent, Score


class ScoreSerializer(serializers.ModelSerializer[Score]):
    """What counts for one person in one activity."""

    person = PersonSerializer(source="user")
    activity = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]
    points = serializers.DecimalField(source="final_points", max_digits=8, decimal_places=2, allow_null=True)
    earned_points = serializers.DecimalField(source="points", max_digits=8, decimal_places=2, allow_null=True)
    overridden = serializers.SerializerMethodField()

    class Meta:
        model = Score
        fields = [
            "id",
            "person",
            "activity",
            "points",
            "earned_points",
            "max_points",
            "late_factor",
            "overridden",
            "override_reason",
            "updated_at",
        ]
        read_only_fields = fields

    def get_overridden(self, score: Score) -> bool:
        """Whether an instructor set the points by hand."""
        return score.override_points is not None


class OverrideSerializer(serializers.Serializer[Any]):
    """Points that count instead of those earned, with the reason."""

    person = serializers.IntegerField(help_text="The person's id.")
    activity = serializers.SlugField(help_text="The activity's short name.")
    points = serializers.DecimalField(max_digits=8, decimal_places=2)
    reason = serializers.CharField(max_length=300)


class GradeEventSerializer(serializers.ModelSerializer[GradeEvent]):
    """A change of a score. `id` is the cursor to read on from."""

    activity = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]
    person = PersonSerializer(source="user")

    class Meta:
        model = GradeEvent
        fields = ["id", "person", "activity", "points", "max_points", "cause", "at"]
        read_only_fields = fields

"""Labs, submissions and their events as the API shows them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from labs.models import Submission, SubmissionEvent


class CheckSerializer(serializers.Serializer[Any]):
    """What a lab checks: its title and points, and hints for those that have some."""

    id = serializers.CharField()
    title = serializers.CharField()
    max_points = serializers.FloatField()
    hidden = serializers.BooleanField()


class LabSerializer(serializers.Serializer[Any]):
    """A lab and where the caller stands in it."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    version = serializers.IntegerField()
    console = serializers.BooleanField(help_text="Whether one works in a console: see /activities/{id}/console/.")
    story = serializers.CharField(help_text="Markdown.")
    bases = serializers.ListField(child=serializers.CharField(), help_text="Images that FROM may name.")
    starter = serializers.DictField(child=serializers.CharField(), help_text="Path to text.")
    editable = serializers.ListField(child=serializers.CharField(), help_text="Patterns of the files one writes.")
    checks = CheckSerializer(many=True)
    max_points = serializers.DecimalField(max_digits=8, decimal_places=2)
    minutes = serializers.IntegerField()
    scoring = serializers.CharField(help_text="Which try counts: best or last.")
    tries_used = serializers.IntegerField()
    tries_left = serializers.IntegerField(allow_null=True, help_text="null for as many as one likes.")
    state = serializers.CharField(help_text="not yet open, open, late or closed")
    opens_at = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)
    closes_at = serializers.DateTimeField(allow_null=True)


class FilesSerializer(serializers.Serializer[Any]):
    """What is handed in, as texts."""

    files = serializers.DictField(
        child=serializers.CharField(allow_blank=True, trim_whitespace=False),
        help_text='Path to text, such as {"Dockerfile": "FROM busybox:1.35"}.',
    )


class ArchiveSerializer(serializers.Serializer[Any]):
    """What is handed in, as an archive; what is empty or broken is named by grading's own reader."""

    archive = serializers.FileField(allow_empty_file=True, help_text="A zip or tar.")


class PlaceSerializer(serializers.Serializer[Any]):
    """A queued submission's place."""

    position = serializers.IntegerField()
    capped = serializers.BooleanField(help_text="Whether there may be more ahead than were counted.")
    expected_seconds = serializers.IntegerField(allow_null=True)
    waiting_for = serializers.CharField()
    sentence = serializers.CharField()


class SubmissionSerializer(serializers.ModelSerializer[Submission]):
    """A try at a lab."""

    lab = serializers.IntegerField(source="lab.activity_id", help_text="The id of the lab's activity.")
    course = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]
    author = serializers.IntegerField(source="author_id")
    version = serializers.IntegerField(source="version.number")

    class Meta:
        model = Submission
        fields = [
            "id",
            "course",
            "lab",
            "version",
            "author",
            "number",
            "state",
            "via",
            "tryout",
            "handed_in_at",
            "late_factor",
            "started_at",
            "finished_at",
            "score",
            "max_score",
            "checks_passed",
            "checks_total",
            "digest",
        ]
        read_only_fields = fields


class SubmissionDetailSerializer(SubmissionSerializer):
    """A try with its place in the queue while it waits."""

    queue = serializers.SerializerMethodField()

    class Meta(SubmissionSerializer.Meta):
        fields = [*SubmissionSerializer.Meta.fields, "queue"]
        read_only_fields = fields

    @extend_schema_field(PlaceSerializer(allow_null=True))
    def get_queue(self, submission: Submission) -> dict[str, Any] | None:
        """Its place; null when it does not wait."""
        place = self.context.get("place")
        return None if place is None else dict(PlaceSerializer(place).data)


class EventSerializer(serializers.ModelSerializer[SubmissionEvent]):
    """Something that happened while a try was graded."""

    class Meta:
        model = SubmissionEvent
        fields = ["sequence", "kind", "data", "at"]
        read_only_fields = fields


class EventsSerializer(serializers.Serializer[Any]):
    """Events after a given one, and how to ask for more."""

    events = EventSerializer(many=True)
    state = serializers.CharField()
    finished = serializers.BooleanField(help_text="Whether nothing more will happen by itself.")
    next_after = serializers.IntegerField(help_text="Ask next for the events after this one.")
    poll_after_ms = serializers.IntegerField(help_text="Ask again in so many milliseconds; 0 when finished.")
    queue = PlaceSerializer(allow_null=True)

"""Consoles, what is typed in them and what came of it, as the API shows them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from labs.console_models import ConsoleEntry, ConsoleSession
from labs.console_states import Because, ConsoleState, EntryKind, EntryState
from labs.consoles import writable_in

SHOWN_KINDS = [(kind.value, kind.label) for kind in EntryKind if kind is not EntryKind.REFRESH]
LONGEST_WAIT_SECONDS = 5.0


class PieceSerializer(serializers.Serializer[Any]):
    """A piece of what was printed, in the order in which it was."""

    stream = serializers.ChoiceField(choices=["out", "err"])
    text = serializers.CharField()


class CallSerializer(serializers.Serializer[Any]):
    """A request that went to the daemon, as the docker CLI sends it for the same command."""

    method = serializers.CharField()
    path = serializers.CharField()
    status = serializers.IntegerField()


class EntrySerializer(serializers.ModelSerializer[ConsoleEntry]):
    """A line, or what else a console was asked for, and what came of it."""

    kind = serializers.ChoiceField(choices=SHOWN_KINDS)
    state = serializers.ChoiceField(choices=EntryState.choices)
    pieces = PieceSerializer(many=True)
    calls = CallSerializer(many=True)
    submission = serializers.IntegerField(
        source="submission_id", allow_null=True, help_text="What a hand-in became; follow it under /submissions/."
    )

    class Meta:
        model = ConsoleEntry
        fields = [
            "number",
            "kind",
            "line",
            "text",
            "state",
            "pieces",
            "exit_code",
            "calls",
            "cut",
            "clears",
            "error_code",
            "error_message",
            "submission",
            "queued_at",
            "started_at",
            "finished_at",
        ]
        read_only_fields = fields
        extra_kwargs = {
            "line": {"help_text": "Which line of the journal, from 1; null for what was not typed."},
            "error_code": {"help_text": "Why what was asked for was not done; stable, empty where it was."},
        }


class ConsoleSerializer(serializers.ModelSerializer[ConsoleSession]):
    """A student's console in a lab."""

    lab = serializers.IntegerField(source="lab.activity_id", help_text="The id of the lab's activity.")
    course = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]  # the stubs ask what kind
    author = serializers.IntegerField(source="author_id")
    version = serializers.IntegerField(source="version.number")
    state = serializers.ChoiceField(choices=ConsoleState.choices)
    ended_because = serializers.ChoiceField(choices=[("", "it has not"), *Because.choices])
    why_ended = serializers.CharField(help_text="The same in a sentence.")
    story = serializers.SerializerMethodField(help_text="Markdown, with the author's own values in it.")
    files = serializers.DictField(
        source="texts", child=serializers.CharField(), help_text="The lab's folder: path to text."
    )
    editable = serializers.SerializerMethodField(help_text="Patterns of the files that are the author's to write.")
    picture = serializers.SerializerMethodField(
        help_text="Images, containers, volumes and networks when last looked at; null before."
    )

    class Meta:
        model = ConsoleSession
        fields = [
            "id",
            "course",
            "lab",
            "version",
            "author",
            "tryout",
            "state",
            "ended_because",
            "why_ended",
            "story",
            "files",
            "editable",
            "picture",
            "line_count",
            "created_at",
            "opened_at",
            "used_at",
            "expires_at",
            "ended_at",
        ]
        read_only_fields = fields

    def get_story(self, session: ConsoleSession) -> str:
        """The lab's words."""
        return str(self.context["story"])

    def get_editable(self, session: ConsoleSession) -> list[str]:
        """What may be saved."""
        return writable_in(session)

    @extend_schema_field({"type": "object", "additionalProperties": {}, "nullable": True})
    def get_picture(self, session: ConsoleSession) -> dict[str, Any] | None:
        """What is on the engine."""
        picture: dict[str, Any] | None = session.picture
        return picture


class LinesSerializer(serializers.Serializer[Any]):
    """Entries after a given one, and how to ask for more."""

    entries = EntrySerializer(many=True)
    state = serializers.ChoiceField(choices=ConsoleState.choices, help_text="Of the console.")
    picture = serializers.DictField(allow_null=True, help_text="As in the console itself.")
    next_after = serializers.IntegerField(
        help_text="Ask next for the entries after this one: all up to it are finished."
    )
    poll_after_ms = serializers.IntegerField(help_text="Ask again in so many milliseconds; 0 when it has ended.")
    waiting_for = serializers.CharField(
        allow_blank=True, help_text="What an entry that waits is waiting for, in a sentence; empty when none waits."
    )


class TypedLineSerializer(serializers.Serializer[Any]):
    """A line to be carried out."""

    text = serializers.CharField(
        trim_whitespace=False, allow_blank=True, help_text="Such as `docker run -d --name web busybox:1.35 sleep 60`."
    )
    wait_seconds = serializers.FloatField(
        min_value=0,
        max_value=LONGEST_WAIT_SECONDS,
        default=2.0,
        help_text="For how long to wait for what comes of it before answering.",
    )


class FileSerializer(serializers.Serializer[Any]):
    """A file of the lab's folder."""

    path = serializers.CharField(help_text="Such as Dockerfile.")
    text = serializers.CharField(allow_blank=True, trim_whitespace=False)

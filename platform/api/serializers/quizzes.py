"""Quizzes, attempts and reviews as the API shows them: keys only in reviews, and only once they are released."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from quizzes.models import Attempt
from quizzes.showing import ShownQuestion
from quizzes.timing import is_paused, remaining

ANY_ANSWER = {
    "oneOf": [
        {"type": "string"},
        {"type": "boolean"},
        {"type": "array", "items": {"type": "string"}},
        {"type": "object", "additionalProperties": {"type": "string"}},
    ],
    "nullable": True,
    "description": "By kind: an option's id, a list of ids, true or false, text, or, for a question with `parts`, an "
    "object of the parts' ids and their answers (an id of a part's `choices`, or text). null takes the answer back.",
}


@extend_schema_field(ANY_ANSWER)
class AnswerField(serializers.JSONField):
    """An answer in the shape of its question's kind."""


class OptionSerializer(serializers.Serializer[Any]):
    """An option to choose."""

    id = serializers.CharField()
    text = serializers.CharField(help_text="Markdown.")


class PartSerializer(serializers.Serializer[Any]):
    """One of several things to answer in a question."""

    id = serializers.CharField(help_text="Its name in the answer.")
    text = serializers.CharField(help_text="Markdown: what stands before or beside it.")
    choices = OptionSerializer(many=True, help_text="What may be chosen; empty where text is asked for.")
    max_length = serializers.IntegerField(allow_null=True)


class FilesSerializer(serializers.Serializer[Any]):
    """What may be uploaded."""

    endings = serializers.ListField(child=serializers.CharField())
    at_most = serializers.IntegerField(help_text="How many files.")
    mib_each = serializers.IntegerField(help_text="How large each may be, in MiB.")


class CriterionSerializer(serializers.Serializer[Any]):
    """What an answer will be marked by."""

    title = serializers.CharField()
    points = serializers.DecimalField(max_digits=8, decimal_places=2)
    description = serializers.CharField(help_text="HTML.")


class QuestionSerializer(serializers.Serializer[ShownQuestion]):
    """A question while it is asked."""

    position = serializers.IntegerField()
    kind = serializers.CharField()
    text = serializers.CharField(help_text="Markdown.")
    instruction = serializers.CharField()
    options = OptionSerializer(many=True)
    parts = PartSerializer(many=True)
    code = serializers.CharField(help_text="A Dockerfile that the question is about, as it is; empty without one.")
    tail = serializers.CharField(help_text="HTML: what stands behind the last part.")
    unit = serializers.CharField(allow_null=True)
    max_length = serializers.IntegerField(allow_null=True)
    max_words = serializers.IntegerField(allow_null=True, help_text="What an answer should keep to.")
    multiline = serializers.BooleanField(help_text="Whether several lines are asked for.")
    picks_many = serializers.BooleanField(source="many", help_text="Whether several of its lines may be picked.")
    files = FilesSerializer(allow_null=True)
    criteria = CriterionSerializer(many=True)
    max_points = serializers.DecimalField(max_digits=8, decimal_places=2)
    value = AnswerField(allow_null=True)
    revision = serializers.IntegerField(help_text="Send it with the next answer to this question.")
    saved_at = serializers.DateTimeField(allow_null=True)
    flagged = serializers.BooleanField()
    checked = serializers.BooleanField(
        source="keys_shown", help_text="Whether it was checked in practice, or its key is shown: the answer is final."
    )


class ReviewedOptionSerializer(OptionSerializer):
    """An option in a review; `right` and `feedback` are empty until keys are released."""

    chosen = serializers.BooleanField()
    right = serializers.BooleanField(allow_null=True)
    feedback = serializers.CharField(help_text="HTML.")


class ReviewedPartSerializer(PartSerializer):
    """A part in a review; `outcome`, `right` and `feedback` are empty until keys are released."""

    outcome = serializers.CharField(help_text="right, partly, wrong, missed, or empty.")
    right = serializers.CharField(help_text="HTML: what would have been right.")
    feedback = serializers.CharField(help_text="HTML.")


class MarkSerializer(serializers.Serializer[Any]):
    """What a person gave for an answer."""

    points = serializers.DecimalField(max_digits=8, decimal_places=2)
    comment = serializers.CharField(help_text="Plain text.")
    at = serializers.DateTimeField()


class ReviewedQuestionSerializer(QuestionSerializer):
    """A question in a review, or checked in practice, with what has been released."""

    options = ReviewedOptionSerializer(many=True)
    parts = ReviewedPartSerializer(many=True)
    points = serializers.DecimalField(max_digits=8, decimal_places=2, allow_null=True)
    verdict = serializers.CharField(
        help_text="right, partly, wrong, unanswered, dropped, given (full marks for all), waiting (to be marked), or "
        "empty until scores are released."
    )
    answer_shown = serializers.BooleanField(help_text="Whether one's own answer is shown by now.")
    mark = MarkSerializer(allow_null=True)
    right_answers = serializers.ListField(child=serializers.CharField(), help_text="HTML; empty until released.")
    feedback = serializers.CharField(help_text="HTML.")
    explanation = serializers.CharField(help_text="HTML.")


class ReviewSerializer(serializers.Serializer[Any]):
    """A finished attempt as the caller may see it now."""

    title = serializers.CharField()
    score = serializers.DecimalField(max_digits=8, decimal_places=2, allow_null=True)
    points = serializers.DecimalField(max_digits=8, decimal_places=2, allow_null=True, help_text="Lateness counted.")
    max_score = serializers.DecimalField(max_digits=8, decimal_places=2)
    scores_at = serializers.DateTimeField(allow_null=True, help_text="When scores are released; null for never.")
    keys_at = serializers.DateTimeField(allow_null=True, help_text="When right answers are released; null for never.")
    answers_at = serializers.DateTimeField(allow_null=True, help_text="When one's own answers are shown again.")
    feedback_at = serializers.DateTimeField(allow_null=True, help_text="When feedback on them is shown.")
    waits_for_tries = serializers.BooleanField(help_text="Whether something is shown only when no try is left.")
    awaits_marks = serializers.BooleanField(help_text="Whether somebody has to mark answers: the points will change.")
    questions = ReviewedQuestionSerializer(many=True)


class AttemptSerializer(serializers.ModelSerializer[Attempt]):
    """A try at a quiz, without its questions."""

    quiz = serializers.IntegerField(source="quiz.activity_id", help_text="The id of the quiz's activity.")
    student = serializers.IntegerField(source="student_id")

    class Meta:
        model = Attempt
        fields = ["id", "quiz", "student", "number", "state", "is_tryout", "started_at", "closes_at", "closed_at"]
        read_only_fields = fields


class AttemptWithQuestionsSerializer(AttemptSerializer):
    """A try under way, with its questions; none while it is paused, or once it is closed: see its review."""

    mode = serializers.CharField(source="version.settings.mode", help_text="standard, practice or exam.")
    may_go_back = serializers.BooleanField(
        source="version.settings.go_back", help_text="If not, only the questions of the page reached are given."
    )
    page_reached = serializers.IntegerField()
    pages = serializers.SerializerMethodField()
    paused = serializers.SerializerMethodField()
    remaining_seconds = serializers.SerializerMethodField()
    server_time = serializers.SerializerMethodField()
    questions = serializers.SerializerMethodField()

    class Meta(AttemptSerializer.Meta):
        fields = [
            *AttemptSerializer.Meta.fields,
            *("mode", "may_go_back", "page_reached", "pages", "paused", "remaining_seconds"),
            *("server_time", "questions"),
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.IntegerField())
    def get_pages(self, attempt: Attempt) -> int:
        """How many pages there are."""
        return int(self.context["pages"])

    @extend_schema_field(serializers.BooleanField())
    def get_paused(self, attempt: Attempt) -> bool:
        """Whether the instructor has paused the quiz: the clock stands."""
        return attempt.is_open and is_paused(attempt)

    @extend_schema_field(serializers.FloatField(allow_null=True))
    def get_remaining_seconds(self, attempt: Attempt) -> float | None:
        """How much time is left; null without a limit and after the end."""
        left = remaining(attempt, self.context["now"]) if attempt.is_open else None
        return None if left is None else left.total_seconds()

    @extend_schema_field(serializers.DateTimeField())
    def get_server_time(self, attempt: Attempt) -> str:
        """The clock that counts."""
        return serializers.DateTimeField().to_representation(self.context["now"])

    @extend_schema_field(QuestionSerializer(many=True))
    def get_questions(self, attempt: Attempt) -> list[dict[str, Any]]:
        """The questions, with the answers saved up to now."""
        return list(QuestionSerializer(self.context["questions"], many=True).data)


class StartSerializer(serializers.Serializer[Any]):
    """What starting a try may ask for."""

    code = serializers.CharField(max_length=200, default="", allow_blank=True, help_text="The quiz's access code.")


class TryLineSerializer(serializers.Serializer[Any]):
    """One of the caller's tries."""

    id = serializers.IntegerField(source="attempt.pk")
    number = serializers.IntegerField(source="attempt.number")
    state = serializers.CharField(source="attempt.state")
    score = serializers.DecimalField(max_digits=8, decimal_places=2, allow_null=True)
    scores_at = serializers.DateTimeField(allow_null=True)
    keys_at = serializers.DateTimeField(allow_null=True)


class QuizSerializer(serializers.Serializer[Any]):
    """A quiz and the caller's tries."""

    id = serializers.IntegerField(source="activity.pk")
    title = serializers.CharField()
    about = serializers.CharField(help_text="HTML.")
    state = serializers.CharField(help_text="not yet open, open, late or closed")
    opens_at = serializers.DateTimeField(source="window.opens_at", allow_null=True)
    due_at = serializers.DateTimeField(source="window.due_at", allow_null=True)
    closes_at = serializers.DateTimeField(source="window.closes_at", allow_null=True)
    time_limit_seconds = serializers.SerializerMethodField()
    question_count = serializers.IntegerField()
    max_points = serializers.DecimalField(max_digits=8, decimal_places=2)
    mode = serializers.CharField(source="settings.mode", help_text="standard, practice or exam.")
    scoring = serializers.CharField(
        source="settings.scoring", help_text="Which try counts: best, last, first, average."
    )
    may_go_back = serializers.BooleanField(source="settings.go_back")
    needs_code = serializers.BooleanField(help_text="Whether starting asks for an access code.")
    paused = serializers.BooleanField(source="is_paused")
    attempts_allowed = serializers.IntegerField(allow_null=True)
    attempts_left = serializers.IntegerField(allow_null=True)
    may_start = serializers.BooleanField()
    tries = TryLineSerializer(many=True)

    def get_time_limit_seconds(self, overview: Any) -> int | None:
        """The caller's own limit, extra time counted in."""
        return None if overview.time_limit is None else int(overview.time_limit.total_seconds())


class SaveAnswerSerializer(serializers.Serializer[Any]):
    """An answer to save."""

    value = AnswerField(allow_null=True)
    revision = serializers.IntegerField(min_value=0, help_text="The one this answer is based on; 0 for the first.")
    client = serializers.CharField(max_length=40, default="", allow_blank=True, help_text="An id of your own choosing.")


class SavedAnswerSerializer(serializers.Serializer[Any]):
    """An answer as the server has it."""

    position = serializers.IntegerField()
    value = AnswerField(allow_null=True)
    revision = serializers.IntegerField()
    saved_at = serializers.DateTimeField(allow_null=True)

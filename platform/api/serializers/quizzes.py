"""Quizzes, attempts and reviews as the API shows them: keys only in reviews, and only once they are released."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from quizzes.models import Attempt
from quizzes.showing import ShownQuestion

ANY_ANSWER = {
    "oneOf": [{"type": "string"}, {"type": "boolean"}, {"type": "array", "items": {"type": "string"}}],
    "nullable": True,
    "description": "By kind: an option's id, a list of ids, true or false, or text. null takes the answer back.",
}


@extend_schema_field(ANY_ANSWER)
class AnswerField(serializers.JSONField):
    """An answer in the shape of its question's kind."""


class OptionSerializer(serializers.Serializer[Any]):
    """An option to choose."""

    id = serializers.CharField()
    text = serializers.CharField(help_text="Markdown.")


class QuestionSerializer(serializers.Serializer[ShownQuestion]):
    """A question while it is asked."""

    position = serializers.IntegerField()
    kind = serializers.CharField()
    text = serializers.CharField(help_text="Markdown.")
    instruction = serializers.CharField()
    options = OptionSerializer(many=True)
    unit = serializers.CharField(allow_null=True)
    max_length = serializers.IntegerField(allow_null=True)
    max_points = serializers.DecimalField(max_digits=8, decimal_places=2)
    value = AnswerField(allow_null=True)
    revision = serializers.IntegerField(help_text="Send it with the next answer to this question.")
    saved_at = serializers.DateTimeField(allow_null=True)
    flagged = serializers.BooleanField()


class ReviewedOptionSerializer(OptionSerializer):
    """An option in a review; `right` and `feedback` are empty until keys are released."""

    chosen = serializers.BooleanField()
    right = serializers.BooleanField(allow_null=True)
    feedback = serializers.CharField(help_text="HTML.")


class ReviewedQuestionSerializer(QuestionSerializer):
    """A question in a review, with what has been released."""

    options = ReviewedOptionSerializer(many=True)
    points = serializers.DecimalField(max_digits=8, decimal_places=2, allow_null=True)
    verdict = serializers.CharField(help_text="right, partly, wrong, unanswered, or empty until scores are released.")
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
    """A try under way, with its questions; none once it is closed: see its review."""

    server_time = serializers.SerializerMethodField()
    questions = serializers.SerializerMethodField()

    class Meta(AttemptSerializer.Meta):
        fields = [*AttemptSerializer.Meta.fields, "server_time", "questions"]
        read_only_fields = fields

    @extend_schema_field(serializers.DateTimeField())
    def get_server_time(self, attempt: Attempt) -> str:
        """The clock that counts."""
        return serializers.DateTimeField().to_representation(self.context["now"])

    @extend_schema_field(QuestionSerializer(many=True))
    def get_questions(self, attempt: Attempt) -> list[dict[str, Any]]:
        """The questions, with the answers saved up to now."""
        return list(QuestionSerializer(self.context["questions"], many=True).data)


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

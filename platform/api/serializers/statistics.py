"""What is known about a quiz and its questions, as the API shows it."""

from typing import Any

from rest_framework import serializers

from quizzes.analysis.formulas import Figure


class FigureField(serializers.FloatField):
    """A figure's number, null where it is not known yet."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_null=True, read_only=True, **options)

    def get_attribute(self, instance: Any) -> Any:
        """The number itself."""
        found: Any = super().get_attribute(instance)
        return found.value if isinstance(found, Figure) else found


class FlagSerializer(serializers.Serializer[Any]):
    """Something to look at in a question."""

    code = serializers.CharField(help_text="Stable, such as negative_discrimination or best_choose_other.")
    tone = serializers.ChoiceField(["bad", "warn", "note"], help_text="How grave it is.")
    text = serializers.CharField(help_text="In words for a teacher.")


class OptionCountSerializer(serializers.Serializer[Any]):
    """How often an option was chosen."""

    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name, and DRF's own attribute
    text = serializers.CharField()
    right = serializers.BooleanField()
    chosen = serializers.IntegerField()
    by_group = serializers.ListField(
        child=serializers.IntegerField(), help_text="In each fifth of the class by total score, the weakest first."
    )


class TimesSerializer(serializers.Serializer[Any]):
    """Quartiles of the seconds that a question took, and how many tries they are from."""

    low = serializers.FloatField()
    middle = serializers.FloatField()
    high = serializers.FloatField()
    tries = serializers.IntegerField()


class VariantSerializer(serializers.Serializer[Any]):
    """How one variant went."""

    seed = serializers.IntegerField()
    tries = serializers.IntegerField()
    facility = serializers.FloatField()
    omitted = serializers.IntegerField()


class QuestionStatisticsSerializer(serializers.Serializer[Any]):
    """What is known about one question. Coefficients are null until there are enough tries."""

    number = serializers.IntegerField()
    question = serializers.CharField(source="asked.slug")
    kind = serializers.CharField(source="asked.kind")
    text = serializers.CharField(source="asked.title", help_text="How it begins.")
    dropped = serializers.BooleanField(source="asked.dropped")
    full_marks = serializers.BooleanField(source="asked.full_marks")
    tries = serializers.IntegerField()
    waiting = serializers.IntegerField(help_text="Answers that nobody has marked yet: left out.")
    omitted = serializers.IntegerField()
    facility = FigureField(help_text="The mean share of the points, from 0 to 1.")
    discrimination = FigureField(help_text="The corrected point-biserial, from -1 to 1.")
    seconds = TimesSerializer(source="times", allow_null=True)
    by_group = serializers.ListField(
        child=serializers.IntegerField(), help_text="Tries in each fifth of the class, the weakest first."
    )
    options = OptionCountSerializer(many=True)
    variants = VariantSerializer(many=True)
    flags = FlagSerializer(many=True)


class StatisticsSerializer(serializers.Serializer[Any]):
    """What is known about a quiz. Mean, median, deviation and error are shares of the points; null: not known yet."""

    tries = serializers.IntegerField(help_text="One of each student; try-outs of staff are left out.")
    out_of = serializers.FloatField(allow_null=True, help_text="Null where students could earn different sums.")
    mean = FigureField()
    median = FigureField()
    deviation = FigureField()
    alpha = FigureField(help_text="Cronbach's alpha.")
    error = FigureField(help_text="The standard error of measurement.")
    same_questions = serializers.BooleanField(help_text="Whether everybody got the same questions.")
    waiting = serializers.IntegerField(help_text="Answers that nobody has marked yet: left out.")
    questions = QuestionStatisticsSerializer(many=True)

"""How files that are uploaded as answers come and go."""

from typing import Any

from rest_framework import serializers

from api.serializers.quizzes import SavedAnswerSerializer


class UploadSerializer(serializers.Serializer[Any]):
    """A file to upload, in a form of several parts."""

    file = serializers.FileField(allow_empty_file=True)


class NameSerializer(serializers.Serializer[Any]):
    """Which file is meant."""

    name = serializers.CharField(max_length=400, trim_whitespace=False)


class FiledSerializer(serializers.Serializer[Any]):
    """A file that was taken: the name and digest that the answer has it by."""

    name = serializers.CharField()
    size = serializers.IntegerField(source="file.size", help_text="In bytes.")
    sha256 = serializers.CharField(source="file.sha256")
    answer = SavedAnswerSerializer(source="saved")

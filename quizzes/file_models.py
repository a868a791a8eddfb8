"""Files that students upload as answers. The answer itself names them by digest; what is here is what it names."""

from typing import ClassVar, Self

from django.db import models

from quizzes.querysets import AnswerFileQuerySet


def answer_file_path(file: "AnswerFile", name: str) -> str:
    """Where the bytes lie: by digest, never by a name that a student chose."""
    del name
    return f"answers/{file.attempt_question_id}/{file.sha256}"


class AnswerFile(models.Model):
    """A file that was uploaded for a question of an attempt; never changed, and kept as long as the attempt."""

    attempt_question = models.ForeignKey("quizzes.AttemptQuestion", models.CASCADE, related_name="files")
    name = models.CharField(max_length=120, help_text="As the student called it, made harmless.")
    size = models.PositiveIntegerField(help_text="In bytes.")
    sha256 = models.CharField(max_length=64)
    content = models.FileField(upload_to=answer_file_path, max_length=200)
    uploaded_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[AnswerFileQuerySet[Self]] = AnswerFileQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["attempt_question", "name"]
        constraints = [
            models.UniqueConstraint(fields=["attempt_question", "sha256"], name="answer_file_once_per_question")
        ]

    def __str__(self) -> str:
        return self.name


class LooseBytes(models.Model):
    """Bytes in the storage that no `AnswerFile` names: on their way in, or on their way out.

    The row is there before the bytes are, and goes with the transaction that names them, so that whatever ends half-way
    is found again without looking through the storage.
    """

    path = models.CharField(max_length=200, unique=True)
    since = models.DateTimeField(help_text="When they were put there, or last could not be removed.")
    given_up = models.BooleanField(default=False, help_text="To be removed: nothing may name them any more.")

    class Meta:
        verbose_name_plural = "loose bytes"
        indexes = [models.Index(fields=["given_up", "since"], name="loose_bytes_to_remove")]

    def __str__(self) -> str:
        return self.path

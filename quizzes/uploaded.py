"""Whether the files that an answer names were uploaded for it: nobody hands in what only somebody else has."""

from quizzes.errors import DrydockError
from quizzes.file_models import AnswerFile
from quizzes.models import AttemptQuestion
from quizzes.types.base import Value
from quizzes.types.file_upload import FileUpload


def ensure_uploaded(asked: AttemptQuestion, answer: Value | None) -> None:
    """Raise DrydockError (`file_not_uploaded`) for an answer that names a file not uploaded for this very question.

    One query, and none for questions that take no files.
    """
    if not isinstance(answer, dict) or not isinstance(asked.content, FileUpload):
        return
    there = AnswerFile.objects.filter(attempt_question=asked, sha256__in=answer.values())
    if set(answer.values()) - set(there.values_list("sha256", flat=True)):
        message = "A file of this answer was never uploaded for this question. Upload it, then save again."
        raise DrydockError("file_not_uploaded", message, status=422, fields={"answer": message})

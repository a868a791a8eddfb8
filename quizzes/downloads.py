"""Giving back a file that a student uploaded: to be saved, and never to be shown or run where it comes from."""

import structlog
from django.http import FileResponse

from quizzes.file_models import AnswerFile

log = structlog.get_logger(__name__)


def as_download(file: AnswerFile) -> FileResponse | None:
    """Answer with the file, whatever it holds, as bytes to save. None where the storage has lost it.

    `file` comes with its `attempt_question`: the name is the one in the answer, or that of the first upload.
    """
    named = file.attempt_question.value
    names = [name for name, digest in named.items() if digest == file.sha256] if isinstance(named, dict) else []
    try:
        content = file.content.open("rb")
    except FileNotFoundError:
        log.exception("file of an answer is not in the storage", file=file.pk)
        return None
    response = FileResponse(
        content,
        as_attachment=True,
        filename=names[0] if names else file.name,
        content_type="application/octet-stream",
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response

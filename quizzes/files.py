"""Files as answers: each upload is kept by what it holds, and makes a revision of the answer like any other change.

The bytes lie in Django's default storage, under the digest of what they are: no name that a student chose gets there.
Nothing is overwritten or taken away while the attempt is kept, since earlier revisions name it, too.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.db.models import Count, Q, Sum

from graders.archive.limits import MIB, in_words
from quizzes import loose_bytes
from quizzes.errors import DrydockError, NotFound, SavedAnswer
from quizzes.file_models import AnswerFile, answer_file_path
from quizzes.models import Attempt, AttemptQuestion
from quizzes.saving import asked_at, ensure_answerable, save_to
from quizzes.types.base import MalformedAnswer
from quizzes.types.file_names import harmless
from quizzes.types.file_upload import FileUpload

MOST_KEPT = 100
"""Files of one question, those taken back counted in."""
MOST_KEPT_MIB = 200
"""Of one attempt, likewise."""


@dataclass(frozen=True, kw_only=True)
class Filed:
    """A file that was uploaded, under the name that it has in the answer, and the answer that names it."""

    file: AnswerFile
    name: str
    saved: SavedAnswer


def store_file(*, attempt: Attempt, position: int, name: str, stream: "File[Any]", address: str | None = None) -> Filed:
    """Keep a file and name it in the answer, in place of one with the same name.

    `stream` is read piece by piece. Raises what `save_answer` raises, and DrydockError: `no_files_here`,
    `file_ending`, `file_empty`, `file_too_large`, `too_many_files`, `files_too_much`, `upload_too_slow`. Nothing that
    is refused is kept.
    """
    asked = asked_at(attempt=attempt, position=position)
    content = _question_to_answer(asked, address)
    called = harmless(name)
    _require(content, asked, called)
    digest, size = _measured(stream, most_mib=content.mib_each)
    file = AnswerFile(attempt_question=asked, name=called, size=size, sha256=digest)
    stream.seek(0)
    with loose_bytes.put(answer_file_path(file, called), stream) as path:
        file.content = path
        return _name_it(asked, file, called, address)


@transaction.atomic
def _name_it(asked: AttemptQuestion, file: AnswerFile, called: str, address: str | None) -> Filed:
    asked = _in_turn(asked.attempt, asked.position)
    kept = AnswerFile.objects.filter(attempt_question=asked, sha256=file.sha256).first()
    if kept is None:
        _require_room(asked, file.size)
        loose_bytes.claim(file.content.name or "")
        file.save()
        kept = file
    content = _question(asked)
    value = {**_named(asked), called: kept.sha256}
    if len(value) > content.at_most:
        raise DrydockError("too_many_files", content.too_many, status=422, fields={"file": content.too_many})
    return Filed(
        file=kept, name=called, saved=save_to(asked=asked, value=value, revision=asked.revision, address=address)
    )


def _in_turn(attempt: Attempt, position: int) -> AttemptQuestion:
    """The question as it is now. Changes of an attempt's files take turns, so that none undoes another and caps hold.

    Inside a transaction. Closing the attempt takes the same lock.
    """
    Attempt.objects.select_for_update(of=("self",)).get(pk=attempt.pk)
    return asked_at(attempt=attempt, position=position)


@transaction.atomic
def take_file_back(*, attempt: Attempt, position: int, name: str, address: str | None = None) -> SavedAnswer:
    """Name a file in the answer no longer; earlier revisions still do. Raises NotFound, or as `save_answer` does."""
    asked = _in_turn(attempt, position)
    _question_to_answer(asked, address)
    value = _named(asked)
    if name not in value:
        raise NotFound("no_such_file", "Your answer names no such file. Reload the page to see which it names.")
    left = {other: digest for other, digest in value.items() if other != name}
    return save_to(asked=asked, value=left, revision=asked.revision, address=address)


def _question_to_answer(asked: AttemptQuestion, address: str | None) -> FileUpload:
    """The question, where it can be answered now: before, nothing is told of it, not even of which kind it is."""
    ensure_answerable(asked, address=address)
    return _question(asked)


def _question(asked: AttemptQuestion) -> FileUpload:
    content = asked.content
    if not isinstance(content, FileUpload):
        raise DrydockError("no_files_here", f"Question {asked.position} is not answered by files.", status=422)
    return content


def _named(asked: AttemptQuestion) -> dict[str, str]:
    return dict(asked.value) if isinstance(asked.value, dict) else {}


def _require(content: FileUpload, asked: AttemptQuestion, called: str) -> None:
    """Refuse, before anything is read, a name of another kind and a file too many."""
    try:
        content.require_name(called)
    except MalformedAnswer as malformed:
        raise DrydockError(
            malformed.code, malformed.message, status=422, fields={"file": malformed.message}
        ) from malformed
    if called not in _named(asked) and len(_named(asked)) >= content.at_most:
        raise DrydockError("too_many_files", content.too_many, status=422, fields={"file": content.too_many})


def _measured(stream: "File[Any]", *, most_mib: int) -> tuple[str, int]:
    """The SHA-256 and the size of what is in the stream, of which no more is read than may be kept."""
    digest, size = hashlib.sha256(), 0
    for chunk in stream.chunks():
        size += len(chunk)
        if size > most_mib * MIB:
            message = f"The file is larger than the {most_mib} MiB that this question takes. Nothing of it was kept."
            raise DrydockError("file_too_large", message, status=413, fields={"file": message})
        digest.update(chunk)
    if not size:
        message = "The file is empty. Check that it was saved, and choose it again."
        raise DrydockError("file_empty", message, status=422, fields={"file": message})
    return digest.hexdigest(), size


def _require_room(asked: AttemptQuestion, size: int) -> None:
    kept = AnswerFile.objects.filter(attempt_question__attempt=asked.attempt_id).aggregate(
        here=Count("pk", filter=Q(attempt_question=asked)), bytes=Sum("size", default=0)
    )
    if kept["here"] >= MOST_KEPT or kept["bytes"] + size > MOST_KEPT_MIB * MIB:
        message = (
            f"You have uploaded {in_words(kept['bytes'])} in this try, files that were replaced or removed counted in. "
            "No more can be kept; what your answer names now is safe. Ask your instructor if you need more."
        )
        raise DrydockError("files_too_much", message, status=413, fields={"file": message})


def delete_content(sender: type[AnswerFile], instance: AnswerFile, **kwargs: Any) -> None:
    """Remove the bytes of a file whose row is gone with its attempt, once that is certain."""
    del sender, kwargs
    if instance.content.name:
        loose_bytes.let_go(instance.content.name)

"""Bytes of uploads between the storage and the database: no process that dies half-way leaves any behind for ever."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from quizzes.errors import DrydockError
from quizzes.file_models import LooseBytes

log = structlog.get_logger(__name__)

GIVEN_UP_AFTER = timedelta(hours=1)
"""No upload is under way for so long: by then the server has all of it, and copies it to the storage."""


@contextmanager
def put(folder: str, stream: "File[Any]") -> Iterator[str]:
    """Put what the stream holds under a path of its own in `folder`; the block is given the path.

    Unless the block calls `claim` in a transaction that is committed, nothing is kept.
    """
    # A path that no other upload has, even of the same bytes: what one of them gives up is never another's.
    path = f"{folder}-{secrets.token_hex(8)}"
    with transaction.atomic(durable=True):  # on record whatever becomes of this process
        LooseBytes.objects.create(path=path, since=timezone.now())
    try:
        _save(path, stream)
        yield path
    except BaseException:
        # A sweeper that gave them up may have looked for them before they were there.
        LooseBytes.objects.filter(path=path).update(given_up=True)
        remove(path)
        raise
    if LooseBytes.objects.filter(path=path).update(given_up=True):
        remove(path)


def _save(path: str, stream: "File[Any]") -> None:
    try:
        default_storage.save(path, stream)
    except FileNotFoundError as gone:
        if LooseBytes.objects.filter(path=path, given_up=False).exists():
            raise
        raise _too_slow() from gone  # a sweeper took the file away while it was written


def _too_slow() -> DrydockError:
    message = "Keeping this file took too long, so nothing was changed. Upload it once more."
    return DrydockError("upload_too_slow", message, status=503, fields={"file": message})


def claim(path: str) -> None:
    """In the transaction that names the bytes: they are loose no longer. Raises DrydockError (`upload_too_slow`)."""
    if not LooseBytes.objects.filter(path=path, given_up=False).delete()[0]:
        raise _too_slow()


def let_go(path: str) -> None:
    """In the transaction in which the last row that names them goes: the bytes are removed once that is certain."""
    LooseBytes.objects.update_or_create(path=path, defaults={"since": timezone.now(), "given_up": True})
    transaction.on_commit(lambda: remove(path))


def remove(path: str) -> bool:
    """Remove bytes that were given up; says whether they are gone. What cannot be removed now is tried again later."""
    try:
        default_storage.delete(path)
    except Exception:  # whatever the storage raises: there are many kinds, and the bytes harm nobody
        log.exception("bytes of an upload cannot be removed", path=path)
        LooseBytes.objects.filter(path=path).update(since=timezone.now())  # behind all others
        return False
    LooseBytes.objects.filter(path=path, given_up=True).delete()
    return True


def sweep_loose_bytes(now: datetime | None = None, *, limit: int = 500) -> int:
    """Remove what uploads left that ended half-way, at most `limit`; returns how many. Safe to run side by side."""
    now = now or timezone.now()
    # First given up, then removed: an upload that is under way all the same finds out before it names them.
    LooseBytes.objects.filter(given_up=False, since__lt=now - GIVEN_UP_AFTER).update(given_up=True)
    paths = LooseBytes.objects.filter(given_up=True).order_by("since").values_list("path", flat=True)
    return sum(remove(path) for path in list(paths[:limit]))

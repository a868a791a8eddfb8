"""Course files from the browser: brought, looked at, confirmed or thrown away; applied by a worker (`import_work`).

What is confirmed is one difference, seen by the one who brought the files: `seen` names it. Until then the files lie in
the storage, and nothing of the course is touched.
"""

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.models import User
from authoring import calling
from authoring.arriving import caps, clean_folder
from authoring.git_address import checked_ref, repository_at
from authoring.models import CourseImport, ImportState, Source
from courses.access import may_make_courses, require_instructor
from courses.errors import Conflict, DrydockError, NotAllowed
from courses.models import Course
from courses.names import why_reserved
from graders.archive.limits import in_words
from quizzes import loose_bytes

log = structlog.get_logger(__name__)

FOLDER = "imports/files"
"""Where in the storage files wait."""
_NAME = 300


def require_author(user: User, course: Course | None) -> None:
    """Raise NotAllowed unless the person may bring files in: the course's instructors, and staff for a new course."""
    if not user.is_active:
        raise NotAllowed("not_active", "This account is switched off. Ask whoever runs this site.")
    if course is not None:
        require_instructor(user, course)
    elif not may_make_courses(user):
        raise NotAllowed("not_site_staff", "Only staff of this site can make new courses. Ask whoever runs it.")


def bring_zip(
    *,
    by: User,
    course: Course | None,
    upload: "File[Any]",
    folder: str = "",
    slug: str = "",
    publish_new: bool = False,
) -> CourseImport:
    """Take a zip of a pack, for this course or a new one; a worker reads it. Nothing of the course is changed.

    Raises NotAllowed, and DrydockError: `empty`, `too_large`, and what is wrong with the other fields.
    """
    require_author(by, course)
    size = upload.size or 0
    most = caps().packed_bytes
    if not size or size > most:
        message = (
            f"The zip file has {in_words(size)}; at most {in_words(most)} are taken."
            if size
            else "The file is empty. Choose the zip of a course pack."
        )
        code = "too_large" if size else "empty"
        raise DrydockError(code, message, status=413 if size else 422, fields={"file": message})
    made = _new(by, course, slug=slug, folder=folder, publish_new=publish_new)
    made.source, made.name = Source.ZIP, (upload.name or "pack.zip")[-_NAME:]
    with loose_bytes.put(FOLDER, upload) as path, transaction.atomic():
        loose_bytes.claim(path)
        made.stored = path
        return _keep(made)


@transaction.atomic
def bring_git(
    *,
    by: User,
    course: Course | None,
    url: str,
    ref: str = "",
    folder: str = "",
    slug: str = "",
    publish_new: bool = False,
) -> CourseImport:
    """Point to a pack in a repository, for this course or a new one; a worker fetches and reads it.

    Raises NotAllowed, and DrydockError for an address that may not be fetched and what is wrong with the other fields.
    """
    require_author(by, course)
    made = _new(by, course, slug=slug, folder=folder, publish_new=publish_new)
    made.source, made.name, made.ref = Source.GIT, repository_at(url).url, checked_ref(ref)
    return _keep(made)


def _new(by: User, course: Course | None, *, slug: str, folder: str, publish_new: bool) -> CourseImport:
    wanted = course.slug if course is not None else slug.strip()
    if course is None and wanted:
        require_free_name(wanted)
    return CourseImport(
        by=by,
        course=course,
        slug=wanted,
        folder=clean_folder(folder),
        publish_new=publish_new,
        expires_at=timezone.now() + timedelta(hours=settings.COURSE_IMPORT_HOURS),
    )


def require_free_name(slug: str) -> None:
    """Raise DrydockError unless a new course can have this short name."""
    message = f"The short name of a course {why}." if (why := why_reserved(slug)) else ""
    if Course.objects.filter(slug=slug).exists():
        message = (
            f"There is a course “{slug}” already. To change that one, open it and bring the files in there; for a new "
            "one, choose another short name."
        )
    if message:
        raise Conflict("course_name_taken", message, fields={"slug": message})


def _keep(made: CourseImport) -> CourseImport:
    """Put it into the queue, in place of what the same person brought there before and did not confirm."""
    earlier = CourseImport.objects.replaceable().filter(by=made.by, course=made.course)
    for one in earlier:
        _end(one, ImportState.DROPPED, why="Newer files took its place.")
    made.save()
    call_on_commit()
    return made


def call_on_commit() -> None:
    """Wake a worker once it can see the row. A broker that is away costs time only: the sweeper calls again."""
    transaction.on_commit(_call, robust=True)


def _call() -> None:
    try:
        calling.call_readers()
    except OperationalError as error:
        log.warning("readers_not_called", error=str(error))


def confirm(*, by: User, course_import: CourseImport, seen: str) -> None:
    """Have what was seen applied. Only for who brought it, and only this very difference.

    Raises NotAllowed, and Conflict: `not_to_confirm` where it is confirmed, gone or another difference by now.
    """
    _require_own(by, course_import)
    require_author(by, course_import.course)
    with transaction.atomic():
        waiting = CourseImport.objects.filter(
            pk=course_import.pk, state=ImportState.SEEN, seen=seen, expires_at__gt=timezone.now()
        )
        confirmed = {
            "state": ImportState.CONFIRMED,
            "confirmed_at": timezone.now(),
            "changed_meanwhile": False,
            "tries": 0,
        }
        if not (seen.isalnum() and waiting.update(**confirmed)):
            raise _not_now(course_import)
        call_on_commit()


def drop(*, by: User, course_import: CourseImport) -> None:
    """Throw away what was brought, before it is confirmed. Raises NotAllowed, and Conflict (`not_to_drop`)."""
    _require_own(by, course_import)
    if not _end(course_import, ImportState.DROPPED, why="Thrown away by who brought it."):
        message = "This was confirmed, or is over already: nothing is thrown away. The page shows how it stands."
        raise Conflict("not_to_drop", message)


def _require_own(by: User, course_import: CourseImport) -> None:
    if course_import.by_id != by.pk:
        raise NotAllowed("not_your_import", "Only who brought these files can confirm them or throw them away.")


def _not_now(course_import: CourseImport) -> Conflict:
    course_import.refresh_from_db()
    if course_import.state == ImportState.SEEN and course_import.expires_at > timezone.now():
        message = "The difference is another one by now, so nothing was changed. Look at it, and confirm it again."
    elif course_import.state in (ImportState.CONFIRMED, ImportState.APPLYING, ImportState.APPLIED):
        message = "This was confirmed already. It is applied once."
    else:
        message = "This cannot be confirmed any more, so nothing was changed. Bring the files in again."
    return Conflict("not_to_confirm", message)


@transaction.atomic
def _end(course_import: CourseImport, state: ImportState, *, why: str) -> bool:
    """End what nobody has confirmed, and let its files go; False where it went on meanwhile."""
    row = CourseImport.objects.replaceable().filter(pk=course_import.pk)
    stored = row.select_for_update().values_list("stored", flat=True).first()
    if stored is None:
        return False
    row.update(state=state, why=why, stored="", holder="", lease_expires_at=None, ended_at=timezone.now())
    if stored:
        loose_bytes.let_go(stored)
    return True


def expire(now: datetime) -> int:
    """End what nobody confirmed in time; returns how many."""
    late = CourseImport.objects.left_lying(now)
    return sum(_end(one, ImportState.EXPIRED, why="Nobody confirmed it in time.") for one in late)

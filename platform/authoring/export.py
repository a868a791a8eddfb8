"""Gives a course's files back as they were last brought in: comments, solutions and all that no table holds."""

import io
import zipfile
from pathlib import Path

from authoring.arriving import caps
from authoring.kept_models import KeptFiles
from courses.errors import Conflict
from courses.models import Course
from graders.archive import Submission, SubmissionRefused

_DATE = (1980, 1, 1, 0, 0, 0)
"""The same for every file: the same files make the same zip. The earliest that a zip can hold."""
_FILE_MODE, _PROGRAM_MODE = 0o100644, 0o100755


def keep_files(*, course: Course, folder: Path) -> bool:
    """Keep the files of the pack in this folder with the course; says whether they differ from those kept before.

    Raises Conflict `pack_not_kept` where the folder holds what a pack cannot: links, or more than settings allow.
    """
    try:
        files = Submission.from_directory(folder, caps=caps())
    except SubmissionRefused as error:
        raise Conflict("pack_not_kept", f"The pack's files cannot be kept with the course. {error.message}") from error
    if KeptFiles.objects.filter(course=course, digest=files.digest).exists():
        return False
    KeptFiles.objects.update_or_create(
        course=course,
        defaults={
            "digest": files.digest,
            "archive": as_zip(files, top=course.slug),
            "file_count": len(files.files),
        },
    )
    return True


def as_zip(files: Submission, *, top: str) -> bytes:
    """A zip of the files in a folder called `top`, the same bytes every time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression=zipfile.ZIP_DEFLATED) as archive:
        for path, content in sorted(files.files.items()):
            entry = zipfile.ZipInfo(f"{top}/{path}", date_time=_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix: the mode counts
            entry.external_attr = (_PROGRAM_MODE if path in files.executable else _FILE_MODE) << 16
            archive.writestr(entry, content)
    return out.getvalue()


def kept_of(course: Course) -> KeptFiles:
    """The files kept with a course. Raises Conflict `no_course_files`."""
    kept = KeptFiles.objects.filter(course=course).first()
    if kept is None:
        raise Conflict(
            "no_course_files",
            f"No files are kept with {course.slug}: it was not made from a pack, or before packs were kept. Bring its "
            "pack in once more, and they are.",
        )
    return kept


def unpack(kept: KeptFiles, *, to: Path) -> list[str]:
    """Write the files to a folder, which is new or empty; returns their paths in it.

    Raises Conflict `folder_taken`; nothing that is there is changed. What cannot be written raises OSError.
    """
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise Conflict("folder_taken", f"{to} is there already, and nothing of it was changed: name a new folder.")
    written = []
    with zipfile.ZipFile(io.BytesIO(bytes(kept.archive))) as archive:
        for entry in archive.infolist():
            path = entry.filename.partition("/")[2]
            place = to / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(archive.read(entry))
            place.chmod((entry.external_attr >> 16) & 0o777)
            written.append(path)
    return written

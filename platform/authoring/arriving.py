"""Course files as they arrive: a zip or a commit becomes a safe set of files, and that a pack, with its problems named.

Nothing is written to disk but regular files under clean names, in a folder of their own that is gone afterwards.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from authoring.apart import load_apart
from authoring.packs import InvalidPack, Pack
from courses.errors import DrydockError
from graders.archive import Caps, Submission, SubmissionRefused
from graders.archive.limits import MIB
from graders.archive.paths import clean_path
from graders.authored import Problem
from graders.plan import COURSE_FILE

MOST_NAMED = 5
_FILE_MODE, _PROGRAM_MODE = 0o600, 0o700


def caps() -> Caps:
    """How much course files may hold."""
    size = int(settings.COURSE_IMPORT_MIB * MIB)
    return Caps(files=settings.COURSE_IMPORT_FILES, total_bytes=size, file_bytes=size, packed_bytes=size)


def refused(error: SubmissionRefused, field: str = "file") -> DrydockError:
    """The same reason as an error of a service."""
    return DrydockError(error.code.replace("-", "_"), error.message, status=422, fields={field: error.message})


def clean_folder(folder: str) -> str:
    """The folder within what arrives, as it is kept; empty for the top. Raises DrydockError."""
    try:
        return clean_path(folder.strip().strip("/"), Caps())
    except SubmissionRefused as error:
        raise refused(error, "folder") from error


def from_zip(data: bytes) -> Submission:
    """The files of a zip. Raises DrydockError with the code that says what is wrong with it."""
    try:
        return Submission.from_zip(data, caps=caps())
    except SubmissionRefused as error:
        raise refused(error) from error


def pack_files(files: Submission, folder: str, *, inside: str = "") -> Submission:
    """Of what arrived, the pack: what is in `folder`, or, where none is given, beside the only course.yaml on top.

    A folder around everything, as zips of repositories have, is taken away. `inside` says what the files are all that
    is in, to those who are told that there is no pack. Raises DrydockError (`no_course_file`).
    """
    places = sorted(
        path.removesuffix(COURSE_FILE).rstrip("/") for path in files.files if path.rpartition("/")[2] == COURSE_FILE
    )
    top = _wrapping(files)
    wanted = [f"{top}/{folder}", folder] if top and folder else [folder or top, ""]
    for place in wanted:
        if place in places and (place or not folder):
            return _within(files, place)
    raise DrydockError(
        "no_course_file", _where_else(folder or inside, [_from(top, place) for place in places]), status=422
    )


def _wrapping(files: Submission) -> str:
    """The one folder in which everything is; empty where there is more than one, or a file beside it."""
    tops = {path.partition("/")[0] if "/" in path else "" for path in files.files}
    return tops.pop() if len(tops) == 1 else ""


def _from(top: str, place: str) -> str:
    return place.removeprefix(f"{top}/") if top else place


def _within(files: Submission, place: str) -> Submission:
    if not place:
        return files
    inside = {path.removeprefix(f"{place}/"): path for path in files.files if path.startswith(f"{place}/")}
    return Submission.from_files(
        {short: files.files[path] for short, path in inside.items()},
        executable=[short for short, path in inside.items() if path in files.executable],
        caps=caps(),
    )


def _where_else(folder: str, places: list[str]) -> str:
    where = f"in the folder “{folder}”" if folder else "at the top"
    said = f"There is no {COURSE_FILE} {where}, so this is no course pack."
    named = [f"“{place}”" for place in places if place]
    if not named:
        return f"{said} A pack is a folder with one, and with banks, quizzes and labs beside it."
    more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
    return f"{said} Give the folder that has one: {', '.join(named[:MOST_NAMED])}{more}."


@contextmanager
def as_pack(files: Submission) -> Iterator[Pack]:
    """The pack in these files, for as long as the block lasts. Raises InvalidPack, its places relative to the pack, and
    DrydockError (`too_much_to_read`).
    """
    with tempfile.TemporaryDirectory(prefix="drydock-pack-") as made:
        folder = Path(made)
        for path, content in files.files.items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
            place.chmod(_PROGRAM_MODE if path in files.executable else _FILE_MODE)
        try:
            pack = load_apart(folder)
        except InvalidPack as error:
            raise InvalidPack([_relative(problem, folder) for problem in error.problems]) from None
        yield pack


def _relative(problem: Problem, folder: Path) -> Problem:
    before = f"{folder}/"
    file = problem.file.removeprefix(before) if problem.file != str(folder) else "."
    return Problem(file, problem.line, problem.column, problem.message.replace(before, "").replace(str(folder), "."))

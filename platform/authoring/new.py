"""Begins a course pack: a small course that can be checked, loaded and taken at once, to be written over."""

from pathlib import Path

from django.utils.text import slugify
from pydantic import TypeAdapter, ValidationError

from authoring import schemas
from authoring.specs import CourseName

TEMPLATE = Path(__file__).parent / "new_course"


class CannotBegin(Exception):
    """A pack cannot be begun there; the message says why, and what to do."""


def begin(folder: Path) -> list[str]:
    """Write a small course to this folder, which is new or empty; returns the files, relative to it.

    Beside it stand the schemas by which editors complete and check its files; each file names its own. The course's
    short name and title come from the folder's name. Raises CannotBegin; nothing that is there is changed.
    """
    slug = _name_of(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CannotBegin(f"{folder} is there already, and nothing of it was changed: take the name of a new folder.")
    words = {"@SLUG@": slug, "@TITLE@": slug.replace("-", " ").capitalize()}
    files = sorted(file for file in TEMPLATE.rglob("*") if file.is_file())
    try:
        for file in files:
            text = file.read_text(encoding="utf-8")
            for word, meant in words.items():
                text = text.replace(word, meant)
            place = folder / file.relative_to(TEMPLATE)
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.suffix == ".yaml":
                text = schemas.line_for(file.relative_to(TEMPLATE).as_posix()) + text
            place.write_text(text, encoding="utf-8")
        schemas.write(folder / schemas.FOLDER)
    except OSError as error:
        raise CannotBegin(f"{folder} cannot be written: {error.strerror}.") from error
    return [file.relative_to(TEMPLATE).as_posix() for file in files]


def _name_of(folder: Path) -> str:
    """The course's short name, from the folder's."""
    name = folder.resolve().name
    try:
        return TypeAdapter(CourseName).validate_python(slugify(name))
    except ValidationError as error:
        why = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise CannotBegin(f"A course is known by its folder's name, and for that `{name}` {why}.") from error

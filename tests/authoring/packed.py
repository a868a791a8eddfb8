"""Zips of course packs, as people and programs make them."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from django.core.files.uploadedfile import SimpleUploadedFile
from small_pack import FILES


def zipped(files: Mapping[str, str | bytes], *, top: str = "") -> bytes:
    """A zip with these files, all in the folder `top` where one is given."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(f"{top}/{path}" if top else path, content)
    return out.getvalue()


def a_zip(*, top: str = "", **changes: str | None) -> bytes:
    """A zip of the small pack; `changes` are as in `small_pack.a_pack`."""
    files: dict[str, str | None] = dict(FILES)
    for name, text in changes.items():
        files[name.replace("__", "/").replace("_yaml", ".yaml").replace("_md", ".md")] = text
    return zipped({path: text for path, text in files.items() if text is not None}, top=top)


def zip_of(folder: Path) -> bytes:
    """A zip of a folder."""
    return zipped({str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()})


def an_upload(content: bytes | None = None, *, name: str = "course.zip") -> SimpleUploadedFile:
    """The same, as a form sends it."""
    return SimpleUploadedFile(name, a_zip() if content is None else content, content_type="application/zip")

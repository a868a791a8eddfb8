"""Folders on disk: their regular files, links never followed."""

import os
import stat
from pathlib import Path

from graders.archive.basket import Basket
from graders.archive.limits import SubmissionRefused
from graders.archive.paths import shown


def read_folder(folder: Path, basket: Basket) -> None:
    """Put the files below a folder into the basket. Raises SubmissionRefused, also for what cannot be read."""
    try:
        _read(folder, folder, basket)
    except OSError as error:
        place = shown(str(error.filename or folder))
        raise SubmissionRefused("unreadable", f"{place} cannot be read: {error.strerror}.") from error


def _read(folder: Path, top: Path, basket: Basket) -> None:
    for entry in sorted(os.scandir(folder), key=lambda each: each.name):
        name = str(Path(entry.path).relative_to(top))
        path = basket.admit(name)
        if path is None:
            continue
        mode = entry.stat(follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode):
            _read(Path(entry.path), top, basket)
        elif stat.S_ISLNK(mode):
            raise SubmissionRefused("symlink", f"{shown(name)} is a symbolic link. Put the file itself there.")
        elif not stat.S_ISREG(mode):
            raise SubmissionRefused("special-file", f"{shown(name)} is a device, pipe or socket; only files are taken.")
        else:
            content = _content(entry.path, basket, name)
            basket.put(path, content, executable=bool(mode & 0o111))


def _content(place: str, basket: Basket, name: str) -> bytes:
    # Not through a link that took the file's place, and without waiting for a pipe that did.
    handle = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            raise SubmissionRefused("special-file", f"{shown(name)} is no regular file; only files are taken.")
        basket.refuse_size(name, facts.st_size)
        return file.read(basket.caps.file_bytes + 1)

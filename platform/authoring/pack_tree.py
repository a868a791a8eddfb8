"""Looks at what lies in a pack's folder before any of it is read: links, what is no file, what is too large, and what
nothing would ever read.
"""

import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from graders.authored import MAX_BYTES, Problem, did_you_mean
from graders.plan import COURSE_FILE, LAB_FILE

README = "README.md"
FOLDERS = ("banks", "quizzes", "labs")
_TOLD_OF = ("readme", "license", "licence", "notice", "changelog", "contributing", "authors")
"""Beginnings of names, in the pack's own folder, of files that are for those who keep the pack."""
_OF_A_LAB = (README, LAB_FILE, "mutants.yaml", "starter", "solutions")
_SIGNS = {"readme": README, "readme.md": README, "readme.markdown": README, "readme.txt": README, "lab.yml": LAB_FILE}
MOST_FILES = 20_000
MAX_STORY_BYTES = 1024 * 1024


def unsafe(folder: Path) -> Iterator[Problem]:
    """What must not be opened at all: links, which may lead out of the pack, pipes and devices, and far too much."""
    for count, place in enumerate(_below(folder), start=1):
        if count > MOST_FILES:
            yield Problem(str(folder), 1, 1, f"The pack holds more than {MOST_FILES} files; is this the right folder?")
            return
        kind = place.lstat()
        if stat.S_ISLNK(kind.st_mode):
            message = "This is a link. A pack has none: put the file itself here, so that it is there wherever it goes."
            yield Problem(str(place), 1, 1, message)
        elif not (stat.S_ISREG(kind.st_mode) or stat.S_ISDIR(kind.st_mode)):
            yield Problem(str(place), 1, 1, "This is neither a file nor a folder; take it out of the pack.")
        elif place.suffix == ".yaml" and _is_of_the_pack(place, folder) and kind.st_size > 4 * MAX_BYTES:
            message = f"The file is larger than {MAX_BYTES // 1024} KiB; part it into several."
            yield Problem(str(place), 1, 1, message)
        elif place.name == README and kind.st_size > MAX_STORY_BYTES:
            yield Problem(str(place), 1, 1, "The file is larger than 1 MiB, more than anybody reads.")


def _below(folder: Path) -> Iterator[Path]:
    """Everything in a folder, hidden things of the pack itself (such as .git) left out."""
    waiting = [folder]
    while waiting:
        for place in sorted(waiting.pop().iterdir()):
            if place.parent == folder and place.name.startswith("."):
                continue
            yield place
            if place.is_dir() and not place.is_symlink():
                waiting.append(place)


def _is_of_the_pack(place: Path, folder: Path) -> bool:
    """Whether the loader reads it: what learners start from, and what they hand in, is none of its files."""
    parts = place.relative_to(folder).parts
    return "starter" not in parts and ("solutions" not in parts or place.name == "expect.yaml")


def stray(folder: Path) -> Iterator[Problem]:
    """What nothing reads in the pack's own folder and in those of its labs, with what was probably meant."""
    known = (COURSE_FILE, *FOLDERS)
    for place in _shown(folder):
        is_told = place.is_file() and place.name.lower().startswith(_TOLD_OF)
        if place.name not in known and not is_told:
            yield _unread(place, known)
        elif place.name in FOLDERS and not place.is_dir():
            yield Problem(str(place), 1, 1, f"`{place.name}` is a folder in a pack, and this is a file.")
    for place in _shown(folder / "labs"):
        if not place.is_dir():
            message = "Nothing reads this file: each lab is a folder in here, with its lab.yaml."
            yield Problem(str(place), 1, 1, message)


def stray_in_lab(lab: Path, used: Iterable[str]) -> Iterator[Problem]:
    """What nothing reads in a lab's folder, where its plan uses these folders beside the usual ones."""
    known = (*_OF_A_LAB, *(name.partition("/")[0] for name in used))
    for place in _shown(lab):
        if place.name not in known:
            yield _unread(place, known)
    for place in _shown(lab / "solutions"):
        if not place.is_dir():
            message = "Nothing reads this file: each solution is a folder in here, named for what it is."
            yield Problem(str(place), 1, 1, message)


def _shown(folder: Path) -> Iterator[Path]:
    yield from sorted(place for place in folder.iterdir() if not place.name.startswith(".")) if folder.is_dir() else ()


def _unread(place: Path, known: Iterable[str]) -> Problem:
    meant = _SIGNS.get(place.name.lower())
    said = f"Did you mean `{meant}`?" if meant else did_you_mean(place.name, known)
    what = "folder" if place.is_dir() else "file"
    return Problem(str(place), 1, 1, f"Nothing reads this {what}. {said}")

"""Hostile course files: archives that lie, bombs, names that climb out, YAML that builds things: all are refused."""

import io
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import a_course, an_instructor_of
from django.core.files.storage import default_storage
from small_pack import BANK, COURSE

from authoring import calling, import_work
from authoring.bringing_in import bring_zip
from authoring.models import CourseImport, ImportState
from courses.models import Activity
from tests.authoring.packed import a_zip, an_upload, zipped

pytestmark = pytest.mark.django_db(transaction=True)

MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def _nobody_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "call_readers", lambda: None)


def with_member(name: str, content: bytes = b"x", *, mode: int = 0o100644) -> bytes:
    """The small pack with one more member, of any name and kind."""
    out = io.BytesIO(a_zip())
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo("placeholder")
        entry.filename = entry.orig_filename = name
        entry.create_system, entry.external_attr = 3, mode << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, content)
    return out.getvalue()


def doubled() -> bytes:
    with pytest.warns(UserWarning, match="Duplicate name"):
        return with_member("course.yaml", b"title: Another\n")


def understated() -> bytes:
    """A zip whose directory says that a file of a MiB has ten bytes."""
    packed = bytearray(with_member("labs/hello/starter/big", b"\0" * MIB))
    place = packed.rfind(b"PK\x01\x02")
    packed[place + 24 : place + 28] = struct.pack("<I", 10)
    return bytes(packed)


def nested() -> bytes:
    return zipped({"course.zip": a_zip()})


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "climbs out": (lambda: with_member("../../etc/cron.d/x"), "climbs out of its folder"),
    "climbs out in the Windows way": (lambda: with_member("..\\x"), "climbs out of its folder"),
    "is absolute": (lambda: with_member("/etc/passwd"), "is absolute"),
    "is on a drive": (lambda: with_member("C:/x"), "is absolute"),
    "is a link": (lambda: with_member("banks/x.yaml", b"/etc/passwd", mode=stat.S_IFLNK | 0o777), "is a symbolic link"),
    "is a device": (lambda: with_member("banks/x", mode=stat.S_IFCHR | 0o666), "is a device, pipe or socket"),
    "comes twice": (doubled, "are the same name"),
    "comes twice to some": (lambda: with_member("Course.yaml"), "are the same name"),
    "is a file and a folder": (lambda: with_member("course.yaml/x"), "are the same name"),
    "hides its direction": (lambda: with_member("banks/\u202elmay.x"), "invisible or control characters"),
    "is too deep": (lambda: with_member("/".join("abcdefghijklmnopqrstu")), "folders deep"),
    "is too long": (lambda: with_member("x" * 250), "shorten it"),
    "grows without end": (lambda: with_member("banks/x.yaml", b"\0" * (8 * MIB)), "grows more than"),
    "says less than it holds": (understated, "damaged"),
    "is too many": (
        lambda: zipped({f"banks/{n}.yaml": "" for n in range(700)} | {"course.yaml": COURSE}),
        "more than 600",
    ),
    "is no zip": (lambda: b"Rar!" + b"\0" * 100, "no zip archive but a RAR archive"),
    "is cut off": (lambda: a_zip()[:-30], "damaged"),
    "is a zip in a zip": (nested, "There is no course.yaml at the top"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_an_archive_that_attacks_is_refused_in_words_and_leaves_nothing(name: str, settings: Any) -> None:
    make, said = HOSTILE[name]
    settings.COURSE_IMPORT_FILES = 600
    course = a_course()
    made = brought(course, make())
    assert (made.state, Activity.objects.count()) == (ImportState.REFUSED, 0)
    assert said in made.why
    assert default_storage.listdir("imports")[1] == []


def brought(course: Any, content: bytes) -> CourseImport:
    made = bring_zip(by=an_instructor_of(course), course=course, upload=an_upload(content))
    import_work.work()
    made.refresh_from_db()
    return made


def test_files_that_are_too_much_together_are_refused(settings: Any) -> None:
    settings.COURSE_IMPORT_MIB = 0.2
    made = brought(a_course(), with_member("labs/hello/starter/x", bytes(range(256)) * 1000))
    assert made.state == ImportState.REFUSED
    assert "too large" in made.why


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system [touch /tmp/x]\n",
        "a: &a [x, x]\nb: [*a, *a]\n",
        "- id: x\n  <<: {kind: true_or_false}\n",
        "[" * 5000,
        "\x00\x01",
        "- " * 3000,
    ],
    ids=["builds an object", "doubles itself", "merges", "nests", "is no text", "nests lists"],
)
def test_yaml_that_does_more_than_say_things_is_refused_with_its_place(text: str) -> None:
    made = brought(a_course(), a_zip(banks__all_yaml=BANK, banks__worse_yaml=text))
    assert made.state == ImportState.REFUSED
    assert any(one["file"] == "banks/worse.yaml" and one["line"] >= 1 for one in made.problems), made.problems


def test_what_is_named_in_a_pack_is_never_looked_for_outside_of_it(tmp_path: Path) -> None:
    outside = tmp_path / "secret.yaml"
    outside.write_text("title: secret of the server\n")
    activities = f"activities:\n  - quiz: {str(outside).removesuffix('.yaml')}\n  - lab: ../../../etc\n"
    made = brought(a_course(), a_zip(course_yaml=COURSE.partition("activities:")[0] + activities))
    assert made.state == ImportState.REFUSED
    assert {one["file"] for one in made.problems} >= {"course.yaml"}
    assert "secret of the server" not in str(made.problems)

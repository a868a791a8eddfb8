"""Course files whose author means harm, or has bad luck: what they cost, and what becomes of it."""

import io
import time
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import a_course, a_user, an_instructor_of
from django.core.files.storage import default_storage
from django.utils import timezone
from small_pack import BANK, COURSE, FILES, LAB

from accounts.errors import DrydockError
from authoring import apart, calling, import_work
from authoring.bringing_in import bring_zip, confirm
from authoring.export import kept_of, unpack
from authoring.models import CourseImport, ImportState
from courses.models import Activity, Course
from quizzes.file_models import LooseBytes
from tests.authoring.packed import a_zip, an_upload

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _nobody_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "call_readers", lambda: None)


def brought(content: bytes, *, course: Course | None = None, **fields: Any) -> CourseImport:
    by = a_user(is_staff=True) if course is None else an_instructor_of(course)
    made = bring_zip(by=by, course=course, upload=an_upload(content), **fields)
    import_work.work()
    made.refresh_from_db()
    return made


def applied(made: CourseImport) -> CourseImport:
    confirm(by=made.by, course_import=made, seen=made.seen)
    import_work.work()
    made.refresh_from_db()
    return made


def test_a_program_in_a_zip_is_one_when_the_files_are_given_back(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, text in FILES.items():
            archive.writestr(path, text)
        entry = zipfile.ZipInfo("labs/hello/solutions/reference/start.sh")
        entry.create_system = 3
        entry.external_attr = 0o100755 << 16
        archive.writestr(entry, "#!/bin/sh\n")
    made = applied(brought(out.getvalue()))
    assert made.course is not None, made.why
    kept = kept_of(made.course)
    assert kept.digest == made.digest
    unpack(kept, to=tmp_path / "out")
    assert (tmp_path / "out/labs/hello/solutions/reference/start.sh").stat().st_mode & 0o111


def test_a_course_that_was_renamed_meanwhile_is_the_one_that_is_changed_and_no_other() -> None:
    course = a_course(slug="first")
    made = brought(a_zip(), course=course)
    Course.objects.filter(pk=course.pk).update(slug="second")
    other = a_course(slug="first")
    made = applied(made)
    if made.state == ImportState.SEEN:
        made = applied(made)
    assert made.state == ImportState.APPLIED, made.why
    assert not Activity.objects.filter(course=other).exists()
    assert Activity.objects.filter(course=course).count() == 2


def takes_for_ever(_: Path) -> None:
    time.sleep(600)


def takes_all_memory(_: Path) -> None:
    bytes(2 * apart.MOST_BYTES)


@pytest.mark.parametrize("costly", [takes_for_ever, takes_all_memory])
def test_files_that_take_for_ever_to_read_or_all_memory_cost_their_author_a_message(
    costly: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "load", costly)
    if costly is takes_for_ever:
        monkeypatch.setattr(apart, "MOST_SECONDS", 0.2)
    made = brought(a_zip())
    assert made.state == ImportState.REFUSED
    assert made.why.startswith("Reading these files takes more than")


def test_a_fault_of_ours_in_reading_is_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "load", lambda _: 1 / 0)
    made = brought(a_zip())
    assert made.state == ImportState.FAILED
    assert "division" not in made.why


def test_no_more_problems_are_kept_than_anybody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "MOST_PROBLEMS", 3)
    made = brought(a_zip(banks__all_yaml="[" + "a, " * 50 + "a]\n"))
    assert (made.state, len(made.problems)) == (ImportState.REFUSED, 3)


def test_a_difference_that_no_database_could_look_for_is_not_confirmed() -> None:
    made = brought(a_zip())
    with pytest.raises(DrydockError, match="another one by now"):
        confirm(by=made.by, course_import=made, seen="0\0" + "0" * 62)


def test_what_a_person_confirmed_whose_account_is_switched_off_is_not_applied() -> None:
    course = a_course()
    made = brought(a_zip(), course=course)
    confirm(by=made.by, course_import=made, seen=made.seen)
    made.by.is_active = False
    made.by.save()
    import_work.work()
    made.refresh_from_db()
    assert made.state == ImportState.REFUSED
    assert not course.activities.exists()


@pytest.mark.parametrize("escape", [r"\0", r"\ud800"])
@pytest.mark.parametrize("where", ["title", "kind", "key", "question", "tag"])
def test_what_no_database_takes_is_refused_with_its_place(escape: str, where: str) -> None:
    content = {
        "title": lambda: a_zip(course_yaml=COURSE.replace("Small course", f'"Small{escape} course"')),
        "kind": lambda: a_zip(labs__hello__lab_yaml=LAB.replace("kind: stdout", f'kind: "std{escape}out"')),
        "key": lambda: a_zip(course_yaml=COURSE + f'"a{escape}b": 1\n'),
        "tag": lambda: a_zip(course_yaml=COURSE.replace("title: ", "title: !a%00b ")),
        "question": lambda: a_zip(banks__all_yaml=BANK.replace("The last CMD wins.", f'"The last{escape} CMD wins."')),
    }[where]()
    made = brought(content)
    assert made.state == ImportState.REFUSED, made.why
    assert made.problems
    assert all("\0" not in str(one) and "\ud800" not in one["message"] for one in made.problems)


@pytest.mark.parametrize("name", ["labs__hello__README_md", "labs__hello__starter__Dockerfile"])
def test_a_nul_in_what_students_read_is_refused_with_its_line(name: str) -> None:
    made = brought(a_zip(**{name: "FROM busybox:1.35\n# hello\0\n"}))
    assert made.state == ImportState.REFUSED
    assert made.problems[0]["line"] == 2


@pytest.mark.parametrize("name", ["slug: small-course", "lab: hello", "quiz: start"])
def test_names_that_are_longer_than_a_course_can_keep_are_refused_with_their_place(name: str) -> None:
    made = brought(a_zip(course_yaml=COURSE.replace(name, f"{name}{'a' * 46}")))
    assert made.state == ImportState.REFUSED
    assert ("course.yaml", "must have at most 50 characters") in [
        (one["file"], one["message"].partition("` ")[2].partition(",")[0]) for one in made.problems
    ]


def test_a_lab_s_summary_is_kept_whole_as_far_as_its_file_may_say_it() -> None:
    summary = "long " * 99 + "end"
    made = applied(brought(a_zip(labs__hello__lab_yaml=LAB.replace("points: 4", f"points: 4\nsummary: {summary}"))))
    assert made.state == ImportState.APPLIED, made.why
    kept = Activity.objects.get(slug="hello")
    kept.full_clean()
    assert kept.summary == summary


def test_the_files_of_a_course_that_is_deleted_are_gone_from_the_storage() -> None:
    course = a_course()
    made = brought(a_zip(), course=course)
    assert default_storage.exists(made.stored)
    confirm(by=made.by, course_import=made, seen=made.seen)
    course.delete()
    import_work.work()
    assert not default_storage.exists(made.stored)
    assert not LooseBytes.objects.exists()


def test_how_long_it_waits_to_be_applied_is_counted_from_the_confirmation() -> None:
    made = brought(a_zip())
    CourseImport.objects.update(asked_at=timezone.now() - timedelta(hours=1))
    confirm(by=made.by, course_import=made, seen=made.seen)
    made.refresh_from_db()
    assert timezone.now() - made.waits_since < timedelta(minutes=30)

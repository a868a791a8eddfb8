"""What was brought in can be had back, file by file, and brought in again without a difference."""

import zipfile
from pathlib import Path

import pytest
from builders import a_course
from django.core.management import CommandError, call_command
from small_pack import BANK, a_pack

from authoring.export import keep_files, kept_of
from authoring.kept_models import KeptFiles
from authoring.packs import load
from authoring.sync import preview, sync
from courses.errors import DrydockError
from courses.models import Course

pytestmark = pytest.mark.django_db


def files_in(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_course_s_files_come_back_as_they_were_with_comments_and_solutions(tmp_path: Path) -> None:
    folder = a_pack(tmp_path / "pack", banks__all_yaml="# A comment that no table holds.\n" + BANK)
    sync(pack=load(folder))
    call_command("course", "export", "small-course", "--to", tmp_path / "back")
    assert files_in(tmp_path / "back") == files_in(folder)
    assert any("solutions" in path for path in files_in(tmp_path / "back"))
    assert preview(pack=load(tmp_path / "back")) == []


def test_the_newest_files_are_kept_also_where_no_table_changes(tmp_path: Path) -> None:
    sync(pack=load(a_pack(tmp_path / "pack")))
    before = kept_of(Course.objects.get()).digest
    commented = a_pack(tmp_path / "pack", banks__all_yaml=BANK + "# Checked in May.\n")
    assert [str(change) for change in sync(pack=load(commented))] == ["files: changed where students see nothing"]
    assert sync(pack=load(commented)) == []
    assert kept_of(Course.objects.get()).digest != before
    assert KeptFiles.objects.count() == 1


def test_what_may_be_executed_still_may(tmp_path: Path) -> None:
    folder = a_pack(tmp_path / "pack")
    program = next(folder.rglob("Dockerfile"))
    program.chmod(0o755)
    sync(pack=load(folder))
    call_command("course", "export", "small-course", "--to", tmp_path / "back")
    assert (tmp_path / "back" / program.relative_to(folder)).stat().st_mode & 0o777 == 0o755


def test_a_zip_holds_the_course_in_a_folder_of_its_name_and_is_the_same_every_time(tmp_path: Path) -> None:
    folder = a_pack(tmp_path / "pack")
    sync(pack=load(folder))
    for name in ("one.zip", "two.zip"):
        KeptFiles.objects.all().delete()
        keep_files(course=Course.objects.get(), folder=folder)
        call_command("course", "export", "small-course", "--to", tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as zipped:
        found = {entry.removeprefix("small-course/"): zipped.read(entry) for entry in zipped.namelist()}
    assert found == files_in(folder)


def test_looking_keeps_nothing(tmp_path: Path) -> None:
    sync(pack=load(a_pack(tmp_path / "pack")))
    before = kept_of(Course.objects.get()).digest
    preview(pack=load(a_pack(tmp_path / "pack", banks__all_yaml=BANK + "# Other.\n")))
    assert kept_of(Course.objects.get()).digest == before


@pytest.mark.parametrize("name", ["taken", "taken.zip"])
def test_nothing_that_is_there_is_written_over(tmp_path: Path, name: str) -> None:
    sync(pack=load(a_pack(tmp_path / "pack")))
    taken = tmp_path / name
    if taken.suffix:
        taken.write_text("mine")
    else:
        taken.mkdir()
        (taken / "mine.txt").write_text("mine")
    with pytest.raises(CommandError, match=r"is there already, and .*not"):
        call_command("course", "export", "small-course", "--to", taken)
    assert (taken if taken.suffix else taken / "mine.txt").read_text() == "mine"


def test_a_course_whose_files_are_not_kept_says_how_to_have_them_kept() -> None:
    course = a_course(slug="by-hand")
    with pytest.raises(DrydockError, match="Bring its pack in once more") as refused:
        kept_of(course)
    assert refused.value.code == "no_course_files"
    with pytest.raises(CommandError, match="No files are kept with by-hand"):
        call_command("course", "export", "by-hand")


def test_a_name_that_no_course_has_is_told_with_what_was_meant() -> None:
    a_course(slug="small-course")
    with pytest.raises(CommandError, match=r"no course `smal-course`. Did you mean `small-course`\?"):
        call_command("course", "export", "smal-course")


def test_links_are_refused_before_anything_is_changed(tmp_path: Path) -> None:
    folder = a_pack(tmp_path / "pack")
    pack = load(folder)
    (folder / "labs/hello/solutions/reference/link").symlink_to("/etc/passwd")
    with pytest.raises(DrydockError) as refused:
        sync(pack=pack)
    assert refused.value.code == "pack_not_kept"
    assert not Course.objects.exists()

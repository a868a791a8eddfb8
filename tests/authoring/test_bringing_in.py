"""Course files brought by zip: read, seen, confirmed by who saw them, applied once, and only as they were seen."""

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import a_course, a_lab, a_member, a_user, an_instructor_of
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone
from small_pack import BANK, COURSE, LAB, a_pack

from accounts.errors import DrydockError
from accounts.models import User
from authoring import bringing_in, calling, import_work
from authoring.bringing_in import bring_zip, confirm, drop
from authoring.models import CourseImport, ImportState
from authoring.packs import load
from authoring.sync import preview, sync
from courses.models import Activity, AuditEntry, Course, Membership, Role
from labs.models import Lab
from quizzes.file_models import LooseBytes
from tests.authoring.packed import a_zip, an_upload, zipped

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _nobody_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "call_readers", lambda: None)


def staff() -> User:
    return a_user(is_staff=True)


def brought(by: User, course: Course | None, content: bytes | None = None, **fields: Any) -> CourseImport:
    """Files that were brought and read."""
    made = bring_zip(by=by, course=course, upload=an_upload(content), **fields)
    import_work.work()
    made.refresh_from_db()
    return made


def applied(made: CourseImport) -> CourseImport:
    confirm(by=made.by, course_import=made, seen=made.seen)
    import_work.work()
    made.refresh_from_db()
    return made


def lines(made: CourseImport) -> list[str]:
    return [f"{change['what']}: {change['how']}" for change in made.changes]


def stored_files() -> list[str]:
    try:
        return default_storage.listdir("imports")[1]
    except FileNotFoundError:
        return []


def code_of(caught: "pytest.ExceptionInfo[DrydockError]") -> str:
    return caught.value.code


def test_the_difference_is_what_course_sync_would_print_and_nothing_is_changed_by_looking(tmp_path: Path) -> None:
    made = brought(staff(), None)
    assert made.state == ImportState.SEEN, made.why
    assert lines(made) == [str(change) for change in preview(pack=load(a_pack(tmp_path / "pack")))]
    assert not Course.objects.exists()
    assert len(stored_files()) == 1


def test_a_new_course_belongs_to_who_confirmed_it() -> None:
    author = staff()
    made = applied(brought(author, None, publish_new=True))
    assert made.state == ImportState.APPLIED, made.why
    course = Course.objects.get(slug="small-course")
    assert made.course == course
    assert Membership.objects.get(course=course).role == Role.INSTRUCTOR
    assert [one.slug for one in Activity.objects.filter(course=course, published=True)] == ["start", "hello"]
    assert stored_files() == []
    assert not LooseBytes.objects.exists()


def test_what_is_applied_is_in_the_audit_log_with_its_digest_and_its_changes() -> None:
    made = applied(brought(staff(), None))
    entry = AuditEntry.objects.get()
    assert entry.action == "course_files_applied"
    assert entry.summary == f"Course files from course.zip: 4 changes. Files {made.digest[:12]}."
    assert entry.detail["digest"] == made.digest
    assert entry.detail["changes"] == lines(made)


def test_the_same_files_again_change_nothing() -> None:
    first = applied(brought(staff(), None))
    again = brought(first.by, first.course)
    assert again.state == ImportState.SAME
    assert again.changes == []
    assert again.digest == first.digest
    assert stored_files() == []


def test_work_that_was_handed_in_keeps_its_version() -> None:
    first = applied(brought(staff(), None))
    lab = Lab.objects.get()
    before = lab.current_version
    made = brought(
        first.by, first.course, a_zip(labs__hello__lab_yaml=LAB.replace("contains: hello", "contains: hello there"))
    )
    assert lines(made) == ["lab hello: new version"]
    assert made.unchanged == {"questions": 2, "quizzes": 1, "labs": 0}
    applied(made)
    lab.refresh_from_db()
    assert lab.current_version != before
    assert set(lab.versions.all()) == {before, lab.current_version}


def test_what_is_there_no_longer_is_named_and_every_question_with_it() -> None:
    first = applied(brought(staff(), None))
    fewer = BANK.partition("- id: cmd-wins")[0]
    made = brought(
        first.by,
        first.course,
        a_zip(banks__all_yaml=fewer, quizzes__start_yaml="title: Start here\nitems: [what-is-docker]\n"),
    )
    gone = [change for change in made.changes if change["sort"] == "gone"]
    assert [(one["what"], one["names"]) for one in gone] == [("1 question", ["cmd-wins"])]
    assert made.unchanged == {"questions": 1, "quizzes": 0, "labs": 1}


def test_every_problem_is_told_with_its_place_in_the_pack_and_nothing_is_kept() -> None:
    wrong = a_zip(
        top="course-main",
        banks__all_yaml=BANK.replace("docker.what]", "docker.waht]"),
        labs__hello__lab_yaml=LAB.replace("points: 4", "points: many"),
    )
    made = brought(staff(), None, wrong)
    assert made.state == ImportState.REFUSED
    places = [(one["file"], one["line"], one["column"]) for one in made.problems]
    assert ("banks/all.yaml", 2, 12) in places
    assert ("labs/hello/lab.yaml", 3, 1) in places
    assert all("drydock-pack" not in one["message"] for one in made.problems)
    assert stored_files() == []
    assert not Course.objects.exists()


def test_a_course_that_changed_meanwhile_is_not_touched_and_the_new_difference_is_shown() -> None:
    first = applied(brought(staff(), None))
    other = a_member(first.course, role=Role.INSTRUCTOR)  # type: ignore[arg-type] # applied, so it has one
    mine = brought(first.by, first.course, a_zip(labs__hello__README_md="Another story.\n"))
    theirs = brought(other, first.course, a_zip(labs__hello__README_md="Their story.\n"))
    assert lines(mine) == lines(theirs) == ["lab hello: new version"]
    applied(theirs)
    seen_before = mine.seen
    mine = applied(mine)
    assert mine.state == ImportState.SEEN
    assert mine.changed_meanwhile
    assert mine.seen != seen_before
    assert Lab.objects.get().current_version.readme == "Their story.\n"  # type: ignore[union-attr]
    assert applied(mine).state == ImportState.APPLIED
    assert Lab.objects.get().current_version.readme == "Another story.\n"  # type: ignore[union-attr]


def test_of_two_confirmations_one_counts_and_it_is_applied_once() -> None:
    made = brought(staff(), None)
    confirm(by=made.by, course_import=made, seen=made.seen)
    with pytest.raises(DrydockError, match="confirmed already") as caught:
        confirm(by=made.by, course_import=made, seen=made.seen)
    assert code_of(caught) == "not_to_confirm"
    claim = import_work.claim_next()
    assert claim is not None
    assert import_work.claim_next() is None
    import_work.carry_out(claim)
    import_work.carry_out(claim)
    assert AuditEntry.objects.count() == 1


def test_of_confirmations_at_the_same_moment_one_counts() -> None:
    made = brought(staff(), None)
    together = threading.Barrier(4)
    codes: list[str] = []

    def confirm_it() -> None:
        try:
            together.wait()
            confirm(by=made.by, course_import=CourseImport.objects.get(pk=made.pk), seen=made.seen)
            codes.append("confirmed")
        except DrydockError as error:
            codes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=confirm_it) for _ in range(together.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == ["confirmed", *["not_to_confirm"] * 3]
    import_work.work()
    assert AuditEntry.objects.count() == 1


def test_of_imports_of_two_people_applied_at_the_same_moment_the_second_is_shown_the_new_difference() -> None:
    first = applied(brought(staff(), None))
    other = a_member(first.course, role=Role.INSTRUCTOR)  # type: ignore[arg-type] # applied, so it has one
    both = [
        brought(by, first.course, a_zip(labs__hello__README_md=f"A story of {by.pk}.\n")) for by in (first.by, other)
    ]
    for one in both:
        confirm(by=one.by, course_import=one, seen=one.seen)
    claims = [import_work.claim_next(), import_work.claim_next()]
    together = threading.Barrier(2)

    def carry_out(claim: import_work.Claim) -> None:
        try:
            together.wait()
            import_work.carry_out(claim)
        finally:
            connection.close()

    threads = [threading.Thread(target=carry_out, args=(claim,)) for claim in claims]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in both:
        one.refresh_from_db()
    assert sorted(one.state for one in both) == [ImportState.APPLIED, ImportState.SEEN]
    assert [one.changed_meanwhile for one in both if one.state == ImportState.SEEN] == [True]


def test_two_workers_that_both_believe_to_hold_it_apply_it_once() -> None:
    made = brought(staff(), None)
    confirm(by=made.by, course_import=made, seen=made.seen)
    lost = import_work.claim_next()
    assert lost is not None
    import_work.sweep(timezone.now() + import_work.LEASE + timedelta(seconds=1))
    import_work.work()
    import_work.carry_out(lost)
    made.refresh_from_db()
    assert made.state == ImportState.APPLIED
    assert AuditEntry.objects.count() == 1


def test_a_difference_that_was_not_seen_is_not_confirmed() -> None:
    made = brought(staff(), None)
    for seen in ("", "0" * 64):
        with pytest.raises(DrydockError, match="another one by now") as caught:
            confirm(by=made.by, course_import=made, seen=seen)
        assert code_of(caught) == "not_to_confirm"
    made.refresh_from_db()
    assert made.state == ImportState.SEEN


def test_files_that_are_not_the_ones_that_were_seen_are_not_applied() -> None:
    made = brought(staff(), None)
    default_storage.delete(made.stored)
    with default_storage.open(made.stored, "wb") as file:
        other = import_work.Submission.from_files({"course.yaml": COURSE.encode()})
        file.write(other.tar())
    made = applied(made)
    assert made.state == ImportState.REFUSED
    assert "not the ones that were seen" in made.why
    assert not Course.objects.exists()


def test_only_who_brought_the_files_confirms_or_drops_them() -> None:
    course = a_course()
    made = brought(an_instructor_of(course), course, a_zip())
    colleague = a_member(course, role=Role.INSTRUCTOR)
    for act in (
        lambda: confirm(by=colleague, course_import=made, seen=made.seen),
        lambda: drop(by=colleague, course_import=made),
    ):
        with pytest.raises(DrydockError) as caught:
            act()
        assert code_of(caught) == "not_your_import"


@pytest.mark.parametrize("role", [Role.STUDENT, Role.ASSISTANT, None])
def test_nobody_but_instructors_brings_files_into_a_course(role: Role | None) -> None:
    course = a_course()
    person = a_user(is_staff=True) if role is None else a_member(course, role=role)
    with pytest.raises(DrydockError) as caught:
        bring_zip(by=person, course=course, upload=an_upload())
    assert code_of(caught) == "not_course_staff"
    assert not CourseImport.objects.exists()


def test_new_courses_are_for_staff_of_the_site() -> None:
    with pytest.raises(DrydockError) as caught:
        bring_zip(by=an_instructor_of(a_course()), course=None, upload=an_upload())
    assert code_of(caught) == "not_site_staff"


def test_who_no_longer_teaches_when_it_is_applied_changes_nothing() -> None:
    course = a_course()
    teacher = an_instructor_of(course)
    made = brought(teacher, course)
    confirm(by=teacher, course_import=made, seen=made.seen)
    Membership.objects.filter(user=teacher).update(active=False)
    import_work.work()
    made.refresh_from_db()
    assert (made.state, Activity.objects.count()) == (ImportState.REFUSED, 0)
    assert "Only those who teach this course" in made.why


def test_a_name_that_is_taken_makes_no_new_course_and_changes_no_other() -> None:
    taken = a_course(slug="small-course")
    made = brought(staff(), None)
    assert made.state == ImportState.REFUSED
    assert "There is a course “small-course” already" in made.why
    other = brought(staff(), None, slug="another-name")
    assert applied(other).course != taken
    assert Course.objects.filter(slug="another-name").exists()
    assert not taken.activities.exists()


def test_a_name_that_is_taken_before_it_is_applied_changes_no_other_course() -> None:
    made = brought(staff(), None)
    taken = a_course(slug="small-course")
    made = applied(made)
    assert made.state == ImportState.REFUSED
    assert not taken.activities.exists()


def test_a_quiz_that_is_a_lab_in_the_course_is_refused_in_words() -> None:
    course = a_course()
    a_lab(course, slug="start")
    made = brought(an_instructor_of(course), course)
    assert made.state == ImportState.REFUSED
    assert "“start” is a lab in the course and a quiz in the pack" in made.why


def test_newer_files_take_the_place_of_those_nobody_confirmed() -> None:
    course = a_course()
    teacher = an_instructor_of(course)
    first, second = brought(teacher, course), brought(teacher, course)
    first.refresh_from_db()
    assert (first.state, second.state) == (ImportState.DROPPED, ImportState.SEEN)
    assert len(stored_files()) == 1
    with pytest.raises(DrydockError, match="cannot be confirmed any more"):
        confirm(by=teacher, course_import=first, seen=first.seen)


def test_what_is_thrown_away_is_gone_from_the_storage() -> None:
    made = brought(staff(), None)
    drop(by=made.by, course_import=made)
    made.refresh_from_db()
    assert (made.state, stored_files()) == (ImportState.DROPPED, [])
    with pytest.raises(DrydockError) as caught:
        drop(by=made.by, course_import=made)
    assert code_of(caught) == "not_to_drop"


def test_what_nobody_confirms_in_time_expires() -> None:
    made = brought(staff(), None)
    assert import_work.sweep(timezone.now() + timedelta(hours=25)) == 1
    made.refresh_from_db()
    assert (made.state, stored_files()) == (ImportState.EXPIRED, [])


def test_a_lost_worker_costs_time_and_after_two_of_them_it_is_told_that_it_failed() -> None:
    made = bring_zip(by=staff(), course=None, upload=an_upload())
    later = timezone.now()
    for _ in range(import_work.MOST_TRIES):
        assert import_work.claim_next(later) is not None
        later += import_work.LEASE + timedelta(seconds=1)
        import_work.sweep(later)
    made.refresh_from_db()
    assert (made.state, stored_files()) == (ImportState.FAILED, [])


def test_trouble_on_our_side_is_told_and_kept_with_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("a secret of the platform")

    monkeypatch.setattr(import_work, "preview", broken)
    made = brought(staff(), None)
    assert made.state == ImportState.FAILED
    assert "secret" not in made.why


def test_an_upload_that_is_empty_or_too_large_is_refused_before_it_is_kept(settings: Any) -> None:
    settings.COURSE_IMPORT_MIB = 0.001
    for content, code in ((b"", "empty"), (b"x" * 1100, "too_large")):
        with pytest.raises(DrydockError) as caught:
            bring_zip(by=staff(), course=None, upload=an_upload(content))
        assert code_of(caught) == code
    assert not CourseImport.objects.exists()


def test_the_pack_is_found_in_the_folder_that_is_named_and_below_the_one_around_everything() -> None:
    inside = a_zip(top="repository-main/packs/small")
    assert brought(staff(), None, inside, folder="packs/small").state == ImportState.SEEN
    assert brought(staff(), None, inside, folder="repository-main/packs/small/").state == ImportState.SEEN
    made = brought(staff(), None, inside)
    assert made.state == ImportState.REFUSED
    assert "Give the folder that has one: “packs/small”." in made.why
    assert brought(staff(), None, inside, folder="packs/other").why.startswith("There is no course.yaml in the folder")
    assert "A pack is a folder with one" in brought(staff(), None, zipped({"a.txt": "x"})).why


def test_a_folder_that_climbs_out_is_refused() -> None:
    with pytest.raises(DrydockError) as caught:
        bring_zip(by=staff(), course=None, upload=an_upload(), folder="../../etc")
    assert code_of(caught) == "zip_slip"


def test_syncing_by_command_between_look_and_confirmation_counts_as_a_change(tmp_path: Path) -> None:
    author = staff()
    made = brought(author, None)
    sync(pack=load(a_pack(tmp_path / "pack")))
    Membership.objects.create(course=Course.objects.get(), user=author, role=Role.INSTRUCTOR)
    again = brought(author, Course.objects.get(), a_zip(course_yaml=COURSE.replace("Small course", "Smaller")))
    a_pack(tmp_path / "pack", course_yaml=COURSE.replace("Small course", "Smallest"))
    sync(pack=load(tmp_path / "pack"))
    assert applied(again).changed_meanwhile
    assert applied(made).state == ImportState.REFUSED
    assert bringing_in.CourseImport.objects.count() == 2

"""Course files in the browser: brought, the difference shown, confirmed, and what is refused said in words."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from builders import a_course, a_member, a_user, an_instructor_of
from django.test import Client
from django.urls import reverse
from small_pack import BANK, COURSE, LAB, a_pack

from accounts.models import User
from authoring import calling, import_work
from authoring.models import CourseImport, ImportState
from authoring.packs import load
from authoring.sync import sync
from courses.models import Activity, Course, Role
from tests.authoring.packed import a_zip, an_upload

pytestmark = pytest.mark.django_db(transaction=True)

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def _nobody_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "call_readers", lambda: None)


@pytest.fixture
def course() -> Course:
    return a_course(title="Containers")


def a_client(user: User, **options: Any) -> Client:
    client = Client(**options)
    client.force_login(user)
    return client


@pytest.fixture
def instructor(course: Course) -> Client:
    return a_client(an_instructor_of(course))


def files_of(course: Course) -> str:
    return reverse("portal:teach-files", args=[course.slug])


def text_of(response: Any) -> str:
    return str(response.content.decode())


def upload(client: Client, address: str, content: bytes | None = None, **fields: str) -> Any:
    sent = {f"zip-{name}": value for name, value in fields.items()}
    return client.post(address, {"from": "zip", "zip-file": an_upload(content), **sent}, follow=True)


def test_the_way_from_the_zip_to_the_course(instructor: Client, course: Course) -> None:
    page = text_of(upload(instructor, files_of(course), publish_new="on"))
    assert "The files are being read" in page
    assert "data-import-live" in page
    import_work.work()
    made = CourseImport.objects.get()
    here = reverse("portal:teach-files-import", args=[course.slug, made.pk])
    page = text_of(instructor.get(here))
    assert "quiz start: new" in page
    assert "2 questions: added: cmd-wins, what-is-docker" in page
    assert "Is this the right pack?" in page
    assert "data-import-live" not in page
    page = text_of(instructor.post(here, {"do": "confirm", "seen": made.seen}, follow=True))
    assert "The changes are being applied" in page
    import_work.work()
    page = text_of(instructor.get(here))
    assert "Done: 4 changes are made" in page
    assert set(Activity.objects.filter(course=course, published=True).values_list("slug", flat=True)) == {
        "start",
        "hello",
    }
    listed = text_of(instructor.get(files_of(course)))
    assert "course.zip" in listed
    assert made.digest[:12] in listed
    log = text_of(instructor.get(reverse("portal:teach-audit", args=[course.slug])))
    assert "Course files from course.zip: 4 changes" in log


def test_a_new_course_is_made_by_staff_who_then_teach_it() -> None:
    staff = a_client(a_user(is_staff=True))
    assert reverse("portal:new-course") in text_of(staff.get(reverse("portal:teaching")))
    upload(staff, reverse("portal:new-course"))
    import_work.work()
    made = CourseImport.objects.get()
    here = reverse("portal:new-course-import", args=[made.pk])
    page = text_of(staff.get(here))
    assert "course small-course: new" in page
    assert "Make the course" in page
    staff.post(here, {"do": "confirm", "seen": made.seen})
    import_work.work()
    response = staff.get(here, follow=True)
    assert response.redirect_chain[-1][0] == reverse("portal:teach-files-import", args=["small-course", made.pk])
    assert "Done: 4 changes are made" in text_of(response)
    assert staff.get(reverse("portal:teach", args=["small-course"])).status_code == 200


def test_errors_are_shown_with_file_line_and_column_and_nothing_in_them_acts(
    instructor: Client, course: Course
) -> None:
    wrong = a_zip(
        banks__all_yaml=BANK.replace("docker.what]", f'"{HOSTILE}"]'),
        labs__hello__lab_yaml=LAB.replace("points: 4", "points: many"),
    )
    upload(instructor, files_of(course), wrong)
    import_work.work()
    page = text_of(
        instructor.get(reverse("portal:teach-files-import", args=[course.slug, CourseImport.objects.get().pk]))
    )
    assert "things are wrong in the files" in page
    assert "banks/all.yaml:2:12</code>" in page
    assert "labs/hello/lab.yaml:3:1</code>" in page
    assert HOSTILE not in page
    assert 'value="confirm"' not in page
    assert not Activity.objects.filter(course=course).exists()


def test_the_panel_alone_is_given_to_scripts_and_not_kept_by_anybody(instructor: Client, course: Course) -> None:
    upload(instructor, files_of(course))
    here = reverse("portal:teach-files-import", args=[course.slug, CourseImport.objects.get().pk])
    response = instructor.get(here, {"part": "1"})
    assert "<html" not in text_of(response)
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"from": "zip"}, "Choose the zip of a pack."),
        ({"from": "zip", "zip-folder": "../up", "zip-file": "…"}, "climbs out of its folder"),
        ({"from": "git"}, "Write the address of the repository."),
        ({"from": "git", "git-url": "http://git.example.org/x"}, "Only addresses that begin with https://"),
        ({"from": "git", "git-url": "https://me:secret@git.example.org/x"}, "Leave names, passwords and tokens out"),
        (
            {"from": "git", "git-url": "https://git.example.org/x", "git-ref": "--upload-pack=x"},
            "This cannot be the name",
        ),
        ({"from": "git", "git-url": "https://git.example.org:22/x"}, "by the usual port of https only"),
    ],
)
def test_what_cannot_be_taken_is_said_at_once_beside_the_field(
    instructor: Client, course: Course, fields: dict[str, Any], said: str
) -> None:
    if "zip-file" in fields:
        fields = fields | {"zip-file": an_upload()}
    response = instructor.post(files_of(course), fields)
    assert response.status_code == 422
    assert said in text_of(response)
    assert not CourseImport.objects.exists()


def test_what_is_too_long_is_not_read_at_all(instructor: Client, course: Course, settings: Any) -> None:
    settings.COURSE_IMPORT_MIB = 0.1
    response = upload(instructor, files_of(course), b"x" * 1_400_000)
    assert response.status_code == 413
    assert "nothing of it was read" in text_of(response)


def test_a_form_without_its_token_changes_nothing(course: Course) -> None:
    client = a_client(an_instructor_of(course), enforce_csrf_checks=True)
    assert upload(client, files_of(course)).status_code == 403
    assert not CourseImport.objects.exists()
    made = CourseImport.objects.create(
        course=course, by=an_instructor_of(course), source="zip", name="x", seen="s", state="seen",
        expires_at="2999-01-01T00:00Z",
    )  # fmt: skip
    here = reverse("portal:teach-files-import", args=[course.slug, made.pk])
    assert client.post(here, {"do": "confirm", "seen": "s"}).status_code == 403
    staff = a_client(a_user(is_staff=True), enforce_csrf_checks=True)
    assert upload(staff, reverse("portal:new-course")).status_code == 403
    made.refresh_from_db()
    assert made.state == ImportState.SEEN


def test_assistants_see_what_was_brought_and_bring_nothing(course: Course) -> None:
    assistant = a_client(a_member(course, role=Role.ASSISTANT))
    page = text_of(assistant.get(files_of(course)))
    assert "Those who teach the course bring its files in" in page
    assert 'type="file"' not in page
    assert upload(assistant, files_of(course)).status_code == 403
    assert not CourseImport.objects.exists()


def test_a_colleague_sees_the_difference_and_is_told_who_can_apply_it(instructor: Client, course: Course) -> None:
    upload(instructor, files_of(course))
    import_work.work()
    made = CourseImport.objects.get()
    here = reverse("portal:teach-files-import", args=[course.slug, made.pk])
    colleague = a_client(a_member(course, role=Role.INSTRUCTOR))
    page = text_of(colleague.get(here))
    assert "quiz start: new" in page
    assert 'value="confirm"' not in page
    page = text_of(colleague.post(here, {"do": "confirm", "seen": made.seen}, follow=True))
    assert "Only who brought these files can confirm them" in page
    made.refresh_from_db()
    assert made.state == ImportState.SEEN


def test_an_import_of_another_course_is_not_reached_through_ones_own(instructor: Client, course: Course) -> None:
    other = a_course()
    upload(a_client(an_instructor_of(other)), files_of(other))
    foreign = CourseImport.objects.get()
    assert instructor.get(reverse("portal:teach-files-import", args=[course.slug, foreign.pk])).status_code == 404


def test_the_second_of_two_confirmations_is_told_that_it_counts_once(instructor: Client, course: Course) -> None:
    upload(instructor, files_of(course))
    import_work.work()
    made = CourseImport.objects.get()
    here = reverse("portal:teach-files-import", args=[course.slug, made.pk])
    instructor.post(here, {"do": "confirm", "seen": made.seen})
    page = text_of(instructor.post(here, {"do": "confirm", "seen": made.seen}, follow=True))
    assert "This was confirmed already. It is applied once." in page
    page = text_of(instructor.post(here, {"do": "drop"}, follow=True))
    assert "nothing is thrown away" in page


def test_files_are_thrown_away_when_asked(instructor: Client, course: Course) -> None:
    upload(instructor, files_of(course))
    import_work.work()
    here = reverse("portal:teach-files-import", args=[course.slug, CourseImport.objects.get().pk])
    page = text_of(instructor.post(here, {"do": "drop"}, follow=True))
    assert "Thrown away: nothing was changed" in page


def test_a_course_without_content_says_where_to_bring_it_in(instructor: Client, course: Course) -> None:
    assert "Bring course files in" in text_of(instructor.get(reverse("portal:teach", args=[course.slug])))


def test_instructors_get_the_files_back_as_they_were_brought_in(
    instructor: Client, course: Course, tmp_path: Path
) -> None:
    address = reverse("portal:teach-files-zip", args=[course.slug])
    assert address not in text_of(instructor.get(files_of(course)))
    missing = instructor.get(address)
    assert missing.status_code == 409
    assert "Bring its pack in once more" in text_of(missing)
    sync(pack=load(a_pack(tmp_path)), slug=course.slug)
    assert address in text_of(instructor.get(files_of(course)))
    with zipfile.ZipFile(io.BytesIO(instructor.get(address).content)) as zipped:
        assert zipped.read(f"{course.slug}/course.yaml").decode() == COURSE


def test_assistants_do_not_get_keys_and_solutions(course: Course) -> None:
    assistant = a_client(a_member(course, role=Role.ASSISTANT))
    assert assistant.get(reverse("portal:teach-files-zip", args=[course.slug])).status_code == 403

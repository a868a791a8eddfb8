"""Course files in a real browser: upload, difference, confirmation, and what students see; errors with their places."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from browser import PHONE, Opened, scrolls_sideways, serious_faults
from builders import a_course, a_member, a_user, an_instructor_of
from django.conf import settings
from django.db import connection
from django.urls import reverse
from playwright.sync_api import Page, expect
from small_pack import BANK, LAB

from authoring import calling, import_work
from authoring.models import CourseImport
from courses.models import Course
from tests.authoring.packed import a_zip

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _nobody_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "call_readers", lambda: None)


@pytest.fixture
def course() -> Course:
    return a_course(title="Containers, week 7")


@contextmanager
def a_reader() -> Iterator[None]:
    """The worker that reads course files, for as long as the block lasts."""
    done = threading.Event()

    def work() -> None:
        try:
            while not done.wait(0.1):
                import_work.work()
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def files_of(course: Course) -> str:
    return reverse("portal:teach-files", args=[course.slug])


def upload(page: Page, content: bytes, *, publish: bool = False) -> None:
    page.set_input_files("#id_zip-file", {"name": "course.zip", "mimeType": "application/zip", "buffer": content})
    if publish:
        page.locator("#id_zip-publish_new").check()
    page.get_by_role("button", name="Show what would change").first.click()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_from_the_zip_to_what_students_see(signed_in: Opened, course: Course, scripts: bool) -> None:
    student = a_member(course)
    page = signed_in(an_instructor_of(course), scripts=scripts)
    page.goto(files_of(course))
    upload(page, a_zip(top="course-main"), publish=True)
    expect(page.get_by_text("The files are being read")).to_be_visible()
    with a_reader():
        shown = page.get_by_role("heading", name="What would change")
        _until(page, shown.is_visible, scripts=scripts)
        expect(page.get_by_text("quiz start: new")).to_be_visible()
        expect(page.get_by_text("2 questions: added: cmd-wins, what-is-docker")).to_be_visible()
        page.get_by_role("button", name="Apply 4 changes").click()
        _until(page, page.get_by_text("Done: 4 changes are made").is_visible, scripts=scripts)
    theirs = signed_in(student)
    theirs.goto(reverse("portal:course", args=[course.slug]))
    expect(theirs.get_by_role("link", name="Start here", exact=True)).to_be_visible()
    expect(theirs.get_by_role("link", name="Say hello", exact=True)).to_be_visible()


def _until(page: Page, is_so: object, *, scripts: bool) -> None:
    """Wait until the page shows it: by itself with scripts, by its link without."""
    assert callable(is_so)
    for _ in range(150):
        if is_so():
            return
        if not scripts and page.get_by_role("link", name="Look again").is_visible():
            page.get_by_role("link", name="Look again").click()
        page.wait_for_timeout(200)
    pytest.fail(f"It is not shown: {page.locator('#import').inner_text()}")


def test_a_pack_with_errors_shows_the_place_of_each(signed_in: Opened, course: Course) -> None:
    page = signed_in(an_instructor_of(course))
    page.goto(files_of(course))
    upload(page, a_wrong_zip())
    with a_reader():
        expect(page.get_by_text("things are wrong in the files")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("banks/all.yaml:2:12", exact=True)).to_be_visible()
    expect(page.get_by_text("labs/hello/lab.yaml:3:1", exact=True)).to_be_visible()
    expect(page.get_by_text("Nothing was changed, and nothing is kept of the files.")).to_be_visible()


def a_wrong_zip() -> bytes:
    return a_zip(
        banks__all_yaml=BANK.replace("docker.what]", "docker.waht]"),
        labs__hello__lab_yaml=LAB.replace("points: 4", "points: many"),
    )


def test_every_page_is_accessible_and_fits_a_telephone_and_pictures_are_taken(
    signed_in: Opened, course: Course
) -> None:
    folder = Path(settings.REPOSITORY) / "var" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    teacher, staff = an_instructor_of(course), a_user(is_staff=True)
    faults: dict[str, list[str]] = {}
    for size, width in (((1280, 900), "wide"), (PHONE, "phone")):
        page = signed_in(teacher, size=size)
        addresses = {"files": files_of(course)}
        for name, content in (("wrong", a_wrong_zip()), ("seen", a_zip())):
            page.goto(files_of(course))
            upload(page, content)
            addresses[name] = page.url
            if name == "wrong":
                import_work.work()
        page.goto(files_of(course))
        page.get_by_role("button", name="Show what would change").last.click()
        expect(page.get_by_text("Write the address of the repository.").first).to_be_visible()
        _look(page, "sent without an address", faults, folder / f"course-files-refused-{width}.png")
        _look_at(page, addresses["seen"], "being read", faults, folder / f"course-files-reading-{width}.png")
        import_work.work()
        for name, address in addresses.items():
            _look_at(page, address, name, faults, folder / f"course-files-{name}-{width}.png")
    page = signed_in(staff, size=PHONE)
    page.goto(reverse("portal:new-course"))
    upload(page, a_zip())
    import_work.work()
    for name in ("new-course", "new-course-import"):
        made = CourseImport.objects.get(by=staff)
        address = reverse(f"portal:{name}", args=[made.pk] if name.endswith("import") else [])
        _look_at(page, address, name, faults, folder / f"{name}-phone.png")
    assert faults == {}


def _look_at(page: Page, address: str, name: str, faults: dict[str, list[str]], picture: Path) -> None:
    page.goto(address)
    _look(page, name, faults, picture)


def _look(page: Page, name: str, faults: dict[str, list[str]], picture: Path) -> None:
    page.screenshot(path=picture, full_page=True)
    found = serious_faults(page)
    if scrolls_sideways(page):
        found.append("scrolls sideways")
    if found:
        faults[name] = found

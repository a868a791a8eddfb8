"""Statistics and maps of topics in a browser: accessible, narrow enough for a telephone, and of use without a mouse."""

from pathlib import Path

import pytest
from browser import PHONE, Opened, scrolls_sideways, serious_faults
from django.conf import settings
from django.core.cache import cache
from playwright.sync_api import expect

from tests.e2e.analysed import Analysed, an_analysed_course

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


def addresses(there: Analysed) -> list[tuple[str, str, bool]]:
    """Each page by its name, its address, and whether it is a student's."""
    own = [("own map", f"/courses/{there.course.slug}/mastery/", True)]
    return [(name, address, False) for name, address in there.pages().items()] + own


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("students", [0, 5, 300])
def test_axe_finds_nothing_serious_nothing_scrolls_sideways_and_pictures_are_taken(
    signed_in: Opened, students: int, dark: bool
) -> None:
    folder = Path(settings.REPOSITORY) / "var" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    there = an_analysed_course(students=students)
    faults, wide = {}, []
    for size, width in (((1280, 900), "wide"), (PHONE, "phone")):
        pages = {
            False: signed_in(there.instructor, size=size, dark=dark),
            True: signed_in(there.student, size=size, dark=dark),
        }
        for name, address, is_student in addresses(there):
            page = pages[is_student]
            answer = page.goto(address)
            assert answer is not None
            assert answer.status == 200, name
            if scrolls_sideways(page):
                wide.append(f"{name}, {width}")
            look = f"{width}-{'dark' if dark else 'light'}"
            page.screenshot(path=folder / f"analysis-{name.replace(' ', '-')}-{students}-{look}.png", full_page=True)
            if found := serious_faults(page):
                faults[f"{name}, {width}"] = found
    assert faults == {}
    assert wide == []


def test_a_teacher_finds_the_bad_question_by_keyboard(signed_in: Opened) -> None:
    there = an_analysed_course(students=120)
    page = signed_in(there.instructor)
    page.goto(there.pages()["statistics"])
    expect(page.get_by_role("heading", name="What to look at")).to_be_visible()
    page.get_by_role("link", name="1. In which state is a container right after docker create?").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#question-1")).to_be_in_viewport()
    page.get_by_role("link", name="Discrimination").focus()
    page.keyboard.press("Enter")
    expect(page.locator("th[aria-sort]")).to_have_text("Discrimination")
    first = page.locator("section[aria-labelledby=questions] tbody tr").first
    expect(first).to_contain_text("In which state is a container")


def test_the_table_behind_a_picture_opens_without_scripts(signed_in: Opened) -> None:
    there = an_analysed_course(students=30)
    page = signed_in(there.instructor, scripts=False)
    page.goto(there.pages()["statistics"])
    table = page.get_by_role("region", name="Scores")
    expect(table).to_be_hidden()
    page.locator("summary", has_text="The same as a table").first.click()
    expect(table).to_be_visible()
    expect(table).to_contain_text("90 to 100 %")


def test_a_student_goes_from_the_course_to_the_map_and_on_to_what_to_try(signed_in: Opened) -> None:
    there = an_analysed_course(students=5)
    page = signed_in(there.student, size=PHONE)
    page.goto(f"/courses/{there.course.slug}/")
    page.get_by_role("link", name="See your map").click()
    expect(page.get_by_role("heading", name="Your map")).to_be_visible()
    page.get_by_role("heading", name="What to try next").scroll_into_view_if_needed()
    button = page.locator(".mastery-next a").first
    expect(button).to_be_visible()
    button.click()
    expect(page).not_to_have_url(f"**/courses/{there.course.slug}/mastery/")

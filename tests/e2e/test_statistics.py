"""Statistics and maps of topics in a browser: accessible, narrow enough for a telephone, and of use without a mouse."""

from pathlib import Path

import pytest
from browser import DESKTOP, PHONE, Opened, scrolls_sideways, serious_faults
from django.conf import settings
from django.core.cache import cache
from playwright.sync_api import Page, expect

from tests.e2e.analysed import Analysed, an_analysed_course

PAPER = (718, 1000)  # A4 between its margins
PAPER_SIDEWAYS = (1000, 718)  # where the map of students is printed

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


def addresses(there: Analysed) -> list[tuple[str, str, bool]]:
    """Each page by its name, its address, and whether it is a student's."""
    own = [("own map", f"/mastery/{there.course.slug}/", True)]
    return [(name, address, False) for name, address in there.pages().items()] + own


def but_for_rows_alike(page: Page) -> None:
    """Leave the first rows of the map of students: axe takes long for 2,000 cells that one loop writes."""
    page.evaluate("document.querySelectorAll('#heat tbody tr:nth-child(n + 7)').forEach(row => { row.remove(); })")


@pytest.mark.parametrize("students", [0, 5, 300])
def test_axe_finds_nothing_serious_nothing_scrolls_sideways_and_pictures_are_taken(
    signed_in: Opened, students: int
) -> None:
    """Each theme and each width is looked at, in one pair each."""
    folder = Path(settings.REPOSITORY) / "var" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    there = an_analysed_course(students=students)
    faults, wide = {}, []
    for size, dark in ((DESKTOP, False), (PHONE, True)):
        look = f"{'phone' if size == PHONE else 'wide'}-{'dark' if dark else 'light'}"
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
                wide.append(f"{name}, {look}")
            page.screenshot(path=folder / f"analysis-{name.replace(' ', '-')}-{students}-{look}.png", full_page=True)
            but_for_rows_alike(page)
            if found := serious_faults(page):
                faults[f"{name}, {look}"] = found
    assert faults == {}
    assert wide == []


def test_statistics_and_the_map_fit_on_paper_with_the_tables_behind_the_pictures(signed_in: Opened) -> None:
    there = an_analysed_course(students=30)
    page = signed_in(there.instructor, dark=True)
    page.emulate_media(media="print")
    for name, paper in (("class", PAPER_SIDEWAYS), ("student", PAPER), ("statistics", PAPER)):
        page.set_viewport_size({"width": paper[0], "height": paper[1]})
        page.goto(there.pages()[name])
        assert not scrolls_sideways(page), name
        expect(page.locator(".teach-nav")).to_be_hidden()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    expect(page.get_by_role("region", name="Scores")).to_be_visible()
    expect(page.locator(".quiz-nav")).to_be_hidden()


def test_a_teacher_finds_the_bad_question_by_keyboard(signed_in: Opened) -> None:
    there = an_analysed_course(students=60)
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
    expect(page).not_to_have_url(f"**/mastery/{there.course.slug}/")

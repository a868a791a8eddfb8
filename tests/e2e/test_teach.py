"""The pages of those who run a course: accessible, narrow enough for a telephone, and whole without scripts."""

from pathlib import Path

import pytest
from browser import PHONE, Opened, scrolls_sideways, serious_faults
from django.conf import settings
from playwright.sync_api import expect

from courses.models import Course
from gradebook.models import Score
from tests.e2e.teaching import a_classroom, teaching_pages

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious_on_any_page_for_staff(signed_in: Opened, dark: bool) -> None:
    there = a_classroom()
    page = signed_in(there.instructor, dark=dark)
    found = {}
    for name, address in teaching_pages(there).items():
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, name
        if faults := serious_faults(page):
            found[name] = faults
    assert found == {}


def test_no_page_for_staff_scrolls_sideways_on_a_telephone_and_pictures_are_taken(signed_in: Opened) -> None:
    folder = Path(settings.REPOSITORY) / "var" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    there = a_classroom()
    wide = []
    for size, width in (((1280, 900), "wide"), (PHONE, "phone")):
        page = signed_in(there.instructor, size=size)
        for name, address in teaching_pages(there).items():
            page.goto(address)
            if scrolls_sideways(page):
                wide.append(f"{name}, {width}")
            page.screenshot(path=folder / f"teach-{name.replace(' ', '-')}-{width}.png", full_page=True)
    assert wide == []


def test_a_grade_is_set_with_the_keyboard_alone(signed_in: Opened) -> None:
    there = a_classroom()
    page = signed_in(there.instructor)
    page.goto(teaching_pages(there)["gradebook"])
    page.get_by_role("link", name=f"Ada Lovelace, {there.lab.activity.title}").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ada Lovelace")
    page.get_by_label("Points", exact=True).focus()
    page.keyboard.type("7.5")
    page.keyboard.press("Tab")
    page.keyboard.type("Shown in class")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Set to 7.5 by")).to_be_visible()
    score = Score.objects.get(activity=there.lab.activity, user=there.students[0])
    assert (str(score.override_points), score.override_reason) == ("7.50", "Shown in class")


def test_without_scripts_a_new_join_code_is_asked_for_once(signed_in: Opened) -> None:
    there = a_classroom()
    page = signed_in(there.instructor, scripts=False)
    page.goto(teaching_pages(there)["home"])
    expect(page.get_by_role("button", name="Yes, make a new code")).to_be_hidden()
    page.locator("summary", has_text="Make a new code").click()
    page.get_by_role("button", name="Yes, make a new code").click()
    expect(page.get_by_text("The join code is now")).to_be_visible()
    assert Course.objects.get(pk=there.course.pk).join_code != there.course.join_code


def test_giving_a_try_back_asks_once_with_the_button_s_own_words(signed_in: Opened) -> None:
    there = a_classroom()
    page = signed_in(there.instructor)
    page.goto(teaching_pages(there)["evidence of a lab"])
    page.get_by_role("button", name="Give it back").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("no longer uses up the allowance")
    dialog.get_by_role("button", name="Give it back", exact=True).click()
    expect(page.get_by_text("given back")).to_be_visible()
    there.tried.refresh_from_db()
    assert not there.tried.counts_as_try


def test_a_class_list_with_wrong_lines_names_them_and_keeps_what_was_pasted(signed_in: Opened) -> None:
    there = a_classroom()
    page = signed_in(there.instructor)
    page.goto(teaching_pages(there)["roster"])
    lines = "email,name\n" + "".join(f"bad{n},X\n" for n in range(15))
    page.get_by_label("Or paste").fill(lines)
    page.get_by_role("button", name="Import").click()
    expect(page.locator("[data-focus]")).to_be_focused()
    expect(page.get_by_text("line 16:")).to_be_visible()
    expect(page.get_by_label("Or paste")).to_have_value(lines)
    assert serious_faults(page) == []

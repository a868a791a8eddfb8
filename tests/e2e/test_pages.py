"""Every page of a student: accessible in both themes, narrow enough for a telephone, and safe without scripts."""

from pathlib import Path

import pytest
from browser import PHONE, Opened, scrolls_sideways, serious_faults
from django.conf import settings
from playwright.sync_api import Page, expect

from tests.e2e.scene import a_scene, student_pages

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIGNED_OUT = {
    "sign in": "/accounts/login/",
    "sign up": "/accounts/signup/",
    "reset": "/accounts/password/reset/",
    "reset sent": "/accounts/password/reset/done/",
    "reset with a stale link": "/accounts/password/reset/key/1-stale/",
}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious_on_any_page(signed_in: Opened, dark: bool) -> None:
    scene = a_scene()
    page = signed_in(scene.student, dark=dark)
    found = {}
    for name, address in student_pages(scene).items():
        page.goto(address)
        if faults := serious_faults(page):
            found[name] = faults
    assert found == {}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious_before_signing_in(signed_in: Opened, dark: bool) -> None:
    page = signed_in(None, dark=dark)
    found = {}
    for name, address in SIGNED_OUT.items():
        page.goto(address)
        if faults := serious_faults(page):
            found[name] = faults
    assert found == {}


def test_no_page_scrolls_sideways_on_a_telephone(signed_in: Opened) -> None:
    scene = a_scene()
    page = signed_in(scene.student, size=PHONE)
    wide = [name for name, address in student_pages(scene).items() if page.goto(address) and scrolls_sideways(page)]
    wide += [name for name, address in SIGNED_OUT.items() if page.goto(address) and scrolls_sideways(page)]
    assert wide == []


def test_every_page_shows_its_content_without_scripts(signed_in: Opened) -> None:
    scene = a_scene()
    page = signed_in(scene.student, scripts=False)
    for address in student_pages(scene).values():
        page.goto(address)
        assert page.locator("h1").inner_text()
        assert page.locator(".needs-script:visible").count() == 0


def test_signing_in_and_out_works_with_the_keyboard_alone(browser_page: Page, signed_in: Opened) -> None:
    scene = a_scene()
    scene.student.set_password("correct horse battery")
    scene.student.save()
    page = browser_page
    page.goto("/accounts/login/")
    page.locator("[name=login]").focus()
    page.keyboard.type(scene.student.email)
    page.keyboard.press("Tab")
    page.keyboard.type("correct horse battery")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hello")
    page.locator(".menu > summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Sign out").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_theme_is_switched_at_once_and_stays(signed_in: Opened) -> None:
    page = signed_in(a_scene().student)
    page.goto("/")
    with page.expect_response("**/theme/"):
        page.locator("footer [value=dark]").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.locator("footer [value=dark]").get_attribute("aria-pressed") == "true"


def test_pictures_of_the_main_pages_are_taken(signed_in: Opened) -> None:
    """They lie in var/screenshots, for looking at; the README shows one of them."""
    folder = Path(settings.REPOSITORY) / "var" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    scene = a_scene()
    for size, width in (((1280, 900), "wide"), (PHONE, "phone")):
        page = signed_in(scene.student, size=size)
        for name, address in student_pages(scene).items():
            page.goto(address)
            picture = folder / f"{name.replace(' ', '-')}-{width}.png"
            page.screenshot(path=picture, full_page=True)
            assert picture.stat().st_size > 10_000

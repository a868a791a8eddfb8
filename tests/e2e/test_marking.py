"""After a quiz, in a browser: answers marked by keyboard alone, a regrade applied and undone, and pages to read."""

from pathlib import Path

import pytest
from browser import PHONE, Opened, scrolls_sideways, serious_faults
from builders import a_course, an_instructor_of
from django.conf import settings
from playwright.sync_api import Page, expect

from quizzes.marking_models import Mark
from quizzes.models import Attempt
from quizzes.rule_models import RegradeState
from tests.e2e.after_quiz import Taken, taken
from tests.quizzes.building import a_quiz

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FOLDER = Path(settings.REPOSITORY) / "var" / "screenshots"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious_after_a_quiz_and_pictures_are_taken(signed_in: Opened, dark: bool) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    there = taken(students=60)
    page = signed_in(there.instructor, dark=dark)
    found = {}
    for name, address in there.pages().items():
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, name
        page.screenshot(
            path=FOLDER / f"after-{name.replace(' ', '-')}-{'dark' if dark else 'light'}.png", full_page=True
        )
        if faults := serious_faults(page):
            found[name] = faults
    assert found == {}


def test_no_page_after_a_quiz_scrolls_sideways_on_a_telephone(signed_in: Opened) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    there = taken()
    page = signed_in(there.instructor, size=PHONE)
    wide = []
    for name, address in there.pages().items():
        page.goto(address)
        page.evaluate("document.querySelectorAll('details.card').forEach(fold => { fold.open = true; })")
        if scrolls_sideways(page):
            wide.append(name)
        page.screenshot(path=FOLDER / f"after-{name.replace(' ', '-')}-phone.png", full_page=True)
    assert wide == []


def test_pages_without_anything_to_show_say_what_will_be_there(signed_in: Opened) -> None:
    course = a_course()
    quiz = a_quiz(course)
    page = signed_in(an_instructor_of(course))
    for place, words in (
        (f"activities/{quiz.activity.slug}/regrades/", "Nothing was regraded yet"),
        (f"activities/{quiz.activity.slug}/marking/", "Nothing to mark"),
        ("audit/", "Nothing yet"),
    ):
        page.goto(f"/teach/{course.slug}/{place}")
        expect(page.get_by_role("heading", name=words)).to_be_visible()
        assert serious_faults(page) == []


def test_an_answer_to_mark_and_a_regrade_fit_on_paper_whole(signed_in: Opened) -> None:
    there = taken(students=8)
    page = signed_in(there.instructor, size=(718, 1000), dark=True)
    page.emulate_media(media="print")
    for name in ("marking one", "regrade draft", "regrade applied", "audit"):
        page.goto(there.pages()[name])
        assert not scrolls_sideways(page), name
        expect(page.locator(".teach-nav")).to_be_hidden()
        page.screenshot(path=FOLDER / f"after-{name.replace(' ', '-')}-print.png", full_page=True)
    page.goto(there.pages()["marking one"])
    expect(page.locator(".after-keys")).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.querySelector('.after-answer')).maxHeight") == "none"


def test_the_tab_that_is_open_is_in_sight_on_a_telephone(signed_in: Opened) -> None:
    there = taken()
    page = signed_in(there.instructor, size=PHONE)
    for name in ("regrades", "audit"):
        page.goto(there.pages()[name])
        expect(page.locator(".subnav [aria-current]").last).to_be_in_viewport(ratio=0.95)
        assert page.evaluate("window.scrollY") == 0
        page.screenshot(path=FOLDER / f"after-{name}-phone.png", full_page=True)


def waiting(page: Page, count: int) -> None:
    """The page says so, and listens to keys."""
    expect(page.get_by_text(f"{count} wait{'s' if count == 1 else ''} in all")).to_be_visible()
    expect(page.locator(".is-at-hand")).to_be_visible()


def test_answers_are_marked_with_the_keyboard_alone(signed_in: Opened) -> None:
    there = taken()
    page = signed_in(there.instructor)
    page.goto(there.pages()["marking one"])
    waiting(page, 3)
    keys = page.keyboard
    keys.press("3")  # Explained: two of two points; then the next criterion is at hand
    keys.press("1")
    keys.press("k")
    keys.press("2")  # Named: one point after all
    keys.press("c")
    keys.type("Say 3 words on the order.")  # digits and letters in a comment pick nothing
    keys.press("Escape")
    keys.press("s")
    waiting(page, 2)
    mark = Mark.objects.latest("pk")
    assert (mark.rubric, mark.comment) == ({"cache": "1.00", "order": "0.00"}, "Say 3 words on the order.")
    keys.press("3")
    keys.press("j")
    keys.press("5")
    keys.press("c")
    keys.press("Control+Enter")
    waiting(page, 1)
    assert Mark.objects.latest("pk").points == 4
    before = page.url
    keys.press("p")
    page.wait_for_url(lambda url: url != before)
    expect(page.locator(".is-at-hand")).to_be_visible()
    keys.press("n")
    page.wait_for_url(before)
    waiting(page, 1)
    keys.press("1")
    keys.press("s")
    expect(page.get_by_text("Nothing was saved. Give points for “Says that order matters” too")).to_be_visible()
    expect(page.locator(".is-at-hand")).to_be_visible()
    keys.press("5")
    keys.press("s")
    expect(page.get_by_text("No answer to layers waits any more.")).to_be_visible()
    assert not Attempt.objects.filter(questions__position=6, questions__awaits_mark=True).exists()


def test_a_comment_given_before_is_put_into_the_box(signed_in: Opened) -> None:
    there = taken()
    page = signed_in(there.instructor)
    page.goto(there.pages()["marking one"])
    page.get_by_text("Comments given before").click()
    page.get_by_role("button", name="Say what makes a layer change.").click()
    expect(page.get_by_label("Comment")).to_have_value("Say what makes a layer change.")


def test_of_a_step_and_a_total_what_was_touched_last_counts(signed_in: Opened) -> None:
    there = taken()
    page = signed_in(there.instructor)
    page.goto(there.pages()["marking whole"])
    expect(page.locator(".is-at-hand")).to_be_visible()
    total, steps = page.get_by_label("Other points"), page.locator("[name=rubric-whole]")
    steps.nth(1).check()
    total.fill("1.1")
    expect(page.locator("[name=rubric-whole]:checked")).to_have_count(0)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Now 1.1 of 3")).to_be_visible()
    expect(page.locator(".is-at-hand")).to_be_visible()
    expect(total).to_have_value("1.1")
    page.keyboard.press("5")
    expect(total).to_have_value("")
    page.keyboard.press("s")
    expect(page.get_by_text("1 waits in all")).to_be_visible()
    assert Mark.objects.latest("pk").points == 3


def test_marks_are_given_without_scripts(signed_in: Opened) -> None:
    there = taken()
    page = signed_in(there.instructor, scripts=False)
    page.goto(there.pages()["marking whole"])
    page.get_by_label("Other points").fill("2.5")
    page.get_by_role("button", name="Save and next").click()
    expect(page.get_by_text("1 waits in all")).to_be_visible()
    assert Mark.objects.latest("pk").points == 2.5


def test_a_regrade_is_drawn_up_looked_at_applied_and_undone(signed_in: Opened) -> None:
    there: Taken = taken()
    page = signed_in(there.instructor)
    page.goto(there.pages()["regrade new"])
    page.get_by_label("Another key").first.check()
    options = page.locator("#regrade-created")
    options.get_by_label("created", exact=True).uncheck()
    options.get_by_label("paused", exact=True).check()
    page.get_by_label("Why", exact=True).fill("It is paused.")
    page.get_by_role("button", name="See who moves").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What this regrade would do")
    expect(page.get_by_text("1 person gains, 2 people lose")).to_be_visible()
    page.get_by_role("button", name="Apply this regrade").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Grades that change are sent on at once.")
    dialog.get_by_role("button", name="Apply this regrade").click()
    expect(page.get_by_text("Applied. Every try is scored by it")).to_be_visible()
    newest = there.quiz.regrades.first()
    assert newest is not None
    assert newest.state == RegradeState.APPLIED
    page.get_by_role("button", name="Undo this regrade").click()
    page.get_by_role("dialog").get_by_role("button", name="Undo this regrade").click()
    expect(page.get_by_text("Undone. Points, rules and grades")).to_be_visible()
    newest.refresh_from_db()
    assert newest.state == RegradeState.UNDONE

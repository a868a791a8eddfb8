"""Handing in files in a browser: sent as they are chosen, told truthfully, downloaded, removed, and without scripts."""

from typing import Any

import pytest
from browser import PHONE, Opened, scrolls_sideways, serious_faults
from builders import a_course, a_member
from playwright.sync_api import FilePayload, Page, expect

from quizzes.models import Attempt
from quizzes.starting import start_attempt
from tests.quizzes.building import WORD, a_quiz

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

UPLOAD = {
    "id": "compose",
    "kind": "file_upload",
    "topics": ["docker.cli"],
    "text": "Upload it.",
    "endings": [".yaml"],
    "at_most": 2,
}
ESSAY = {"id": "why", "kind": "long_text", "topics": ["docker.cli"], "text": "Why?", "at_most_words": 3}
FILE, TYPED, LONG = 1, 2, 3


def a_try() -> Attempt:
    quiz = a_quiz(a_course(), questions=[UPLOAD, WORD, ESSAY])
    return start_attempt(quiz=quiz, student=a_member(quiz.activity.course))


def value_of(attempt: Attempt, position: int = FILE) -> Any:
    return attempt.questions.get(position=position).value


def a_file(name: str = "c.yaml", content: bytes = b"services:\n") -> FilePayload:
    return {"name": name, "mimeType": "text/yaml", "buffer": content}


def chooser(page: Page):  # type: ignore[no-untyped-def]
    return page.get_by_label("Choose files")


def test_files_are_sent_as_they_are_chosen_and_removed_by_their_button(signed_in: Opened) -> None:
    attempt = a_try()
    page = signed_in(attempt.student)
    page.goto(f"/attempts/{attempt.pk}/")
    chooser(page).set_input_files([a_file(), a_file("d.yaml", b"two")])
    expect(page.get_by_text("Uploaded and saved.")).to_be_visible()
    expect(page.locator("[data-progress]")).to_have_text("1 of 3 answered")
    expect(page.locator("#save-state")).to_have_text("Saved")
    assert sorted(value_of(attempt)) == ["c.yaml", "d.yaml"]

    with page.expect_download() as kept:
        page.get_by_role("link", name="c.yaml").click()
    assert kept.value.suggested_filename == "c.yaml"
    assert kept.value.path().read_bytes() == b"services:\n"

    page.get_by_role("button", name="Remove d.yaml").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Removed.")).to_be_visible()
    assert list(value_of(attempt)) == ["c.yaml"]
    assert serious_faults(page) == []

    page.reload()
    expect(page.get_by_role("link", name="c.yaml")).to_be_visible()
    page.get_by_role("textbox").first.fill("typed after")
    expect(page.locator("#save-state")).to_have_text("Saved")
    assert value_of(attempt, TYPED) == "typed after"
    assert list(value_of(attempt)) == ["c.yaml"]


def test_a_second_tab_shows_the_files_that_the_first_one_added_and_removed(signed_in: Opened) -> None:
    attempt = a_try()
    first = signed_in(attempt.student)
    first.goto(f"/attempts/{attempt.pk}/")
    second = first.context.new_page()
    second.goto(first.url)
    expect(first.locator("[data-tabs]")).to_be_visible()
    chooser(first).set_input_files(a_file())
    expect(second.get_by_role("link", name="c.yaml")).to_be_visible()
    expect(second.locator("#question-1 [data-state-words]")).to_have_text("Saved in another tab")
    chooser(second).set_input_files(a_file("d.yaml", b"two"))
    expect(first.get_by_role("link", name="d.yaml")).to_be_visible()
    first.get_by_role("button", name="Remove c.yaml").click()
    expect(second.get_by_role("link", name="c.yaml")).to_have_count(0)
    assert list(value_of(attempt)) == ["d.yaml"]


def test_a_file_that_is_refused_is_told_why_and_the_answer_stays(signed_in: Opened) -> None:
    attempt = a_try()
    page = signed_in(attempt.student, size=PHONE)
    page.goto(f"/attempts/{attempt.pk}/")
    chooser(page).set_input_files(a_file("c.exe"))
    expect(page.get_by_text("c.exe: A file here ends in .yaml")).to_be_visible()
    assert value_of(attempt) is None
    chooser(page).set_input_files(a_file("a name that goes on and on without any end to it whatsoever, at all.yaml"))
    expect(page.get_by_text("Uploaded and saved.")).to_be_visible()
    assert not scrolls_sideways(page)


def test_words_are_counted_as_they_are_typed_and_a_long_text_is_saved_all_the_same(signed_in: Opened) -> None:
    attempt = a_try()
    page = signed_in(attempt.student)
    page.goto(f"/attempts/{attempt.pk}/")
    page.get_by_label("Write your answer.").fill("one two\n\nthree four")
    expect(page.get_by_text("4 of at most 3 words")).to_be_visible()
    expect(page.locator("#save-state")).to_have_text("Saved")
    assert value_of(attempt, LONG) == "one two\n\nthree four"


def test_without_scripts_files_are_uploaded_and_removed_and_nothing_typed_is_lost(signed_in: Opened) -> None:
    attempt = a_try()
    page = signed_in(attempt.student, scripts=False)
    page.goto(f"/attempts/{attempt.pk}/")
    page.locator(f"#question-{TYPED}-answer").fill("typed before")
    chooser(page).set_input_files(a_file())
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("link", name="c.yaml")).to_be_visible()
    assert value_of(attempt, TYPED) == "typed before"
    page.get_by_role("button", name="Remove c.yaml").click()
    expect(page.get_by_text("No file yet.")).to_be_visible()
    assert value_of(attempt) is None

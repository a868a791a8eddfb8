"""No answer is lost to what passes: signed out, the wrong place, an aged token. It waits, and says why."""

import json
import re

import pytest
from browser import Opened
from builders import a_member, an_instructor_of
from django.conf import settings
from django.contrib.sessions.models import Session
from playwright.sync_api import BrowserContext, Page, Route, expect

from accounts.models import User
from quizzes.access import set_access
from quizzes.models import Attempt, Quiz
from tests.e2e.test_quiz import CHOICE_AT, WORD_AT, a_class, card, saved_value, start
from tests.e2e.test_quiz_taking import failing, sign_in, unsent
from tests.quizzes.building import CHOICE, a_quiz, option

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

UPLOAD = {"id": "notes", "kind": "file_upload", "topics": ["docker.cli"], "text": "Upload your notes."}


def token_in(context: BrowserContext) -> str | None:
    """The newest CSRF token, as the browser has it in its cookie."""
    return next((cookie["value"] for cookie in context.cookies() if cookie["name"] == settings.CSRF_COOKIE_NAME), None)


def end_every_session() -> None:
    Session.objects.all().delete()


def sign_in_elsewhere(page: Page, student: User) -> None:
    """Sign in in another tab, as the words beside an answer say, and come back to this one."""
    other = page.context.new_page()
    other.goto("/accounts/login/")
    sign_in(other, student)
    other.close()
    page.bring_to_front()


def refusing(page: Page, status: int, code: str, message: str) -> list[str]:
    """Let saving be refused with a code; returns what is sent meanwhile."""
    sent: list[str] = []

    def refuse(route: Route) -> None:
        sent.append(route.request.post_data or "")
        route.fulfill(
            status=status, content_type="application/json", body=json.dumps({"code": code, "message": message})
        )

    page.route("**/answers/*/", refuse)
    return sent


def test_an_answer_from_the_wrong_place_is_sent_by_itself_once_the_place_is_right(signed_in: Opened) -> None:
    quiz, student = a_class()
    page = signed_in(student)
    attempt = start(page, quiz)
    teacher = an_instructor_of(quiz.activity.course)
    set_access(by=teacher, quiz=quiz, code="", networks=["192.0.2.0/24"])
    card(page, CHOICE_AT).get_by_label("created").check()
    told = card(page, CHOICE_AT).get_by_role("alert")
    expect(told).to_contain_text("only from certain places")
    expect(told).to_contain_text("kept in this browser and sent again by itself")
    expect(page.locator("#save-state")).to_have_text(re.compile("will retry|Saving"))
    assert saved_value(attempt, CHOICE_AT) is None
    set_access(by=teacher, quiz=Quiz.objects.get(pk=quiz.pk), code="", networks=[])
    expect(page.locator("#save-state")).to_have_text("Saved", timeout=40_000)
    expect(told).to_have_count(0)
    assert saved_value(attempt, CHOICE_AT) == option(CHOICE, "created")
    assert unsent(page) == []


def test_an_answer_given_after_the_session_ended_is_sent_once_one_signed_in_in_another_tab(signed_in: Opened) -> None:
    quiz, student = a_class()
    page = signed_in(student)
    attempt = start(page, quiz)
    before = token_in(page.context)
    end_every_session()
    card(page, CHOICE_AT).get_by_label("created").check()
    card(page, WORD_AT).get_by_role("textbox").fill("WORKDIR")
    for position in (CHOICE_AT, WORD_AT):
        expect(card(page, position).get_by_role("alert")).to_contain_text("Sign in again in another tab")
    assert len(unsent(page)) == 2
    sign_in_elsewhere(page, student)
    assert token_in(page.context) != before, "signing in changes the token: this page is older than it"
    expect(page.locator("#save-state")).to_have_text("Saved", timeout=40_000)
    assert saved_value(attempt, CHOICE_AT) == option(CHOICE, "created")
    assert saved_value(attempt, WORD_AT) == "WORKDIR"
    assert unsent(page) == []


def test_coming_back_to_the_page_sends_at_once(signed_in: Opened) -> None:
    quiz, student = a_class()
    page = signed_in(student)
    page.clock.install()
    attempt = start(page, quiz)
    failing(page)
    card(page, CHOICE_AT).get_by_label("created").check()
    expect(page.locator("#save-state")).to_have_text("Not saved: will retry")
    page.unroute("**/answers/*/")
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 0.001)  # no timer of the page rings any more
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.locator("#save-state")).to_have_text("Saved")
    assert saved_value(attempt, CHOICE_AT) == option(CHOICE, "created")


def test_what_waits_outlives_a_reload_that_leads_to_the_page_for_signing_in(signed_in: Opened) -> None:
    quiz, student = a_class()
    page = signed_in(student)
    attempt = start(page, quiz)
    page.on("dialog", lambda dialog: dialog.accept())
    end_every_session()
    card(page, CHOICE_AT).get_by_label("created").check()
    expect(card(page, CHOICE_AT).get_by_role("alert")).to_contain_text("signed out")
    page.reload()
    page.wait_for_url("**/accounts/login/**")
    assert len(unsent(page)) == 1
    sign_in(page, student)
    page.wait_for_url("**/attempts/*/**")
    expect(card(page, CHOICE_AT).get_by_label("created")).to_be_checked()
    expect(page.locator("#save-state")).to_have_text("Saved")
    assert saved_value(attempt, CHOICE_AT) == option(CHOICE, "created")


def test_why_an_answer_on_another_page_waits_is_said_and_it_goes_by_itself(signed_in: Opened) -> None:
    quiz, student = a_class(questions_per_page=3)
    page = signed_in(student)
    attempt = start(page, quiz)
    page.on("dialog", lambda dialog: dialog.accept())
    failing(page)
    card(page, CHOICE_AT).get_by_label("created").check()
    expect(page.locator("#save-state")).to_have_text("Not saved: will retry")
    page.goto(f"/attempts/{attempt.pk}/?page=2")
    told = page.locator("[data-page-trouble]")
    expect(told).to_contain_text("Question 1: The server did not take it just now")
    end_every_session()
    page.unroute("**/answers/*/")
    expect(told).to_contain_text("Sign in again in another tab", timeout=40_000)
    sign_in_elsewhere(page, student)
    expect(told).to_be_empty(timeout=40_000)
    assert saved_value(attempt, CHOICE_AT) == option(CHOICE, "created")


def test_a_browser_that_let_go_of_the_token_gets_a_new_one_and_the_answer_is_saved(signed_in: Opened) -> None:
    quiz, student = a_class()
    page = signed_in(student)
    attempt = start(page, quiz)
    page.context.clear_cookies(name=settings.CSRF_COOKIE_NAME)
    with page.expect_response("**/answers/*/") as first:
        card(page, CHOICE_AT).get_by_label("created").check()
    assert (first.value.status, first.value.json()["code"]) == (403, "csrf_failed")
    expect(page.locator("#save-state")).to_have_text("Saved")
    assert token_in(page.context)
    assert saved_value(attempt, CHOICE_AT) == option(CHOICE, "created")


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "not_signed_in"), (403, "not_allowed"), (409, "question_not_reached"), (429, "too_many"), (503, "busy")],
)
def test_a_refusal_with_a_code_that_may_pass_is_tried_again_without_an_edit(
    signed_in: Opened, status: int, code: str
) -> None:
    quiz, student = a_class()
    page = signed_in(student)
    attempt = start(page, quiz)
    sent = refusing(page, status, code, "Not now.")
    card(page, CHOICE_AT).get_by_label("created").check()
    expect(card(page, CHOICE_AT).get_by_role("alert")).to_contain_text("kept in this browser and sent again by itself")
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    page.wait_for_function("() => document.querySelector('#save-state').textContent.includes('retry')")
    page.unroute("**/answers/*/")
    expect(page.locator("#save-state")).to_have_text("Saved", timeout=40_000)
    assert sent
    assert saved_value(attempt, CHOICE_AT) == option(CHOICE, "created")


def test_an_answer_that_is_itself_to_blame_is_held_says_so_and_is_sent_once_it_is_changed(signed_in: Opened) -> None:
    quiz, student = a_class()
    page = signed_in(student)
    attempt = start(page, quiz)
    sent = refusing(page, 422, "text_too_long", "The answer is too long.")
    word = card(page, WORD_AT).get_by_role("textbox")
    word.fill("WORKDIR" * 9)
    told = card(page, WORD_AT).get_by_role("alert")
    expect(told).to_contain_text("The answer is too long. It is not saved. Change it, and it is sent at once.")
    for event in ("focus", "online"):
        page.evaluate(f"window.dispatchEvent(new Event('{event}'))")
    card(page, CHOICE_AT).get_by_label("created").check()
    expect(card(page, CHOICE_AT).get_by_role("alert")).to_contain_text("not saved")
    assert sum("WORKDIR" in body for body in sent) == 1, "the same again would be refused again"
    assert len(unsent(page)) == 2, "kept all the same"
    page.unroute("**/answers/*/")
    word.fill("WORKDIR")
    expect(card(page, WORD_AT).locator("[data-state-words]")).to_have_text("Saved")
    assert saved_value(attempt, WORD_AT) == "WORKDIR"


def test_an_answer_too_large_for_a_server_in_front_is_held_and_says_so(signed_in: Opened) -> None:
    quiz, student = a_class()
    page = signed_in(student)
    attempt = start(page, quiz)
    failing(page, 413)
    word = card(page, WORD_AT).get_by_role("textbox")
    word.fill("WORK" * 9)
    expect(card(page, WORD_AT).get_by_role("alert")).to_contain_text("larger than the server takes. It is not saved.")
    page.unroute("**/answers/*/")
    word.fill("WORKDIR")
    expect(page.locator("#save-state")).to_have_text("Saved")
    assert saved_value(attempt, WORD_AT) == "WORKDIR"


def test_handing_in_waits_for_signing_in_again_and_says_so(signed_in: Opened) -> None:
    quiz, student = a_class()
    page = signed_in(student)
    attempt = start(page, quiz)
    page.on("dialog", lambda dialog: dialog.accept())
    failing(page)
    card(page, CHOICE_AT).get_by_label("created").check()
    expect(page.locator("#save-state")).to_have_text("Not saved: will retry")
    page.goto(f"/attempts/{attempt.pk}/finish/")
    end_every_session()
    page.unroute("**/answers/*/")
    page.get_by_role("button", name="Hand in the quiz").click()
    expect(page.locator("[data-page-trouble]")).to_contain_text("Sign in again in another tab")
    assert Attempt.objects.get(pk=attempt.pk).is_open
    sign_in_elsewhere(page, student)
    page.wait_for_url("**/review/", timeout=40_000)
    attempt.refresh_from_db()
    assert not attempt.is_open
    assert attempt.score == 1


def test_a_form_drawn_before_signing_in_again_is_taken_all_the_same(signed_in: Opened) -> None:
    quiz, student = a_class()
    page = signed_in(student)
    attempt = start(page, quiz)
    page.goto(f"/attempts/{attempt.pk}/finish/")
    end_every_session()
    sign_in_elsewhere(page, student)
    page.get_by_role("button", name="Hand in the quiz").click()
    page.wait_for_url("**/review/")
    assert not Attempt.objects.get(pk=attempt.pk).is_open


def test_an_upload_after_the_session_ended_says_so_and_works_after_signing_in(signed_in: Opened) -> None:
    quiz = a_quiz(questions=[UPLOAD])
    student = a_member(quiz.activity.course)
    page = signed_in(student)
    attempt = start(page, quiz)
    end_every_session()
    notes = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"mine"}
    page.locator("input[type=file]").set_input_files(notes)
    expect(page.locator("[data-file-state]")).to_contain_text("You are signed out")
    sign_in_elsewhere(page, student)
    page.locator("input[type=file]").set_input_files(notes)
    expect(page.locator("[data-file-state]")).to_have_text("Uploaded and saved.")
    assert list(attempt.questions.get().value or {}) == ["notes.txt"]

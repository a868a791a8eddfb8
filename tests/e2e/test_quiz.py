"""Taking a quiz in a browser: saved as it is given, truthful about it, with the keyboard alone, and without scripts."""

import re
from datetime import timedelta

import pytest
from browser import PHONE, Opened, offline, scrolls_sideways
from builders import a_course, a_member
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from quizzes.models import Attempt, Quiz
from quizzes.services import close_attempt
from tests.quizzes.building import CHOICE, SEVERAL, a_quiz, option

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CHOICE_AT, SEVERAL_AT, STATEMENT_AT, WORD_AT, NUMBER_AT = range(1, 6)


def a_class(**settings: object) -> tuple[Quiz, User]:
    """A quiz with a question of each kind, in the order above, and a student."""
    course = a_course(time_zone="Europe/Madrid")
    settings.setdefault("questions_per_page", 5)
    settings.setdefault("activity", {"due_at": timezone.now() + timedelta(days=2)})
    return a_quiz(course, shuffle_options=False, **settings), a_member(course)  # type: ignore[arg-type]


def start(page: Page, quiz: Quiz) -> Attempt:
    page.goto(f"/courses/{quiz.activity.course.slug}/{quiz.activity.slug}/quiz/")
    page.get_by_role("button", name="Start the quiz").click()
    page.wait_for_url("**/attempts/*/")
    return Attempt.objects.get(quiz=quiz)


def saved_value(attempt: Attempt, position: int) -> object:
    return attempt.questions.get(position=position).value


def card(page: Page, position: int):  # type: ignore[no-untyped-def]
    return page.locator(f"#question-{position}")


def test_every_kind_of_answer_is_saved_as_it_is_given_and_survives_a_reload(signed_in: Opened) -> None:
    quiz, student = a_class()
    page = signed_in(student)
    attempt = start(page, quiz)
    expect(page.locator("#save-state")).to_have_text("Saves as you answer")

    card(page, CHOICE_AT).get_by_label("created").check()
    card(page, SEVERAL_AT).get_by_label("its memory").check()
    card(page, SEVERAL_AT).get_by_label("its files").check()
    card(page, STATEMENT_AT).get_by_label("False").check()
    card(page, WORD_AT).get_by_role("textbox").fill("WORKDIR")
    card(page, NUMBER_AT).get_by_role("textbox").fill("1536")

    expect(page.locator("[data-progress]")).to_have_text("5 of 5 answered")
    expect(page.locator("#save-state")).to_have_text("Saved")
    assert saved_value(attempt, CHOICE_AT) == option(CHOICE, "created")
    assert saved_value(attempt, SEVERAL_AT) == [option(SEVERAL, "its memory"), option(SEVERAL, "its files")]
    assert saved_value(attempt, STATEMENT_AT) is False
    assert saved_value(attempt, WORD_AT) == "WORKDIR"

    page.reload()
    expect(card(page, CHOICE_AT).get_by_label("created")).to_be_checked()
    expect(card(page, SEVERAL_AT).get_by_label("its files")).to_be_checked()
    expect(card(page, WORD_AT).get_by_role("textbox")).to_have_value("WORKDIR")
    expect(page.locator("#save-state")).to_have_text("Saved")


def test_what_was_typed_right_before_turning_the_page_is_saved(signed_in: Opened) -> None:
    quiz, student = a_class(questions_per_page=4)
    page = signed_in(student)
    attempt = start(page, quiz)
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    card(page, WORD_AT).get_by_role("textbox").fill("WORKDIR")
    page.get_by_role("button", name="Page 2 of 2").click()
    expect(card(page, NUMBER_AT)).to_be_visible()
    assert saved_value(attempt, WORD_AT) == "WORKDIR"
    assert asked == []


def test_an_answer_is_taken_back_by_unticking(signed_in: Opened) -> None:
    quiz, student = a_class()
    page = signed_in(student)
    attempt = start(page, quiz)
    card(page, SEVERAL_AT).get_by_label("its memory").check()
    expect(page.locator("[data-progress]")).to_have_text("1 of 5 answered")
    card(page, SEVERAL_AT).get_by_label("its memory").uncheck()
    expect(page.locator("[data-progress]")).to_have_text("0 of 5 answered")
    expect(card(page, SEVERAL_AT).locator("[data-state-words]")).to_have_text("Answer taken back")
    assert saved_value(attempt, SEVERAL_AT) is None


def test_a_second_device_overwrites_nothing_until_somebody_chooses(signed_in: Opened) -> None:
    quiz, student = a_class()
    first = signed_in(student)
    attempt = start(first, quiz)
    second = signed_in(student)
    second.goto(first.url)

    card(second, CHOICE_AT).get_by_label("created").check()
    expect(second.locator("#save-state")).to_have_text("Saved")
    card(first, CHOICE_AT).get_by_label("paused").check()

    expect(first.locator("#save-state")).to_have_text("Changed elsewhere")
    expect(card(first, CHOICE_AT).locator("[data-trouble]")).to_contain_text("what counts now: created")
    assert saved_value(attempt, CHOICE_AT) == option(CHOICE, "created")

    first.get_by_role("button", name="Keep what I have here").click()
    expect(first.locator("#save-state")).to_have_text("Saved")
    assert saved_value(attempt, CHOICE_AT) == option(CHOICE, "paused")

    card(second, CHOICE_AT).get_by_label("exited").check()
    second.get_by_role("button", name="Take the other answer").click()
    expect(card(second, CHOICE_AT).get_by_label("paused")).to_be_checked()
    assert saved_value(attempt, CHOICE_AT) == option(CHOICE, "paused")


def test_a_lost_connection_is_said_and_made_good(signed_in: Opened) -> None:
    quiz, student = a_class()
    page = signed_in(student)
    attempt = start(page, quiz)
    with offline(page):
        card(page, CHOICE_AT).get_by_label("created").check()
        expect(page.locator("#save-state")).to_have_text("Not saved: will retry")
        expect(page.locator("[data-map='1']")).to_have_class(re.compile("is-unsaved"))
        assert saved_value(attempt, CHOICE_AT) is None
    expect(page.locator("#save-state")).to_have_text("Saved")
    assert saved_value(attempt, CHOICE_AT) == option(CHOICE, "created")


def test_a_session_that_ended_keeps_the_answer_until_signing_in_again(signed_in: Opened) -> None:
    quiz, student = a_class()
    page = signed_in(student)
    attempt = start(page, quiz)
    cookies = page.context.cookies()
    page.context.clear_cookies(name="drydock_session")
    card(page, CHOICE_AT).get_by_label("created").check()
    expect(card(page, CHOICE_AT).locator("[data-trouble]")).to_contain_text("signed out")
    page.context.add_cookies(cookies)  # type: ignore[arg-type]
    expect(page.locator("#save-state")).to_have_text("Saved")
    assert saved_value(attempt, CHOICE_AT) == option(CHOICE, "created")


def test_what_is_no_answer_is_refused_beside_the_question_and_stays_in_its_field(signed_in: Opened) -> None:
    quiz, student = a_class()
    page = signed_in(student)
    attempt = start(page, quiz)
    card(page, NUMBER_AT).get_by_role("textbox").fill("many")
    expect(page.locator("#save-state")).to_have_text("Not saved")
    expect(card(page, NUMBER_AT).locator("[data-trouble]")).not_to_be_empty()
    expect(card(page, NUMBER_AT).get_by_role("textbox")).to_have_value("many")
    assert saved_value(attempt, NUMBER_AT) is None
    card(page, NUMBER_AT).get_by_role("textbox").fill("1536")
    expect(page.locator("#save-state")).to_have_text("Saved")
    expect(card(page, NUMBER_AT).locator("[data-trouble]")).to_be_empty()


def test_flags_are_kept_and_listed_before_finishing(signed_in: Opened) -> None:
    quiz, student = a_class()
    page = signed_in(student)
    attempt = start(page, quiz)
    with page.expect_response("**/flags/*/"):
        card(page, STATEMENT_AT).get_by_role("button", name="Flag").click()
    assert attempt.questions.get(position=STATEMENT_AT).flagged
    expect(page.locator(f"[data-map='{STATEMENT_AT}']")).to_have_class(re.compile("is-flagged"))
    page.get_by_role("button", name="Finish quiz…").first.click()
    expect(page.locator("main")).to_contain_text("You flagged 1 question to come back to")
    expect(page.locator("main")).to_contain_text("5 questions have no answer")


def test_the_timer_is_calm_until_five_minutes(signed_in: Opened) -> None:
    quiz, student = a_class(time_limit_minutes=20)
    page = signed_in(student)
    attempt = start(page, quiz)
    expect(page.locator("[data-timer-words]")).to_have_text(re.compile(r"^(19|20) min left$"))
    expect(page.locator("[data-timer]")).not_to_have_class(re.compile("is-near"))
    Attempt.objects.filter(pk=attempt.pk).update(closes_at=timezone.now() + timedelta(minutes=4, seconds=30))
    page.reload()
    expect(page.locator("[data-timer-words]")).to_have_text(re.compile(r"^4:\d\d left$"))
    expect(page.locator("[data-timer]")).to_have_class(re.compile("is-near"))
    expect(page.locator("[data-timer-said]")).to_have_text("Five minutes left.")


def test_an_answer_after_time_is_up_says_so_and_leads_to_what_was_saved(signed_in: Opened) -> None:
    quiz, student = a_class(time_limit_minutes=20)
    page = signed_in(student)
    attempt = start(page, quiz)
    card(page, CHOICE_AT).get_by_label("created").check()
    expect(page.locator("#save-state")).to_have_text("Saved")
    Attempt.objects.filter(pk=attempt.pk).update(
        started_at=timezone.now() - timedelta(minutes=30), closes_at=timezone.now() - timedelta(minutes=10)
    )
    card(page, STATEMENT_AT).get_by_label("True").check()
    expect(card(page, STATEMENT_AT).locator("[data-trouble]")).to_contain_text("Time was up")
    page.wait_for_url("**/review/")
    expect(page.locator("main")).to_contain_text("Time was up")
    attempt.refresh_from_db()
    assert attempt.score == 1


def test_an_attempt_finished_in_another_tab_takes_no_more_answers(signed_in: Opened) -> None:
    quiz, student = a_class()
    page = signed_in(student)
    attempt = start(page, quiz)
    close_attempt(attempt=attempt)
    card(page, CHOICE_AT).get_by_label("created").check()
    expect(card(page, CHOICE_AT).locator("[data-trouble]")).to_contain_text("handed in")
    assert saved_value(attempt, CHOICE_AT) is None


def tab_to(page: Page, target: str) -> None:
    """Press Tab until the element that matches has the focus, as somebody without a mouse does."""
    for _ in range(120):
        if page.evaluate("(target) => !!document.activeElement?.matches(target)", target):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"Tab never came to {target}")


def test_the_keyboard_alone_completes_a_quiz(signed_in: Opened) -> None:
    quiz, student = a_class()
    page = signed_in(student)
    page.goto(f"/courses/{quiz.activity.course.slug}/{quiz.activity.slug}/quiz/")
    tab_to(page, "main form button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/attempts/*/")
    tab_to(page, "#question-1 input[type=radio]")
    page.keyboard.press("Space")
    tab_to(page, "#question-2 input[type=checkbox]")
    page.keyboard.press("Space")
    tab_to(page, "#question-3 input[type=radio]")
    page.keyboard.press("ArrowDown")
    tab_to(page, "#question-4 input[type=text]")
    page.keyboard.type("WORKDIR")
    tab_to(page, "#question-5 input[type=text]")
    page.keyboard.type("1536")
    expect(page.locator("[data-progress]")).to_have_text("5 of 5 answered")
    expect(page.locator("#save-state")).to_have_text("Saved")
    tab_to(page, ".quiz-turn button[value=finish]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/finish/")
    tab_to(page, "main form button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/review/")
    assert Attempt.objects.get(quiz=quiz).score == 4


def test_without_scripts_each_question_has_a_save_button_and_the_quiz_can_be_finished(signed_in: Opened) -> None:
    quiz, student = a_class(questions_per_page=3)
    page = signed_in(student, scripts=False)
    attempt = start(page, quiz)
    card(page, CHOICE_AT).get_by_label("created").check()
    card(page, CHOICE_AT).get_by_role("button", name="Save this page").click()
    expect(page.locator(".messages")).to_contain_text("Your answers on this page are saved.")
    assert saved_value(attempt, CHOICE_AT) == option(CHOICE, "created")
    page.get_by_role("button", name="Page 2 of 2").click()
    card(page, WORD_AT).get_by_role("textbox").fill("WORKDIR")
    card(page, WORD_AT).get_by_role("button", name="Save this page").click()
    assert page.url.endswith("?page=2")
    page.get_by_role("button", name="Finish quiz…").first.click()
    expect(page.locator("main")).to_contain_text("3 questions have no answer")
    page.get_by_role("button", name="Hand in the quiz").click()
    expect(page.locator("main")).to_contain_text("Your quiz is handed in.")


def test_without_scripts_an_answer_changed_elsewhere_is_shown_and_what_was_sent_is_kept(signed_in: Opened) -> None:
    quiz, student = a_class()
    first = signed_in(student, scripts=False)
    attempt = start(first, quiz)
    second = first.context.new_page()
    second.goto(first.url)
    card(second, CHOICE_AT).get_by_label("created").check()
    card(second, CHOICE_AT).get_by_role("button", name="Save this page").click()

    card(first, CHOICE_AT).get_by_label("paused").check()
    card(first, CHOICE_AT).get_by_role("button", name="Save this page").click()

    expect(card(first, CHOICE_AT)).to_contain_text("Changed elsewhere")
    expect(card(first, CHOICE_AT).get_by_role("alert")).to_contain_text("created")
    expect(card(first, CHOICE_AT).get_by_label("paused")).to_be_checked()
    assert saved_value(attempt, CHOICE_AT) == option(CHOICE, "created")

    card(first, CHOICE_AT).get_by_role("button", name="Save this page").click()
    expect(first.locator(".messages")).to_contain_text("are saved")
    assert saved_value(attempt, CHOICE_AT) == option(CHOICE, "paused")


def test_without_scripts_what_is_no_answer_comes_back_in_its_field(signed_in: Opened) -> None:
    quiz, student = a_class()
    page = signed_in(student, scripts=False)
    start(page, quiz)
    card(page, NUMBER_AT).get_by_role("textbox").fill("many")
    card(page, NUMBER_AT).get_by_role("button", name="Save this page").click()
    expect(card(page, NUMBER_AT)).to_contain_text("Not saved")
    expect(card(page, NUMBER_AT).get_by_role("textbox")).to_have_value("many")


def test_the_review_keeps_the_key_to_itself_until_it_is_released(signed_in: Opened) -> None:
    quiz, student = a_class()
    page = signed_in(student)
    attempt = start(page, quiz)
    card(page, CHOICE_AT).get_by_label("running").check()
    expect(page.locator("#save-state")).to_have_text("Saved")
    assert "explanation-of-" not in page.content()
    close_attempt(attempt=attempt)
    page.goto(f"/attempts/{attempt.pk}/review/")
    expect(card(page, CHOICE_AT)).to_contain_text("Not correct")
    expect(card(page, CHOICE_AT).get_by_label("running")).to_be_checked()
    assert "explanation-of-" not in page.content()
    assert "feedback-on-" not in page.content()
    assert "zz-key-WORKDIR" not in page.content()
    quiz.activity.due_at = timezone.now() - timedelta(minutes=1)
    quiz.activity.save()
    page.reload()
    expect(card(page, CHOICE_AT)).to_contain_text("explanation-of-created")
    expect(card(page, WORD_AT)).to_contain_text("zz-key-WORKDIR")


def test_a_quiz_fits_a_telephone_while_it_says_what_is_wrong(signed_in: Opened) -> None:
    quiz, student = a_class(time_limit_minutes=20)
    page = signed_in(student, size=PHONE)
    start(page, quiz)
    with offline(page):
        card(page, CHOICE_AT).get_by_label("created").check()
        expect(page.locator("#save-state")).to_have_text("Not saved: will retry")
        assert not scrolls_sideways(page)
    expect(page.locator("#save-state")).to_have_text("Saved")


def test_a_page_whose_time_ends_without_a_connection_stays_until_there_is_one(signed_in: Opened) -> None:
    quiz, student = a_class(time_limit_minutes=20)
    page = signed_in(student)
    page.clock.install()
    attempt = start(page, quiz)
    with offline(page):
        card(page, CHOICE_AT).get_by_label("created").check()
        page.clock.fast_forward("25:00")
        expect(page.locator("[data-timer-words]")).to_have_text("Time is up")
        page.clock.run_for(30_000)
        expect(page.locator("#save-state")).to_have_text("Not saved: will retry")
        Attempt.objects.filter(pk=attempt.pk).update(
            started_at=timezone.now() - timedelta(minutes=30), closes_at=timezone.now() - timedelta(minutes=10)
        )
    expect(card(page, CHOICE_AT).get_by_role("alert")).to_contain_text("this answer was not saved")
    page.wait_for_url("**/review/")

"""Taking a quiz when things go wrong or differ: away and back, two tabs, pauses, practice, exams."""

import re
from datetime import timedelta

import pytest
from browser import PHONE, Opened, offline, scrolls_sideways, serious_faults
from builders import PASSWORD, a_member, an_instructor_of
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from accounts.models import User
from quizzes.access import set_access
from quizzes.models import Attempt, Quiz
from quizzes.pausing import pause, resume
from quizzes.rule_models import Pause
from tests.e2e.test_quiz import CHOICE_AT, SEVERAL_AT, STATEMENT_AT, WORD_AT, a_class, card, saved_value, start, tab_to
from tests.quizzes.building import CHOICE, SEVERAL, option

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def unsent(page: Page) -> list[str]:
    """The keys of what waits in this browser."""
    found: list[str] = page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('drydock:unsent:'))")
    return found


def start_here(page: Page, quiz: Quiz, name: str = "Start the quiz") -> Attempt:
    page.goto(f"/courses/{quiz.activity.course.slug}/{quiz.activity.slug}/quiz/")
    page.get_by_role("button", name=name).click()
    page.wait_for_url("**/attempts/*/")
    return Attempt.objects.get(quiz=quiz)


def failing(page: Page, status: int = 502) -> None:
    """Let saving fail as behind a proxy whose server is being restarted."""
    page.route("**/answers/*/", lambda route: route.fulfill(status=status, body="<h1>Bad gateway</h1>"))


def test_what_was_not_sent_outlives_a_reload_and_is_sent_by_itself(signed_in: Opened) -> None:
    quiz, student = a_class()
    page = signed_in(student)
    attempt = start(page, quiz)
    page.on("dialog", lambda dialog: dialog.accept())
    failing(page)
    card(page, CHOICE_AT).get_by_label("created").check()
    card(page, SEVERAL_AT).get_by_label("its files").check()
    card(page, WORD_AT).get_by_role("textbox").fill("WORKDIR")
    expect(card(page, WORD_AT).get_by_role("alert")).to_contain_text("may be restarting")
    assert len(unsent(page)) == 3
    page.reload()
    expect(card(page, CHOICE_AT).get_by_label("created")).to_be_checked()
    expect(card(page, WORD_AT).get_by_role("textbox")).to_have_value("WORKDIR")
    page.unroute("**/answers/*/")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("#save-state")).to_have_text("Saved")
    assert saved_value(attempt, CHOICE_AT) == option(CHOICE, "created")
    assert saved_value(attempt, SEVERAL_AT) == [option(SEVERAL, "its files")]
    assert saved_value(attempt, WORD_AT) == "WORKDIR"
    assert unsent(page) == []


def test_what_another_page_left_unsent_is_sent_from_wherever_one_comes_back(signed_in: Opened) -> None:
    quiz, student = a_class(questions_per_page=3)
    page = signed_in(student)
    attempt = start(page, quiz)
    page.on("dialog", lambda dialog: dialog.accept())
    failing(page)
    card(page, CHOICE_AT).get_by_label("created").check()
    expect(page.locator("#save-state")).to_have_text("Not saved: will retry")
    page.unroute("**/answers/*/")
    page.goto(f"/attempts/{attempt.pk}/?page=2")
    expect(page.locator("[data-map='1']")).to_have_class(re.compile("is-answered"))
    assert saved_value(attempt, CHOICE_AT) == option(CHOICE, "created")


def test_handing_in_sends_what_waits_first(signed_in: Opened) -> None:
    quiz, student = a_class()
    page = signed_in(student)
    attempt = start(page, quiz)
    page.on("dialog", lambda dialog: dialog.accept())
    failing(page)
    card(page, CHOICE_AT).get_by_label("created").check()
    expect(page.locator("#save-state")).to_have_text("Not saved: will retry")
    page.goto(f"/attempts/{attempt.pk}/finish/")
    expect(page.locator("[data-page-trouble]")).to_contain_text("1 answer is kept in this browser")
    page.unroute("**/answers/*/")
    page.get_by_role("button", name="Hand in the quiz").click()
    page.wait_for_url("**/review/")
    attempt.refresh_from_db()
    assert attempt.score == 1


def test_handing_in_without_a_connection_says_so_and_happens_once_there_is_one(signed_in: Opened) -> None:
    quiz, student = a_class()
    page = signed_in(student)
    attempt = start(page, quiz)
    page.goto(f"/attempts/{attempt.pk}/finish/")
    with offline(page):
        page.get_by_role("button", name="Hand in the quiz").click()
        expect(page.locator("[data-page-trouble]")).to_contain_text("not handed in yet")
        attempt.refresh_from_db()
        assert attempt.is_open
    page.wait_for_url("**/review/")
    attempt.refresh_from_db()
    assert not attempt.is_open


def test_no_page_is_left_for_one_that_cannot_be_loaded(signed_in: Opened) -> None:
    quiz, student = a_class(questions_per_page=4)
    page = signed_in(student)
    start(page, quiz)
    with offline(page):
        page.get_by_role("button", name="Page 2 of 2").click()
        expect(page.locator("[data-page-trouble]")).to_contain_text("no other page can be shown")
    page.get_by_role("button", name="Page 2 of 2").click()
    page.wait_for_url("**?page=2")


def test_a_browser_that_keeps_nothing_says_so_and_sends_all_the_same(signed_in: Opened) -> None:
    quiz, student = a_class()
    page = signed_in(student)
    page.add_init_script("Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };")
    attempt = start(page, quiz)
    failing(page)
    card(page, CHOICE_AT).get_by_label("created").check()
    expect(card(page, CHOICE_AT).get_by_role("alert")).to_contain_text("leave this page open until it is saved")
    page.unroute("**/answers/*/")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("#save-state")).to_have_text("Saved")
    assert saved_value(attempt, CHOICE_AT) == option(CHOICE, "created")


@pytest.mark.parametrize(("status", "said"), [(429, "Too many requests"), (403, "signed out")])
def test_a_refusal_that_passes_is_said_and_what_was_answered_is_kept(signed_in: Opened, status: int, said: str) -> None:
    quiz, student = a_class()
    page = signed_in(student)
    attempt = start(page, quiz)
    failing(page, status)
    card(page, CHOICE_AT).get_by_label("created").check()
    expect(card(page, CHOICE_AT).get_by_role("alert")).to_contain_text(said)
    page.unroute("**/answers/*/")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("#save-state")).to_have_text("Saved")
    assert saved_value(attempt, CHOICE_AT) == option(CHOICE, "created")


def test_a_question_has_one_request_under_way_and_the_newest_answer_wins(signed_in: Opened) -> None:
    quiz, student = a_class()
    page = signed_in(student)
    attempt = start(page, quiz)
    held: list[Route] = []
    page.route("**/answers/*/", lambda route: route.continue_() if held else held.append(route))
    card(page, CHOICE_AT).get_by_label("created").check()
    page.wait_for_timeout(100)
    card(page, CHOICE_AT).get_by_label("paused").check()
    card(page, CHOICE_AT).get_by_label("exited").check()
    page.wait_for_timeout(100)
    assert len(held) == 1
    held[0].continue_()
    expect(page.locator("#save-state")).to_have_text("Saved")
    assert saved_value(attempt, CHOICE_AT) == option(CHOICE, "exited")
    assert attempt.questions.get(position=CHOICE_AT).revision == 2


def test_two_tabs_are_told_of_each_other_and_show_each_other_s_answers(signed_in: Opened) -> None:
    quiz, student = a_class()
    first = signed_in(student)
    attempt = start(first, quiz)
    second = first.context.new_page()
    second.goto(first.url)
    for tab in (first, second):
        expect(tab.locator("[data-tabs]")).to_contain_text("open in another tab")
    card(second, CHOICE_AT).get_by_label("created").check()
    card(second, WORD_AT).get_by_role("textbox").fill("WORKDIR")
    expect(card(first, CHOICE_AT).get_by_label("created")).to_be_checked()
    expect(card(first, WORD_AT).get_by_role("textbox")).to_have_value("WORKDIR")
    expect(card(first, CHOICE_AT).locator("[data-state-words]")).to_have_text("Saved in another tab")
    card(first, CHOICE_AT).get_by_label("paused").check()
    expect(card(second, CHOICE_AT).get_by_label("paused")).to_be_checked()
    assert saved_value(attempt, CHOICE_AT) == option(CHOICE, "paused")
    second.close()
    expect(first.locator("[data-tabs]")).to_be_hidden()


def test_nobody_s_answers_are_sent_or_kept_for_somebody_else_on_the_same_computer(signed_in: Opened) -> None:
    quiz, student = a_class()
    page = signed_in(student)
    start(page, quiz)
    page.on("dialog", lambda dialog: dialog.accept())
    failing(page)
    card(page, CHOICE_AT).get_by_label("created").check()
    expect(page.locator("#save-state")).to_have_text("Not saved: will retry")
    assert len(unsent(page)) == 1
    page.goto("/")
    assert len(unsent(page)) == 1
    other = a_member(quiz.activity.course)
    page.context.clear_cookies()
    page.goto("/accounts/login/")
    assert len(unsent(page)) == 1, "an ended session is no other person"
    sign_in(page, other)
    expect(page.locator("body")).to_have_attribute("data-user", str(other.pk))
    assert unsent(page) == []
    assert not Attempt.objects.filter(student=other).exists()


def test_signing_out_asks_before_answers_are_lost(signed_in: Opened) -> None:
    quiz, student = a_class()
    page = signed_in(student)
    start(page, quiz)
    page.on("dialog", lambda dialog: dialog.accept())
    failing(page)
    card(page, CHOICE_AT).get_by_label("created").check()
    expect(page.locator("#save-state")).to_have_text("Not saved: will retry")
    page.goto("/")
    page.locator("summary[aria-label='Your account']").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("dialog")).to_contain_text("1 answer of a quiz is not saved yet")
    page.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/**")
    assert unsent(page) == []


def sign_in(page: Page, person: User) -> None:
    page.locator("[name=login]").fill(person.email)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url(lambda url: "login" not in url)


def test_a_pause_keeps_what_is_being_typed_and_sends_it_when_the_quiz_goes_on(signed_in: Opened) -> None:
    quiz, student = a_class(time_limit_minutes=20)
    teacher = an_instructor_of(quiz.activity.course)
    page = signed_in(student)
    attempt = start(page, quiz)
    pause(by=teacher, quiz=quiz, reason="Fire alarm: leave the room.")
    Quiz.objects.filter(pk=quiz.pk).update(paused_at=timezone.now() - timedelta(minutes=1))
    card(page, WORD_AT).get_by_role("textbox").fill("WORKDIR")
    screen = page.get_by_role("dialog")
    expect(screen).to_contain_text("The quiz is paused")
    expect(screen).to_contain_text("Fire alarm: leave the room.")
    expect(page.locator("[data-timer-words]")).to_have_text("Clock stopped")
    page.keyboard.press("Escape")
    expect(screen).to_be_visible()
    assert serious_faults(page) == []
    assert saved_value(attempt, WORD_AT) is None
    resume(by=teacher, quiz=Quiz.objects.get(pk=quiz.pk))
    expect(screen).to_be_hidden(timeout=30_000)
    expect(page.locator("#save-state")).to_have_text("Saved")
    expect(card(page, WORD_AT).get_by_role("textbox")).to_have_value("WORKDIR")
    assert saved_value(attempt, WORD_AT) == "WORKDIR"


def test_a_paused_quiz_shows_no_questions_and_starts_nobody(signed_in: Opened) -> None:
    quiz, student = a_class()
    page = signed_in(student)
    attempt = start(page, quiz)
    pause(by=an_instructor_of(quiz.activity.course), quiz=quiz, reason="Power cut")
    page.goto(f"/attempts/{attempt.pk}/")
    expect(page.locator("main")).to_contain_text("Power cut")
    expect(page.locator("[data-question]")).to_have_count(0)
    late = signed_in(a_member(quiz.activity.course))
    late.goto(f"/courses/{quiz.activity.course.slug}/{quiz.activity.slug}/quiz/")
    expect(late.locator("main")).to_contain_text("The quiz is paused")
    expect(late.get_by_role("button", name="Start the quiz")).to_have_count(0)


def test_practice_tells_about_an_answer_at_once_and_takes_it_as_final(signed_in: Opened) -> None:
    quiz, student = a_class(mode="practice")
    page = signed_in(student)
    attempt = start(page, quiz)
    assert "explanation-of-" not in page.content()
    tab_to(page, "#question-1 input[type=radio]")
    page.keyboard.press("Space")
    tab_to(page, "#question-1 button[name=check]")
    page.keyboard.press("Enter")
    expect(card(page, CHOICE_AT)).to_contain_text("explanation-of-created")
    expect(card(page, CHOICE_AT)).to_contain_text("Correct")
    assert page.evaluate("document.activeElement.closest('[data-question]').id") == "question-1"
    expect(card(page, CHOICE_AT).get_by_label("paused")).to_be_disabled()
    assert "explanation-of-keeps" not in page.content()
    assert attempt.questions.get(position=CHOICE_AT).checked_at is not None
    card(page, SEVERAL_AT).get_by_role("button", name="Check").click()
    expect(card(page, SEVERAL_AT).get_by_role("alert")).to_contain_text("Answer the question first")
    assert serious_faults(page) == []


def test_time_that_runs_up_while_paused_is_given_back(signed_in: Opened) -> None:
    quiz, student = a_class(time_limit_minutes=20)
    teacher = an_instructor_of(quiz.activity.course)
    page = signed_in(student)
    page.clock.install()
    attempt = start(page, quiz)
    pause(by=teacher, quiz=quiz, reason="Fire alarm")
    now = timezone.now()
    Quiz.objects.filter(pk=quiz.pk).update(paused_at=now - timedelta(minutes=30))
    Pause.objects.filter(quiz=quiz).update(began_at=now - timedelta(minutes=30))
    Attempt.objects.filter(pk=attempt.pk).update(
        started_at=now - timedelta(minutes=35), closes_at=now - timedelta(minutes=15)
    )
    card(page, WORD_AT).get_by_role("textbox").fill("WORKDIR")
    page.clock.run_for(2_000)
    expect(page.get_by_role("dialog")).to_contain_text("The quiz is paused")
    page.clock.fast_forward("40:00")
    expect(page.get_by_role("dialog")).to_contain_text("Fire alarm")
    expect(page.locator("[data-timer-words]")).to_have_text("Clock stopped")
    assert page.url.endswith(f"/attempts/{attempt.pk}/")
    attempt.refresh_from_db()
    assert attempt.is_open
    resume(by=teacher, quiz=Quiz.objects.get(pk=quiz.pk))
    page.clock.fast_forward("00:15")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("[data-timer-words]")).to_have_text(re.compile(r"^1[45] min left$"))
    expect(page.locator("#save-state")).to_have_text("Saved")
    assert saved_value(attempt, WORD_AT) == "WORKDIR"


def test_an_answer_checked_in_one_tab_is_final_in_the_other(signed_in: Opened) -> None:
    quiz, student = a_class(mode="practice")
    first = signed_in(student)
    start(first, quiz)
    second = first.context.new_page()
    second.goto(first.url)
    expect(first.locator("[data-tabs]")).to_be_visible()
    card(second, CHOICE_AT).get_by_label("created").check()
    expect(card(first, CHOICE_AT).get_by_label("created")).to_be_checked()
    card(second, CHOICE_AT).get_by_role("button", name="Check").click()
    for tab in (second, first):
        expect(card(tab, CHOICE_AT)).to_contain_text("explanation-of-created")
        expect(card(tab, CHOICE_AT).get_by_label("paused")).to_be_disabled()
        expect(card(tab, CHOICE_AT).get_by_role("button", name="Check")).to_have_count(0)
    card(first, WORD_AT).get_by_role("textbox").fill("WORKDIR")
    expect(card(second, WORD_AT).get_by_role("textbox")).to_have_value("WORKDIR")


def test_without_scripts_practice_tells_about_an_answer_and_saves_the_others(signed_in: Opened) -> None:
    quiz, student = a_class(mode="practice")
    page = signed_in(student, scripts=False)
    attempt = start(page, quiz)
    card(page, SEVERAL_AT).get_by_role("button", name="Check").click()
    expect(page.locator("main")).to_contain_text("Answer the question first")
    card(page, STATEMENT_AT).get_by_label("False").check()
    card(page, CHOICE_AT).get_by_label("created").check()
    card(page, CHOICE_AT).get_by_role("button", name="Check").click()
    expect(card(page, CHOICE_AT)).to_contain_text("explanation-of-created")
    expect(card(page, CHOICE_AT).get_by_label("paused")).to_be_disabled()
    expect(card(page, STATEMENT_AT).get_by_label("False")).to_be_checked()
    assert "explanation-of-zz" not in page.content()
    assert attempt.questions.get(position=CHOICE_AT).checked_at is not None
    assert saved_value(attempt, STATEMENT_AT) is False


def test_the_keyboard_alone_completes_a_practice_quiz(signed_in: Opened) -> None:
    quiz, student = a_class(mode="practice")
    page = signed_in(student)
    attempt = start(page, quiz)
    for position, control in enumerate(("radio", "checkbox", "radio", "text", "text"), 1):
        tab_to(page, f"#question-{position} input[type={control}]")
        if control == "text":
            page.keyboard.type("1536")
        else:
            page.keyboard.press("Space")
        tab_to(page, f"#question-{position} button[name=check]")
        page.keyboard.press("Enter")
        expect(page.locator(f"#question-{position} [data-verdict]")).to_be_focused()
    tab_to(page, ".quiz-turn button[value=finish]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/finish/")
    tab_to(page, "main form button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/review/")
    assert not attempt.questions.filter(checked_at=None).exists()


@pytest.mark.parametrize("scripts", [True, False])
def test_the_map_leads_to_a_question_and_saves_the_page_first(signed_in: Opened, scripts: bool) -> None:
    quiz, student = a_class(questions_per_page=3)
    page = signed_in(student, scripts=scripts)
    attempt = start(page, quiz)
    card(page, CHOICE_AT).get_by_label("created").check()
    page.locator("button[data-map='5']").click()
    page.wait_for_url("**/?page=2#question-5")
    expect(card(page, WORD_AT)).to_be_visible()
    assert saved_value(attempt, CHOICE_AT) == option(CHOICE, "created")
    page.locator("a[data-map='4']").click()
    page.wait_for_url("**/?page=2#question-4")
    page.locator("button[data-map='1']").click()
    expect(card(page, CHOICE_AT).get_by_label("created")).to_be_checked()


@pytest.mark.parametrize("scripts", [True, False])
def test_an_exam_goes_forward_only_and_shows_one_question(signed_in: Opened, scripts: bool) -> None:
    quiz, student = a_class(mode="exam", go_back=False)
    page = signed_in(student, scripts=scripts)
    attempt = start_here(page, quiz, "Start the exam")
    expect(page.locator("[data-question]")).to_have_count(1)
    expect(page.locator("main")).to_contain_text("There is no way back")
    expect(page.locator("a[data-map='1']")).to_have_count(1)
    expect(page.locator(":is(a, button)[data-map='2']")).to_have_count(0)
    card(page, CHOICE_AT).get_by_label("created").check()
    page.get_by_role("button", name="Question 2 of 5").click()
    if scripts:
        expect(page.get_by_role("dialog")).to_contain_text("cannot come back")
        page.get_by_role("dialog").get_by_role("button", name="Question 2 of 5").click()
    expect(card(page, SEVERAL_AT)).to_be_visible()
    expect(page.locator("[data-question]")).to_have_count(1)
    assert saved_value(attempt, CHOICE_AT) == option(CHOICE, "created")
    page.goto(f"/attempts/{attempt.pk}/?page=1")
    expect(card(page, CHOICE_AT)).to_have_count(0)
    expect(card(page, SEVERAL_AT)).to_be_visible()


def test_the_keyboard_alone_completes_an_exam(signed_in: Opened) -> None:
    quiz, student = a_class(mode="exam", go_back=False)
    page = signed_in(student)
    start_here(page, quiz, "Start the exam")
    for position, control in enumerate(("radio", "checkbox", "radio", "text", "text"), 1):
        tab_to(page, f"#question-{position} input[type={control}]")
        if control == "text":
            page.keyboard.type("1536")
        else:
            page.keyboard.press("Space")
        if position == 5:
            break
        tab_to(page, ".quiz-turn button[value=next]")
        page.keyboard.press("Enter")
        tab_to(page, "dialog[open] .buttons button:first-child")
        page.keyboard.press("Enter")
        expect(card(page, position + 1)).to_be_visible()
    tab_to(page, ".quiz-turn button[value=finish]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/finish/")
    tab_to(page, "main form button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/review/")
    assert not Attempt.objects.get(quiz=quiz).questions.filter(value=None).exists()


def test_an_access_code_is_asked_for_and_a_wrong_one_is_told_beside_its_field(signed_in: Opened) -> None:
    quiz, student = a_class()
    set_access(by=an_instructor_of(quiz.activity.course), quiz=quiz, code="HARBOUR", networks=[])
    page = signed_in(student, size=PHONE)
    page.goto(f"/courses/{quiz.activity.course.slug}/{quiz.activity.slug}/quiz/")
    assert "HARBOUR" not in page.content()
    page.get_by_label("Access code").fill("WRONG")
    page.get_by_role("button", name="Start the quiz").click()
    expect(page.get_by_role("alert")).to_contain_text("not the access code")
    assert serious_faults(page) == []
    assert not scrolls_sideways(page)
    page.get_by_label("Access code").fill("harbour")
    page.get_by_role("button", name="Start the quiz").click()
    page.wait_for_url("**/attempts/*/")


def test_without_scripts_every_answer_of_the_page_is_saved_by_whatever_button_is_pressed(signed_in: Opened) -> None:
    quiz, student = a_class(questions_per_page=3)
    page = signed_in(student, scripts=False)
    attempt = start(page, quiz)
    card(page, CHOICE_AT).get_by_label("created").check()
    card(page, SEVERAL_AT).get_by_label("its files").check()
    card(page, STATEMENT_AT).get_by_role("button", name="Flag").click()
    assert saved_value(attempt, CHOICE_AT) == option(CHOICE, "created")
    assert attempt.questions.get(position=STATEMENT_AT).flagged
    card(page, STATEMENT_AT).get_by_label("True").check()
    page.get_by_role("button", name="Page 2 of 2").click()
    expect(card(page, WORD_AT)).to_be_visible()
    assert saved_value(attempt, SEVERAL_AT) == [option(SEVERAL, "its files")]
    assert saved_value(attempt, STATEMENT_AT) is True
    card(page, WORD_AT).get_by_role("textbox").fill("WORKDIR")
    page.keyboard.press("Enter")
    expect(page.locator(".messages")).to_contain_text("saved")
    assert saved_value(attempt, WORD_AT) == "WORKDIR"

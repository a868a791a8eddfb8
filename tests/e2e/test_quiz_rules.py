"""The page of a quiz's rules in a browser: nothing serious for axe, no sideways scroll, and a pause by keyboard."""

from typing import Any

import pytest
from browser import Opened, scrolls_sideways, serious_faults
from builders import a_course, a_member, a_user, an_instructor_of

from courses.services import grant_section_override
from quizzes.access import set_access
from quizzes.models import Quiz
from quizzes.pausing import pause
from quizzes.saving import save_answer
from quizzes.starting import start_attempt
from tests.e2e.scene import LONG
from tests.quizzes.building import a_bank, a_quiz

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def a_busy_quiz(*, paused: bool) -> Quiz:
    """A quiz that people with long and foreign names are taking, with a code, addresses and a section's own times."""
    course = a_course(title="Containers, week 7", time_zone="Europe/Madrid")
    quiz = a_quiz(course, questions=a_bank(6), time_limit_minutes=45, mode="exam", go_back=False)
    teacher = an_instructor_of(course)
    section = course.sections.create(name="Group A, Tuesday")
    course.sections.create(name=LONG[:90])
    due = quiz.activity.created_at.replace(hour=17, minute=0)
    grant_section_override(by=teacher, activity=quiz.activity, section=section, due_at=due, reason="Their lab is late.")
    for name in ("Ada Lovelace", "محمد بن موسى الخوارزمي", LONG):
        attempt = start_attempt(
            quiz=quiz, student=a_member(course, user=a_user(name=name), section=section), address="2001:db8::77"
        )
        save_answer(attempt=attempt, position=1, value=True, revision=0)
    set_access(by=teacher, quiz=quiz, code="Open sesame", networks=["10.20.0.0/16", "2001:db8::/32"])
    if paused:
        pause(by=teacher, quiz=quiz, reason="Fire alarm: leave your things, we go on at 10:30.")
    return quiz


def address(quiz: Quiz) -> str:
    return f"/teach/{quiz.activity.course.slug}/activities/{quiz.activity.slug}/rules/"


@pytest.mark.parametrize("paused", [False, True])
def test_nothing_is_wrong_for_axe_and_nothing_scrolls_sideways(signed_in: Opened, paused: bool, tmp_path: Any) -> None:
    quiz = a_busy_quiz(paused=paused)
    page = signed_in(an_instructor_of(quiz.activity.course))
    page.goto(address(quiz))
    for fold in page.locator("details.fold").all():
        fold.evaluate("fold => { fold.open = true }")
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=tmp_path / f"rules-{width}-{paused}.png", full_page=True)
        assert not scrolls_sideways(page)
        assert serious_faults(page) == []


def test_a_quiz_is_paused_and_goes_on_by_keyboard(signed_in: Opened) -> None:
    quiz = a_busy_quiz(paused=False)
    page = signed_in(an_instructor_of(quiz.activity.course))
    page.goto(address(quiz))
    page.get_by_text("Pause it for everybody…").focus()
    page.keyboard.press("Enter")
    page.locator("#id_reason").focus()
    page.keyboard.type("Fire alarm.")
    page.keyboard.press("Enter")
    page.get_by_text("Paused since").wait_for()
    page.get_by_role("button", name="Let it go on").focus()
    page.keyboard.press("Enter")
    page.get_by_text("The quiz goes on.").wait_for()
    quiz.refresh_from_db()
    assert quiz.paused_at is None

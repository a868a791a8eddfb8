"""Cheating with the form that pages send without scripts: it carries a whole page, any fields, and any button."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from builders import a_member, an_instructor_of
from django.test import Client

from quizzes.access import set_access
from quizzes.checking import check_answer
from quizzes.models import Attempt
from quizzes.pausing import pause
from quizzes.services import close_attempt, save_answer, sweep_attempts
from quizzes.starting import start_attempt
from quizzes.timing import GRACE
from quizzes.turning import turn_page
from tests.quizzes.building import WORD, a_bank, a_quiz
from tests.security.cheating import STATEMENT_AT, WORD_AT, nothing_changes, taken

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)
Clock = time_machine.Traveller
OVER = "This try is over: what was sent just now was not saved."


def late(clock: Clock) -> Attempt:
    attempt = taken(time_limit_minutes=30)
    clock.shift(timedelta(minutes=30) + GRACE + SECOND)
    sweep_attempts()
    return attempt


def handed_in(clock: Clock) -> Attempt:
    del clock
    return close_attempt(attempt=taken())


def paused(clock: Clock) -> Attempt:
    attempt = taken()
    pause(by=an_instructor_of(attempt.quiz.activity.course), quiz=attempt.quiz, reason="Fire alarm.")
    clock.shift(GRACE + SECOND)
    return attempt


def elsewhere(clock: Clock) -> Attempt:
    del clock
    attempt = taken()
    set_access(by=an_instructor_of(attempt.quiz.activity.course), quiz=attempt.quiz, code="", networks=["10.0.0.0/8"])
    return attempt


def checked(clock: Clock) -> Attempt:
    del clock
    attempt = taken(mode="practice")
    for position in (STATEMENT_AT, WORD_AT):
        check_answer(attempt=attempt, position=position)
    return attempt


def changed_elsewhere(clock: Clock) -> Attempt:
    del clock
    attempt = taken()
    save_answer(attempt=attempt, position=WORD_AT, value="EXPOSE", revision=1)
    save_answer(attempt=attempt, position=STATEMENT_AT, value=None, revision=1)
    return attempt


def left_behind(clock: Clock) -> Attempt:
    """An exam whose last page, the fifth, is reached: what is sent is for the third and the fourth."""
    quiz = a_quiz(questions=[*a_bank(3), WORD, *a_bank(1, prefix="r")], mode="exam", go_back=False)
    attempt = start_attempt(quiz=quiz, student=a_member(quiz.activity.course))
    for page in range(2, 6):
        turn_page(attempt=Attempt.objects.with_content().get(pk=attempt.pk), page=page)
    clock.shift(GRACE + SECOND)
    return attempt


def not_reached(clock: Clock) -> Attempt:
    """The same on its first page."""
    del clock
    quiz = a_quiz(questions=[*a_bank(3), WORD, *a_bank(1, prefix="r")], mode="exam", go_back=False)
    return start_attempt(quiz=quiz, student=a_member(quiz.activity.course))


REFUSALS: dict[Callable[[Clock], Attempt], str] = {
    late: OVER,
    handed_in: OVER,
    paused: "The quiz is paused",
    elsewhere: "This quiz can be taken only from certain places",
    checked: "You have had question 4 checked",
    changed_elsewhere: "Changed elsewhere at",
    left_behind: "Question 5 of 5",
    not_reached: "Question 1 of 5",
}


def form_of(attempt: Attempt, **more: Any) -> dict[str, Any]:
    """A page's form with better answers, as if it had been loaded when nothing was wrong."""
    revision = "0" if attempt.version.settings.mode == "exam" else "1"
    return {
        "page": "1",
        f"revision@{WORD_AT}": revision,
        f"answer@{WORD_AT}": "WORKDIR",
        f"revision@{STATEMENT_AT}": revision,
        f"answer@{STATEMENT_AT}": "false",
        **more,
    }


@pytest.mark.parametrize("go", ["stay", "finish", "to-1", "to-99", "check", "flag"])
@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case.__name__)
def test_the_form_of_a_page_gets_no_further_than_its_script(
    client: Client, clock: Clock, case: Callable[[Clock], Attempt], go: str
) -> None:
    attempt = case(clock)
    client.force_login(attempt.student)
    button = {"check": {"check": str(WORD_AT)}, "flag": {"flag": f"{WORD_AT}:yes"}}.get(go, {"go": go})
    with nothing_changes():
        reply = client.post(f"/attempts/{attempt.pk}/", form_of(attempt, **button), follow=True)
    words = reply.content.decode()
    assert reply.status_code in {200, 403, 409}
    assert REFUSALS[case] in words
    assert "zz-key" not in words or case in {checked, handed_in, late}


def test_what_a_form_names_beside_the_questions_of_the_try_is_left_alone(client: Client) -> None:
    mine = taken()
    theirs = start_attempt(quiz=mine.quiz, student=a_member(mine.quiz.activity.course))
    client.force_login(mine.student)
    fields = "points", "max_points", "is_final", "checked_at", "awaits_mark", "flagged", "seed"
    before = list(mine.questions.values("pk", *fields)), Attempt.objects.values().get(pk=mine.pk)
    forged = {f"{name}@{WORD_AT}": "99" for name in ("points", "score", "max_points", "seed", "saved_at")}
    forged |= {"points": "99", "state": "CLOSED", "attempt": str(theirs.pk), "student": str(theirs.student_id)}
    forged |= {f"revision@{position}": "0" for position in (0, 6, 99, 10**8)}
    forged |= {f"answer@{position}": "WORKDIR" for position in (0, 6, 99, 10**8)}
    forged |= {"revision@٤": "1", "answer@-4": "WORKDIR", f"answer@{10**30}": "x", "answer@": "x", "@4": "x"}
    assert client.post(f"/attempts/{mine.pk}/", form_of(mine) | forged, follow=True).status_code == 200
    assert (list(mine.questions.values("pk", *fields)), Attempt.objects.values().get(pk=mine.pk)) == before
    assert mine.questions.get(position=WORD_AT).value == "WORKDIR", "what is one's own to send was saved"
    assert not theirs.questions.filter(revision__gt=0).exists()


@pytest.mark.parametrize("who", ["classmate", "instructor"])
def test_nobody_sends_a_page_or_a_flag_of_somebody_elses_try(client: Client, who: str) -> None:
    attempt = taken()
    course = attempt.quiz.activity.course
    client.force_login(a_member(course) if who == "classmate" else an_instructor_of(course))
    with nothing_changes():
        for address in ("", "finish/", f"flags/{WORD_AT}/", f"check/{WORD_AT}/", f"files/{WORD_AT}/"):
            sent = form_of(attempt, go="finish", flagged="yes")
            assert client.post(f"/attempts/{attempt.pk}/{address}", sent).status_code == 404, address


@pytest.mark.parametrize("case", [late, handed_in, paused], ids=lambda case: case.__name__)
def test_flags_are_not_set_when_answers_are_not_taken(
    client: Client, clock: Clock, case: Callable[[Clock], Attempt]
) -> None:
    attempt = case(clock)
    client.force_login(attempt.student)
    with nothing_changes():
        reply = client.post(f"/attempts/{attempt.pk}/flags/{WORD_AT}/", {"flagged": "yes"})
        assert (reply.status_code, reply.json()["code"]) == (
            409,
            {late: "time_is_up", handed_in: "attempt_closed", paused: "quiz_paused"}[case],
        )

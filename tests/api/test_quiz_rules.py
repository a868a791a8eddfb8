"""Pages, practice, pauses, codes, places and lateness of quizzes through the API, as docs/api.md tells them."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from builders import a_member, an_instructor_of
from django.core.cache import cache
from django.utils import timezone

from quizzes.access import WRONG_CODES, set_access
from quizzes.models import Attempt, Quiz
from quizzes.pausing import pause, resume
from tests.api.calling import V1, client_of, problem
from tests.quizzes.building import CHOICE, ONE_OF_EACH, STATEMENT, WORD, a_bank, a_quiz, option

pytestmark = pytest.mark.django_db

NOW = timezone.now()
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
ELSEWHERE = "203.0.113.9"


@pytest.fixture(autouse=True)
def _no_guesses_yet() -> None:
    cache.clear()


def started(client: Any, quiz: Quiz, **sent: Any) -> dict[str, Any]:
    reply = client.post(f"{V1}quizzes/{quiz.activity_id}/attempts/", sent)
    assert reply.status_code == 201, reply.content
    body: dict[str, Any] = reply.json()
    return body


def place_of(attempt: dict[str, Any]) -> str:
    return f"{V1}attempts/{attempt['id']}/"


def positions(attempt: dict[str, Any]) -> list[int]:
    return [question["position"] for question in attempt["questions"]]


def test_with_a_way_back_all_questions_come_at_once_whatever_page_one_is_on() -> None:
    quiz = a_quiz(questions=a_bank(3), questions_per_page=2)
    client = client_of(a_member(quiz.activity.course))
    attempt = started(client, quiz)
    assert (attempt["pages"], attempt["page_reached"], attempt["may_go_back"]) == (2, 1, True)
    assert positions(attempt) == [1, 2, 3]
    assert positions(client.post(f"{place_of(attempt)}pages/2/").json()) == [1, 2, 3]
    problem(client.post(f"{place_of(attempt)}pages/3/"), 404, "no_such_page")


def test_without_a_way_back_a_page_is_turned_once_and_only_forward() -> None:
    quiz = a_quiz(questions=a_bank(3), mode="exam", go_back=False)
    client = client_of(a_member(quiz.activity.course))
    with time_machine.travel(NOW, tick=False) as clock:
        attempt = started(client, quiz)
        place = place_of(attempt)
        assert (attempt["mode"], attempt["pages"], positions(attempt)) == ("exam", 3, [1])
        problem(client.post(f"{place}pages/3/"), 409, "page_skipped")
        problem(client.put(f"{place}answers/2/", {"value": True, "revision": 0}), 409, "question_not_reached")
        turned = client.post(f"{place}pages/2/").json()
        assert (turned["page_reached"], positions(turned)) == (2, [2])
        problem(client.post(f"{place}pages/1/"), 409, "question_left_behind")
        clock.shift(6 * SECOND)
        problem(client.put(f"{place}answers/1/", {"value": True, "revision": 0}), 409, "question_left_behind")


def test_in_practice_an_answer_is_checked_and_final_and_says_what_is_right() -> None:
    quiz = a_quiz(questions=[CHOICE, STATEMENT], mode="practice")
    client = client_of(a_member(quiz.activity.course))
    attempt = started(client, quiz)
    place = place_of(attempt)
    problem(client.post(f"{place}check/1/"), 409, "answer_first")
    client.put(f"{place}answers/1/", {"value": option(CHOICE, "running"), "revision": 0})
    told = client.post(f"{place}check/1/").json()
    assert (told["verdict"], told["points"], told["checked"]) == ("wrong", "0.00", True)
    assert "created" in str(told["right_answers"])
    assert "explanation-of-created" in told["explanation"]
    final = {"value": option(CHOICE, "created"), "revision": 1}
    assert problem(client.put(f"{place}answers/1/", final), 409, "answer_final")["saved"]["revision"] == 1
    assert [one["checked"] for one in client.get(place).json()["questions"]] == [True, False]


def test_outside_practice_nothing_is_checked() -> None:
    quiz = a_quiz()
    client = client_of(a_member(quiz.activity.course))
    problem(client.post(f"{place_of(started(client, quiz))}check/1/"), 409, "not_practice")


def test_a_pause_shows_no_questions_takes_nothing_and_costs_no_time() -> None:
    quiz = a_quiz(questions=[WORD], time_limit_minutes=30)
    teacher = an_instructor_of(quiz.activity.course)
    client, late = (client_of(a_member(quiz.activity.course)) for _ in range(2))
    with time_machine.travel(NOW, tick=False) as clock:
        attempt = started(client, quiz)
        place = place_of(attempt)
        assert (attempt["paused"], attempt["remaining_seconds"]) == (False, 1800.0)
        pause(by=teacher, quiz=Quiz.objects.with_content().get(pk=quiz.pk))
        clock.shift(HOUR)
        seen = client.get(place).json()
        assert (seen["paused"], seen["questions"], seen["remaining_seconds"]) == (True, [], 1800.0)
        assert problem(client.put(f"{place}answers/1/", {"value": "x", "revision": 0}), 409, "quiz_paused")["saved"]
        problem(late.post(f"{V1}quizzes/{quiz.activity_id}/attempts/"), 409, "quiz_paused")
        about = late.get(f"{V1}quizzes/{quiz.activity_id}/").json()
        assert (about["paused"], about["may_start"]) == (True, False)
        resume(by=teacher, quiz=Quiz.objects.with_content().get(pk=quiz.pk))
        again = client.get(place).json()
        assert (again["paused"], again["remaining_seconds"], positions(again)) == (False, 1800.0, [1])


def test_a_code_is_asked_for_to_start_and_wrong_ones_are_counted() -> None:
    quiz = a_quiz()
    set_access(by=an_instructor_of(quiz.activity.course), quiz=quiz, code="K7Q-2RM", networks=[])
    client, guesser = (client_of(a_member(quiz.activity.course)) for _ in range(2))
    address = f"{V1}quizzes/{quiz.activity_id}/"
    assert client.get(address).json()["needs_code"]
    problem(client.post(f"{address}attempts/"), 403, "code_needed")
    assert problem(client.post(f"{address}attempts/", {"code": "wrong"}), 403, "code_wrong")["errors"][0]["field"] == (
        "code"
    )
    assert started(client, quiz, code="k7q 2rm")["id"] == started(client, quiz)["id"]
    for _ in range(WRONG_CODES):
        problem(guesser.post(f"{address}attempts/", {"code": "wrong"}), 403, "code_wrong")
    reply = guesser.post(f"{address}attempts/", {"code": "K7Q-2RM"})
    problem(reply, 429, "code_guessed")
    assert int(reply["Retry-After"]) > 0


def test_from_elsewhere_nothing_is_read_or_saved_and_handing_in_and_the_review_are_open() -> None:
    quiz = a_quiz(questions=[STATEMENT])
    set_access(by=an_instructor_of(quiz.activity.course), quiz=quiz, code="", networks=["127.0.0.0/8"])
    client = client_of(a_member(quiz.activity.course))
    attempt = started(client, quiz)
    place = place_of(attempt)
    client.defaults["REMOTE_ADDR"] = ELSEWHERE
    problem(client.get(place), 403, "address_not_allowed")
    problem(client.put(f"{place}answers/1/", {"value": False, "revision": 0}), 403, "address_not_allowed")
    problem(client.post(f"{V1}quizzes/{quiz.activity_id}/attempts/"), 403, "address_not_allowed")
    assert client.post(f"{place}finish/").json()["state"] == "CLOSED"
    assert client.get(f"{place}review/").status_code == 200


def test_late_work_counts_less_and_says_so() -> None:
    quiz = a_quiz(questions=[STATEMENT], activity={"due_at": NOW, "late_percent_per_day": 20})
    client = client_of(a_member(quiz.activity.course))
    with time_machine.travel(NOW + HOUR, tick=False):
        assert client.get(f"{V1}quizzes/{quiz.activity_id}/").json()["state"] == "late"
        attempt = started(client, quiz)
        client.put(f"{place_of(attempt)}answers/1/", {"value": False, "revision": 0})
        client.post(f"{place_of(attempt)}finish/")
        review = client.get(f"{place_of(attempt)}review/").json()
    assert (review["score"], review["points"]) == ("1.00", "0.80")


def test_a_closed_try_has_no_questions_but_a_review() -> None:
    quiz = a_quiz(questions=ONE_OF_EACH)
    client = client_of(a_member(quiz.activity.course))
    attempt = started(client, quiz)
    client.post(f"{place_of(attempt)}finish/")
    seen = client.get(place_of(attempt)).json()
    assert (seen["state"], seen["questions"], seen["remaining_seconds"]) == ("CLOSED", [], None)
    assert len(client.get(f"{place_of(attempt)}review/").json()["questions"]) == len(ONE_OF_EACH)
    assert client_of(an_instructor_of(quiz.activity.course)).get(f"{place_of(attempt)}review/").json()["score"]
    assert Attempt.objects.get().closed_at is not None

"""Taking a quiz through the API: no key comes before its release, and nothing saved is lost."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from builders import a_member, an_instructor_of
from django.utils import timezone

from quizzes.models import Attempt
from quizzes.starting import start_attempt
from tests.api.calling import V1, client_of, problem, results
from tests.quizzes.building import ONE_OF_EACH, a_quiz, right_answers

pytestmark = pytest.mark.django_db

NOW = timezone.now()
HOUR = timedelta(hours=1)


def started(client: Any, quiz: Any) -> dict[str, Any]:
    reply = client.post(f"{V1}quizzes/{quiz.activity_id}/attempts/")
    assert reply.status_code == 201, reply.content
    body: dict[str, Any] = reply.json()
    return body


def save(client: Any, attempt: dict[str, Any], position: int, value: Any, revision: int = 0) -> Any:
    return client.put(f"{V1}attempts/{attempt['id']}/answers/{position}/", {"value": value, "revision": revision})


def test_a_quiz_is_started_answered_finished_and_reviewed() -> None:
    quiz = a_quiz(release={"keys": "after_attempt"})
    client = client_of(a_member(quiz.activity.course))
    about = client.get(f"{V1}quizzes/{quiz.activity_id}/").json()
    assert (about["question_count"], about["may_start"], about["attempts_left"]) == (5, True, 3)
    attempt = started(client, quiz)
    assert [question["kind"] for question in attempt["questions"]] == [question["kind"] for question in ONE_OF_EACH]
    for position, question in enumerate(ONE_OF_EACH, 1):
        reply = save(client, attempt, position, right_answers()[question["id"]])
        assert (reply.status_code, reply.json()["revision"]) == (200, 1), reply.content
    assert client.get(f"{V1}attempts/{attempt['id']}/").json()["questions"][3]["value"] == "zz-key-workdir"
    done = client.post(f"{V1}attempts/{attempt['id']}/finish/").json()
    assert done["state"] == "CLOSED"
    review = client.get(f"{V1}attempts/{attempt['id']}/review/").json()
    assert review["score"] == review["max_score"] == "6.00"
    assert {question["verdict"] for question in review["questions"]} == {"right"}
    assert "explanation-of-workdir" in str(review)


def test_starting_again_returns_the_try_that_is_under_way() -> None:
    quiz = a_quiz()
    client = client_of(a_member(quiz.activity.course))
    assert started(client, quiz)["id"] == started(client, quiz)["id"]


def test_an_answer_changed_elsewhere_is_not_overwritten_and_comes_back() -> None:
    quiz = a_quiz()
    client = client_of(a_member(quiz.activity.course))
    attempt = started(client, quiz)
    save(client, attempt, 4, "VOLUME")
    said = problem(save(client, attempt, 4, "USER"), 409, "stale_revision")
    assert (said["saved"]["value"], said["saved"]["revision"], said["saved"]["position"]) == ("VOLUME", 1, 4)
    assert save(client, attempt, 4, "USER", revision=1).json()["revision"] == 2
    assert save(client, attempt, 4, None, revision=2).json()["value"] is None


@pytest.mark.parametrize(
    ("position", "value"),
    [
        (1, "no option"),
        (1, 7),
        (1, ["created"]),
        (2, "its memory"),
        (2, ["no option"]),
        (3, "yes"),
        (4, 7),
        (5, "many"),
    ],
)
def test_an_answer_of_the_wrong_shape_is_refused_and_the_saved_one_stands(position: int, value: Any) -> None:
    quiz = a_quiz()
    student = a_member(quiz.activity.course)
    client = client_of(student)
    attempt = started(client, quiz)
    right = right_answers()[ONE_OF_EACH[position - 1]["id"]]
    save(client, attempt, position, right)
    reply = save(client, attempt, position, value, revision=1)
    assert reply.status_code == 422, reply.content
    problem(reply, 422, reply.json()["code"])
    assert Attempt.objects.get().questions.get(position=position).revision == 1


@pytest.mark.parametrize(
    "body", [{}, {"value": True}, {"value": True, "revision": -1}, {"value": True, "revision": "x"}]
)
def test_a_malformed_request_to_save_is_refused(body: dict[str, Any]) -> None:
    quiz = a_quiz()
    client = client_of(a_member(quiz.activity.course))
    attempt = started(client, quiz)
    problem(client.put(f"{V1}attempts/{attempt['id']}/answers/3/", body), 400, "invalid")


def test_texts_that_no_database_takes_are_refused() -> None:
    quiz = a_quiz()
    client = client_of(a_member(quiz.activity.course))
    attempt = started(client, quiz)
    address = f"{V1}attempts/{attempt['id']}/answers/4/"
    for text in ("\\ud800", "a\\u0000b"):
        body = f'{{"value": "{text}", "revision": 0}}'
        reply = client.put(address, body, content_type="application/json")
        assert reply.status_code in {200, 422}, reply.content
    problem(save(client, attempt, 99, "x"), 404, "no_such_question")
    problem(save(client, attempt, 4, "x", revision=10**30), 409, "stale_revision")


def test_nothing_is_saved_after_time_is_up_and_what_was_saved_counts() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        quiz = a_quiz(time_limit_minutes=30)
        student = a_member(quiz.activity.course)
        client = client_of(student)
        attempt = started(client, quiz)
        assert attempt["closes_at"] is not None
        save(client, attempt, 3, False)
        clock.move_to(NOW + HOUR)
        said = problem(save(client, attempt, 4, "WORKDIR"), 409, "time_is_up")
        assert said["saved"]["value"] is None
        assert client.get(f"{V1}attempts/{attempt['id']}/").json()["state"] == "CLOSED"
        assert client.get(f"{V1}attempts/{attempt['id']}/review/").json()["score"] == "1.00"


def test_finishing_twice_changes_nothing_and_answers_come_too_late_then() -> None:
    quiz = a_quiz()
    client = client_of(a_member(quiz.activity.course))
    attempt = started(client, quiz)
    save(client, attempt, 3, False)
    one, two = (client.post(f"{V1}attempts/{attempt['id']}/finish/") for _ in range(2))
    assert one.json() == two.json()
    said = problem(save(client, attempt, 3, True, revision=1), 409, "attempt_closed")
    assert said["saved"]["value"] is False


def test_the_review_waits_for_its_release() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        quiz = a_quiz(activity={"due_at": NOW + HOUR}, release={"scores": "after_due", "keys": "after_due"})
        client = client_of(a_member(quiz.activity.course))
        attempt = started(client, quiz)
        problem(client.get(f"{V1}attempts/{attempt['id']}/review/"), 409, "attempt_open")
        client.post(f"{V1}attempts/{attempt['id']}/finish/")
        before = client.get(f"{V1}attempts/{attempt['id']}/review/").json()
        assert (before["score"], before["points"]) == (None, None)
        assert all(question["verdict"] == "" and not question["right_answers"] for question in before["questions"])
        clock.move_to(NOW + HOUR)
        after = client.get(f"{V1}attempts/{attempt['id']}/review/").json()
        assert after["score"] == "0.00"
        assert all(question["verdict"] and question["right_answers"] for question in after["questions"])


def test_tries_run_out_and_quizzes_close() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        quiz = a_quiz(attempts=1, activity={"closes_at": NOW + HOUR})
        client, late = (client_of(a_member(quiz.activity.course)) for _ in range(2))
        attempt = started(client, quiz)
        client.post(f"{V1}attempts/{attempt['id']}/finish/")
        problem(client.post(f"{V1}quizzes/{quiz.activity_id}/attempts/"), 409, "no_attempts_left")
        clock.move_to(NOW + 2 * HOUR)
        problem(late.post(f"{V1}quizzes/{quiz.activity_id}/attempts/"), 409, "quiz_closed")


def test_attempts_are_listed_by_quiz_state_and_student() -> None:
    quiz = a_quiz()
    one, other = a_member(quiz.activity.course), a_member(quiz.activity.course)
    mine, theirs = start_attempt(quiz=quiz, student=one), start_attempt(quiz=quiz, student=other)
    another = start_attempt(quiz=a_quiz(quiz.activity.course), student=one)

    def ids(user: Any, **query: Any) -> set[int]:
        return {row["id"] for row in results(client_of(user).get(f"{V1}attempts/", query))}

    assert ids(one) == {mine.pk, another.pk}
    assert ids(one, quiz=quiz.activity_id) == {mine.pk}
    assert ids(one, state="CLOSED") == set()
    assert ids(an_instructor_of(quiz.activity.course), student=other.pk) == {theirs.pk}
    problem(client_of(one).get(f"{V1}attempts/", {"state": "unknown"}), 400, "invalid")


def test_nobody_answers_for_somebody_else() -> None:
    quiz = a_quiz()
    attempt = started(client_of(a_member(quiz.activity.course)), quiz)
    for user in (a_member(quiz.activity.course), an_instructor_of(quiz.activity.course)):
        problem(save(client_of(user), attempt, 3, True), 404, "not_found")
        problem(client_of(user).post(f"{V1}attempts/{attempt['id']}/finish/"), 404, "not_found")

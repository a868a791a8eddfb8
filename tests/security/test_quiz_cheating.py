"""Cheating with answers: too late, in others' tries, forged or replayed. Each is refused, and nothing changes.

Every attempt is made through the pages and through the API, by a student who is in the course.
"""

import json
from datetime import timedelta
from typing import Any

import pytest
from builders import a_course, a_member, an_instructor_of

from quizzes.models import Attempt
from quizzes.services import close_attempt, sweep_attempts
from quizzes.starting import start_attempt
from quizzes.timing import GRACE
from tests.quizzes.building import CHOICE, SEVERAL, a_quiz, option
from tests.security.cheating import WAYS, WORD_AT, everything, nothing_changes, refused, taken

pytestmark = pytest.mark.django_db

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


# ── After the end ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("swept", [False, True], ids=["before the sweeper", "after the sweeper"])
def test_answers_sent_after_the_grace_are_refused(way: Any, clock: Any, swept: bool) -> None:
    attempt = taken(time_limit_minutes=30, mode="practice")
    clock.move_to(attempt.closes_at + GRACE + SECOND)
    if swept:
        assert sweep_attempts() == 1
    else:  # the first page that is opened closes the try, as the sweeper would
        WAYS["portal"](attempt.student).see(attempt)
    with nothing_changes():
        for said in everything(way(attempt.student), attempt):
            refused(said, "time_is_up", "ime was up" if said.code is not None else "")
    attempt.refresh_from_db()
    assert (attempt.state, attempt.closed_by, attempt.closed_at) == ("CLOSED", "time", attempt.closes_at)
    assert attempt.questions.get(position=WORD_AT).value == "USER"


def test_saving_is_refused_even_before_anything_has_closed_the_try(way: Any, clock: Any) -> None:
    attempt = taken(time_limit_minutes=30)
    clock.move_to(attempt.closes_at + GRACE + SECOND)
    with nothing_changes():
        refused(way(attempt.student).save(attempt, WORD_AT, "WORKDIR", revision=1), "time_is_up", "Time was up at")
    assert way(attempt.student).finish(attempt).status == 200
    attempt.refresh_from_db()
    assert (attempt.closed_by, attempt.closed_at, attempt.score) == ("time", attempt.closes_at, 0)


def test_the_grace_is_not_stretched_by_asking_in_it(way: Any, clock: Any) -> None:
    attempt = taken(time_limit_minutes=30)
    student = way(attempt.student)
    clock.move_to(attempt.closes_at + GRACE)
    assert student.save(attempt, WORD_AT, "EXPOSE", revision=1).status == 200
    clock.shift(timedelta(microseconds=1))
    with nothing_changes():
        refused(student.save(attempt, WORD_AT, "WORKDIR", revision=2), "time_is_up", "What you saved before is safe")


def test_answers_sent_after_handing_in_are_refused(way: Any) -> None:
    attempt = taken(mode="practice", time_limit_minutes=30)
    close_attempt(attempt=attempt)
    with nothing_changes():
        for said in everything(way(attempt.student), attempt):
            refused(said, "attempt_closed", "handed in" if said.code is not None else "")
        assert way(attempt.student).finish(attempt).status == 200


def test_handing_in_takes_no_answers_and_no_score_along(way: Any) -> None:
    attempt = taken()
    more = {"score": "6", "state": "OPEN", "value": "WORKDIR"}
    more |= {f"answer@{WORD_AT}": "WORKDIR", f"revision@{WORD_AT}": "1"}
    assert way(attempt.student).finish(attempt, **more).status == 200
    attempt.refresh_from_db()
    assert (attempt.state, attempt.score) == ("CLOSED", 0)
    assert attempt.questions.get(position=WORD_AT).value == "USER"


# ── In somebody else's try ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("who", ["a classmate", "a student of another course", "the instructor", "somebody who left"])
def test_nobody_answers_turns_checks_or_hands_in_for_somebody_else(way: Any, who: str) -> None:
    attempt = taken(mode="practice")
    course = attempt.quiz.activity.course
    people = {
        "a classmate": lambda: a_member(course),
        "a student of another course": lambda: a_member(a_course()),
        "the instructor": lambda: an_instructor_of(course),
        "somebody who left": lambda: a_member(course, active=False),
    }
    other = way(people[who]())
    with nothing_changes():
        for said in [*everything(other, attempt), other.finish(attempt), other.see(attempt)]:
            assert said.status == 404, said
            assert "Which instruction sets" not in said.words


def test_a_try_of_ones_own_opens_no_question_of_anothers(way: Any) -> None:
    theirs = taken()
    mine = start_attempt(quiz=theirs.quiz, student=a_member(theirs.quiz.activity.course))
    ids = {"attempt_id": theirs.pk, "id": theirs.questions.get(position=1).pk, "pk": theirs.pk}
    assert way(mine.student).save(mine, WORD_AT, "LABEL", **{**ids, "student": theirs.student_id}).status == 200
    assert theirs.questions.get(position=WORD_AT).value == "USER"
    assert mine.questions.get(position=WORD_AT).value == "LABEL"


# ── Questions, options and variants that are not in one's try ─────────────────────────────────────────────────────


@pytest.mark.parametrize("position", [0, 6, 99, 10**9, 10**17, 10**30])
def test_there_is_no_question_beyond_those_of_the_try(way: Any, position: int) -> None:
    attempt = taken(mode="practice")
    student = way(attempt.student)
    with nothing_changes():
        for said in (student.save(attempt, position, "WORKDIR"), student.check(attempt, position)):
            assert said.status == 404, said


FAMILY: dict[str, Any] = {
    "id": "sums",
    "kind": "single_choice",
    "topics": ["docker.cli"],
    "values": {"n": {"kind": "number", "at_least": 1000, "at_most": 9000}},
    "text": "How many bytes are {n} bytes?",
    "options": ["{n} bytes", "1{n} bytes", "2{n} bytes"],
    "answer": "{n} bytes",
}


def foreign_values() -> dict[str, Any]:
    """Answers that belong to another question, another variant or another course's bank."""
    return {
        "an option of another question": (1, option(SEVERAL, "its memory")),
        "options of another question": (2, [option(CHOICE, "created")]),
        "one option of several foreign": (2, [option(SEVERAL, "its files"), option(CHOICE, "paused")]),
        "the text of an option": (1, "created"),
        "the place of an option": (1, "0"),
        "several where one is asked": (1, [option(CHOICE, "created"), option(CHOICE, "paused")]),
        "the question by its name": (1, {"created": option(CHOICE, "created")}),
    }


@pytest.mark.parametrize("name", foreign_values())
def test_what_is_no_answer_to_this_question_is_refused(way: Any, name: str) -> None:
    attempt = taken()
    position, value = foreign_values()[name]
    student = way(attempt.student)
    with nothing_changes():
        said = student.save(attempt, position, value)
        if way is WAYS["portal"] and isinstance(value, dict | list) and position == 1:
            assert said.status in {200, 422}, said  # a form's last value, or none at all, is what a form has
            return
        assert said.status == 422, said
        assert said.code


def test_an_option_of_another_variant_is_none_of_mine(way: Any) -> None:
    quiz = a_quiz(questions=[FAMILY])
    mine, theirs = (start_attempt(quiz=quiz, student=a_member(quiz.activity.course)) for _ in range(2))
    (asked,), (other,) = mine.questions.all(), theirs.questions.all()
    assert asked.seed != other.seed
    ids = {shown.id for shown in asked.content.public().options}
    foreign = [shown.id for shown in other.content.public().options if shown.id not in ids]
    assert foreign
    student = way(mine.student)
    with nothing_changes():
        for value in foreign:
            assert student.save(mine, 1, value, seed=other.seed, variant=other.variant).status == 422


def test_neither_seed_nor_variant_nor_order_can_be_asked_for(way: Any) -> None:
    quiz = a_quiz(questions=[FAMILY])
    mine = start_attempt(quiz=quiz, student=a_member(quiz.activity.course))
    (asked,) = mine.questions.values("seed", "variant", "option_order", "question_version", "max_points")
    student = way(mine.student)
    student.start(quiz, seed=1, rng=1, version=1, number=7)
    student.save(mine, 1, None, seed=1, variant={}, option_order=[], question_version=1, max_points=99)
    assert mine.questions.values("seed", "variant", "option_order", "question_version", "max_points").get() == asked


# ── Clocks, revisions, replays and fields that nobody sends ───────────────────────────────────────────────────────

CLOCKS = {
    "saved_at": "2001-01-01T00:00:00Z",
    "now": "2001-01-01T00:00:00Z",
    "timestamp": "-1",
    "remaining_seconds": "86400",
    "closes_at": "2099-01-01T00:00:00Z",
    "started_at": "2099-01-01T00:00:00Z",
}


def test_the_clients_clock_counts_for_nothing(way: Any, clock: Any) -> None:
    attempt = taken(time_limit_minutes=30)
    headers = {"HTTP_DATE": "Mon, 01 Jan 2001 00:00:00 GMT", "HTTP_X_REQUEST_START": "t=1", "HTTP_AGE": "999999"}
    student = way(attempt.student, **headers)
    assert student.save(attempt, WORD_AT, "EXPOSE", revision=1, **CLOCKS).status == 200
    asked = attempt.questions.get(position=WORD_AT)
    assert (asked.saved_at, asked.answers.last().saved_at) == (attempt.started_at, attempt.started_at)
    assert Attempt.objects.values("started_at", "closes_at").get() == {
        "started_at": attempt.started_at,
        "closes_at": attempt.started_at + 30 * MINUTE,
    }
    clock.shift(31 * MINUTE)
    with nothing_changes():
        refused(student.save(attempt, WORD_AT, "WORKDIR", revision=2, **CLOCKS), "time_is_up")


@pytest.mark.parametrize("revision", [0, 2, 7, 10**9, 10**30])
def test_a_revision_that_is_not_the_last_one_is_refused(way: Any, revision: int) -> None:
    attempt = taken()
    with nothing_changes():
        said = way(attempt.student).save(attempt, WORD_AT, "WORKDIR", revision=revision)
        refused(said, "stale_revision", "The newer answer is saved; yours is not")


@pytest.mark.parametrize("revision", ["-1", "x", "1e3", "", "1.5"])
def test_a_revision_that_is_none_overwrites_nothing(way: Any, revision: str) -> None:
    attempt = taken()
    student = way(attempt.student)
    with nothing_changes():
        said = student.save(attempt, WORD_AT, "WORKDIR", revision=revision)  # type: ignore[arg-type]  # forged
        assert said.status in {400, 409}, said


def test_a_request_replayed_from_another_page_brings_no_old_answer_back(way: Any) -> None:
    attempt = taken()
    student = way(attempt.student)
    old = {"value": "LABEL", "revision": 1, "client": "old"}
    assert student.save(attempt, WORD_AT, **old).status == 200
    assert student.save(attempt, WORD_AT, "WORKDIR", revision=2, client="new").status == 200
    with nothing_changes():
        refused(student.save(attempt, WORD_AT, **old), "stale_revision", "changed in another tab")
        assert student.save(attempt, WORD_AT, "WORKDIR", revision=2, client="new").status == 200, "sent twice is once"


FORGED = {
    "points": "99",
    "score": "99",
    "max_points": "99",
    "max_score": "1",
    "awaits_mark": "false",
    "is_final": "false",
    "checked_at": "",
    "is_tryout": "true",
    "state": "CLOSED",
    "late_factor": "1",
    "page_reached": "9",
    "mark": {"points": "99", "comment": "Well done."},
    "student": 1,
    "number": 9,
}


def test_points_marks_and_states_are_nobodys_to_send(way: Any) -> None:
    attempt = taken()
    fixed = {"points", "awaits_mark", "is_final", "checked_at", "max_points"}
    before = attempt.questions.values(*fixed).get(position=WORD_AT), Attempt.objects.values().get(pk=attempt.pk)
    student = way(attempt.student)
    forged = {name: str(value) if way is WAYS["portal"] else value for name, value in FORGED.items()}
    assert student.save(attempt, WORD_AT, "LABEL", revision=1, **forged).status == 200
    student.start(attempt.quiz, **forged)
    assert (
        attempt.questions.values(*fixed).get(position=WORD_AT),
        Attempt.objects.values().get(pk=attempt.pk),
    ) == before
    assert Attempt.objects.count() == 1


@pytest.mark.parametrize("method", ["put", "patch", "delete", "post"])
def test_a_try_is_not_written_to_as_a_whole(method: str) -> None:
    attempt = taken()
    for way in WAYS.values():
        client = way(attempt.student).client
        with nothing_changes():
            places = f"attempts/{attempt.pk}/", f"attempts/{attempt.pk}/review/", f"quizzes/{attempt.quiz.activity_id}/"
            for place in places:
                send = getattr(client, method)
                reply = send(f"/api/v1/{place}", json.dumps(FORGED), content_type="application/json")
                assert reply.status_code == 405, (place, reply.content)


def test_a_method_is_not_overridden_by_a_header_or_a_field(way: Any) -> None:
    attempt = taken()
    client = way(attempt.student, HTTP_X_HTTP_METHOD_OVERRIDE="DELETE").client
    with nothing_changes():
        for prefix in ("", "/api/v1"):
            client.get(f"{prefix}/attempts/{attempt.pk}/?_method=DELETE")
            client.get(f"{prefix}/attempts/{attempt.pk}/finish/?_method=POST")
            client.get(f"{prefix}/attempts/{attempt.pk}/answers/{WORD_AT}/?answer=WORKDIR&revision=1&value=WORKDIR")

"""Cheating around a quiz: tries that one may not start, everything at once, and other people's files."""

import hashlib
import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from builders import a_course, a_member, an_instructor_of
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from gradebook.models import GradeEvent, Score
from quizzes.access import WRONG_CODES, set_access
from quizzes.file_models import AnswerFile
from quizzes.models import Answer, Attempt
from quizzes.services import close_attempt, save_answer
from quizzes.starting import start_attempt
from tests.quizzes.building import WORD, a_quiz
from tests.security.cheating import STATEMENT_AT, Said, nothing_changes, refused, taken

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
FAMILY: dict[str, Any] = {
    "id": "sums",
    "kind": "numeric",
    "topics": ["docker.cli"],
    "values": {"n": {"kind": "number", "at_least": 1000, "at_most": 9000}},
    "text": "How many bytes are {n} bytes?",
    "answer": "{n}",
}


# ── Tries that one may not start ──────────────────────────────────────────────────────────────────────────────────


def test_no_try_is_started_over_the_limit(way: Any) -> None:
    quiz = a_quiz(attempts=2)
    student = a_member(quiz.activity.course)
    for _ in range(2):
        close_attempt(attempt=start_attempt(quiz=quiz, student=student))
    with nothing_changes():
        said = way(student).start(quiz, number=1, attempts=9, extra_attempts=9, is_tryout=True)
        refused(said, "no_attempts_left", "You have used all 2 tries")


def test_no_try_is_started_over_to_fish_for_other_questions(way: Any) -> None:
    quiz = a_quiz(questions=[FAMILY], attempts=1)
    course = quiz.activity.course
    student = a_member(course)
    attempt = start_attempt(quiz=quiz, student=student)
    asked = attempt.questions.values("seed", "variant", "question_version").get()
    again = way(student)
    for _ in range(3):
        assert again.start(quiz).status in {200, 201}
        again.client.post("/join/", {"code": course.join_code})
        again.client.post(
            "/api/v1/courses/join/", json.dumps({"code": course.join_code}), content_type="application/json"
        )
        assert Attempt.objects.get() == attempt
        assert attempt.questions.values("seed", "variant", "question_version").get() == asked
    again.finish(attempt)
    with nothing_changes():
        refused(again.start(quiz), "no_attempts_left", "You have used your only try")


@pytest.mark.parametrize(
    ("times", "code", "words"),
    [
        ({"opens_at": HOUR}, "not_open_yet", "This quiz opens on"),
        ({"opens_at": -2 * HOUR, "closes_at": -HOUR}, "quiz_closed", "This quiz closed on"),
    ],
)
def test_no_try_is_started_before_opening_or_after_closing(
    way: Any, clock: Any, times: dict[str, timedelta], code: str, words: str
) -> None:
    now = timezone.now()
    quiz = a_quiz(activity={name: now + delta for name, delta in times.items()})
    student = way(a_member(quiz.activity.course))
    sent = {"opens_at": "2001-01-01T00:00:00Z", "closes_at": "2099-01-01T00:00:00Z", "now": "2020-01-01"}
    with nothing_changes():
        said = student.start(quiz, **sent)
        refused(said, code, words)
        assert str(WORD["text"]) not in said.words


def test_no_try_is_started_at_an_unpublished_quiz(way: Any) -> None:
    quiz = a_quiz(activity={"published": False})
    student = way(a_member(quiz.activity.course))
    with nothing_changes():
        assert student.start(quiz, published="true").status == 404


def test_no_try_is_started_without_the_access_code_or_by_guessing_it(way: Any) -> None:
    quiz = a_quiz(title="Guarded")
    quiz = set_access(by=an_instructor_of(quiz.activity.course), quiz=quiz, code="Open Sesame", networks=[])
    student = way(a_member(quiz.activity.course))
    with nothing_changes():
        refused(student.start(quiz), "code_needed", "asks for an access code", status=403)
        for number in range(WRONG_CODES):
            said = student.start(quiz, code=f"guess {number}", access_code="Open Sesame", needs_code=False)
            refused(said, "code_wrong", "This is not the access code", status=403)
            assert "sesame" not in said.words.lower()
        refused(student.start(quiz, code="Open Sesame"), "code_guessed", "10 times a wrong access code", status=429)


def test_nobody_starts_a_try_for_somebody_else_or_in_another_course(way: Any) -> None:
    quiz = a_quiz()
    victim, stranger = a_member(quiz.activity.course), a_member(a_course())
    with nothing_changes():
        assert way(stranger).start(quiz, student=victim.pk).status == 404
    assert way(a_member(quiz.activity.course)).start(quiz, student=victim.pk, user=victim.pk).status in {200, 201}
    assert not Attempt.objects.filter(student=victim).exists()


# ── All at once ───────────────────────────────────────────────────────────────────────────────────────────────────


def at_once(*works: Callable[[], Said]) -> list[Said]:
    """Make all these calls at the same moment, each on a connection of its own."""
    said: list[Said] = []
    ready = threading.Barrier(len(works))

    def run(work: Callable[[], Said]) -> None:
        ready.wait()
        try:
            said.append(work())
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(said) == len(works)
    return said


@pytest.mark.django_db(transaction=True)
def test_starting_many_times_at_once_starts_one_try(way: Any) -> None:
    quiz = a_quiz(attempts=1)
    student = a_member(quiz.activity.course)
    tabs = [way(student) for _ in range(4)]
    assert {said.status for said in at_once(*(lambda tab=tab: tab.start(quiz) for tab in tabs))} <= {200, 201}
    assert Attempt.objects.count() == 1
    assert Attempt.objects.get().questions.count() == 5


@pytest.mark.django_db(transaction=True)
def test_handing_in_many_times_at_once_counts_once(way: Any) -> None:
    attempt = taken()
    save_answer(attempt=attempt, position=STATEMENT_AT, value=False, revision=1)
    tabs = [way(attempt.student) for _ in range(4)]
    assert {said.status for said in at_once(*(lambda tab=tab: tab.finish(attempt) for tab in tabs))} == {200}
    attempt.refresh_from_db()
    assert (attempt.state, attempt.score) == ("CLOSED", 1)
    assert (Score.objects.count(), GradeEvent.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_an_answer_sent_at_the_moment_of_handing_in_counts_or_is_refused(way: Any) -> None:
    attempt = taken()
    one, other = way(attempt.student), way(attempt.student)
    at_once(lambda: one.finish(attempt), lambda: other.save(attempt, STATEMENT_AT, value=False, revision=1))
    attempt.refresh_from_db()
    value = attempt.questions.get(position=STATEMENT_AT).value
    assert attempt.score == (1 if value is False else 0)
    assert Answer.objects.filter(attempt_question__position=STATEMENT_AT).count() == (2 if value is False else 1)


# ── Others' files ─────────────────────────────────────────────────────────────────────────────────────────────────

UPLOAD = {"kind": "file_upload", "topics": ["docker.cli"], "text": "Upload it.", "endings": [".yaml"]}


@pytest.fixture
def theirs(way: Any) -> Attempt:
    """A classmate's try, with a file in it."""
    quiz = a_quiz(questions=[{**UPLOAD, "id": "one"}, {**UPLOAD, "id": "two"}], attempts=3)
    attempt = start_attempt(quiz=quiz, student=a_member(quiz.activity.course))
    assert way(attempt.student).upload(attempt, 1, b"theirs").status in {200, 201}
    return attempt


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


THEIRS = digest(b"theirs")


def test_nobody_reads_overwrites_or_removes_anothers_file(way: Any, theirs: Attempt) -> None:
    quiz = theirs.quiz
    mine = start_attempt(quiz=quiz, student=a_member(quiz.activity.course))
    student, stranger = way(mine.student), way(an_instructor_of(a_course()))
    with nothing_changes():
        for one in (student, stranger):
            assert one.download(theirs, 1, THEIRS).status == 404
            assert one.upload(theirs, 1, b"overwritten").status == 404
            assert one.remove(theirs, 1, "c.yaml").status == 404
        for position in (1, 2):
            assert student.download(mine, position, THEIRS).status == 404
    (kept,) = AnswerFile.objects.all()
    with default_storage.open(kept.content.name or "") as file:
        assert file.read() == b"theirs"


def test_nobody_hands_in_a_file_by_naming_what_was_uploaded_elsewhere(way: Any, theirs: Attempt) -> None:
    mine = start_attempt(quiz=theirs.quiz, student=a_member(theirs.quiz.activity.course))
    with nothing_changes():
        for attempt, position in ((mine, 1), (mine, 2), (theirs, 2)):
            said = way(attempt.student).save(attempt, position, {"c.yaml": THEIRS})
            refused(said, "file_not_uploaded", "was never uploaded for this question", status=422)


def test_the_same_bytes_or_name_uploaded_by_another_leave_the_first_file_alone(way: Any, theirs: Attempt) -> None:
    mine = start_attempt(quiz=theirs.quiz, student=a_member(theirs.quiz.activity.course))
    student = way(mine.student)
    first = AnswerFile.objects.get()
    for content, name in ((b"theirs", "c.yaml"), (b"other", f"../../{first.attempt_question_id}/{THEIRS}/c.yaml")):
        assert student.upload(mine, 1, content, name).status in {200, 201}
    assert student.remove(mine, 1, "c.yaml").status == 200
    assert AnswerFile.objects.get(pk=first.pk).content.name == first.content.name
    asked = mine.questions.get(position=1).pk
    mine_at = {f"answers/{asked}/{digest(content)}" for content in (b"theirs", b"other")}
    places = AnswerFile.objects.exclude(pk=first.pk).values_list("content", flat=True)
    assert {place.rpartition("-")[0] for place in places} == mine_at
    assert way(theirs.student).download(theirs, 1, THEIRS).words == "theirs"

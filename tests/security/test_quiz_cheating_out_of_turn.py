"""Cheating by place: questions left or ahead, feedback outside practice, during a pause, from a forbidden address."""

from datetime import timedelta
from typing import Any

import pytest
from builders import a_member, an_instructor_of

from quizzes.access import set_access
from quizzes.models import Attempt, Quiz
from quizzes.pausing import pause
from quizzes.services import save_answer
from quizzes.starting import start_attempt
from quizzes.timing import GRACE
from quizzes.turning import turn_page
from tests.quizzes.building import CHOICE, ONE_OF_EACH, WORD, a_bank, a_quiz
from tests.security.cheating import HERE, WAYS, WORD_AT, everything, nothing_changes, refused, taken

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)
THERE = "203.0.113.9"


def an_exam(count: int = 4) -> Attempt:
    """An exam without a way back, in which the student is on the second question."""
    quiz = a_quiz(questions=[*a_bank(count - 1), WORD], mode="exam", go_back=False)
    attempt = start_attempt(quiz=quiz, student=a_member(quiz.activity.course))
    save_answer(attempt=attempt, position=1, value=True, revision=0)
    turn_page(attempt=Attempt.objects.with_content().get(pk=attempt.pk), page=2)
    return attempt


def test_in_an_exam_what_is_left_is_left(way: Any, clock: Any) -> None:
    attempt = an_exam()
    clock.shift(GRACE + SECOND)
    student = way(attempt.student)
    with nothing_changes():
        refused(student.save(attempt, 1, False, revision=1), "question_left_behind", "no way back")
        refused(student.save(attempt, 1, None, revision=1), "question_left_behind", "no way back")
        refused(student.turn(attempt, 1), "question_left_behind", "no way back")
        assert "Statement 1" not in student.see(attempt, page=1).words


def test_in_an_exam_nothing_is_answered_or_read_ahead(way: Any) -> None:
    attempt = an_exam()
    student = way(attempt.student)
    with nothing_changes():
        for position, value in ((3, True), (4, "WORKDIR"), (4, ["of", "another", "shape"]), (3, "no shape"), (3, None)):
            refused(student.save(attempt, position, value), "question_not_reached", "comes later")
        refused(student.turn(attempt, 4), "page_skipped", "Pages come one after the other")
        for page in (0, 5, 99):
            said = student.turn(attempt, page)
            assert said.status == 404 or "has 4 pages" in said.words or "Question 2 of 4" in said.words
        for page in (1, 3, 4, 99):
            words = student.see(attempt, page=page).words
            assert "Statement 2" in words
            assert not [other for other in ("Statement 1", "Statement 3", WORD["text"]) if other in words]


def test_in_an_exam_files_show_nothing_of_a_question_ahead(way: Any) -> None:
    upload = {"id": "zz-files", "kind": "file_upload", "topics": ["docker.cli"], "text": "Upload.", "endings": [".zzz"]}
    quiz = a_quiz(questions=[*a_bank(1), CHOICE, upload], mode="exam", go_back=False)
    attempt = start_attempt(quiz=quiz, student=a_member(quiz.activity.course))
    student = way(attempt.student)
    with nothing_changes():
        for position in (2, 3):
            for said in (student.upload(attempt, position), student.remove(attempt, position, "c.yaml")):
                refused(said, "question_not_reached", "comes later")
                assert not [told for told in ("paused", "exited", ".zzz", "answer@") if told in said.words], said.words


@pytest.mark.parametrize("mode", ["exam", "standard"])
def test_outside_practice_nothing_is_checked(way: Any, mode: str) -> None:
    attempt = taken(mode=mode)
    student = way(attempt.student)
    with nothing_changes():
        for position in range(1, 6):
            said = student.check(attempt, position)
            refused(said, "not_practice", "only in practice")
            assert "feedback-on" not in said.words


def test_an_answer_checked_in_practice_is_not_bettered(way: Any) -> None:
    attempt = taken(mode="practice")
    student = way(attempt.student)
    assert student.check(attempt, WORD_AT).status == 200
    with nothing_changes():
        refused(student.save(attempt, WORD_AT, "WORKDIR", revision=1), "answer_final", "stays as it is")
        refused(student.save(attempt, WORD_AT, None, revision=1), "answer_final", "Another try asks it anew")
        refused(student.check(attempt, 1), "answer_first", "Answer the question first")


# ── While it is paused, and from elsewhere ────────────────────────────────────────────────────────────────────────


def test_while_the_quiz_is_paused_nothing_is_taken_told_or_shown(way: Any, clock: Any) -> None:
    attempt = taken(mode="practice")
    pause(by=an_instructor_of(attempt.quiz.activity.course), quiz=attempt.quiz, reason="Fire alarm.")
    clock.shift(GRACE + SECOND)
    student, classmate = way(attempt.student), way(a_member(attempt.quiz.activity.course))
    with nothing_changes():
        for said in everything(student, attempt):
            refused(said, "quiz_paused", "paused")
        for page in (1, 2):
            words = student.see(attempt, page=page).words
            assert not [question["id"] for question in ONE_OF_EACH if str(question["text"])[:20] in words]
        refused(classmate.start(attempt.quiz), "quiz_paused", "Wait until it goes on")


def test_while_the_quiz_is_paused_no_page_that_is_sent_shows_its_questions(clock: Any) -> None:
    attempt = taken(questions_per_page=1)
    pause(by=an_instructor_of(attempt.quiz.activity.course), quiz=attempt.quiz, reason="Fire alarm.")
    clock.shift(GRACE + SECOND)
    client = WAYS["portal"](attempt.student).client
    with nothing_changes():
        for position, question in enumerate(ONE_OF_EACH, 1):
            sent = {"page": str(position), f"revision@{position}": "0", f"answer@{position}": "x"}
            for address in (f"/attempts/{attempt.pk}/", f"/attempts/{attempt.pk}/files/{position}/"):
                words = client.post(address, sent, follow=True).content.decode()
                assert "The quiz is paused" in words
                assert "option-text" not in words
                assert str(question["text"])[:20] not in words


def kept_to(attempt: Attempt) -> Quiz:
    quiz = Quiz.objects.with_content().get(pk=attempt.quiz_id)
    return set_access(by=an_instructor_of(quiz.activity.course), quiz=quiz, code="", networks=["10.0.0.0/8"])


FORGED_ADDRESSES: dict[str, Any] = {
    "HTTP_X_FORWARDED_FOR": HERE,
    "HTTP_X_REAL_IP": HERE,
    "HTTP_FORWARDED": f"for={HERE}",
    "HTTP_CLIENT_IP": HERE,
    "HTTP_X_CLIENT_IP": HERE,
    "HTTP_TRUE_CLIENT_IP": HERE,
    "HTTP_REMOTE_ADDR": HERE,
}


@pytest.mark.parametrize("behind_proxy", [False, True], ids=["no proxy", "behind a proxy"])
def test_from_elsewhere_no_header_helps(way: Any, settings: Any, behind_proxy: bool) -> None:
    settings.TRUST_PROXY = behind_proxy
    attempt = taken(mode="practice")
    quiz = kept_to(attempt)
    # Behind a proxy, it adds the address that it saw to whatever was sent.
    seen = {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": f"{HERE}, {THERE}"} if behind_proxy else {}
    headers = {"REMOTE_ADDR": THERE, **FORGED_ADDRESSES, **seen}
    student = way(attempt.student, **headers)
    classmate = way(a_member(quiz.activity.course), **headers)
    with nothing_changes():
        for said in [*everything(student, attempt), student.see(attempt), classmate.start(quiz)]:
            refused(said, "address_not_allowed", f"You are at {THERE}.", status=403)
            assert str(WORD["text"]) not in said.words


def test_from_elsewhere_a_file_question_shows_nothing(way: Any) -> None:
    attempt = taken()
    kept_to(attempt)
    student = way(attempt.student, REMOTE_ADDR=THERE)
    with nothing_changes():
        for said in (student.upload(attempt, 1), student.remove(attempt, 1, "c.yaml")):
            refused(said, "address_not_allowed", status=403)
            assert "exited" not in said.words

"""Uploads to one answer at the same moment: each file is in the answer afterwards, and nobody meets a fault."""

from datetime import timedelta
from typing import Any

import pytest
from builders import PASSWORD
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.errors import DrydockError
from quizzes.file_models import AnswerFile, LooseBytes
from quizzes.files import take_file_back
from quizzes.loose_bytes import GIVEN_UP_AFTER, sweep_loose_bytes
from quizzes.models import Answer, Attempt
from quizzes.services import close_attempt, save_answer
from tests.quizzes.test_concurrency import at_once
from tests.quizzes.test_files import ANY, CHOSEN, an_attempt_with_files, held, stored, upload, value_of

pytestmark = pytest.mark.django_db(transaction=True)


def contents(attempt: Attempt) -> dict[str, bytes]:
    """What the answer names, with the bytes that the storage has for it."""
    named = value_of(attempt, ANY) or {}
    return {
        name: held(AnswerFile.objects.get(attempt_question__attempt=attempt, sha256=digest))
        for name, digest in named.items()
    }


def put(attempt: Attempt, name: str, content: bytes) -> Any:
    return lambda: upload(attempt, content, name, position=ANY)


def test_files_uploaded_side_by_side_are_all_in_the_answer() -> None:
    attempt = an_attempt_with_files()
    for turn in range(4):
        filed = at_once(
            *(put(attempt, f"{who}-{turn}.txt", f"{who} {turn}".encode()) for who in ("left", "right", "phone"))
        )
        assert [each.name for each in filed] == [f"{who}-{turn}.txt" for who in ("left", "right", "phone")]
    assert contents(attempt) == {
        f"{who}-{turn}.txt": f"{who} {turn}".encode() for who in ("left", "right", "phone") for turn in range(4)
    }
    assert Answer.objects.count() == 12
    assert len(stored()) == AnswerFile.objects.count() == 12
    assert not LooseBytes.objects.exists()


def test_the_same_file_uploaded_side_by_side_is_kept_once() -> None:
    attempt = an_attempt_with_files()
    filed = at_once(*[put(attempt, "notes.txt", b"the same") for _ in range(4)])
    assert len({each.file.pk for each in filed}) == 1
    assert contents(attempt) == {"notes.txt": b"the same"}
    assert len(stored()) == AnswerFile.objects.count() == 1


def test_two_files_of_one_name_leave_one_of_them_in_the_answer_and_keep_both() -> None:
    attempt = an_attempt_with_files()
    filed = at_once(put(attempt, "notes.txt", b"one"), put(attempt, "notes.txt", b"two"))
    assert not [each for each in filed if isinstance(each, DrydockError)]
    assert contents(attempt)["notes.txt"] in {b"one", b"two"}
    assert {held(file) for file in AnswerFile.objects.all()} == {b"one", b"two"}
    assert attempt.questions.get(position=ANY).revision == 2


def test_a_file_taken_back_while_others_arrive_is_the_only_one_that_goes() -> None:
    attempt = an_attempt_with_files()
    upload(attempt, b"old", "old.txt", position=ANY)
    results = at_once(
        put(attempt, "a.txt", b"a"),
        lambda: take_file_back(attempt=attempt, position=ANY, name="old.txt"),
        put(attempt, "b.txt", b"b"),
    )
    assert not [result for result in results if isinstance(result, DrydockError)]
    assert contents(attempt) == {"a.txt": b"a", "b.txt": b"b"}


def test_an_upload_gets_in_no_other_answers_way() -> None:
    attempt = an_attempt_with_files()
    results = at_once(
        put(attempt, "a.txt", b"a"),
        lambda: save_answer(attempt=attempt, position=CHOSEN, value=None, revision=0),
        put(attempt, "b.txt", b"b"),
    )
    assert not [result for result in results if isinstance(result, DrydockError)]
    assert sorted(contents(attempt)) == ["a.txt", "b.txt"]


def test_a_file_that_arrives_while_handing_in_is_in_the_answer_or_is_refused_and_not_kept() -> None:
    for _ in range(4):
        attempt = an_attempt_with_files()
        filed, closed = at_once(put(attempt, "a.txt", b"a"), lambda attempt=attempt: close_attempt(attempt=attempt))
        assert not closed.is_open
        rows = AnswerFile.objects.filter(attempt_question__attempt=attempt)
        if isinstance(filed, DrydockError):
            assert filed.code == "attempt_closed"
            assert contents(attempt) == {}
            assert not rows.exists()
        else:
            assert contents(attempt) == {"a.txt": b"a"}
    assert not LooseBytes.objects.exists()


def test_a_browser_that_sends_two_files_at_once_gets_two_replies_that_say_so() -> None:
    attempt = an_attempt_with_files()
    address = reverse("portal:quiz-files", kwargs={"pk": attempt.pk, "position": ANY})

    def send(name: str) -> Any:
        def sent() -> Any:
            client = Client()
            client.login(username=attempt.student.email, password=PASSWORD)
            files = {f"file-{ANY}": SimpleUploadedFile(name, name.encode())}
            return client.post(address, files, headers={"Accept": "application/json"})

        return sent

    replies = at_once(send("a.txt"), send("b.txt"))
    assert [reply.status_code for reply in replies] == [200, 200]
    assert sorted(reply.json()["revision"] for reply in replies) in ([1, 2], [2, 2])
    assert contents(attempt) == {"a.txt": b"a.txt", "b.txt": b"b.txt"}


def test_a_sweeper_that_gives_uploads_up_while_they_are_named_never_takes_bytes_that_an_answer_names() -> None:
    attempt = an_attempt_with_files()
    later = timezone.now() + GIVEN_UP_AFTER + timedelta(minutes=1)
    for turn in range(5):
        filed, _, other, _ = at_once(
            put(attempt, f"a-{turn}.txt", f"a{turn}".encode()),
            lambda: sweep_loose_bytes(later),
            put(attempt, f"b-{turn}.txt", f"b{turn}".encode()),
            lambda: sweep_loose_bytes(later),
        )
        for name, result in ((f"a-{turn}.txt", filed), (f"b-{turn}.txt", other)):
            if isinstance(result, DrydockError):
                assert result.code == "upload_too_slow"
                assert name not in contents(attempt)
            else:
                assert contents(attempt)[name] == name.replace("-", "").removesuffix(".txt").encode()
    assert len(stored()) == AnswerFile.objects.count()
    assert not LooseBytes.objects.exists()

"""Bytes of uploads that end half-way: removed some time later, while no file that an answer names is ever touched."""

import os
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.errors import DrydockError
from quizzes import files
from quizzes.file_models import AnswerFile, LooseBytes
from quizzes.files import store_file
from quizzes.loose_bytes import GIVEN_UP_AFTER, put, sweep_loose_bytes
from quizzes.models import Attempt
from tests.quizzes.test_files import FILE, an_attempt_with_files, held, refusal, stored, upload, value_of

pytestmark = pytest.mark.django_db

LATER = GIVEN_UP_AFTER + timedelta(minutes=1)


def left_by_a_dead_process(content: bytes = b"half-way", *, ago: timedelta = LATER) -> str:
    """Bytes as a process leaves them that was killed once it had written them; their path."""
    row = LooseBytes.objects.create(path=f"answers/0/{LooseBytes.objects.count()}", since=timezone.now() - ago)
    return str(default_storage.save(row.path, ContentFile(content)))


@pytest.mark.django_db(transaction=True)
def test_what_a_killed_process_uploaded_is_removed_an_hour_later_and_can_be_uploaded_again() -> None:
    attempt = an_attempt_with_files()
    connection.close()  # each process opens its own
    child = os.fork()
    if not child:
        files._name_it = lambda *_: os._exit(9)  # type: ignore[assignment]  # killed between the bytes and the row
        try:
            upload(attempt)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert len(stored()) == 1
    assert sweep_loose_bytes() == 0, "it may be under way"
    with time_machine.travel(timezone.now() + LATER):
        call_command("sweep")
    assert not stored()
    assert not LooseBytes.objects.exists()
    assert held(upload(attempt).file) == b"services:\n"


def test_files_that_answers_name_stay_for_ever() -> None:
    attempt = an_attempt_with_files()
    filed = upload(attempt)
    upload(attempt)
    assert not LooseBytes.objects.exists()
    with time_machine.travel(timezone.now() + timedelta(days=400)):
        assert sweep_loose_bytes() == 0
    assert stored() == {filed.file.content.name}


def test_the_same_bytes_again_and_refused_take_nothing_from_the_first() -> None:
    attempt = an_attempt_with_files(time_limit_minutes=10)
    filed = upload(attempt)
    with mock.patch.object(files, "save_to", side_effect=DrydockError("time_is_up", "Time was up.")):
        assert refusal(attempt, name="other.yaml") == "time_is_up"
    assert held(filed.file) == b"services:\n"
    assert stored() == {filed.file.content.name}


def test_an_upload_so_slow_that_it_was_given_up_is_refused_and_names_no_bytes_that_are_gone() -> None:
    attempt = an_attempt_with_files()
    real = files._name_it

    def name_it_late(*arguments: Any) -> Any:
        with time_machine.travel(timezone.now() + LATER):
            assert sweep_loose_bytes() == 1
        return real(*arguments)

    with mock.patch.object(files, "_name_it", name_it_late):
        assert refusal(attempt) == "upload_too_slow"
    assert not stored()
    assert not AnswerFile.objects.exists()
    assert value_of(attempt) is None


@pytest.mark.parametrize("taken_away", ["before", "after"])
def test_an_upload_that_was_given_up_while_it_was_written_is_refused_and_leaves_nothing(taken_away: str) -> None:
    attempt = an_attempt_with_files()
    real = default_storage.save

    def swept() -> None:
        with time_machine.travel(timezone.now() + LATER):
            assert sweep_loose_bytes() == 1

    def write_slowly(path: str, stream: Any) -> str:
        if taken_away == "before":
            swept()
            return str(real(path, stream))
        real(path, stream)
        swept()
        raise FileNotFoundError(path)  # as a storage of files does that sets the mode last

    with mock.patch.object(default_storage, "save", write_slowly):
        assert refusal(attempt) == "upload_too_slow"
    assert not stored()
    assert not LooseBytes.objects.exists()
    assert value_of(attempt) is None


def test_what_went_with_its_attempt_is_removed_though_the_process_died_before_it_could() -> None:
    attempt = an_attempt_with_files()
    upload(attempt)
    attempt.delete()  # what a commit would set off is never called here
    assert len(stored()) == 1
    assert sweep_loose_bytes() == 1
    assert not stored()


def test_a_storage_that_is_away_costs_the_upload_nothing_else_and_is_tried_again() -> None:
    attempt = an_attempt_with_files()
    with (
        mock.patch.object(files, "save_to", side_effect=DrydockError("quiz_paused", "The quiz stands still.")),
        mock.patch.object(type(default_storage), "delete", side_effect=OSError("away"), create=True),
    ):
        assert refusal(attempt) == "quiz_paused", "what is told is why it was refused"
    assert len(stored()) == 1
    assert sweep_loose_bytes() == 1
    assert not stored()


def test_bytes_that_cannot_be_removed_take_turns_with_the_others() -> None:
    stuck, sound = left_by_a_dead_process(), left_by_a_dead_process(ago=LATER - timedelta(seconds=1))
    real = default_storage.delete

    def delete(path: str) -> None:
        if path == stuck:
            raise OSError("away")
        real(path)

    with mock.patch.object(type(default_storage), "delete", lambda _, path: delete(path), create=True):
        assert [sweep_loose_bytes(limit=1) for _ in range(3)] == [0, 1, 0]
    assert stored() == {stuck}
    assert stored() != {sound}
    assert sweep_loose_bytes() == 1
    assert not stored()


def test_a_storage_that_breaks_while_it_takes_the_bytes_leaves_nothing_behind() -> None:
    attempt: Attempt = an_attempt_with_files()
    with (
        mock.patch.object(type(default_storage), "save", side_effect=OSError("full"), create=True),
        pytest.raises(OSError, match="full"),
    ):
        store_file(attempt=attempt, position=FILE, name="c.yaml", stream=ContentFile(b"x"))
    assert not LooseBytes.objects.exists()
    assert value_of(attempt) is None


def test_two_uploads_of_the_same_bytes_never_share_a_path() -> None:
    with put("answers/1/abc", ContentFile(b"x")) as one, put("answers/1/abc", ContentFile(b"x")) as other:
        assert one != other
        assert stored() == {one, other}
    assert not stored()

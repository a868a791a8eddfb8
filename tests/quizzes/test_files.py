"""Files that are uploaded become revisions of the answer, are kept by what they hold, and never more than may be."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from builders import a_member
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import TestCase
from django.utils import timezone

from accounts.errors import DrydockError, NotFound
from quizzes import files
from quizzes.errors import AnswerRefused, StaleRevision
from quizzes.file_models import AnswerFile
from quizzes.files import Filed, store_file, take_file_back
from quizzes.models import Answer, Attempt
from quizzes.services import close_attempt, save_answer
from tests.quizzes.building import CHOICE, a_quiz, an_attempt

pytestmark = pytest.mark.django_db

UPLOAD = {
    "id": "compose",
    "kind": "file_upload",
    "topics": ["docker.cli"],
    "text": "Upload it.",
    "endings": [".yaml"],
    "at_most": 2,
    "mib_each": 1,
}
OTHER = {"id": "other", "kind": "file_upload", "topics": ["docker.cli"], "text": "And this.", "at_most": 20}
FILE, ANY, CHOSEN = 1, 2, 3


def an_attempt_with_files(**settings: Any) -> Attempt:
    quiz = a_quiz(questions=[UPLOAD, OTHER, CHOICE], **settings)
    return an_attempt(quiz)


def upload(attempt: Attempt, content: bytes = b"services:\n", name: str = "c.yaml", position: int = FILE) -> Filed:
    return store_file(attempt=attempt, position=position, name=name, stream=ContentFile(content))


def value_of(attempt: Attempt, position: int = FILE) -> Any:
    return attempt.questions.get(position=position).value


def held(file: AnswerFile) -> bytes:
    with file.content.open() as content:
        return bytes(content.read())


def stored() -> set[str]:
    """The paths of everything that lies in the storage for answers."""
    folders = default_storage.listdir("answers")[0] if default_storage.exists("answers") else []
    return {
        f"answers/{folder}/{name}" for folder in folders for name in default_storage.listdir(f"answers/{folder}")[1]
    }


def refusal(attempt: Attempt, *args: Any, **fields: Any) -> str:
    with pytest.raises(DrydockError) as refused:
        upload(attempt, *args, **fields)
    assert refused.value.message.endswith(".")
    return refused.value.code


def test_an_upload_is_kept_by_its_digest_and_named_in_the_next_revision() -> None:
    attempt = an_attempt_with_files()
    filed = upload(attempt, b"one", "../My compose.YAML")
    second = upload(attempt, b"two", "b.yaml")
    assert (filed.name, filed.file.size, filed.saved.revision) == ("My compose.YAML", 3, 1)
    assert second.saved.value == {"My compose.YAML": filed.file.sha256, "b.yaml": second.file.sha256}
    assert held(filed.file) == b"one"
    assert stored() == {filed.file.content.name, second.file.content.name}
    assert filed.file.sha256 in str(filed.file.content.name)
    assert [answer.revision for answer in Answer.objects.order_by("revision")] == [1, 2]


def test_a_file_of_the_same_name_takes_the_place_of_the_first_and_both_are_kept() -> None:
    attempt = an_attempt_with_files()
    first, second = upload(attempt, b"one"), upload(attempt, b"two")
    assert value_of(attempt) == {"c.yaml": second.file.sha256}
    assert {held(file) for file in AnswerFile.objects.all()} == {b"one", b"two"}
    again = upload(attempt, b"one")
    assert again.file.pk == first.file.pk
    assert len(stored()) == 2


def test_uploading_the_same_again_changes_nothing() -> None:
    attempt = an_attempt_with_files()
    upload(attempt)
    again = upload(attempt)
    assert again.saved.replayed
    assert len(stored()) == AnswerFile.objects.count() == Answer.objects.count() == 1


def test_a_file_is_taken_back_by_its_name_and_stays_in_the_earlier_revision() -> None:
    attempt = an_attempt_with_files()
    upload(attempt)
    saved = take_file_back(attempt=attempt, position=FILE, name="c.yaml")
    assert (saved.value, saved.revision) == (None, 2)
    assert len(stored()) == 1
    with pytest.raises(NotFound):
        take_file_back(attempt=attempt, position=FILE, name="c.yaml")


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "c.yaml", "file_empty"),
        (b"x" * (1024 * 1024 + 1), "c.yaml", "file_too_large"),
        (b"x", "c.yaml.exe", "file_ending"),
        (b"x", "c", "file_ending"),
        (b"x", ".yaml", "file_ending"),
        (b"x", "c.yaml\u202etxt.exe", "file_ending"),
    ],
)
def test_a_file_that_was_not_asked_for_is_refused_and_nothing_of_it_kept(content: bytes, name: str, code: str) -> None:
    attempt = an_attempt_with_files()
    assert refusal(attempt, content, name) == code
    assert not stored()
    assert not AnswerFile.objects.exists()
    assert value_of(attempt) is None


def test_one_file_more_than_asked_for_is_refused_until_one_is_taken_back() -> None:
    attempt = an_attempt_with_files()
    upload(attempt, b"a", "a.yaml")
    upload(attempt, b"b", "b.yaml")
    assert refusal(attempt, b"c", "c.yaml") == "too_many_files"
    take_file_back(attempt=attempt, position=FILE, name="a.yaml")
    upload(attempt, b"c", "c.yaml")
    assert sorted(value_of(attempt)) == ["b.yaml", "c.yaml"]


def test_what_one_attempt_keeps_is_bounded_however_often_files_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_KEPT", 3)
    attempt = an_attempt_with_files()
    for number in range(3):
        upload(attempt, b"%d" % number)
    assert refusal(attempt, b"one more") == "files_too_much"
    upload(attempt, b"1")
    assert len(stored()) == 3
    monkeypatch.setattr(files, "MOST_KEPT_MIB", 0)
    assert refusal(attempt, b"x", "x.txt", position=ANY) == "files_too_much"


def test_a_question_that_takes_no_files_takes_none() -> None:
    assert refusal(an_attempt_with_files(), position=CHOSEN) == "no_files_here"


def test_nothing_is_uploaded_once_the_attempt_is_over() -> None:
    attempt = an_attempt_with_files()
    upload(attempt)
    close_attempt(attempt=attempt)
    assert refusal(attempt, b"late") == "attempt_closed"
    with pytest.raises(AnswerRefused):
        take_file_back(attempt=attempt, position=FILE, name="c.yaml")
    assert len(stored()) == 1


def test_nothing_is_uploaded_once_time_is_up() -> None:
    attempt = an_attempt_with_files(time_limit_minutes=10)
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert refusal(attempt) == "time_is_up"
    assert not stored()


def test_nothing_is_uploaded_to_a_page_that_was_left_behind() -> None:
    attempt = an_attempt_with_files(questions_per_page=1, go_back=False)
    assert refusal(attempt, b"x", "x.txt", position=ANY) == "question_not_reached"
    assert not stored()


def test_an_answer_cannot_name_a_file_that_was_not_uploaded_for_that_question() -> None:
    attempt = an_attempt_with_files()
    theirs = an_attempt(attempt.quiz, student=a_member(attempt.quiz.activity.course))
    elsewhere = upload(attempt, b"mine", "a.yaml", position=ANY).file.sha256
    of_another = upload(theirs, b"theirs").file.sha256
    for digest in (elsewhere, of_another, "0" * 64):
        with pytest.raises(DrydockError) as refused:
            save_answer(attempt=attempt, position=FILE, value={"a.yaml": digest}, revision=0)
        assert refused.value.code == "file_not_uploaded"
    assert value_of(attempt) is None


def test_an_earlier_state_of_the_answer_can_be_saved_again() -> None:
    attempt = an_attempt_with_files()
    filed = upload(attempt)
    take_file_back(attempt=attempt, position=FILE, name="c.yaml")
    named = {"renamed.yaml": filed.file.sha256}
    assert save_answer(attempt=attempt, position=FILE, value=named, revision=2).value == named
    with pytest.raises(StaleRevision):
        save_answer(attempt=attempt, position=FILE, value={"c.yaml": filed.file.sha256}, revision=1)


def test_files_go_when_their_attempt_goes() -> None:
    attempt = an_attempt_with_files()
    upload(attempt)
    with TestCase.captureOnCommitCallbacks(execute=True):
        attempt.delete()
    assert not stored()


def test_files_are_seen_by_their_student_and_the_courses_staff_alone() -> None:
    attempt = an_attempt_with_files()
    upload(attempt)
    classmate = a_member(attempt.quiz.activity.course)
    assert AnswerFile.objects.visible_to(attempt.student).count() == 1
    assert not AnswerFile.objects.visible_to(classmate).exists()


def test_an_upload_costs_a_number_of_queries_that_does_not_grow(django_assert_max_num_queries: Any) -> None:
    attempt = an_attempt_with_files()
    upload(attempt, b"a", "a.yaml")
    with django_assert_max_num_queries(18):
        upload(attempt, b"b", "b.yaml")

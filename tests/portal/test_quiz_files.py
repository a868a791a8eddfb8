"""Uploading files in a quiz's page, with and without scripts, and getting them back as nothing but files to save."""

from typing import Any

import pytest
from builders import a_member, an_instructor_of
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from quizzes.file_models import AnswerFile
from quizzes.models import Attempt
from quizzes.services import close_attempt
from quizzes.starting import start_attempt
from tests.quizzes.building import WORD, a_quiz

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
FILE, TYPED = 1, 2
JSON = {"Accept": "application/json"}


@pytest.fixture
def attempt(client: Client) -> Attempt:
    quiz = a_quiz(questions=[UPLOAD, WORD])
    student = a_member(quiz.activity.course)
    client.force_login(student)
    return start_attempt(quiz=quiz, student=student)


def a_file(content: bytes = b"services:\n", name: str = "c.yaml", content_type: str = "text/html") -> Any:
    return SimpleUploadedFile(name, content, content_type=content_type)


def address(attempt: Attempt, position: int = FILE) -> str:
    return reverse("portal:quiz-files", args=[attempt.pk, position])


def value_of(attempt: Attempt, position: int = FILE) -> Any:
    return attempt.questions.get(position=position).value


def test_without_scripts_the_upload_button_saves_the_rest_of_the_page_too(client: Client, attempt: Attempt) -> None:
    sent = {
        "page": "1",
        f"revision@{FILE}": "0",
        f"revision@{TYPED}": "0",
        f"answer@{TYPED}": "typed meanwhile",
        f"file-{FILE}": [a_file(), a_file(b"two", "d.yaml")],
        "upload": str(FILE),
    }
    reply = client.post(address(attempt), sent)
    assert reply.status_code == 302
    assert reply["Location"].endswith(f"?page=1#question-{FILE}")
    assert sorted(value_of(attempt)) == ["c.yaml", "d.yaml"]
    assert value_of(attempt, TYPED) == "typed meanwhile"
    page = client.get(reply["Location"]).content.decode()
    assert f'name="answer-c.yaml@{FILE}"' in page
    assert "<bdi>c.yaml</bdi>" in page


def test_without_scripts_the_page_sent_again_keeps_the_files(client: Client, attempt: Attempt) -> None:
    client.post(address(attempt), {"page": "1", f"file-{FILE}": a_file()})
    (digest,) = value_of(attempt).values()
    sent = {"page": "1", f"revision@{FILE}": "1", f"answer-c.yaml@{FILE}": digest, "go": "stay"}
    assert client.post(reverse("portal:attempt", args=[attempt.pk]), sent).status_code == 302
    assert value_of(attempt) == {"c.yaml": digest}


def test_without_scripts_a_file_is_removed_by_its_button(client: Client, attempt: Attempt) -> None:
    client.post(address(attempt), {f"file-{FILE}": a_file()})
    assert client.post(address(attempt), {"remove": "c.yaml"}).status_code == 302
    assert value_of(attempt) is None


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({}, "No file was chosen"),
        ({f"file-{FILE}": ("x.exe", b"x")}, "x.exe: A file here ends in .yaml"),
        ({"remove": "none.yaml"}, "names no such file"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(
    client: Client, attempt: Attempt, sent: dict[str, Any], words: str
) -> None:
    sent = {name: a_file(held[1], held[0]) if isinstance(held, tuple) else held for name, held in sent.items()}
    assert words in client.post(address(attempt), sent, follow=True).content.decode()
    assert value_of(attempt) is None


def test_a_script_is_told_how_the_answer_stands_and_what_to_show(client: Client, attempt: Attempt) -> None:
    reply = client.post(address(attempt), {f"file-{FILE}": a_file()}, headers=JSON).json()
    assert (reply["revision"], reply["answered"], "code" in reply) == (1, True, False)
    assert f'name="answer-c.yaml@{FILE}"' in reply["html"]
    refused = client.post(address(attempt), {f"file-{FILE}": a_file(b"")}, headers=JSON)
    assert (refused.status_code, refused.json()["code"], refused.json()["revision"]) == (422, "file_empty", 1)
    removed = client.post(address(attempt), {"remove": "c.yaml"}, headers=JSON).json()
    assert (removed["revision"], removed["answered"]) == (2, False)


def test_after_the_end_nothing_is_taken(client: Client, attempt: Attempt) -> None:
    close_attempt(attempt=attempt)
    reply = client.post(address(attempt), {f"file-{FILE}": a_file()}, headers=JSON)
    assert (reply.status_code, reply.json()["code"]) == (409, "attempt_closed")
    assert "was not saved" in client.post(address(attempt), {f"file-{FILE}": a_file()}, follow=True).content.decode()
    assert not AnswerFile.objects.exists()


def test_what_is_longer_than_the_files_may_be_is_not_read(client: Client, attempt: Attempt) -> None:
    too_long = str(7 * 1024 * 1024)
    for declared in (too_long, "9" * 19):
        reply = client.post(address(attempt), {f"file-{FILE}": a_file()}, headers=JSON, CONTENT_LENGTH=declared)
        assert (reply.status_code, reply.json()["code"]) == (413, "files_too_large")
    page = client.post(address(attempt), {f"file-{FILE}": a_file()}, CONTENT_LENGTH=too_long)
    assert page.status_code == 413
    assert "your page is as you left it" in page.content.decode()


def test_an_upload_that_another_site_makes_a_browser_send_is_refused(attempt: Attempt) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(attempt.student)
    reply = client.post(address(attempt), {f"file-{FILE}": a_file()}, headers=JSON)
    assert reply.status_code == 403
    assert value_of(attempt) is None


def test_a_question_of_another_kind_takes_no_file(client: Client, attempt: Attempt) -> None:
    reply = client.post(address(attempt, TYPED), {f"file-{TYPED}": a_file()}, headers=JSON)
    assert (reply.status_code, reply.json()["code"]) == (422, "no_files_here")
    assert client.post(address(attempt, 9), {"file-9": a_file()}, headers=JSON).status_code == 404


def test_a_file_comes_back_as_bytes_to_save_whatever_is_in_it(client: Client, attempt: Attempt) -> None:
    hostile = b"<script>alert(1)</script>"
    client.post(address(attempt), {f"file-{FILE}": a_file(hostile, "a;x=\u202e<b>'@.yaml")})
    file = AnswerFile.objects.get()
    place = reverse("portal:quiz-file", args=[attempt.pk, FILE, file.sha256])
    instructor = Client()
    instructor.force_login(an_instructor_of(attempt.quiz.activity.course))
    for reader in (client, instructor):
        reply = reader.get(place)
        assert b"".join(reply.streaming_content) == hostile  # type: ignore[attr-defined]
        assert reply["Content-Type"] == "application/octet-stream"
        assert reply["Content-Disposition"] == 'attachment; filename="a_x__b___.yaml"'
        assert reply["X-Content-Type-Options"] == "nosniff"
        assert reply["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_a_classmate_cannot_get_a_file_nor_put_one_there(client: Client, attempt: Attempt) -> None:
    client.post(address(attempt), {f"file-{FILE}": a_file()})
    file = AnswerFile.objects.get()
    client.force_login(a_member(attempt.quiz.activity.course))
    assert client.get(reverse("portal:quiz-file", args=[attempt.pk, FILE, file.sha256])).status_code == 404
    assert client.post(address(attempt), {f"file-{FILE}": a_file(b"x")}, headers=JSON).status_code == 404
    assert client.post(address(attempt), {"remove": "c.yaml"}, headers=JSON).status_code == 404
    assert value_of(attempt) == {"c.yaml": file.sha256}

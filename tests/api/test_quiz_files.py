"""Files as answers through the API."""

from typing import Any

import pytest
from builders import a_member
from django.core.files.uploadedfile import SimpleUploadedFile

from quizzes.models import Attempt
from tests.api.calling import V1, client_of, problem
from tests.quizzes.building import a_quiz, an_attempt

pytestmark = pytest.mark.django_db

UPLOAD = {"id": "compose", "kind": "file_upload", "topics": ["docker.cli"], "text": "Upload it.", "endings": [".yaml"]}


def upload(client: Any, attempt: Attempt, content: bytes = b"services:\n", name: str = "my c.yaml") -> Any:
    sent = {"file": SimpleUploadedFile(name, content)}
    return client.post(f"{V1}attempts/{attempt.pk}/files/1/", sent, format="multipart")


def test_a_file_is_uploaded_named_by_the_answer_downloaded_and_removed() -> None:
    attempt = an_attempt(a_quiz(questions=[UPLOAD]))
    client = client_of(attempt.student)
    filed = upload(client, attempt)
    assert filed.status_code == 201, filed.content
    told = filed.json()
    assert (told["name"], told["size"], told["answer"]["revision"]) == ("my c.yaml", 10, 1)
    assert told["answer"]["value"] == {"my c.yaml": told["sha256"]}
    place = f"{V1}attempts/{attempt.pk}/files/1/"
    for accept in ("*/*", "application/octet-stream", "application/json"):
        reply = client.get(f"{place}{told['sha256']}/", headers={"Accept": accept})
        assert b"".join(reply.streaming_content) == b"services:\n"  # type: ignore[attr-defined]
        assert reply["Content-Type"] == "application/octet-stream"
    removed = client.delete(f"{place}?name=my%20c.yaml")
    assert (removed.status_code, removed.json()["value"], removed.json()["revision"]) == (200, None, 2)


def test_what_is_no_answer_is_refused_with_its_code() -> None:
    attempt = an_attempt(a_quiz(questions=[UPLOAD]))
    client = client_of(attempt.student)
    problem(upload(client, attempt, name="c.exe"), 422, "file_ending")
    problem(upload(client, attempt, b""), 422, "file_empty")
    assert client.post(f"{V1}attempts/{attempt.pk}/files/1/", {}, format="multipart").status_code == 400
    problem(client.delete(f"{V1}attempts/{attempt.pk}/files/1/?name=x"), 404, "no_such_file")
    assert client.delete(f"{V1}attempts/{attempt.pk}/files/1/").status_code == 400
    named = {"value": {"c.yaml": "0" * 64}, "revision": 0}
    reply = client.put(f"{V1}attempts/{attempt.pk}/answers/1/", named)
    problem(reply, 422, "file_not_uploaded")


def test_nobody_elses_files_are_there() -> None:
    attempt = an_attempt(a_quiz(questions=[UPLOAD]))
    digest = upload(client_of(attempt.student), attempt).json()["sha256"]
    classmate = client_of(a_member(attempt.quiz.activity.course))
    assert classmate.get(f"{V1}attempts/{attempt.pk}/files/1/{digest}/").status_code == 404
    assert upload(classmate, attempt).status_code == 404
    assert classmate.delete(f"{V1}attempts/{attempt.pk}/files/1/?name=my%20c.yaml").status_code == 404

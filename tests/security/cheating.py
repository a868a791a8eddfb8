"""A student who does not play fair, by the site's own pages and by the API, and the record that must not change.

Both ways say the same verbs, so that each attempt is written once and tried by each. Pages answer some of them with
JSON for scripts, and some with a page for people, which has no code.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from builders import a_member
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from quizzes.models import Attempt, Quiz
from quizzes.services import save_answer
from quizzes.starting import start_attempt
from quizzes.types.base import Value
from tests.api.calling import V1, client_of
from tests.quizzes.building import CHOICE, a_quiz, option

SCRIPT = {"Accept": "application/json"}
RECORDS = ("quizzes", "gradebook", "courses")
"""The apps in which nothing may differ after a refusal."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """What came back: its status, its code where it has one, and all its words."""

    status: int
    code: str | None
    words: str


def refused(said: Said, code: str, *words: str, status: int = 409) -> None:
    """The reply is this refusal, in plain words; a page shows the words only, also after a redirect."""
    if said.code is not None:
        assert (said.status, said.code) == (status, code), said
    else:
        assert said.status in {status, 200}, said
    assert all(each in said.words for each in words), said.words


def recorded() -> dict[str, list[dict[str, Any]]]:
    """Every row of quizzes, gradebook and courses."""
    models = [model for label in RECORDS for model in apps.get_app_config(label).get_models()]
    return {model.__name__: list(model._default_manager.order_by("pk").values()) for model in models}


@contextmanager
def nothing_changes() -> Iterator[None]:
    """What is done inside leaves every row as it was: answers, revisions, states, scores, files and rules."""
    before = recorded()
    yield
    assert recorded() == before


class Portal:
    """The site's pages, as a browser or somebody who writes requests by hand uses them."""

    def __init__(self, user: User, **headers: Any) -> None:
        self.client = Client(raise_request_exception=False, **headers)
        self.client.force_login(user)

    def start(self, quiz: Quiz, code: str = "", **more: Any) -> Said:
        """Press Start, and follow to where it leads."""
        address = f"/courses/{quiz.activity.course.slug}/{quiz.activity.slug}/quiz/"
        return _page(self.client.post(address, {"code": code, **more}, follow=True))

    def save(self, attempt: Attempt, position: int, value: Value | None, revision: int = 0, **more: Any) -> Said:
        """Save as the page's script does."""
        sent = {**_fields(value), "revision": str(revision), **more}
        return _script(self.client.post(f"/attempts/{attempt.pk}/answers/{position}/", sent))

    def check(self, attempt: Attempt, position: int) -> Said:
        """Press Check."""
        return _script(self.client.post(f"/attempts/{attempt.pk}/check/{position}/"))

    def turn(self, attempt: Attempt, page: int) -> Said:
        """Press the map's button of a page, whether it is shown or not."""
        return _page(self.client.post(f"/attempts/{attempt.pk}/", {"go": f"to-{page}"}, follow=True))

    def finish(self, attempt: Attempt, **more: Any) -> Said:
        """Hand in."""
        return _page(self.client.post(f"/attempts/{attempt.pk}/finish/", more, follow=True))

    def upload(self, attempt: Attempt, position: int, content: bytes = b"mine", name: str = "c.yaml") -> Said:
        """Send a file as the page's script does."""
        sent = {f"file-{position}": SimpleUploadedFile(name, content)}
        return _script(self.client.post(f"/attempts/{attempt.pk}/files/{position}/", sent, headers=SCRIPT))

    def remove(self, attempt: Attempt, position: int, name: str) -> Said:
        """Take a file back."""
        return _script(self.client.post(f"/attempts/{attempt.pk}/files/{position}/", {"remove": name}, headers=SCRIPT))

    def download(self, attempt: Attempt, position: int, sha256: str) -> Said:
        """Read a file of an answer."""
        return _page(self.client.get(f"/attempts/{attempt.pk}/files/{position}/{sha256}/"))

    def see(self, attempt: Attempt, page: int = 1) -> Said:
        """Look at a page of the questions."""
        return _page(self.client.get(f"/attempts/{attempt.pk}/?page={page}", follow=True))

    def review(self, attempt: Attempt) -> Said:
        """Look at the results."""
        return _page(self.client.get(f"/attempts/{attempt.pk}/review/"))


class Api:
    """The REST API with a token."""

    def __init__(self, user: User, **headers: Any) -> None:
        self.client: APIClient = client_of(user)
        self.client.defaults.update(headers)

    def start(self, quiz: Quiz, code: str = "", **more: Any) -> Said:
        """Start a try."""
        return _problem(self.client.post(f"{V1}quizzes/{quiz.activity_id}/attempts/", {"code": code, **more}))

    def save(self, attempt: Attempt, position: int, value: Value | None, revision: int = 0, **more: Any) -> Said:
        """Save an answer."""
        sent = {"value": value, "revision": revision, **more}
        return _problem(self.client.put(f"{V1}attempts/{attempt.pk}/answers/{position}/", sent))

    def check(self, attempt: Attempt, position: int) -> Said:
        """Have an answer checked."""
        return _problem(self.client.post(f"{V1}attempts/{attempt.pk}/check/{position}/"))

    def turn(self, attempt: Attempt, page: int) -> Said:
        """Turn to a page."""
        return _problem(self.client.post(f"{V1}attempts/{attempt.pk}/pages/{page}/"))

    def finish(self, attempt: Attempt, **more: Any) -> Said:
        """Hand in."""
        return _problem(self.client.post(f"{V1}attempts/{attempt.pk}/finish/", more))

    def upload(self, attempt: Attempt, position: int, content: bytes = b"mine", name: str = "c.yaml") -> Said:
        """Send a file."""
        sent = {"file": SimpleUploadedFile(name, content)}
        return _problem(self.client.post(f"{V1}attempts/{attempt.pk}/files/{position}/", sent, format="multipart"))

    def remove(self, attempt: Attempt, position: int, name: str) -> Said:
        """Take a file back."""
        return _problem(self.client.delete(f"{V1}attempts/{attempt.pk}/files/{position}/?name={name}"))

    def download(self, attempt: Attempt, position: int, sha256: str) -> Said:
        """Read a file of an answer."""
        return _problem(self.client.get(f"{V1}attempts/{attempt.pk}/files/{position}/{sha256}/"))

    def see(self, attempt: Attempt, page: int = 1) -> Said:
        """Look at the questions: the API has them on no pages."""
        del page
        return _problem(self.client.get(f"{V1}attempts/{attempt.pk}/"))

    def review(self, attempt: Attempt) -> Said:
        """Look at the results."""
        return _problem(self.client.get(f"{V1}attempts/{attempt.pk}/review/"))


Way = Portal | Api
WAYS = {"portal": Portal, "api": Api}
HERE = "10.1.2.3"
STATEMENT_AT, WORD_AT = 3, 4


def taken(**settings: Any) -> Attempt:
    """A try with an answer saved to the word and to the statement."""
    quiz = a_quiz(**settings)
    attempt = start_attempt(quiz=quiz, student=a_member(quiz.activity.course), address=HERE)
    save_answer(attempt=attempt, position=WORD_AT, value="USER", revision=0, client="tab")
    save_answer(attempt=attempt, position=STATEMENT_AT, value=True, revision=0, client="tab")
    return attempt


def everything(way: Way, attempt: Attempt) -> Iterator[Said]:
    """Each thing with which an answer could be changed or told."""
    yield way.save(attempt, WORD_AT, "WORKDIR", revision=1)
    yield way.save(attempt, WORD_AT, None, revision=1)
    yield way.save(attempt, 1, option(CHOICE, "created"))
    yield way.save(attempt, WORD_AT, "WORKDIR", revision=0, client="tab")
    yield way.check(attempt, WORD_AT)
    yield way.turn(attempt, 1)


def _fields(value: Value | None) -> dict[str, Any]:
    if isinstance(value, dict):
        return {f"answer-{name}": each for name, each in value.items()}
    if isinstance(value, bool):
        return {"answer": str(value).lower()}
    return {} if value is None else {"answer": value}


def _script(reply: Any) -> Said:
    """What a script is told; a page, where the site has nothing at the address for this person."""
    if not reply["Content-Type"].startswith("application/json"):
        return _page(reply)
    told = reply.json()
    return Said(status=reply.status_code, code=told.get("code", ""), words=reply.content.decode() + str(told))


def _page(reply: Any) -> Said:
    content = b"".join(reply.streaming_content) if reply.streaming else reply.content
    return Said(status=reply.status_code, code=None, words=content.decode(errors="replace"))


def _problem(reply: Any) -> Said:
    if reply.streaming:
        return _page(reply)
    told = reply.json()
    code = told.get("code", "") if isinstance(told, dict) else ""
    return Said(status=reply.status_code, code=code, words=reply.content.decode() + str(told))

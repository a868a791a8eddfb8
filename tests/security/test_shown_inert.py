"""Row 21 of docs/security.md: what hostile output would do to a screen, a browser or a spreadsheet, it does not do.

The output is a real engine's: build steps, containers, file names and stage names that a hostile Dockerfile chose.
"""

import csv
import io
import unicodedata
from typing import Any

import pytest
from builders import a_course, a_lab, a_member, a_user, an_instructor_of
from django.test import Client
from django.urls import reverse

from courses.models import Course
from graders.archive import Submission as Files
from labs import grading, services
from labs.models import Lab, Submission
from labs.states import State
from tests.api.calling import V1, client_of
from tests.security.attempts import word_plan

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

BIDI = "\u202e\u2066\u200f"
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
PAYLOAD = f"{SCRIPT}\x1b[2J\x1b]0;title\x07\x9b31m{BIDI}\ufeff=cmd|' /C calc'!A0"
NAME = f"{SCRIPT} =1+1"
DOCKERFILE = (
    "FROM busybox:1.35\n"
    f"# {SCRIPT}{BIDI}\n"
    f"LABEL note='{SCRIPT}'\n"
    "COPY payload.txt /p\n"
    "COPY word.txt /out\n"
    "RUN cat /p; printf '\\377\\376\\n'; printf '\\r overwritten\\b\\b'\n"
    "CMD cat /p; cat /p >&2; printf '\\377\\376\\033c'\n"
)


@pytest.fixture
def course() -> Course:
    return a_course()


@pytest.fixture
def submission(warm_engine: str, course: Course, settings: Any) -> Submission:
    """A hostile try, graded on the engine: it is built and run, and fails a check that quotes what it printed."""
    settings.SANDBOX_ENGINE = warm_engine
    lab: Lab = a_lab(course, plan=word_plan(), starter={"Dockerfile": ""})
    student = a_member(course, user=a_user(name=NAME))
    files = Files.from_files({"Dockerfile": DOCKERFILE.encode(), "payload.txt": f"{PAYLOAD}\n".encode()})
    row = services.submit(author=student, lab=lab, files=files)
    assert grading.work(seconds=120).taken == 1
    row.refresh_from_db()
    assert (row.state, row.score) == (State.GRADED, 2)
    return row


def assert_inert(text: str, *, html: bool) -> None:
    """No character moves a cursor, rings, colours or reorders; in a page, no markup of theirs is markup."""
    odd = {char for char in text if unicodedata.category(char) in {"Cc", "Cf"} and char not in "\n\r\t"}
    assert odd <= ({"\xad"} if html else set()), {hex(ord(char)) for char in odd}
    if html:
        assert "<script>alert" not in text
        assert "<img src=x" not in text


def test_pages_show_it_inert(submission: Submission, client: Client) -> None:
    slug, activity = submission.course.slug, submission.lab.activity
    addresses = [reverse(f"portal:{name}", args=[submission.pk]) for name in ("submission", "events")]
    teaching = [reverse("portal:teach", args=[slug]), reverse("portal:teach-gradebook", args=[slug])]
    teaching += [reverse("portal:teach-members", args=[slug])]
    teaching += [reverse("portal:teach-activity", args=[slug, activity.slug])]
    client.force_login(submission.author)
    for address in addresses:
        page = client.get(address)
        assert page.status_code == 200
        assert_inert(page.content.decode(), html=True)
    assert "&lt;script&gt;alert(1)" in client.get(addresses[0]).content.decode(), "it is shown, not swallowed"
    client.force_login(an_instructor_of(submission.course))
    for address in (*addresses, *teaching):
        page = client.get(address)
        assert page.status_code == 200, address
        assert_inert(page.content.decode(), html=True)


def test_the_admin_shows_it_inert(submission: Submission, client: Client) -> None:
    client.force_login(a_user(is_staff=True, is_superuser=True))
    event = submission.events.filter(kind="step_log").first()
    assert event is not None
    for model, pk in (("submission", submission.pk), ("submissionevent", event.pk)):
        for address in (
            reverse(f"admin:labs_{model}_changelist"),
            reverse(f"admin:labs_{model}_change", args=[pk]),
        ):
            page = client.get(address)
            assert page.status_code == 200
            assert_inert(page.content.decode(), html=True)


def test_the_api_and_its_downloads_give_it_as_inert_text(submission: Submission, client: Client) -> None:
    api = client_of(submission.author)
    for part in ("", "report/", "events/", "log/"):
        reply = api.get(f"{V1}submissions/{submission.pk}/{part}")
        assert reply.status_code == 200, (part, reply.content)
        assert reply["X-Content-Type-Options"] == "nosniff"
        assert reply["Content-Type"].partition(";")[0] in {"application/json", "text/plain"}
        text = str(reply.json()) if "json" in reply["Content-Type"] else reply.content.decode()
        assert_inert(text, html=False)
    client.force_login(submission.author)
    for name in ("log", "files"):
        reply = client.get(reverse(f"portal:{name}", args=[submission.pk]))
        assert reply["Content-Disposition"].startswith("attachment;")
        assert reply["X-Content-Type-Options"] == "nosniff"
    log = b"".join(client.get(reverse("portal:log", args=[submission.pk])))
    assert b"alert(1)" in log
    assert_inert(log.decode(), html=False)


def test_no_export_runs_a_name_as_a_formula(submission: Submission, client: Client) -> None:
    author = submission.author
    author.name = "=HYPERLINK(1)"
    author.save()
    client.force_login(an_instructor_of(submission.course))
    reply = client.get(reverse("portal:teach-gradebook-csv", args=[submission.course.slug]))
    content = b"".join(reply.streaming_content) if reply.streaming else reply.content  # type: ignore[attr-defined]
    cells = [cell for row in csv.reader(io.StringIO(content.decode("utf-8-sig"))) for cell in row]
    assert any("HYPERLINK" in cell for cell in cells)
    assert not [cell for cell in cells if cell[:1] in {"=", "+", "-", "@", "\t", "\r"}]

"""The page of a try made of docker commands: its stations, its list of commands, and nothing of builds and images."""

from typing import Any

import pytest
from builders import a_member
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import User
from graders.events import EventKind
from graders.report import CheckOutcome, CheckResult, CommandReport, Outcome, Report
from labs import queue
from labs.events import NewEvent, append_while_leased
from labs.models import Lab, Submission
from labs.queue import Claim
from labs.services import submit
from labs.storage import save_log, save_report
from portal.gallery.views import console_gallery
from tests.portal.console_building import a_console_lab

pytestmark = pytest.mark.django_db

COMMANDS = b"# two\ndocker create --name web busybox:1.35\ndocker pause nobody <b>\n"


@pytest.fixture
def lab() -> Lab:
    return a_console_lab()


@pytest.fixture
def student(client: Client, lab: Lab) -> User:
    user = a_member(lab.activity.course)
    client.force_login(user)
    return user


def page_of(client: Client, submission: Submission) -> str:
    return client.get(reverse("portal:submission", args=[submission.pk])).content.decode()


def handed_in(lab: Lab, student: User) -> tuple[Submission, Claim]:
    submission = submit(author=student, lab=lab, files={"commands.txt": COMMANDS})
    claim = queue.claim_next(worker="test")
    assert claim is not None
    return submission, claim


def tell(claim: Claim, kind: EventKind, **data: Any) -> None:
    append_while_leased(
        submission_id=claim.submission_id, attempt=claim.attempt, events=[NewEvent(kind=kind.value, data=data)]
    )


def graded(claim: Claim, submission: Submission, **fields: Any) -> None:
    check = CheckResult(
        id="paused",
        kind="container",
        title="Your container is paused",
        outcome=CheckOutcome.FAILED,
        points=0,
        max_points=10,
        message="The container web is created, not paused.",
        line=3,
    )
    report = Report(outcome=Outcome.GRADED, score=0, max_score=10, checks=(check,), **fields)
    queue.finish(
        claim,
        report,
        report_name=save_report(submission.key, claim.attempt, report),
        log_name=save_log(submission.key, claim.attempt, ""),
    )
    submission.refresh_from_db()


def test_commands_are_followed_line_by_line(client: Client, lab: Lab, student: User) -> None:
    submission, claim = handed_in(lab, student)
    tell(claim, EventKind.STARTED, lab="lab", engine="test", checks=3)
    assert "Reading your commands" in page_of(client, submission)
    tell(claim, EventKind.POLICY, ok=True, refusals=[])
    tell(claim, EventKind.LINE_STARTED, index=1, total=2, line=2, text="docker create --name web busybox:1.35")
    page = page_of(client, submission)
    assert "Carrying out your commands: line 1 of 2" in page
    assert "Carried out" in page
    assert "Building" not in page
    tell(claim, EventKind.LINE_FINISHED, index=1, exit_code=0)
    assert "Looking at what is there" in page_of(client, submission)


def test_findings_stand_at_their_lines_of_the_list_and_nothing_speaks_of_builds(
    client: Client, lab: Lab, student: User
) -> None:
    submission, claim = handed_in(lab, student)
    lines = (
        CommandReport(line=2, text="docker create --name web busybox:1.35", exit_code=0, stdout="ab12\n"),
        CommandReport(line=3, text="docker pause nobody <b>", exit_code=1, stderr="No such container: nobody\n"),
    )
    graded(claim, submission, commands=lines)
    page = page_of(client, submission)
    assert '<h2 id="source">commands.txt</h2>' in page
    assert "commands.txt, line 3" in page
    assert 'class="source-line has-finding tone-bad" id="line-3"' in page
    assert "What the engine said" in page
    assert "No such container: nobody" in page
    assert "docker pause nobody &lt;b&gt;" in page
    for word in ("Build log", "Layers of the image", "What it did when run", "Dockerfile"):
        assert word not in page


def test_what_a_console_was_at_its_end_is_only_judged(client: Client, lab: Lab, student: User) -> None:
    submission, claim = handed_in(lab, student)
    Submission.objects.filter(pk=submission.pk).update(observed_name="x")
    page = page_of(client, submission)
    assert "Judged" in page
    assert "Carried out" not in page
    assert "Looking at what is there" in page
    graded(claim, submission)
    page = page_of(client, submission)
    assert "Back to the console" in page
    assert "Mend and hand in again" not in page


def test_a_list_that_cannot_be_read_is_turned_away_in_its_own_words(client: Client, lab: Lab, student: User) -> None:
    submission, claim = handed_in(lab, student)
    tell(claim, EventKind.POLICY, ok=False, refusals=[{"rule": "r", "line": 2, "message": "Line 2 is no text."}])
    report = Report(outcome=Outcome.REFUSED, score=0, max_score=10)
    queue.finish(
        claim,
        report,
        report_name=save_report(submission.key, claim.attempt, report),
        log_name=save_log(submission.key, claim.attempt, ""),
    )
    page = page_of(client, submission)
    assert "Turned away before anything was carried out" in page
    assert "turned away at line 2" in page


@pytest.mark.parametrize("kind", ["usual", "empty", "busy", "hostile"])
def test_the_gallery_shows_a_console_in_each_of_its_states(rf: RequestFactory, kind: str, student: User) -> None:
    request = rf.get("/_gallery/console/", {"kind": kind})
    request.user = student
    page = console_gallery(request).content.decode()
    assert "What the daemon holds for you" in page
    assert "<script>alert" not in page

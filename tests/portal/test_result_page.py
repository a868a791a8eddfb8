"""A submission's page: who sees it, what it shows while grading goes on, and what hidden checks keep to themselves."""

from typing import Any

import pytest
from builders import a_lab, a_member, a_plan, a_report, a_submission, a_user, an_instructor_of, graded
from django.test import Client
from django.urls import reverse

from graders.events import EventKind
from graders.report import ContainerReport
from graders.sandbox.fake import FakeProgram, FakeSandbox
from labs import queue
from labs.events import NewEvent, append_while_leased
from labs.grading import grade_claim
from labs.models import Submission
from labs.queue import Claim
from labs.services import submit
from labs.storage import save_report
from portal.following import follow
from portal.result_view import told_events

pytestmark = pytest.mark.django_db


@pytest.fixture
def submission() -> Submission:
    return a_submission()


@pytest.fixture
def author(client: Client, submission: Submission) -> Client:
    client.force_login(submission.author)
    return client


def claimed(submission: Submission) -> Claim:
    taken = queue.claim_next(worker="test")
    assert taken is not None
    assert taken.submission_id == submission.pk
    return taken


def tell(taken: Claim, kind: EventKind, **data: Any) -> None:
    append_while_leased(
        submission_id=taken.submission_id, attempt=taken.attempt, events=[NewEvent(kind=kind.value, data=data)]
    )


def step(taken: Claim, index: int, text: str = "") -> None:
    tell(taken, EventKind.STEP_STARTED, build="default", index=index, total=2, name=f"step-{index}", line=index)
    if text:
        tell(taken, EventKind.STEP_LOG, build="default", index=index, text=text)


def events_of(client: Client, submission: Submission, after: int = 0, **headers: str) -> Any:
    return client.get(reverse("portal:events", args=[submission.pk]), {"after": after}, headers=headers)


@pytest.mark.parametrize("name", ["submission", "events", "log", "files"])
def test_only_its_author_and_course_staff_see_it(client: Client, submission: Submission, name: str) -> None:
    address = reverse(f"portal:{name}", args=[submission.pk])
    assert client.get(address).status_code == 302
    client.force_login(a_member(submission.course))
    assert client.get(address).status_code == 404
    client.force_login(an_instructor_of(submission.course))
    assert client.get(address).status_code == 200
    client.force_login(submission.author)
    assert client.get(address).status_code == 200


def test_nobody_cancels_somebody_elses_try(client: Client, submission: Submission) -> None:
    client.force_login(a_member(submission.course))
    assert client.post(reverse("portal:cancel", args=[submission.pk])).status_code == 404
    submission.refresh_from_db()
    assert submission.state == "queued"


def test_nothing_new_costs_no_body(author: Client, submission: Submission) -> None:
    first = events_of(author, submission)
    assert first.status_code == 200
    again = events_of(author, submission, if_none_match=first["ETag"])
    assert again.status_code == 304
    assert again.content == b""
    claimed(submission)
    assert events_of(author, submission, if_none_match=first["ETag"]).status_code == 200


def test_news_hold_only_the_steps_that_changed(author: Client, submission: Submission) -> None:
    taken = claimed(submission)
    tell(taken, EventKind.POLICY, ok=True, refusals=[])
    tell(taken, EventKind.BUILD_STARTED, build="default")
    step(taken, 1, "long output of the first\n")
    seen = events_of(author, submission).json()
    assert "long output of the first" in seen["html"]
    step(taken, 2)
    news = events_of(author, submission, after=seen["after"]).json()
    assert "long output of the first" not in news["html"]
    assert "step-2" in news["html"]
    assert "step 2 of 2" in news["html"]


def test_a_new_claim_starts_anew(submission: Submission) -> None:
    taken = claimed(submission)
    tell(taken, EventKind.BUILD_STARTED, build="default")
    step(taken, 1)
    assert follow(told_events(submission)).steps
    queue.fail_infrastructure(taken, "lost")
    seen = follow(told_events(submission))
    assert not seen.steps
    assert seen.returned == 1


def test_a_page_without_scripts_reloads_until_the_end(author: Client, submission: Submission) -> None:
    address = reverse("portal:submission", args=[submission.pk])
    assert '<noscript><meta http-equiv="refresh"' in author.get(address).content.decode()
    graded(submission)
    assert "http-equiv" not in author.get(address).content.decode()


def test_hidden_checks_show_their_title_and_outcome_only(client: Client) -> None:
    lab = a_lab()
    student = a_member(lab.activity.course)
    submission = a_submission(lab, author=student)
    program = FakeProgram(exit_code=7, stdout=b"told by the container\n")
    grade_claim(claimed(submission), FakeSandbox(on_run=lambda _: program))
    client.force_login(student)
    page = client.get(reverse("portal:submission", args=[submission.pk])).content.decode()
    assert "It exited with 7" in page
    hidden = page.split('id="check-secretly"')[1].split("</li>")[0]
    assert "This check keeps its details to itself." in hidden
    assert "exited" not in hidden
    assert "exited" not in events_of(client, submission).json()["html"].split("secretly")[-1][:300]


def test_a_server_that_the_grader_stopped_shows_no_exit_code(client: Client) -> None:
    plan = a_plan(runs={"api": {"serve": {"port": 8080}}, "once": {}})
    lab = a_lab(plan=plan)
    submission = a_submission(lab)
    taken = claimed(submission)
    runs = [ContainerReport(id=name, build="default", exit_code=137, seconds=1) for name in ("api", "once")]
    report = a_report().model_copy(update={"containers": tuple(runs)})
    queue.finish(taken, report, report_name=save_report(submission.key, taken.attempt, report), log_name="")
    client.force_login(submission.author)
    page = client.get(reverse("portal:submission", args=[submission.pk])).content.decode()
    assert "api: stopped by the grader" in page
    assert "once: exit code 137" in page


def test_what_was_up_beside_a_run_is_shown_with_it(client: Client) -> None:
    web = {"serve": {"port": 8080}}
    plan = a_plan(runs={"store": web, "app": {**web, "beside": ["store"]}, "other": {**web, "beside": ["store"]}})
    submission = a_submission(a_lab(plan=plan))
    taken = claimed(submission)
    runs = [
        ContainerReport(id=name, build="default", exit_code=137, seconds=1, stdout=f"by {name}", beside=beside)
        for name, beside in (("store", "app"), ("app", ""), ("store", "other"), ("other", ""))
    ]
    report = a_report().model_copy(update={"containers": tuple(runs)})
    queue.finish(taken, report, report_name=save_report(submission.key, taken.attempt, report), log_name="")
    client.force_login(submission.author)
    page = client.get(reverse("portal:submission", args=[submission.pk])).content.decode()
    assert "store, beside app: stopped by the grader" in page
    assert "store, beside other: stopped by the grader" in page
    for name in ("run-store-beside-app", "run-app", "run-store-beside-other", "run-other"):
        assert page.count(f'id="{name}"') == 1


def test_how_long_a_stop_took_and_what_memory_was_held_is_shown_where_it_was_measured(client: Client) -> None:
    submission = a_submission(a_lab(plan=a_plan(runs={"worker": {"serve": {"ready": "started"}}, "once": {}})))
    taken = claimed(submission)
    plain = ContainerReport(id="once", build="default", exit_code=0, seconds=1)
    stopped = plain.model_copy(update={"id": "worker", "stop_seconds": 0.25, "memory_peak_bytes": 12_400_000})
    report = a_report().model_copy(update={"containers": (stopped, plain)})
    queue.finish(taken, report, report_name=save_report(submission.key, taken.attempt, report), log_name="")
    client.force_login(submission.author)
    page = client.get(reverse("portal:submission", args=[submission.pk])).content.decode()
    assert "worker: exit code 0" in page
    assert page.count("after its stop signal") == 1
    assert page.count("It held 12.4 MB of memory at most.") == 1


@pytest.mark.parametrize(("own", "given"), [("Dockerfile", False), (".dockerignore", True)])
def test_a_dockerfile_that_is_the_labs_own_is_shown_as_one_that_cannot_be_changed(
    client: Client, own: str, given: bool
) -> None:
    starter = {"Dockerfile": "FROM busybox:1.35\n", ".dockerignore": "*.log\n"}
    lab = a_lab(plan=a_plan(submission={"required": [own], "editable": [own]}), starter=starter)
    files = {own: starter[own].encode() + b"# mended\n"}
    submission = graded(submit(author=a_member(lab.activity.course), lab=lab, files=files))
    client.force_login(submission.author)
    page = client.get(reverse("portal:submission", args=[submission.pk])).content.decode()
    assert ("which you cannot change: mend your .dockerignore." in page) is given


def test_output_is_shown_inert(client: Client) -> None:
    lab = a_lab()
    student = a_member(lab.activity.course)
    submission = a_submission(lab, author=student, dockerfile=b"FROM busybox:1.35\n# <script>alert(1)</script>\n")
    program = FakeProgram(stdout=b"<script>alert(2)</script>\x1b[31mred\n")
    grade_claim(claimed(submission), FakeSandbox(on_run=lambda _: program))
    client.force_login(student)
    page = client.get(reverse("portal:submission", args=[submission.pk])).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(2)" in page
    assert "\x1b" not in page


def test_downloads_are_attachments_that_no_browser_runs(author: Client, submission: Submission) -> None:
    graded(submission)
    for name in ("log", "files"):
        answer = author.get(reverse(f"portal:{name}", args=[submission.pk]))
        assert answer["Content-Disposition"].startswith("attachment;")
        assert answer["X-Content-Type-Options"] == "nosniff"


def test_the_page_tells_what_changed_since_the_try_before(client: Client) -> None:
    lab = a_lab()
    student = a_member(lab.activity.course)
    graded(a_submission(lab, author=student), score=4)
    second = graded(a_submission(lab, author=student))
    client.force_login(student)
    page = client.get(reverse("portal:submission", args=[second.pk])).content.decode()
    assert "Since try 1" in page
    assert "Now passing: It exits as it should" in page


def test_a_failed_check_says_why_it_matters_and_where_to_read_on(client: Client) -> None:
    submission = a_submission()
    submission.course.topics = {"dockerfile.cmd": "CMD"}
    submission.course.topic_notes = {"dockerfile.cmd": "What the container *does*."}
    submission.course.save()
    finished = graded(submission, score=4)
    report = a_report(score=4)
    (check,) = report.checks
    told = report.model_copy(update={"checks": (check.model_copy(update={"why": "Scripts go by it."}),)})
    save_report(finished.key, finished.attempt, told)
    client.force_login(submission.author)
    page = client.get(reverse("portal:submission", args=[submission.pk])).content.decode()
    topics = reverse("portal:topics", args=[submission.course.slug])
    assert "Scripts go by it." in page
    assert f'<a href="{topics}#topic-dockerfile.cmd">CMD</a>' in page
    there = client.get(topics).content.decode()
    assert 'id="topic-dockerfile.cmd"' in there
    assert "What the container <em>does</em>." in there


def test_a_check_that_passed_needs_nothing_to_read(client: Client) -> None:
    submission = a_submission()
    submission.course.topics = {"dockerfile.cmd": "CMD"}
    submission.course.save()
    graded(submission)
    client.force_login(submission.author)
    page = client.get(reverse("portal:submission", args=[submission.pk])).content.decode()
    assert "#topic-dockerfile.cmd" not in page


def test_topics_are_for_members_of_the_course(client: Client, submission: Submission) -> None:
    client.force_login(a_user())
    assert client.get(reverse("portal:topics", args=[submission.course.slug])).status_code == 404

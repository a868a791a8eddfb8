"""Labs in the admin: lists of what one may see, and the few things that are done to a submission there."""

from typing import Any

import pytest
from builders import a_course, a_lab, a_member, a_submission, a_user, an_instructor_of, graded
from django.contrib.admin import site
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from labs.admin import ConsoleEntryAdmin
from labs.console_models import ConsoleEntry
from labs.consoles import open_session
from labs.models import Submission, WorkerHeartbeat
from labs.queue import claim_next
from labs.states import State
from tests.labs.consoles.building import a_console_lab

pytestmark = pytest.mark.django_db

MODELS = ("lab", "labversion", "submission", "submissionevent", "workerheartbeat", "consolesession", "consoleentry")


@pytest.fixture
def operator() -> User:
    return a_user(is_staff=True, is_superuser=True)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def in_the_admin(user: User) -> User:
    """Let a person into the admin, with every right that there is to labs: what they see is up to the querysets."""
    user.is_staff = True
    user.save()
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="labs"))
    return user


def act(user: User, action: str, *submissions: Submission) -> Any:
    data = {"action": action, "_selected_action": [one.pk for one in submissions]}
    return signed_in(user).post(reverse("admin:labs_submission_changelist"), data)


@pytest.mark.parametrize("model", MODELS)
def test_operators_can_read_every_list_and_every_row(model: str, operator: User) -> None:
    WorkerHeartbeat.objects.create(worker="worker-0")
    graded(a_submission())
    lab = a_console_lab()
    open_session(author=a_member(lab.activity.course), lab=lab)
    client = signed_in(operator)

    listed = client.get(reverse(f"admin:labs_{model}_changelist"))
    assert listed.status_code == 200
    row = listed.context["cl"].result_list[0]
    assert client.get(reverse(f"admin:labs_{model}_change", args=[row.pk])).status_code == 200


def test_an_instructor_finds_only_their_courses_submissions() -> None:
    mine, theirs = a_course(), a_course()
    instructor = in_the_admin(an_instructor_of(mine))
    own, foreign = a_submission(a_lab(mine)), a_submission(a_lab(theirs))
    client = signed_in(instructor)

    listed = client.get(reverse("admin:labs_submission_changelist"))

    assert list(listed.context["cl"].result_list) == [own]
    assert client.get(reverse("admin:labs_submission_change", args=[foreign.pk])).status_code == 302
    assert not client.get(reverse("admin:labs_workerheartbeat_changelist")).context["cl"].result_list


def test_submissions_cannot_be_changed_added_or_deleted(operator: User) -> None:
    submission = a_submission()
    client = signed_in(operator)

    assert client.get(reverse("admin:labs_submission_add")).status_code == 403
    assert client.post(reverse("admin:labs_submission_delete", args=[submission.pk])).status_code == 403
    change = client.post(reverse("admin:labs_submission_change", args=[submission.pk]), {"state": "graded"})
    assert change.status_code == 403


def test_the_folder_in_storage_is_not_shown(operator: User) -> None:
    submission = a_submission()

    page = signed_in(operator).get(reverse("admin:labs_submission_change", args=[submission.pk]))

    assert submission.key not in page.content.decode()


@pytest.mark.parametrize("action", ["regrade_same", "regrade_current"])
def test_a_result_is_queued_for_a_regrade(action: str) -> None:
    course = a_course()
    submission = graded(a_submission(a_lab(course)))

    act(in_the_admin(an_instructor_of(course)), action, submission)

    assert Submission.objects.get(regrade_of=submission).state == State.QUEUED


def test_the_dead_are_tried_again(operator: User) -> None:
    submission = a_submission()
    Submission.objects.update(state=State.DEAD, losses=3, finished_at=timezone.now())

    act(operator, "retry", submission)

    submission.refresh_from_db()
    assert submission.state == State.QUEUED


def test_what_cannot_be_done_to_one_is_told_and_done_to_the_others(operator: User) -> None:
    lab = a_lab()
    running, waiting = a_submission(lab), a_submission(lab)
    claim_next(worker="w")

    answer = act(operator, "cancel_waiting", running, waiting)

    waiting.refresh_from_db()
    assert waiting.state == State.CANCELLED
    told = [str(message) for message in get_messages(answer.wsgi_request)]
    assert len(told) == 2
    assert "Cancelled: 1." in told


def test_a_try_is_given_back(operator: User) -> None:
    submission = graded(a_submission())

    act(operator, "give_back", submission)

    submission.refresh_from_db()
    assert not submission.counts_as_try


def test_what_a_console_s_line_asked_of_the_daemon_is_shown_inert() -> None:
    call = {"method": "GET", "path": "/containers/\u202egnp\x1b[2J/json", "status": 404}
    shown = ConsoleEntryAdmin(ConsoleEntry, site).requested(ConsoleEntry(calls=[call]))
    assert shown.startswith("GET /containers/")
    assert shown.isprintable()

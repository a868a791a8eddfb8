"""Labs through the API: handing in, following, cancelling, grading again, and reading what came out."""

import io
import os
import tarfile
from dataclasses import replace
from typing import Any

import pytest
from builders import a_lab, a_member, a_submission, an_instructor_of

from courses.models import Role
from graders.sandbox.fake import FakeSandbox
from labs.models import Lab, Submission
from labs.reading import files_of
from labs.states import State
from tests.api.calling import V1, client_of, problem, results
from tests.api.handing_in import DOCKERFILE, HIDDEN, a_secretive_lab, a_zip, grade_next, hand_in, upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab() -> Lab:
    return a_lab()


@pytest.fixture
def client(lab: Lab) -> Any:
    return client_of(a_member(lab.activity.course))


def test_a_lab_tells_its_story_and_checks_and_where_one_stands(lab: Lab, client: Any) -> None:
    shown = client.get(f"{V1}labs/{lab.activity_id}/").json()
    assert shown["story"].startswith("# A first image")
    assert shown["starter"] == {"Dockerfile": "FROM busybox:1.35\n"}
    assert [(check["id"], check["hidden"]) for check in shown["checks"]][-1] == ("secretly", True)
    assert (shown["tries_used"], shown["tries_left"], shown["state"]) == (0, None, "open")


def test_texts_are_handed_in_as_json(lab: Lab, client: Any) -> None:
    reply = hand_in(client, lab)
    assert reply.status_code == 201
    body = reply.json()
    assert (body["state"], body["via"], body["queue"]["position"]) == ("queued", "api", 1)
    assert files_of(Submission.objects.get()).files["Dockerfile"].decode() == DOCKERFILE
    assert client.get(f"{V1}submissions/{body['id']}/").json() == body


def test_the_same_files_again_return_the_try_that_waits(lab: Lab, client: Any) -> None:
    first, again = hand_in(client, lab), hand_in(client, lab)
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])


def test_archives_are_handed_in_by_form(lab: Lab, client: Any) -> None:
    assert upload(client, lab, a_zip({"Dockerfile": DOCKERFILE.encode()})).status_code == 201
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        content = DOCKERFILE.encode() + b"# by tar\n"
        entry = tarfile.TarInfo("Dockerfile")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    assert upload(client, lab, packed.getvalue(), "mine.tar.gz").status_code == 201
    assert {bool(files_of(row).files["Dockerfile"]) for row in Submission.objects.all()} == {True}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (a_zip({}), "empty"),
        (a_zip({"README": b"no Dockerfile"}), "file_not_expected"),
        (a_zip({".dockerignore": b"x"}), "no_dockerfile"),
        (bytes(range(256)) * 40, "not_an_archive"),
        (b"PK\x03\x04" + bytes(range(256)), "not_an_archive"),
        (a_zip({"../Dockerfile": b"FROM x"}), "zip_slip"),
        (a_zip({"Dockerfile": b"\0" * (40 * 1024 * 1024)}), "zip_bomb"),
        (os.urandom(50 * 1024 * 1024), "too_large"),
    ],
    ids=["nothing", "no file", "no Dockerfile", "only ignored", "junk", "cut", "traversal", "bomb", "50 MB"],
)
def test_what_cannot_be_taken_is_refused_by_name_and_costs_nothing(
    lab: Lab, client: Any, content: bytes, code: str
) -> None:
    said = problem(upload(client, lab, content), 400, code)
    assert said["errors"][0]["field"]
    assert not Submission.objects.exists()
    assert client.get(f"{V1}labs/{lab.activity_id}/").json()["tries_used"] == 0


def test_more_than_any_lab_takes_is_not_even_read(lab: Lab, client: Any) -> None:
    problem(upload(client, lab, b"\0" * (65 * 1024 * 1024)), 413, "request_too_large")
    assert not Submission.objects.exists()


@pytest.mark.parametrize(
    "body", [{}, {"files": []}, {"files": {"Dockerfile": None}}, {"files": {"Dockerfile": ["FROM x"]}}, [], "x", None]
)
def test_json_of_the_wrong_shape_is_refused(lab: Lab, client: Any, body: Any) -> None:
    problem(client.post(f"{V1}labs/{lab.activity_id}/submissions/", body, format="json"), 400, "invalid")


def test_texts_of_the_wrong_kind_are_refused_by_name(lab: Lab, client: Any) -> None:
    address = f"{V1}labs/{lab.activity_id}/submissions/"
    problem(client.post(address, {"files": {}}), 400, "empty")
    problem(client.post(address, {"files": {"../Dockerfile": "FROM x"}}), 400, "zip_slip")


def test_an_empty_dockerfile_gets_a_report_that_says_so_and_costs_no_try(lab: Lab, client: Any) -> None:
    submission = grade_next(Submission.objects.get(pk=hand_in(client, lab, "").json()["id"]))
    assert submission.state == State.REFUSED
    report = client.get(f"{V1}submissions/{submission.pk}/report/").json()
    assert (report["outcome"], bool(report["refusals"][0]["message"])) == ("refused", True)
    assert client.get(f"{V1}labs/{lab.activity_id}/").json()["tries_used"] == 0


def test_submissions_are_listed_by_lab_state_and_author(lab: Lab) -> None:
    course = lab.activity.course
    one, other = a_member(course), a_member(course)
    mine, theirs = a_submission(lab, author=one), a_submission(lab, author=other)
    elsewhere = a_submission(a_lab(course), author=one)

    def ids(user: Any, **query: Any) -> set[int]:
        return {row["id"] for row in results(client_of(user).get(f"{V1}submissions/", query))}

    assert ids(one) == {mine.pk, elsewhere.pk}
    assert ids(one, lab=lab.activity_id) == {mine.pk}
    assert ids(one, state="graded") == set()
    assert ids(one, author=other.pk) == set()
    assert ids(an_instructor_of(course), author=other.pk, course=course.slug) == {theirs.pk}
    problem(client_of(one).get(f"{V1}submissions/", {"state": "unknown"}), 400, "invalid")


def test_events_are_followed_to_the_end_and_asking_in_vain_costs_nothing(lab: Lab, client: Any) -> None:
    submission = Submission.objects.get(pk=hand_in(client, lab).json()["id"])
    address = f"{V1}submissions/{submission.pk}/events/"
    first = client.get(address)
    assert [event["kind"] for event in first.json()["events"]] == ["queued"]
    after = first.json()["next_after"]
    idle = client.get(address, {"after": after})
    assert (idle.json()["events"], idle.json()["finished"]) == ([], False)
    assert idle.json()["poll_after_ms"] > 0
    unchanged = client.get(address, {"after": after}, HTTP_IF_NONE_MATCH=idle["ETag"])
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    grade_next(submission)
    rest = client.get(address, {"after": after}, HTTP_IF_NONE_MATCH=idle["ETag"])
    assert rest.status_code == 200
    sequences = [event["sequence"] for event in rest.json()["events"]]
    assert sequences == list(range(after + 1, after + 1 + len(sequences)))
    assert rest.json()["events"][-1]["kind"] == "finished"
    assert (rest.json()["finished"], rest.json()["poll_after_ms"]) == (True, 0)
    for wrong in ("-1", "x", "1e3"):
        problem(client.get(address, {"after": wrong}), 400, "invalid")
    assert client.get(address, {"after": 10**30}).status_code in {200, 400}


def test_an_engine_is_named_without_its_address(lab: Lab, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    submission = Submission.objects.get(pk=hand_in(client, lab).json()["id"])
    addressed = replace(FakeSandbox().info(), name="unix:///run/drydock/engine-0/docker.sock")
    monkeypatch.setattr(FakeSandbox, "info", lambda _: addressed)
    grade_next(submission)
    for path in ("events/", "report/", ""):
        said = client.get(f"{V1}submissions/{submission.pk}/{path}").content
        assert b"unix:" not in said
        assert b"/run/" not in said


def test_a_waiting_try_is_cancelled_once(lab: Lab, client: Any) -> None:
    pk = hand_in(client, lab).json()["id"]
    assert client.post(f"{V1}submissions/{pk}/cancel/").json()["state"] == "cancelled"
    problem(client.post(f"{V1}submissions/{pk}/cancel/"), 409, "not_waiting")


def test_only_staff_grades_again_and_the_result_stands_meanwhile(lab: Lab) -> None:
    course = lab.activity.course
    submission = a_submission(lab, author=a_member(course))
    staff = client_of(a_member(course, role=Role.ASSISTANT))
    address = f"{V1}submissions/{submission.pk}/regrade/"
    problem(staff.post(address), 409, "not_graded")
    grade_next(submission)
    problem(client_of(submission.author).post(address), 403, "not_course_staff")
    again = staff.post(address)
    assert again.status_code == 202
    assert again.json()["state"] == "queued"
    assert staff.post(address).json()["id"] == again.json()["id"]
    submission.refresh_from_db()
    assert (submission.state, submission.is_current) == (State.GRADED, True)
    problem(client_of(submission.author).get(f"{V1}submissions/{again.json()['id']}/"), 404, "not_found")


def test_a_report_keeps_hidden_checks_from_students_and_shows_staff_everything() -> None:
    lab = a_secretive_lab()
    course = lab.activity.course
    submission = a_submission(lab, author=a_member(course))
    own, staff = client_of(submission.author), client_of(an_instructor_of(course))
    problem(own.get(f"{V1}submissions/{submission.pk}/report/"), 404, "no_report_yet")
    grade_next(submission)
    report = own.get(f"{V1}submissions/{submission.pk}/report/").json()
    hidden = next(check for check in report["checks"] if check["id"] == "secretly")
    assert (hidden["title"], hidden["outcome"]) == ("It says what it was given", "failed")
    assert (hidden["message"], hidden["hint"], hidden["expected"], hidden["seen"]) == ("", "", "", "")
    assert [secret for secret in HIDDEN if secret in str(report)] == []
    everything = str(staff.get(f"{V1}submissions/{submission.pk}/report/").json())
    assert [secret for secret in HIDDEN if secret not in everything] == []


def test_the_log_is_text_for_whoever_asks_for_it(lab: Lab, client: Any) -> None:
    submission = Submission.objects.get(pk=hand_in(client, lab).json()["id"])
    address = f"{V1}submissions/{submission.pk}/log/"
    assert client.get(address).content == b""
    grade_next(submission)
    for accepted in ("*/*", "text/plain"):
        reply = client.get(address, HTTP_ACCEPT=accepted)
        assert (reply.status_code, reply["Content-Type"]) == (200, "text/plain; charset=utf-8")
        assert reply["X-Content-Type-Options"] == "nosniff"
        assert b"FROM busybox" in reply.content
    problem(client_of(a_member(lab.activity.course)).get(address, HTTP_ACCEPT="text/plain"), 404, "not_found")


def test_a_flood_of_tries_is_slowed_down_with_a_time_to_come_back(lab: Lab, client: Any) -> None:
    for number in range(30):
        reply = hand_in(client, lab, f"{DOCKERFILE}# {number}\n")
        if reply.status_code == 201:
            client.post(f"{V1}submissions/{reply.json()['id']}/cancel/")
    refused = hand_in(client, lab)
    problem(refused, 429, refused.json()["code"])
    assert int(refused["Retry-After"]) > 0

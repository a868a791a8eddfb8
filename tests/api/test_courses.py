"""Courses, activities, members, class lists and joining, as the API has them."""

from datetime import timedelta
from typing import Any

import pytest
from builders import a_course, a_member, a_user, an_activity, an_instructor_of
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import User
from courses.models import Course, Role
from courses.services import grant_extension
from gradebook.services import record
from tests.api.calling import V1, client_of, problem, results

pytestmark = pytest.mark.django_db


def roster(client: Any, course: Course, content: bytes) -> Any:
    file = SimpleUploadedFile("class.csv", content)
    return client.post(f"{V1}courses/{course.slug}/roster/", {"file": file}, format="multipart")


def test_courses_are_listed_with_the_caller_s_role_and_no_join_code() -> None:
    course = a_course()
    a_course()
    student = a_member(course)
    for user, role in ((student, "student"), (an_instructor_of(course), "instructor")):
        (row,) = results(client_of(user).get(f"{V1}courses/"))
        assert (row["slug"], row["role"]) == (course.slug, role)
        assert course.join_code not in str(row)
        assert client_of(user).get(f"{V1}courses/{course.slug}/").json() == row


def test_activities_come_in_order_with_the_caller_s_own_times_and_points() -> None:
    course = a_course()
    now = timezone.now()
    student, classmate = a_member(course), a_member(course)
    second = an_activity(course, position=2, due_at=now + timedelta(days=1))
    first = an_activity(course, position=1)
    an_activity(course, position=3, published=False)
    grant_extension(
        by=an_instructor_of(course), activity=second, user=student, reason="Ill.", due_at=now + timedelta(days=3)
    )
    record(activity=first, user=student, points=7, max_points=10, source_kind="submission", source_id=1)
    rows = results(client_of(student).get(f"{V1}courses/{course.slug}/activities/"))
    assert [row["slug"] for row in rows] == [first.slug, second.slug]
    assert [row["my_points"] for row in rows] == ["7.00", None]
    assert rows[1]["due_at"] == (now + timedelta(days=3)).isoformat().replace("+00:00", "Z")
    others = results(client_of(classmate).get(f"{V1}courses/{course.slug}/activities/"))
    assert others[0]["my_points"] is None
    assert others[1]["due_at"] == (now + timedelta(days=1)).isoformat().replace("+00:00", "Z")


def test_lists_come_in_pages_that_lose_and_repeat_nothing() -> None:
    course = a_course()
    made = [an_activity(course, position=1).slug for _ in range(5)]
    client = client_of(a_member(course))
    seen: list[str] = []
    address: str | None = f"{V1}courses/{course.slug}/activities/?page_size=2"
    while address:
        page = client.get(address).json()
        seen += [row["slug"] for row in page["results"]]
        address = page["next"]
    assert seen == made


def test_staff_sees_the_members_and_students_do_not() -> None:
    course = a_course()
    student = a_member(course)
    assistant = a_member(course, role=Role.ASSISTANT)
    address = f"{V1}courses/{course.slug}/members/"
    assert len(results(client_of(assistant).get(address))) == 3
    (row,) = results(client_of(assistant).get(address, {"role": "student"}))
    assert row["person"]["email"] == student.email
    assert client_of(student).get(address).status_code == 403


def test_a_class_list_enrols_a_class() -> None:
    course = a_course()
    reply = roster(client_of(an_instructor_of(course)), course, b"email,name,section\nnew@example.test,New One,A\n")
    assert reply.status_code == 200, reply.content
    assert reply.json() == {"enrolled": 1, "returned": 0, "unchanged": 0, "accounts_made": 1}
    assert User.objects.get(email="new@example.test").name == "New One"


def test_a_class_list_with_a_wrong_line_enrols_nobody() -> None:
    course = a_course()
    client = client_of(an_instructor_of(course))
    said = problem(roster(client, course, b"email\ngood@example.test\nnot an address\n"), 400, "roster_invalid")
    assert "3" in said["detail"]
    assert not User.objects.filter(email="good@example.test").exists()
    for content in (b"\xff\xfe\x00", b"a\x00b", b"name\nAda\n"):
        problem(roster(client, course, content), 400, "roster_invalid")
    missing = client.post(f"{V1}courses/{course.slug}/roster/", {}, format="multipart")
    problem(missing, 400, "file_missing")


def test_assistants_and_students_import_no_class_list() -> None:
    course = a_course()
    for user in (a_member(course), a_member(course, role=Role.ASSISTANT)):
        assert roster(client_of(user), course, b"nonsense").status_code == 403
    assert roster(client_of(a_user()), course, b"nonsense").status_code == 404


def test_the_code_lets_one_join_once() -> None:
    course = a_course()
    user = a_user()
    client = client_of(user)
    for _ in range(2):
        reply = client.post(f"{V1}courses/join/", {"code": course.join_code.lower()})
        assert (reply.status_code, reply.json()["role"]) == (200, "student")
    assert course.memberships.filter(user=user).count() == 1


def test_a_wrong_code_and_a_closed_course_are_told_apart() -> None:
    course = a_course(is_open=False)
    client = client_of(a_user())
    problem(client.post(f"{V1}courses/join/", {"code": "AAAAAAAA"}), 404, "no_such_code")
    problem(client.post(f"{V1}courses/join/", {"code": course.join_code}), 409, "course_not_open")
    assert results(client.get(f"{V1}courses/")) == []

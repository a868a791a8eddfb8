"""The audit log: what was done that changes grades, found by who, where and what, and safe to open elsewhere."""

import csv
import io
from typing import Any

import pytest
from builders import a_course, a_member, a_user, an_activity, an_instructor_of
from django.test import Client
from django.urls import reverse

from courses.audit import note
from courses.models import Activity, AuditEntry, Course, Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def course() -> Course:
    return a_course(title="Containers")


@pytest.fixture
def instructor(client: Client, course: Course) -> Client:
    client.force_login(an_instructor_of(course))
    return client


def noted(course: Course, summary: str, *, action: str = "override_set", **fields: Any) -> AuditEntry:
    return note(
        by=fields.pop("by", None) or an_instructor_of(course), course=course, action=action, summary=summary, **fields
    )


def text_of(response: Any) -> str:
    return str(response.content.decode())


def page_of(client: Client, course: Course, **filters: str) -> str:
    return text_of(client.get(reverse("portal:teach-audit", args=[course.slug]), filters))


def rows_of(client: Client, course: Course, **filters: str) -> list[list[str]]:
    response = client.get(reverse("portal:teach-audit-csv", args=[course.slug]), filters)
    assert response["Content-Disposition"] == f'attachment; filename="{course.slug}-audit.csv"'
    content = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    return list(csv.reader(io.StringIO(content)))


def test_the_log_is_found_by_person_activity_and_action(instructor: Client, course: Course) -> None:
    quiz: Activity = an_activity(course, title="Images")
    helper = a_member(course, role=Role.ASSISTANT, user=a_user(name="Helping Hank"))
    noted(course, "Set something", activity=quiz)
    noted(course, "Marked something", action="mark_given", by=helper)
    everything = page_of(instructor, course)
    assert everything.index("Marked something") < everything.index("Set something")
    for filters in ({"q": "hank"}, {"action": "mark_given"}):
        page = page_of(instructor, course, **filters)
        assert ("Marked something" in page, "Set something" in page) == (True, False)
        assert [row[-1] for row in rows_of(instructor, course, **filters)] == ["what", "Marked something"]
    page = page_of(instructor, course, activity=quiz.slug)
    assert ("Marked something" in page, "Set something" in page) == (False, True)
    assert "Nothing matches" in page_of(instructor, course, q="nobody")


def test_an_empty_log_says_what_will_be_here(instructor: Client, course: Course) -> None:
    assert "are listed here as they happen" in page_of(instructor, course)
    assert rows_of(instructor, course) == [["when", "who", "address", "action", "activity", "what"]]


def test_no_cell_is_taken_for_a_formula_and_no_word_for_markup(instructor: Client, course: Course) -> None:
    noted(course, '=HYPERLINK("x")')
    noted(course, "<script>alert(1)</script>", by=a_user(name="+Formula"))
    (_, markup, formula) = rows_of(instructor, course)
    assert (formula[-1], markup[1]) == ('\'=HYPERLINK("x")', "'+Formula")
    assert "<script>alert" not in page_of(instructor, course)


def test_staff_read_the_log_of_their_course_and_nobody_else_does(course: Course) -> None:
    noted(course, "Set something")
    people = {
        a_member(course, role=Role.ASSISTANT): 200,
        a_member(course): 404,
        an_instructor_of(a_course()): 404,
    }
    for somebody, status in people.items():
        client = Client()
        client.force_login(somebody)
        for name in ("teach-audit", "teach-audit-csv"):
            assert client.get(reverse(f"portal:{name}", args=[course.slug])).status_code == status


def test_queries_do_not_grow_with_entries(
    instructor: Client, course: Course, django_assert_max_num_queries: Any
) -> None:
    counts = []
    for more in (1, 20):
        for number in range(more):
            noted(course, f"Entry {number}", by=a_user(), activity=an_activity(course))
        with django_assert_max_num_queries(20) as queries:
            page_of(instructor, course)
        counts.append(len(queries))
    assert counts[0] == counts[1]

"""The gradebook as CSV."""

import csv

import pytest
from builders import a_course, a_member, a_user, an_activity

from gradebook.export import course_csv, safe_cell
from gradebook.services import record

pytestmark = pytest.mark.django_db


def test_the_export_has_a_line_a_student_and_a_column_an_activity() -> None:
    course = a_course()
    first, second = an_activity(course, title="One"), an_activity(course, title="Two")
    ana = a_member(course, user=a_user(email="ana@example.test", name="Ana"))
    a_member(course, user=a_user(email="bo@example.test", name='Bo "the, comma"'))
    for activity, points in ((first, 4), (second, "2.5")):
        record(
            activity=activity,
            user=ana,
            points=float(points),
            max_points=10,
            source_kind="attempt",
            source_id=activity.pk,
        )
    rows = list(csv.reader(course_csv(course)))
    assert rows[0] == ["email", "name", "section", "One (of 10.00)", "Two (of 10.00)", "total"]
    assert rows[1] == ["ana@example.test", "Ana", "", "4.00", "2.50", "6.50"]
    assert rows[2] == ["bo@example.test", 'Bo "the, comma"', "", "", "", "0"]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_no_name_is_run_as_a_formula(name: str) -> None:
    assert safe_cell(name).startswith("'")


def test_the_export_costs_the_same_queries_for_any_class(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    course = a_course()
    for _ in range(4):
        an_activity(course)
        a_member(course)
    with django_assert_num_queries(3):
        list(course_csv(course))

"""Scores, overrides, the stream of changes and the gradebook as a file."""

from typing import Any

import pytest
from builders import a_member, a_user, an_activity, an_instructor_of

from accounts.models import User
from courses.models import Activity, Role
from gradebook.models import Score
from gradebook.services import record
from tests.api.calling import V1, client_of, problem, results

pytestmark = pytest.mark.django_db


def scored(activity: Activity, user: User, points: int = 7) -> Score:
    return record(activity=activity, user=user, points=points, max_points=10, source_kind="submission", source_id=1)


def in_course(activity: Activity, path: str) -> str:
    return f"{V1}courses/{activity.course.slug}/{path}"


def an_override(its: Activity, student: User, **changes: Any) -> dict[str, Any]:
    return {"person": student.pk, "activity": its.slug, "points": "9", "reason": "A power cut.", **changes}


def test_students_see_their_own_scores_and_staff_everybody_s() -> None:
    activity = an_activity()
    one, other = a_member(activity.course), a_member(activity.course)
    scored(activity, one), scored(activity, other, 3)
    (row,) = results(client_of(one).get(in_course(activity, "grades/")))
    assert (row["person"]["id"], row["points"], row["overridden"]) == (one.pk, "7.00", False)
    everybody = results(client_of(an_instructor_of(activity.course)).get(in_course(activity, "grades/")))
    assert {row["person"]["id"] for row in everybody} == {one.pk, other.pk}


def test_an_instructor_overrides_points_with_a_reason_and_takes_it_back() -> None:
    activity = an_activity()
    student = a_member(activity.course)
    score = scored(activity, student)
    client = client_of(an_instructor_of(activity.course))
    reply = client.put(in_course(activity, "overrides/"), an_override(activity, student))
    assert reply.status_code == 200, reply.content
    said = reply.json()
    assert (said["points"], said["earned_points"], said["override_reason"]) == ("9.00", "7.00", "A power cut.")
    assert client.delete(f"{V1}grades/{score.pk}/override/").json()["points"] == "7.00"


def test_an_override_that_cannot_be_changes_nothing() -> None:
    activity = an_activity()
    student = a_member(activity.course)
    score = scored(activity, student)
    client = client_of(an_instructor_of(activity.course))
    address = in_course(activity, "overrides/")
    for changes in ({"points": "lots"}, {"points": "NaN"}, {"points": "1e9"}, {"reason": ""}, {"person": None}):
        problem(client.put(address, an_override(activity, student, **changes)), 400, "invalid")
    assert client.put(address, an_override(activity, student, points="-1")).status_code == 400
    for changes in ({"person": a_user().pk}, {"person": 10**30}, {"activity": an_activity().slug}):
        problem(client.put(address, an_override(activity, student, **changes)), 404, "not_found")
    score.refresh_from_db()
    assert score.override_points is None


def test_assistants_and_students_override_nothing() -> None:
    activity = an_activity()
    student = a_member(activity.course)
    score = scored(activity, student)
    for user in (student, a_member(activity.course, role=Role.ASSISTANT)):
        client = client_of(user)
        assert client.put(in_course(activity, "overrides/"), an_override(activity, student)).status_code == 403
        assert client.delete(f"{V1}grades/{score.pk}/override/").status_code in {403, 404}


def test_changes_are_read_on_from_the_last_one_that_was_read() -> None:
    activity = an_activity()
    student = a_member(activity.course)
    for points in (3, 5, 7):
        scored(activity, student, points)
    client = client_of(student)
    address = in_course(activity, "grade-events/")
    first = client.get(address, {"limit": 2}).json()
    assert [event["points"] for event in first] == ["3.00", "5.00"]
    rest = client.get(address, {"after": first[-1]["id"]}).json()
    assert [event["points"] for event in rest] == ["7.00"]
    assert client.get(address, {"after": rest[-1]["id"]}).json() == []
    for wrong in ({"after": -1}, {"after": "x"}, {"limit": 0}, {"limit": 501}):
        problem(client.get(address, wrong), 400, "invalid")


def test_the_gradebook_comes_as_a_file_for_staff_and_opens_safely() -> None:
    activity = an_activity()
    student = a_member(activity.course, user=a_user(name="=HYPERLINK(1)"))
    scored(activity, student)
    client = client_of(an_instructor_of(activity.course))
    for accepted in ("*/*", "text/csv"):
        reply = client.get(in_course(activity, "grades.csv"), HTTP_ACCEPT=accepted)
        assert reply.status_code == 200
        assert reply["Content-Type"] == "text/csv; charset=utf-8"
        assert "attachment" in reply["Content-Disposition"]
        text = b"".join(reply.streaming_content).decode("utf-8-sig")
        assert student.email in text
        assert "'=HYPERLINK(1)" in text
    for accepted in ("*/*", "text/csv"):
        problem(
            client_of(student).get(in_course(activity, "grades.csv"), HTTP_ACCEPT=accepted),
            403,
            "not_course_staff",
        )

"""Whoever gets a later due time after handing in late is late by that time, and the gradebook hears of it once."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from builders import a_lab, a_member, a_submission, an_instructor_of, graded
from django.utils import timezone

from accounts.models import User
from courses.models import Activity, AuditEntry, Extension, Section
from courses.services import clear_section_override, grant_extension, grant_section_override, revoke_extension
from gradebook.models import GradeEvent, Score
from labs.lateness import reckon_lateness_anew
from labs.models import Lab, Scoring, Submission
from labs.services import regrade

pytestmark = pytest.mark.django_db

NOW = timezone.now().replace(microsecond=0)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def a_late_lab(**fields: Any) -> Lab:
    """A lab worth ten points that was due an hour ago, a tenth off for each day late."""
    lab = a_lab()
    Activity.objects.filter(pk=lab.activity_id).update(
        due_at=NOW - HOUR, closes_at=NOW + 9 * DAY, late_percent_per_day=10
    )
    Lab.objects.filter(pk=lab.pk).update(**fields)
    return Lab.objects.select_related("activity__course").get(pk=lab.pk)


def extended(lab: Lab, student: User, **times: Any) -> Extension:
    times.setdefault("due_at", NOW + DAY)
    by = an_instructor_of(lab.activity.course)
    return grant_extension(by=by, activity=lab.activity, user=student, reason="Was ill.", **times)


def events(student: User) -> list[Decimal | None]:
    return list(GradeEvent.objects.filter(user=student).order_by("pk").values_list("points", flat=True))


def factor(submission: Submission) -> Decimal:
    return Submission.objects.get(pk=submission.pk).late_factor


def test_an_extension_after_handing_in_makes_a_late_try_one_in_time_and_taking_it_back_undoes_that() -> None:
    lab = a_late_lab()
    submission = graded(a_submission(lab))
    student, by = submission.author, an_instructor_of(lab.activity.course)
    extension = extended(lab, student)
    assert (factor(submission), events(student)) == (1, [9, 10])
    revoke_extension(by=by, extension=extension)
    assert (factor(submission), events(student)) == (Decimal("0.9"), [9, 10, 9])
    first, second = AuditEntry.objects.filter(action="lateness_reckoned_anew").order_by("pk")
    moved = {"user": student.pk, "submission": submission.pk, "before": "0.9", "after": "1"}
    assert (first.by, first.detail) == (by, {"tries": [moved], "people": 1})
    assert second.detail["tries"][0]["after"] == "0.9"


def test_a_try_that_waits_for_its_grade_is_late_by_the_new_time_once_it_is_graded() -> None:
    lab = a_late_lab()
    submission = a_submission(lab)
    extended(lab, submission.author)
    assert (factor(submission), events(submission.author)) == (1, [])
    graded(submission)
    assert events(submission.author) == [10]


@pytest.mark.parametrize(("scoring", "points"), [(Scoring.BEST, 10), (Scoring.LAST, 4)])
def test_what_counts_by_the_lab_s_rule_is_chosen_anew(scoring: Scoring, points: int) -> None:
    lab = a_late_lab(scoring=scoring)
    student = graded(a_submission(lab)).author
    graded(a_submission(lab, author=student), score=4)
    told = len(events(student))
    extended(lab, student)
    assert Score.objects.get(user=student).final_points == points
    assert len(events(student)) == told + 1


def test_a_regrade_stands_for_its_try() -> None:
    lab = a_late_lab()
    first = graded(a_submission(lab))
    again = regrade(by=an_instructor_of(lab.activity.course), submission=first)
    again = graded(again, score=5)
    extended(lab, first.author)
    assert (factor(first), factor(again)) == (1, 1)
    assert Score.objects.get(user=first.author).final_points == 5


def test_a_section_s_times_count_for_its_members_alone() -> None:
    lab = a_late_lab()
    course, by = lab.activity.course, an_instructor_of(lab.activity.course)
    section = Section.objects.create(course=course, name="Friday")
    inside = graded(a_submission(lab, author=a_member(course, section=section))).author
    outside = graded(a_submission(lab)).author
    given = grant_section_override(by=by, activity=lab.activity, section=section, due_at=NOW + DAY)
    assert (events(inside), events(outside)) == ([9, 10], [9])
    clear_section_override(by=by, override=given)
    assert (events(inside), events(outside)) == ([9, 10, 9], [9])


def test_doing_it_again_or_giving_more_tries_changes_nothing() -> None:
    lab = a_late_lab()
    submission = graded(a_submission(lab))
    by = an_instructor_of(lab.activity.course)
    assert reckon_lateness_anew(by=by, activity=lab.activity, user_ids=[submission.author_id]) == 0
    Activity.objects.filter(pk=lab.activity_id).update(late_percent_per_day=50)
    extended(lab, submission.author, due_at=None, extra_attempts=2)
    assert (factor(submission), events(submission.author)) == (Decimal("0.9"), [9])
    assert not AuditEntry.objects.filter(action="lateness_reckoned_anew").exists()

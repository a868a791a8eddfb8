"""New times of an activity, and those who have times of their own: told to whoever sets them, and nothing lost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from builders import a_course, a_member, an_activity, an_instructor_of
from django.test import Client
from django.urls import reverse

from courses.models import Activity, SectionOverride
from courses.services import grant_extension, grant_section_override
from tests.quizzes.building import a_quiz

pytestmark = pytest.mark.django_db

DUE = datetime(2026, 6, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def post(activity: Activity, name: str = "teach-activity", more: dict[str, Any] | None = None, **sent: str) -> Any:
    """What an instructor is shown after sending a form of an activity."""
    client = Client()
    client.force_login(an_instructor_of(activity.course))
    where = {"slug": activity.course.slug, "activity_slug": activity.slug, **(more or {})}
    return client.post(reverse(f"portal:{name}", kwargs=where), sent, follow=True)


def test_a_refusal_names_the_section_and_keeps_what_was_typed() -> None:
    activity = an_activity(due_at=DUE)
    section = activity.course.sections.create(name="Friday")
    grant_section_override(
        by=an_instructor_of(activity.course), activity=activity, section=section, due_at=DUE - 2 * DAY
    )
    page = post(
        activity, published="on", opens_at="2026-06-09T12:00", due_at="2026-06-10T12:00", late_percent_per_day="0"
    )
    assert page.status_code == 400
    assert "For section Friday it would open" in page.content.decode()
    assert 'value="2026-06-09T12:00"' in page.content.decode()
    activity.refresh_from_db()
    assert activity.opens_at is None


def test_whoever_has_less_time_with_an_extension_than_without_is_named_once_the_times_are_saved() -> None:
    activity = an_activity(due_at=DUE)
    student = a_member(activity.course)
    grant_extension(
        by=an_instructor_of(activity.course), activity=activity, user=student, reason="Ill.", due_at=DUE + DAY
    )
    fair = post(activity, published="on", due_at="2026-06-10T13:00", late_percent_per_day="0").content.decode()
    assert "less time" not in fair
    outrun = post(activity, published="on", due_at="2026-06-14T12:00", late_percent_per_day="0").content.decode()
    assert f"With their extensions {student.display_name} now have less time than without" in outrun
    activity.refresh_from_db()
    assert activity.due_at == DUE + 4 * DAY


def test_a_section_s_times_that_somebody_s_extension_rests_on_stay_and_it_is_said_why() -> None:
    course = a_course()
    quiz = a_quiz(course, activity={"due_at": DUE}).activity
    section = course.sections.create(name="Friday")
    teacher = an_instructor_of(course)
    grant_section_override(by=teacher, activity=quiz, section=section, due_at=DUE + 5 * DAY)
    student = a_member(course, section=section)
    grant_extension(by=teacher, activity=quiz, user=student, reason="Ill.", opens_at=DUE + 4 * DAY)
    page = post(quiz, "teach-quiz-section-clear", {"section_id": section.pk})
    assert f"For {student.display_name} it would open" in page.content.decode()
    assert SectionOverride.objects.exists()

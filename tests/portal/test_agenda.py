"""What a student sees of their activities: the state of each, the next one on top, and nothing that is not released."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from builders import a_course, a_lab, a_member, a_submission, an_activity, an_instructor_of, graded
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from courses.models import Activity, ActivityKind
from gradebook.services import record
from portal.agenda import Entry, agenda, what_is_next
from quizzes.services import close_attempt
from quizzes.starting import start_attempt
from tests.quizzes.building import a_quiz

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def entry_of(activity: Activity, user: Any) -> Entry:
    (entry,) = agenda(user=user, activities=[activity])
    return entry


def test_an_activity_goes_from_not_open_over_late_to_missed() -> None:
    course = a_course()
    student = a_member(course)
    now = timezone.now()
    cases = {
        "upcoming": {"opens_at": now + DAY, "due_at": now + 2 * DAY},
        "not_started": {"due_at": now + DAY},
        "late": {"due_at": now - DAY, "closes_at": now + DAY},
        "missed": {"due_at": now - 2 * DAY, "closes_at": now - DAY},
        "unpublished": {"published": False},
    }
    for status, fields in cases.items():
        assert entry_of(an_activity(course, **fields), student).status == status


def test_work_shows_as_under_way_then_partly_there_then_complete() -> None:
    lab = a_lab()
    student = a_member(lab.activity.course)
    submission = a_submission(lab, author=student)
    assert entry_of(lab.activity, student).status == "started"
    graded(submission, score=4)
    entry = entry_of(lab.activity, student)
    assert (entry.status, entry.points) == ("partly", Decimal(4))
    graded(a_submission(lab, author=student), score=10)
    assert entry_of(lab.activity, student).status == "complete"


def test_points_that_are_not_released_stay_out_of_sight() -> None:
    quiz = a_quiz(release={"scores": "never", "keys": "never"})
    student = a_member(quiz.activity.course)
    close_attempt(attempt=start_attempt(quiz=quiz, student=student))
    assert entry_of(quiz.activity, student).points is None


def test_the_next_thing_is_what_is_under_way_then_what_is_due_first() -> None:
    course = a_course()
    student = a_member(course)
    now = timezone.now()
    later = an_activity(course, due_at=now + 3 * DAY)
    sooner = an_activity(course, due_at=now + DAY)
    done = an_activity(course, due_at=now + timedelta(hours=1))
    record(activity=done, user=student, points=10, max_points=10, source_kind="submission", source_id=1)
    an_activity(course, opens_at=now + DAY, due_at=now + 2 * DAY)
    activities = list(Activity.objects.filter(course=course))
    found = what_is_next(agenda(user=student, activities=activities))
    assert found is not None
    assert found.activity == sooner
    lab = a_lab(course, due_at=now + 9 * DAY)
    a_submission(lab, author=student)
    found = what_is_next(agenda(user=student, activities=[later, sooner, lab.activity]))
    assert found is not None
    assert found.activity == lab.activity
    assert what_is_next(agenda(user=student, activities=[done])) is None


def test_the_dashboard_asks_the_database_as_often_for_many_activities_as_for_few(
    client: Client, django_assert_num_queries: Any
) -> None:
    course = a_course()
    student = a_member(course)
    client.force_login(student)
    an_activity(course)
    with django_assert_num_queries(DASHBOARD_QUERIES):
        client.get(reverse("portal:dashboard"))
    for _ in range(20):
        an_activity(course, kind=ActivityKind.QUIZ)
    other = a_course()
    a_member(other, user=student)
    an_activity(other)
    with django_assert_num_queries(DASHBOARD_QUERIES):
        client.get(reverse("portal:dashboard"))


# Session, person; courses, activities; extensions, scores, quizzes, attempts, submissions; courses one helps to run.
DASHBOARD_QUERIES = 13


def test_a_dashboard_without_courses_tells_how_to_start(client: Client) -> None:
    client.force_login(a_member(a_course(), active=False))
    page = client.get(reverse("portal:dashboard")).content.decode()
    assert "You are in no course yet" in page
    assert reverse("portal:join") in page


def test_a_join_code_is_forgiving_and_a_wrong_one_says_so_and_is_kept(client: Client) -> None:
    course = a_course(join_code="ABCD2345")
    stranger = a_member(a_course())
    client.force_login(stranger)
    wrong = client.post(reverse("portal:join"), {"code": "WRONG222"})
    assert wrong.status_code == 400
    assert 'value="WRONG222"' in wrong.content.decode()
    right = client.post(reverse("portal:join"), {"code": "abcd-2345 "})
    assert right["Location"] == reverse("portal:course", args=[course.slug])


def test_pages_of_other_courses_are_not_there(client: Client) -> None:
    lab = a_lab()
    course = lab.activity.course
    client.force_login(a_member(a_course()))
    for address in (
        reverse("portal:course", args=[course.slug]),
        reverse("portal:activity", args=[course.slug, lab.activity.slug]),
        reverse("portal:lab", args=[course.slug, lab.activity.slug]),
    ):
        assert client.get(address).status_code == 404


def test_who_runs_a_course_is_told_of_no_work_to_do_in_it() -> None:
    course = a_course()
    an_activity(course, title="For students only", due_at=timezone.now() + DAY)
    client = Client()
    for person, told in ((an_instructor_of(course), False), (a_member(course), True)):
        client.force_login(person)
        for address in (reverse("portal:dashboard"), reverse("portal:course", args=[course.slug])):
            assert (b"next-title" in client.get(address).content) is told, address


def test_a_course_in_parts_shows_their_headings_in_order_and_hides_those_of_which_nothing_is_to_be_seen() -> None:
    course = a_course()
    for position, (title, part, published) in enumerate(
        [
            ("Warm-up", "First <steps>", True),
            ("A lab", "First <steps>", True),
            ("Not yet", "Later", False),
            ("An exam", "The end", True),
        ]
    ):
        an_activity(course, title=title, part=part, position=position, published=published)
    client = Client()
    client.force_login(a_member(course))
    for address in (reverse("portal:dashboard"), reverse("portal:course", args=[course.slug])):
        page = client.get(address).content.decode()
        page = page[page.index("part-title") :]
        shown = [page.index(text) for text in ("First &lt;steps&gt;", ">Warm-up", ">A lab", "The end", ">An exam")]
        assert shown == sorted(shown), address
        assert page.count("First &lt;steps&gt;") == 1
        assert "Later" not in page


def test_a_course_without_parts_is_one_list() -> None:
    course = a_course()
    for _ in range(3):
        an_activity(course)
    client = Client()
    client.force_login(a_member(course))
    page = client.get(reverse("portal:course", args=[course.slug])).content.decode()
    assert page.count('<ul class="activities">') == 1
    assert "part-title" not in page

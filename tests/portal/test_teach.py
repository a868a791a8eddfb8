"""What those who run a course can do in the portal, and what they are told when it cannot be done."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from builders import a_course, a_lab, a_member, a_submission, a_user, an_activity, an_instructor_of, graded
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from courses.models import Activity, Course, Extension, Membership, Role
from gradebook.models import Score
from gradebook.services import override, record
from labs.models import Lab, Submission
from portal.teaching.progress import stuck_in
from quizzes.services import close_attempt
from quizzes.starting import start_attempt
from tests.e2e.teaching import given_up
from tests.quizzes.building import a_quiz

pytestmark = pytest.mark.django_db


@pytest.fixture
def course() -> Course:
    return a_course(time_zone="Europe/Madrid")


@pytest.fixture
def instructor(client: Client, course: Course) -> Client:
    client.force_login(an_instructor_of(course))
    return client


def at(name: str, course: Course, **rest: Any) -> str:
    return reverse(f"portal:{name}", kwargs={"slug": course.slug, **rest})


def cell(name: str, activity: Activity, user: User) -> str:
    return at(name, activity.course, user_id=user.pk, activity_slug=activity.slug)


def text_of(response: Any) -> str:
    return str(response.content.decode())


def test_the_home_page_tells_who_is_stuck_and_who_has_not_started(instructor: Client, course: Course) -> None:
    lab = a_lab(course, due_at=timezone.now() + timedelta(days=1))
    stuck, idle = a_member(course, user=a_user(name="Stuck Sam")), a_member(course, user=a_user(name="Idle Ida"))
    for _ in range(4):
        graded(a_submission(lab, author=stuck), score=4)
    page = text_of(instructor.get(at("teach", course)))
    assert "3 tries without progress" in page
    assert "Idle Ida" in page
    assert "1 of 2 have begun nothing that is open" in page
    assert [one.user for one in stuck_in(course)] == [stuck]
    graded(a_submission(lab, author=stuck), score=6)
    assert stuck_in(course) == []
    a_submission(lab, author=idle)
    assert "Everybody has begun" in text_of(instructor.get(at("teach", course)))


def test_the_home_page_of_an_empty_course_tells_how_to_start(instructor: Client, course: Course) -> None:
    page = text_of(instructor.get(at("teach", course)))
    assert "No students yet" in page
    assert "No quizzes or labs yet" in page
    assert "No grading worker is running." in page


def test_what_could_not_be_graded_is_shown_and_tried_again(instructor: Client, course: Course) -> None:
    lab = a_lab(course)
    dead = given_up(lab, a_member(course))
    page = text_of(instructor.get(at("teach", course)))
    assert "1 submission could not be graded" in page
    instructor.post(at("teach-retry", course, pk=dead.pk), {"next": "home"})
    dead.refresh_from_db()
    assert dead.state == "queued"
    again = instructor.post(at("teach-retry", course, pk=dead.pk), follow=True)
    assert "there is nothing to try again" in text_of(again)


def test_a_new_join_code_replaces_the_old_one_and_joining_can_be_closed(instructor: Client, course: Course) -> None:
    before = course.join_code
    instructor.post(at("teach-join-code", course), {"do": "new"})
    instructor.post(at("teach-join-code", course), {"do": "close"})
    course.refresh_from_db()
    assert course.join_code != before
    assert not course.is_open
    instructor.post(at("teach-join-code", course), {"do": "open"})
    course.refresh_from_db()
    assert course.is_open


def test_a_member_is_added_by_address_with_an_account_where_there_is_none(instructor: Client, course: Course) -> None:
    sent = {"email": "New.Person@Example.test", "name": "New Person", "role": "assistant", "section": "Group A"}
    assert instructor.post(at("teach-members", course), sent).status_code == 302
    member = Membership.objects.get(course=course, user__email="new.person@example.test")
    assert (member.role, member.section and member.section.name) == (Role.ASSISTANT, "Group A")
    assert not member.user.has_usable_password()
    refused = instructor.post(at("teach-members", course), sent | {"email": "no address"})
    assert refused.status_code == 400
    assert "Nobody was added" in text_of(refused)
    assert 'value="no address"' in text_of(refused)


def test_members_are_found_by_name_role_and_section_page_by_page(
    instructor: Client, course: Course, django_assert_max_num_queries: Any
) -> None:
    for number in range(55):
        a_member(course, user=a_user(name=f"Student {number:02}"))
    with django_assert_max_num_queries(MEMBERS_QUERIES):
        first = text_of(instructor.get(at("teach-members", course)))
    assert "1 to 50 of 56" in first
    found = text_of(instructor.get(at("teach-members", course), {"q": "student 07", "who": "student"}))
    assert "Student 07" in found
    assert "Student 08" not in found
    assert "Nobody matches" in text_of(instructor.get(at("teach-members", course), {"q": "zzz"}))


# Session, person; course, role; sections twice, count, members; navigation.
MEMBERS_QUERIES = 9


def test_a_members_place_is_changed_but_never_the_last_instructors(instructor: Client, course: Course) -> None:
    student, teacher = a_member(course), an_instructor_of(course)
    instructor.post(at("teach-member", course, user_id=student.pk), {"role": "assistant", "section": "B"})
    assert Membership.objects.get(user=student).role == Role.ASSISTANT
    refused = instructor.post(at("teach-member", course, user_id=teacher.pk), {"role": "student"})
    assert refused.status_code == 400
    assert "only instructor" in text_of(refused)


def test_removing_asks_once_and_keeps_work_and_grades(instructor: Client, course: Course) -> None:
    lab = a_lab(course)
    student = a_member(course)
    graded(a_submission(lab, author=student))
    address = at("teach-member-remove", course, user_id=student.pk)
    assert "1 try at labs" in text_of(instructor.get(address))
    assert Membership.objects.get(user=student).active
    instructor.post(address)
    assert not Membership.objects.get(user=student).active
    assert Score.objects.filter(user=student).exists()
    assert instructor.get(cell("teach-evidence", lab.activity, student)).status_code == 200


def test_a_class_list_is_imported_whole_or_every_wrong_line_is_named(instructor: Client, course: Course) -> None:
    lines = "email,name\n" + "".join(f"bad{n},X\n" for n in range(15)) + "good@example.test,Good\n"
    upload = SimpleUploadedFile("class.csv", lines.encode(), "text/csv")
    refused = instructor.post(at("teach-roster", course), {"file": upload})
    assert refused.status_code == 400
    for line in (2, 16):
        assert f"line {line}: " in text_of(refused)
    assert "15 lines are wrong" in text_of(refused)
    pasted = instructor.post(at("teach-roster", course), {"text": lines})
    assert "bad14,X" in text_of(pasted).split("<textarea")[1]
    assert not User.objects.filter(email="good@example.test").exists()
    done = instructor.post(at("teach-roster", course), {"text": "email;name\ngood@example.test;Good\n"})
    assert "1 person was newly enrolled" in text_of(done)
    nothing = instructor.post(at("teach-roster", course), {})
    assert nothing.status_code == 400
    assert "Choose a file" in text_of(nothing)


def a_class(course: Course, count: int) -> None:
    activities = list(course.activities.all())
    for number in range(count):
        student = a_member(course, user=a_user(name=f"Student {number:03}"))
        for activity in activities:
            record(activity=activity, user=student, points=5, max_points=10, source_kind="submission", source_id=1)


# Session, person; course; activities, sections, count, members; means, scores, attempts, tries; navigation.
GRADEBOOK_QUERIES = 12


def test_the_gradebook_asks_as_often_for_many_as_for_few(
    instructor: Client, course: Course, django_assert_num_queries: Any
) -> None:
    an_activity(course)
    a_class(course, 2)
    with django_assert_num_queries(GRADEBOOK_QUERIES):
        instructor.get(at("teach-gradebook", course))
    for _ in range(5):
        an_activity(course)
    a_class(course, 53)
    with django_assert_num_queries(GRADEBOOK_QUERIES):
        page = text_of(instructor.get(at("teach-gradebook", course)))
    assert "1 to 50 of 55" in page
    assert "51 to 55 of 55" in text_of(instructor.get(at("teach-gradebook", course), {"page": "2"}))


def test_the_gradebook_shows_totals_and_finds_who_has_not_started(instructor: Client, course: Course) -> None:
    lab = a_lab(course)
    other = an_activity(course)
    busy, idle = a_member(course, user=a_user(name="Busy Bea")), a_member(course, user=a_user(name="Idle Ida"))
    graded(a_submission(lab, author=busy), score=7)
    record(activity=other, user=busy, points=Decimal("2.5"), max_points=10, source_kind="submission", source_id=1)
    page = text_of(instructor.get(at("teach-gradebook", course)))
    assert "<strong>9.5</strong>" in page
    assert idle.name in page
    missing = text_of(instructor.get(at("teach-gradebook", course), {"missing": lab.activity.slug}))
    assert idle.name in missing
    assert busy.name not in missing
    csv = instructor.get(at("teach-gradebook-csv", course))
    assert csv["Content-Disposition"].startswith("attachment")
    assert "9.50" in b"".join(csv.streaming_content).decode()  # type: ignore[attr-defined]


def test_what_is_not_published_counts_in_no_total(instructor: Client, course: Course) -> None:
    student = a_member(course)
    for published, points in ((True, 4), (False, 3)):
        activity = an_activity(course, published=published)
        record(activity=activity, user=student, points=points, max_points=10, source_kind="submission", source_id=1)
    assert "<strong>4</strong>" in text_of(instructor.get(at("teach-gradebook", course)))
    csv = b"".join(instructor.get(at("teach-gradebook-csv", course)).streaming_content)  # type: ignore[attr-defined]
    assert csv.decode().strip().endswith("4.00,3.00,4.00")


@pytest.mark.parametrize("name", ["teach", "teach-activity"])
def test_pages_ask_as_often_for_many_tries_as_for_few(instructor: Client, course: Course, name: str) -> None:
    lab = a_lab(course)
    address = at(name, course, **({"activity_slug": lab.activity.slug} if name == "teach-activity" else {}))

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert instructor.get(address).status_code == 200
        return len(queries)

    for _ in range(3):
        graded(a_submission(lab, author=a_member(course)), score=4)
    stuck = a_member(course)
    for _ in range(4):
        graded(a_submission(lab, author=stuck), score=4)
    few = asked()
    for _ in range(3):
        student = a_member(course)
        for _ in range(4):
            graded(a_submission(lab, author=student), score=4)
        an_activity(course)
    assert asked() == few


def test_an_override_needs_a_reason_loses_no_input_and_can_be_cleared(instructor: Client, course: Course) -> None:
    lab = a_lab(course)
    student = a_member(course)
    graded(a_submission(lab, author=student), score=4)
    address = cell("teach-override", lab.activity, student)
    refused = instructor.post(address, {"points": "8.25", "reason": " "})
    assert refused.status_code == 400
    assert 'value="8.25"' in text_of(refused)
    too_many = instructor.post(address, {"points": "50", "reason": "Typing"})
    assert "more than twice" in text_of(too_many)
    instructor.post(address, {"points": "8.25", "reason": "Shown in class"})
    score = Score.objects.get(user=student)
    assert (score.final_points, score.points) == (Decimal("8.25"), Decimal(4))
    assert "Shown in class" in text_of(instructor.get(cell("teach-evidence", lab.activity, student)))
    instructor.post(cell("teach-override-clear", lab.activity, student))
    assert Score.objects.get(user=student).final_points == Decimal(4)


def test_an_extension_is_given_in_the_course_s_zone_shown_and_taken_back(instructor: Client, course: Course) -> None:
    lab = a_lab(course)
    student = a_member(course)
    sent = {
        "extension-due_at": "2026-12-01T17:00",
        "extension-extra_attempts": "2",
        "extension-extra_time_percent": "0",
        "extension-extra_minutes": "0",
        "extension-reason": "Ill",
    }
    address = cell("teach-extension", lab.activity, student)
    assert instructor.post(address, sent).status_code == 302
    extension = Extension.objects.get(user=student)
    assert extension.due_at == datetime(2026, 12, 1, 16, 0, tzinfo=UTC)
    page = text_of(instructor.get(cell("teach-evidence", lab.activity, student)))
    assert 'value="2026-12-01T17:00"' in page
    refused = instructor.post(address, sent | {"extension-due_at": "tomorrow"})
    assert refused.status_code == 400
    assert 'value="tomorrow"' in text_of(refused)
    empty = instructor.post(address, sent | {"extension-due_at": "", "extension-extra_attempts": "0"})
    assert "this extension changes nothing" in text_of(empty)
    instructor.post(cell("teach-extension-clear", lab.activity, student))
    assert not Extension.objects.exists()


def test_the_evidence_of_a_quiz_links_its_reviews(instructor: Client, course: Course) -> None:
    quiz = a_quiz(course)
    student = a_member(course)
    attempt = start_attempt(quiz=quiz, student=student)
    close_attempt(attempt=attempt)
    page = text_of(instructor.get(cell("teach-evidence", quiz.activity, student)))
    assert reverse("portal:review", args=[attempt.pk]) in page
    activity = text_of(instructor.get(at("teach-activity", course, activity_slug=quiz.activity.slug)))
    assert reverse("portal:review", args=[attempt.pk]) in activity


def test_times_are_set_in_the_course_s_zone_and_impossible_ones_keep_what_was_typed(
    instructor: Client, course: Course
) -> None:
    activity = an_activity(course, published=False)
    address = at("teach-activity", course, activity_slug=activity.slug)
    sent = {
        "published": "on",
        "opens_at": "",
        "due_at": "2026-07-01T12:00",
        "closes_at": "2026-07-02T12:00",
        "late_percent_per_day": "10",
    }
    assert instructor.post(address, sent).status_code == 302
    activity.refresh_from_db()
    assert activity.published
    assert activity.due_at == datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
    refused = instructor.post(address, sent | {"closes_at": "2026-06-01T12:00"})
    assert refused.status_code == 400
    assert "cannot close before it is due" in text_of(refused)
    assert 'value="2026-06-01T12:00"' in text_of(refused)
    gap = instructor.post(address, sent | {"due_at": "2026-03-29T02:30"})
    assert gap.status_code == 400
    activity.refresh_from_db()
    assert activity.due_at == datetime(2026, 7, 1, 10, 0, tzinfo=UTC)


def test_tries_are_graded_again_only_after_it_was_said_what_happens(instructor: Client, course: Course) -> None:
    lab: Lab = a_lab(course)
    first = graded(a_submission(lab, author=a_member(course)), score=4)
    graded(a_submission(lab, author=a_member(course)), score=4)
    one = at("teach-regrade", course, pk=first.pk)
    assert "Results stand until the new ones are there" in text_of(instructor.get(one))
    assert not Submission.objects.waiting().exists()
    assert instructor.post(one, {"version": "neither"}).status_code == 400
    instructor.post(one, {"version": "then"})
    assert Submission.objects.waiting().get().regrade_of == first
    every = at("teach-regrade-lab", course, activity_slug=lab.activity.slug)
    assert "2 tries by 2 people" in text_of(instructor.get(every))
    instructor.post(every, {"version": "now"})
    assert Submission.objects.waiting().count() == 2
    page = text_of(instructor.get(at("teach-activity", course, activity_slug=lab.activity.slug)))
    assert page.count("waits again") == 2


def test_a_try_is_given_back_and_tries_are_filtered_by_state(instructor: Client, course: Course) -> None:
    lab = a_lab(course, attempts_allowed=3)
    author = a_member(course)
    first = graded(a_submission(lab, author=author), score=4)
    instructor.post(at("teach-give-back", course, pk=first.pk))
    first.refresh_from_db()
    assert not first.counts_as_try
    address = at("teach-activity", course, activity_slug=lab.activity.slug)
    assert "given back" in text_of(instructor.get(address))
    assert "No try matches" in text_of(instructor.get(address, {"state": "dead"}))
    assert author.name in text_of(instructor.get(address, {"state": "graded", "q": author.email}))


def test_assistants_see_everything_and_change_nothing_that_is_the_instructors(client: Client, course: Course) -> None:
    lab = a_lab(course)
    student, assistant = a_member(course), a_member(course, role=Role.ASSISTANT)
    client.force_login(assistant)
    for address in (at("teach", course), at("teach-members", course), cell("teach-evidence", lab.activity, student)):
        assert client.get(address).status_code == 200
    changes = [
        at("teach-join-code", course),
        at("teach-members", course),
        at("teach-roster", course),
        at("teach-member", course, user_id=student.pk),
        at("teach-member-remove", course, user_id=student.pk),
        cell("teach-override", lab.activity, student),
        cell("teach-extension", lab.activity, student),
        at("teach-activity", course, activity_slug=lab.activity.slug),
    ]
    for address in changes:
        assert client.post(address, {"do": "new"}).status_code == 403, address
    assert "Set the points" not in text_of(client.get(cell("teach-evidence", lab.activity, student)))


def test_teaching_is_offered_to_those_who_teach_only(client: Client, course: Course) -> None:
    student = a_member(course)
    client.force_login(student)
    assert "Teaching" not in text_of(client.get(reverse("portal:dashboard")))
    assert "Teach this course" not in text_of(client.get(reverse("portal:course", args=[course.slug])))
    assert "You run no course" in text_of(client.get(reverse("portal:teaching")))
    teacher = an_instructor_of(course)
    client.force_login(teacher)
    assert "Teaching" in text_of(client.get(reverse("portal:dashboard")))
    assert at("teach", course) in text_of(client.get(reverse("portal:course", args=[course.slug])))
    assert client.get(reverse("portal:teaching"))["Location"] == at("teach", course)
    a_course(instructor=teacher)
    assert course.title in text_of(client.get(reverse("portal:teaching")))


def test_work_of_another_course_is_not_reached_through_ones_own(instructor: Client, course: Course) -> None:
    foreign = graded(a_submission())
    activity = foreign.lab.activity
    for address in (
        at("teach-regrade", course, pk=foreign.pk),
        at("teach-activity", course, activity_slug=activity.slug),
        at("teach-regrade-lab", course, activity_slug=activity.slug),
        at("teach-member", course, user_id=foreign.author_id),
        at("teach-evidence", course, user_id=foreign.author_id, activity_slug=activity.slug),
    ):
        assert instructor.get(address).status_code == 404, address


def test_names_are_shown_as_they_are_and_inert(instructor: Client, course: Course) -> None:
    lab = a_lab(course, title="<b>Lab</b> & 'more'")
    hostile = a_member(course, user=a_user(name="O'Brien <script>alert(1)</script> \" {{ x }}"))
    by = an_instructor_of(course)
    by.name = "Ann <i>O'Hara</i> \""
    by.save()
    tried = graded(a_submission(lab, author=hostile), score=4)
    override(by=by, activity=lab.activity, user=hostile, points=Decimal(5), reason="<u>why</u>")
    addresses = [
        at("teach", course),
        at("teach-members", course),
        at("teach-member", course, user_id=hostile.pk),
        at("teach-member-remove", course, user_id=hostile.pk),
        at("teach-gradebook", course),
        cell("teach-evidence", lab.activity, hostile),
        at("teach-activity", course, activity_slug=lab.activity.slug),
        at("teach-regrade", course, pk=tried.pk),
    ]
    for address in addresses:
        page = text_of(instructor.get(address))
        assert "O&#x27;Brien &lt;script&gt;" in page or "&lt;b&gt;Lab" in page, address
        for raw in ("<script>alert", "<b>Lab", "<i>O", "<u>why", "&amp;lt;", "&amp;#x27;"):
            assert raw not in page, (address, raw)

"""The page of a quiz's rules: who takes it now, pauses, codes and addresses, and times of sections."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from builders import a_course, a_member, an_instructor_of
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from courses.models import Activity, AuditEntry, Course, Extension, Role, SectionOverride
from quizzes.models import Attempt, Quiz
from quizzes.pausing import pause
from quizzes.saving import save_answer
from quizzes.starting import start_attempt
from tests.quizzes.building import a_bank, a_quiz

pytestmark = pytest.mark.django_db

# Clocks in Madrid go back at 03:00 on 25 October 2026, and went forward at 02:00 on 29 March.
MADRID = {"time_zone": "Europe/Madrid"}


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def address(quiz: Quiz, name: str = "teach-quiz-rules", **more: Any) -> str:
    activity = quiz.activity
    return reverse(f"portal:{name}", kwargs={"slug": activity.course.slug, "activity_slug": activity.slug, **more})


def teacher_of(quiz: Quiz) -> Client:
    return signed_in(an_instructor_of(quiz.activity.course))


def test_it_shows_who_is_taking_the_quiz_those_that_end_first_on_top() -> None:
    quiz = a_quiz(questions=a_bank(3), time_limit_minutes=30)
    course = quiz.activity.course
    slow, quick = a_member(course), a_member(course)
    Extension.objects.create(
        activity=quiz.activity, user=slow, extra_minutes=30, reason="-", granted_by=an_instructor_of(course)
    )
    start_attempt(quiz=quiz, student=slow, address="192.0.2.7")
    attempt = start_attempt(quiz=quiz, student=quick)
    save_answer(attempt=attempt, position=1, value=True, revision=0)
    page = teacher_of(quiz).get(address(quiz))
    assert [one.student for one in page.context["page"]] == [quick, slow]
    said = page.content.decode()
    assert "Taking it now: 2" in said
    assert "1 of 3" in said
    assert "0 of 3" in said
    assert "192.0.2.7" in said


def test_it_takes_the_same_queries_however_many_take_the_quiz(django_assert_num_queries: Any) -> None:
    quiz = a_quiz(questions=a_bank(2))
    course = quiz.activity.course
    client = teacher_of(quiz)
    client.get(address(quiz))
    for count in (1, 8):
        for number in range(count):
            section = course.sections.create(name=f"{count} {number}")
            start_attempt(quiz=quiz, student=a_member(course, section=section))
        with django_assert_num_queries(11):
            client.get(address(quiz))


def test_pausing_and_going_on_are_one_button_each() -> None:
    quiz = a_quiz()
    client = teacher_of(quiz)
    page = client.post(address(quiz, "teach-quiz-pause"), {"reason": "Fire <alarm>"}, follow=True)
    assert "Fire &lt;alarm&gt;" in page.content.decode()
    quiz.refresh_from_db()
    assert quiz.paused_at is not None
    again = client.post(address(quiz, "teach-quiz-pause"), {}, follow=True)
    assert "paused already" in again.content.decode()
    client.post(address(quiz, "teach-quiz-resume"))
    quiz.refresh_from_db()
    assert quiz.paused_at is None
    assert "not paused" in client.post(address(quiz, "teach-quiz-resume"), follow=True).content.decode()


def test_a_code_is_set_drawn_and_taken_away() -> None:
    quiz = a_quiz()
    client = teacher_of(quiz)
    client.post(address(quiz, "teach-quiz-access"), {"code": "open sesame", "networks": "10.0.0.0/8, 2001:db8::/32"})
    quiz.refresh_from_db()
    assert (quiz.access_code, quiz.allowed_addresses) == ("open sesame", ["10.0.0.0/8", "2001:db8::/32"])
    drawn = client.post(address(quiz, "teach-quiz-access"), {"code": "open sesame", "do": "draw"}, follow=True)
    quiz.refresh_from_db()
    assert quiz.access_code != "open sesame"
    assert quiz.access_code in drawn.content.decode()
    assert quiz.allowed_addresses == []
    client.post(address(quiz, "teach-quiz-access"), {})
    quiz.refresh_from_db()
    assert quiz.access_code == ""


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"code": "abc"}, "at least 4 letters or digits"),
        ({"code": "-- --"}, "at least 4 letters or digits"),
        ({"networks": "10.0.0.0/8\nthe library"}, "“the library” is no address or network"),
        ({"networks": "10.0.0.0/33"}, "is no address or network"),
    ],
)
def test_what_cannot_be_set_is_told_and_kept_in_its_field(sent: dict[str, str], said: str) -> None:
    quiz = a_quiz()
    page = teacher_of(quiz).post(address(quiz, "teach-quiz-access"), sent)
    assert page.status_code == 400
    assert said in page.content.decode()
    assert all(value.splitlines()[-1] in page.content.decode() for value in sent.values())
    quiz.refresh_from_db()
    assert (quiz.access_code, quiz.allowed_addresses) == ("", [])


def a_section(course: Course, **fields: Any) -> Any:
    return course.sections.create(name="Tuesday", **fields)


def test_a_section_gets_times_of_its_own_in_the_course_s_zone_and_loses_them_again() -> None:
    quiz = a_quiz(a_course(**MADRID))
    section = a_section(quiz.activity.course)
    client = teacher_of(quiz)
    where = address(quiz, "teach-quiz-section", section_id=section.pk)
    name = f"section-{section.pk}"
    sent = {f"{name}-opens_at": "2026-10-24T09:00", f"{name}-closes_at": "2026-10-26T09:00", f"{name}-reason": "Lab."}
    assert client.post(where, sent).status_code == 302
    override = SectionOverride.objects.get()
    assert override.opens_at == datetime(2026, 10, 24, 7, tzinfo=UTC), "summer time"
    assert override.closes_at == datetime(2026, 10, 26, 8, tzinfo=UTC), "winter time"
    assert "opens" in client.get(address(quiz)).content.decode()
    client.post(address(quiz, "teach-quiz-section-clear", section_id=section.pk))
    assert not SectionOverride.objects.exists()
    assert set(AuditEntry.objects.values_list("action", flat=True)) == {"section_times_set", "section_times_cleared"}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("2026-03-29T02:30", "There is no 02:30 on Sun 29 Mar 2026 in Europe/Madrid"),
        ("2026-10-25T02:30", "02:30 on Sun 25 Oct 2026 comes twice in Europe/Madrid"),
    ],
)
def test_times_that_the_clocks_skip_or_show_twice_are_asked_about(written: str, said: str) -> None:
    quiz = a_quiz(a_course(**MADRID))
    section = a_section(quiz.activity.course)
    where = address(quiz, "teach-quiz-section", section_id=section.pk)
    page = teacher_of(quiz).post(where, {f"section-{section.pk}-due_at": written})
    assert page.status_code == 400
    assert said in page.content.decode()
    assert written in page.content.decode()
    assert not SectionOverride.objects.exists()


@pytest.mark.parametrize("written", ["2026-03-29T01:59", "2026-03-29T03:00", "2026-10-25T01:59", "2026-10-25T03:00"])
def test_times_just_beside_a_change_of_clocks_are_taken(written: str) -> None:
    quiz = a_quiz(a_course(**MADRID))
    section = a_section(quiz.activity.course)
    where = address(quiz, "teach-quiz-section", section_id=section.pk)
    assert teacher_of(quiz).post(where, {f"section-{section.pk}-due_at": written}).status_code == 302
    local = timezone.localtime(SectionOverride.objects.get().due_at, quiz.activity.course.zone)
    assert f"{local:%Y-%m-%dT%H:%M}" == written


def test_times_in_disorder_name_the_field_to_blame() -> None:
    now = datetime(2026, 6, 1, 12, tzinfo=UTC)
    quiz = a_quiz(activity={"due_at": now + timedelta(days=2)})
    section = a_section(quiz.activity.course)
    where = address(quiz, "teach-quiz-section", section_id=section.pk)
    page = teacher_of(quiz).post(where, {f"section-{section.pk}-closes_at": "2026-06-02T12:00"})
    assert "It cannot close before it is due (Wed 3 Jun 2026 12:00)" in page.content.decode()
    assert not SectionOverride.objects.exists()


def test_an_assistant_sees_it_and_changes_nothing() -> None:
    quiz = a_quiz()
    section = a_section(quiz.activity.course)
    client = signed_in(a_member(quiz.activity.course, role=Role.ASSISTANT))
    assert client.get(address(quiz)).status_code == 200
    for name, more in (
        ("teach-quiz-pause", {}),
        ("teach-quiz-access", {}),
        ("teach-quiz-section", {"section_id": section.pk}),
    ):
        assert client.post(address(quiz, name, **more), {"code": "sesame"}).status_code == 403
    quiz.refresh_from_db()
    assert (quiz.paused_at, quiz.access_code) == (None, "")


def test_a_section_of_another_course_is_not_there() -> None:
    quiz = a_quiz()
    foreign = a_section(a_course())
    where = address(quiz, "teach-quiz-section", section_id=foreign.pk)
    assert teacher_of(quiz).post(where, {f"section-{foreign.pk}-due_at": "2026-06-02T12:00"}).status_code == 404


def test_grace_and_floor_of_lateness_are_set_with_the_times() -> None:
    quiz = a_quiz()
    client = teacher_of(quiz)
    where = address(quiz, "teach-activity")
    sent = {"published": "on", "late_percent_per_day": "20", "late_grace_minutes": "15", "late_floor_percent": "40"}
    assert client.post(where, sent).status_code == 302
    activity = Activity.objects.get(pk=quiz.activity_id)
    assert (activity.late_percent_per_day, activity.late_grace_minutes, activity.late_floor_percent) == (20, 15, 40)
    assert AuditEntry.objects.get().action == "window_set"
    client.post(where, sent)
    assert AuditEntry.objects.count() == 1, "saving the same again is no change"


def test_an_extension_can_open_the_quiz_earlier_for_one_student() -> None:
    with time_machine.travel(datetime(2026, 6, 1, 12, tzinfo=UTC), tick=False):
        quiz = a_quiz(activity={"opens_at": timezone.now() + timedelta(days=3)})
        student = a_member(quiz.activity.course)
        where = address(quiz, "teach-extension", user_id=student.pk)
        sent = {"extension-opens_at": "2026-06-01T11:00", "extension-reason": "Travels."}
        sent |= {f"extension-{name}": "0" for name in ("extra_attempts", "extra_time_percent", "extra_minutes")}
        assert teacher_of(quiz).post(where, sent).status_code == 302
        assert start_attempt(quiz=quiz, student=student).is_open
    assert Attempt.objects.count() == 1


def test_while_it_is_paused_the_page_says_so() -> None:
    quiz = a_quiz()
    start_attempt(quiz=quiz, student=a_member(quiz.activity.course))
    pause(by=an_instructor_of(quiz.activity.course), quiz=quiz, reason="Fire alarm.")
    said = teacher_of(quiz).get(address(quiz)).content.decode()
    assert "Paused since" in said
    assert "Let it go on" in said
    assert "Pause the quiz" not in said


def test_it_says_when_students_see_what() -> None:
    quiz = a_quiz(
        a_course(**MADRID),
        release={"keys": "after_due", "feedback": "2040-12-01 09:00"},
        attempts=2,
    )
    page = teacher_of(quiz).get(address(quiz))
    assert dict(page.context["release"]) == {
        "Own answers": "after each try",
        "Points": "after each try",
        "Right answers": "when a student has no try left",
        "Feedback": "from Sat 1 Dec 2040 09:00 CET on",
    }

"""Whoever is under way feels a change of times at once, however it came about."""

from datetime import timedelta
from typing import Any

import pytest
from builders import a_course, a_member, an_instructor_of
from django.utils import timezone

from courses.models import Course, Section
from courses.services import (
    change_place,
    clear_section_override,
    grant_extension,
    grant_section_override,
    import_roster,
    remove_member,
)
from quizzes.models import Attempt, Quiz
from quizzes.services import close_attempt, start_attempt
from quizzes.timekeeping import retime
from tests.quizzes.building import a_bank, a_quiz

pytestmark = pytest.mark.django_db

NOW = timezone.now().replace(microsecond=0)
HOUR = timedelta(hours=1)


def a_class() -> tuple[Quiz, Course, Section]:
    """A quiz that closes in two hours, for a section in five."""
    course = a_course()
    quiz = a_quiz(course, questions=a_bank(2), activity={"closes_at": NOW + 2 * HOUR})
    section = course.sections.create(name="Friday")
    grant_section_override(
        by=an_instructor_of(course), activity=quiz.activity, section=section, closes_at=NOW + 5 * HOUR
    )
    return quiz, course, section


def ends(attempt: Attempt) -> int | None:
    """In how many hours the attempt ends."""
    at = Attempt.objects.get(pk=attempt.pk).closes_at
    return None if at is None else round((at - NOW) / HOUR)


def test_a_section_s_times_hold_for_tries_started_after_and_before() -> None:
    quiz, course, section = a_class()
    inside = start_attempt(quiz=quiz, student=a_member(course, section=section))
    outside = start_attempt(quiz=quiz, student=a_member(course))
    assert (ends(inside), ends(outside)) == (5, 2)
    override = grant_section_override(
        by=an_instructor_of(course), activity=quiz.activity, section=section, closes_at=NOW + 3 * HOUR
    )
    assert (ends(inside), ends(outside)) == (3, 2)
    clear_section_override(by=an_instructor_of(course), override=override)
    assert (ends(inside), ends(outside)) == (2, 2)


def test_an_extension_lies_over_the_section_s_times() -> None:
    quiz, course, section = a_class()
    student = a_member(course, section=section)
    attempt = start_attempt(quiz=quiz, student=student)
    grant_extension(
        by=an_instructor_of(course), activity=quiz.activity, user=student, reason="-", closes_at=NOW + 8 * HOUR
    )
    assert ends(attempt) == 8


def test_changing_the_section_changes_the_end() -> None:
    quiz, course, section = a_class()
    student = a_member(course)
    attempt = start_attempt(quiz=quiz, student=student)
    teacher = an_instructor_of(course)
    change_place(by=teacher, course=course, user=student, role="student", section=section.name)  # type: ignore[arg-type]
    assert ends(attempt) == 5
    change_place(by=teacher, course=course, user=student, role="student", section="")  # type: ignore[arg-type]
    assert ends(attempt) == 2


def test_a_class_list_that_moves_people_to_another_section_moves_their_ends() -> None:
    quiz, course, section = a_class()
    students = [a_member(course) for _ in range(3)]
    attempts = [start_attempt(quiz=quiz, student=student) for student in students]
    lines = [f"{student.email},{student.name},{section.name}" for student in students[:2]]
    import_roster(
        by=an_instructor_of(course), course=course, content="\n".join(["email,name,section", *lines]).encode()
    )
    assert [ends(attempt) for attempt in attempts] == [5, 5, 2]


def test_a_section_that_is_deleted_takes_its_times_with_it() -> None:
    quiz, course, section = a_class()
    attempt = start_attempt(quiz=quiz, student=a_member(course, section=section))
    section.delete()
    assert ends(attempt) == 2


def test_closed_tries_and_try_outs_stay_as_they_were() -> None:
    quiz, course, section = a_class()
    closed = close_attempt(attempt=start_attempt(quiz=quiz, student=a_member(course, section=section)))
    tryout = start_attempt(quiz=quiz, student=an_instructor_of(course))
    grant_section_override(
        by=an_instructor_of(course), activity=quiz.activity, section=section, closes_at=NOW + 3 * HOUR
    )
    assert (ends(closed), ends(tryout)) == (5, None)


def test_times_of_other_activities_and_leaving_move_nothing() -> None:
    quiz, course, section = a_class()
    student = a_member(course)
    attempt = start_attempt(quiz=quiz, student=student)
    other = a_quiz(course, questions=a_bank(2))
    grant_section_override(by=an_instructor_of(course), activity=other.activity, section=section, closes_at=NOW + HOUR)
    remove_member(by=an_instructor_of(course), course=course, user=student)
    assert ends(attempt) == 2


def test_setting_times_anew_takes_the_same_queries_whoever_is_under_way(django_assert_num_queries: Any) -> None:
    quiz, course, section = a_class()
    for count in (1, 12):
        for _ in range(count):
            start_attempt(quiz=quiz, student=a_member(course, section=section))
        Attempt.objects.update(closes_at=None)
        with django_assert_num_queries(7):
            assert retime(activity=quiz.activity) == Attempt.objects.count()

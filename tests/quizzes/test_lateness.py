"""Whoever gets a later due time after the end is late by that time, and the gradebook hears of it once."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from builders import a_course, a_member, a_user, an_instructor_of
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from courses.models import Activity, AuditEntry, Extension, Membership, Section
from courses.services import (
    clear_section_override,
    grant_extension,
    grant_section_override,
    revoke_extension,
    set_window,
)
from gradebook.models import GradeEvent, Score
from gradebook.services import override
from quizzes.lateness import reckon_lateness_anew
from quizzes.models import Attempt, Quiz
from quizzes.regrade_preview import state_of
from quizzes.regrading import apply, draft
from quizzes.rule_models import Pause
from quizzes.rules import Change, Rule
from quizzes.services import close_attempt, save_answer
from quizzes.starting import start_attempt
from tests.quizzes.building import a_bank, a_quiz
from tests.quizzes.test_concurrency import at_once

pytestmark = pytest.mark.django_db

NOW = timezone.now().replace(microsecond=0)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def a_late_quiz(**settings: Any) -> Quiz:
    """A quiz worth ten points that was due an hour ago, a tenth off for each day late."""
    window = {"due_at": NOW - HOUR, "closes_at": NOW + DAY, "late_percent_per_day": 10}
    return a_quiz(a_course(), questions=a_bank(10), activity=window, **settings)


def handed_in(quiz: Quiz, student: User | None = None, *, right: int = 10) -> Attempt:
    attempt = start_attempt(quiz=quiz, student=student or a_member(quiz.activity.course))
    for position in range(1, right + 1):
        save_answer(attempt=attempt, position=position, value=True, revision=0)
    return close_attempt(attempt=attempt)


def extended(quiz: Quiz, student: User, **times: Any) -> Extension:
    times.setdefault("due_at", NOW + DAY)
    by = an_instructor_of(quiz.activity.course)
    return grant_extension(by=by, activity=quiz.activity, user=student, reason="Was ill.", **times)


def stands(student: User) -> tuple[Decimal | None, Decimal]:
    """What the gradebook has: the points that count, and the share that is left of them."""
    score = Score.objects.get(user=student)
    return score.final_points, score.late_factor


def events(student: User) -> list[Decimal | None]:
    return list(GradeEvent.objects.filter(user=student).order_by("pk").values_list("points", flat=True))


def entries() -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(action="lateness_reckoned_anew").order_by("pk"))


def test_an_extension_after_the_end_makes_a_late_try_one_in_time_and_taking_it_back_undoes_that() -> None:
    quiz = a_late_quiz()
    attempt = handed_in(quiz)
    assert (stands(attempt.student), events(attempt.student)) == ((9, Decimal("0.9")), [9])
    extension = extended(quiz, attempt.student)
    attempt.refresh_from_db()
    assert (attempt.late_factor, attempt.score, attempt.points_after_lateness) == (1, 10, 10)
    assert (stands(attempt.student), events(attempt.student)) == ((10, 1), [9, 10])
    revoke_extension(by=an_instructor_of(quiz.activity.course), extension=extension)
    attempt.refresh_from_db()
    assert attempt.late_factor == Decimal("0.9")
    assert (stands(attempt.student), events(attempt.student)) == ((9, Decimal("0.9")), [9, 10, 9])


def test_it_is_on_record_who_did_it_and_what_moved() -> None:
    quiz = a_late_quiz()
    attempt = handed_in(quiz)
    extended(quiz, attempt.student)
    (entry,) = entries()
    assert entry.by == an_instructor_of(quiz.activity.course)
    assert (entry.course, entry.activity) == (quiz.activity.course, quiz.activity)
    assert "lateness of 1 try in" in entry.summary
    assert "the grade of 1 person changed" in entry.summary
    moved = {"user": attempt.student_id, "attempt": attempt.pk, "before": "0.9", "after": "1"}
    assert entry.detail == {"tries": [moved], "people": 1}


def test_another_extension_in_place_of_the_first_counts_once() -> None:
    quiz = a_late_quiz()
    student = handed_in(quiz).student
    extended(quiz, student)
    extended(quiz, student, due_at=NOW + 2 * DAY)
    assert events(student) == [9, 10]
    extended(quiz, student, due_at=NOW - 26 * HOUR)
    assert (stands(student), events(student)) == ((8, Decimal("0.8")), [9, 10, 8])
    assert len(entries()) == 2


def test_others_stay_as_they_are() -> None:
    quiz = a_late_quiz()
    other, student = handed_in(quiz).student, handed_in(quiz).student
    before = Score.objects.get(user=other).updated_at
    extended(quiz, student)
    assert (stands(other), events(other)) == ((9, Decimal("0.9")), [9])
    assert Score.objects.get(user=other).updated_at == before


def test_more_tries_or_minutes_leave_lateness_alone() -> None:
    quiz = a_late_quiz()
    attempt = handed_in(quiz)
    Activity.objects.filter(pk=quiz.activity_id).update(late_percent_per_day=50)
    extended(quiz, attempt.student, due_at=None, extra_attempts=1, extra_minutes=5)
    attempt.refresh_from_db()
    assert attempt.late_factor == Decimal("0.9"), "nothing about the due time changed"
    assert entries() == []


def test_a_section_s_times_count_for_its_members_and_taking_them_back_does_too() -> None:
    quiz = a_late_quiz()
    course, by = quiz.activity.course, an_instructor_of(quiz.activity.course)
    section = Section.objects.create(course=course, name="Friday")
    inside = [handed_in(quiz, a_member(course, section=section)).student for _ in range(2)]
    outside = handed_in(quiz).student
    given = grant_section_override(by=by, activity=quiz.activity, section=section, due_at=NOW + DAY)
    assert [events(student) for student in inside] == [[9, 10]] * 2
    assert events(outside) == [9]
    given = grant_section_override(by=by, activity=quiz.activity, section=section, closes_at=NOW + DAY)
    assert [events(student) for student in inside] == [[9, 10, 9]] * 2
    given = grant_section_override(by=by, activity=quiz.activity, section=section, due_at=NOW + HOUR)
    clear_section_override(by=by, override=given)
    assert [events(student) for student in inside] == [[9, 10, 9, 10, 9]] * 2
    assert [entry.detail["people"] for entry in entries()] == [2, 2, 2, 2]


@pytest.mark.parametrize(("scoring", "points"), [("best", 10), ("last", 4), ("first", 10), ("average", 7)])
def test_what_counts_by_the_quiz_s_rule_is_chosen_anew(scoring: str, points: int) -> None:
    quiz = a_late_quiz(scoring=scoring)
    student = handed_in(quiz).student
    handed_in(quiz, student, right=4)
    told = len(events(student))
    extended(quiz, student)
    assert stands(student) == (points, 1)
    assert len(events(student)) == told + 1


def test_points_that_somebody_gave_go_on_counting_and_nobody_is_told_of_a_change() -> None:
    quiz = a_late_quiz()
    student = handed_in(quiz).student
    by = an_instructor_of(quiz.activity.course)
    override(by=by, activity=quiz.activity, user=student, points=Decimal(3), reason="Agreed.")
    extended(quiz, student)
    score = Score.objects.get(user=student)
    assert (score.points, score.final_points) == (10, 3)
    assert events(student) == [9, 3]
    assert "the grade of 0 people changed" in entries()[0].summary


def test_time_in_which_the_quiz_stood_still_still_makes_nobody_late() -> None:
    quiz = a_late_quiz()
    attempt = handed_in(quiz)
    Attempt.objects.filter(pk=attempt.pk).update(started_at=NOW - 2 * HOUR, closed_at=NOW)
    Pause.objects.create(
        quiz=quiz, by=an_instructor_of(quiz.activity.course), began_at=NOW - 2 * HOUR, ended_at=NOW - HOUR
    )
    extended(quiz, attempt.student, due_at=NOW - HOUR)
    attempt.refresh_from_db()
    assert attempt.late_factor == 1


def test_doing_it_again_changes_nothing() -> None:
    quiz = a_late_quiz()
    attempt = handed_in(quiz)
    by = an_instructor_of(quiz.activity.course)
    for _ in range(2):
        assert reckon_lateness_anew(by=by, activity=quiz.activity, user_ids=[attempt.student_id]) == 0
    assert (events(attempt.student), entries()) == ([9], [])


def test_try_outs_and_tries_under_way_are_left_alone() -> None:
    quiz = a_late_quiz()
    by = an_instructor_of(quiz.activity.course)
    tried = close_attempt(attempt=start_attempt(quiz=quiz, student=by))
    student = a_member(quiz.activity.course)
    under_way = start_attempt(quiz=quiz, student=student)
    extended(quiz, student)
    assert reckon_lateness_anew(by=by, activity=quiz.activity, user_ids=[by.pk, student.pk]) == 0
    assert Attempt.objects.get(pk=tried.pk).late_factor == 1
    assert close_attempt(attempt=under_way).late_factor == 1
    assert not Score.objects.filter(user=by).exists()


def test_the_quiz_s_own_times_are_not_applied_backwards() -> None:
    quiz = a_late_quiz()
    attempt = handed_in(quiz)
    set_window(
        by=an_instructor_of(quiz.activity.course),
        activity=quiz.activity,
        opens_at=None,
        due_at=NOW - 2 * DAY,
        closes_at=NOW + DAY,
        late_percent_per_day=50,
        published=True,
    )
    attempt.refresh_from_db()
    assert (attempt.late_factor, events(attempt.student)) == (Decimal("0.9"), [9])


def test_a_refused_extension_changes_nothing() -> None:
    quiz = a_late_quiz()
    attempt = handed_in(quiz)
    with pytest.raises(Exception, match="before it is due"):
        extended(quiz, attempt.student, due_at=NOW + DAY, closes_at=NOW + HOUR)
    assert (events(attempt.student), entries()) == ([9], [])


def test_a_preview_of_a_regrade_is_stale_afterwards() -> None:
    quiz = a_late_quiz()
    attempt = handed_in(quiz)
    before = state_of(quiz)
    extended(quiz, attempt.student)
    assert state_of(quiz) != before


def test_a_lab_without_a_quiz_is_nothing_to_it() -> None:
    course = a_course()
    activity = Activity.objects.create(course=course, kind="lab", slug="x", title="X", max_points=1, published=True)
    grant_extension(
        by=an_instructor_of(course), activity=activity, user=a_member(course), reason="Ill.", due_at=NOW + DAY
    )
    assert entries() == []


def test_an_extension_changed_or_taken_back_in_the_admin_counts_too(client: Client) -> None:
    quiz = a_late_quiz()
    student = handed_in(quiz).student
    extension = extended(quiz, student)
    client.force_login(a_user(is_staff=True, is_superuser=True))
    page = reverse("admin:courses_extension_change", args=[extension.pk])
    form = client.get(page).context["adminform"].form
    data = {name: "" if (value := form[name].value()) is None else value for name in form.fields}
    data = {name: value for name, value in data.items() if not name.endswith("_at")}
    early = NOW - 26 * HOUR
    for name, at in (("due_at", early), ("granted_at", NOW)):
        data |= {f"{name}_0": f"{at:%Y-%m-%d}", f"{name}_1": f"{at:%H:%M:%S}"}
    assert client.post(page, data).status_code == 302
    assert events(student) == [9, 10, 8]
    client.post(reverse("admin:courses_extension_delete", args=[extension.pk]), {"post": "yes"})
    assert events(student) == [9, 10, 8, 9]


@pytest.mark.django_db(transaction=True)
def test_whoever_hands_in_while_an_extension_is_given_or_a_regrade_applied_is_late_by_the_times_that_hold_then() -> (
    None
):
    quiz = a_late_quiz()
    by = an_instructor_of(quiz.activity.course)
    for number in range(1, 4):
        closed, under_way = handed_in(quiz), start_attempt(quiz=quiz, student=a_member(quiz.activity.course))
        section = Section.objects.create(course=quiz.activity.course, name=f"Section {number}")
        Membership.objects.filter(user__in=[closed.student, under_way.student]).update(section=section)
        rule = Rule(change=Change.FULL) if number % 2 else None
        regrade = draft(by=by, quiz=quiz, changes={"q-1": rule}, reason="Unclear.")
        results = at_once(
            lambda one=under_way: close_attempt(attempt=one),
            lambda one=section: grant_section_override(by=by, activity=quiz.activity, section=one, due_at=NOW + DAY),
            lambda one=closed: extended(quiz, one.student),
            lambda one=regrade: apply(by=by, regrade=one),
        )
        assert not [one for one in results if one is None or isinstance(one, Exception)]
        found = Attempt.objects.filter(pk__in=[closed.pk, under_way.pk])
        assert set(found.values_list("late_factor", flat=True)) == {1}
        assert stands(closed.student) == (10, 1)
        assert stands(under_way.student)[1] == 1
        assert events(closed.student) == [9, 10]

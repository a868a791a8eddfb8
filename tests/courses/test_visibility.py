"""Who sees which course, member and activity."""

import pytest
from builders import a_course, a_member, a_user, an_activity, an_instructor_of
from django.contrib.auth.models import AnonymousUser

from courses.access import is_student, may_assist, may_take, may_teach
from courses.models import Activity, Course, Membership, Role

pytestmark = pytest.mark.django_db


def test_a_course_is_seen_by_its_active_members_only() -> None:
    course, other = a_course(), a_course()
    student, gone = a_member(course), a_member(course, active=False)
    assert list(Course.objects.visible_to(student)) == [course]
    assert list(Course.objects.visible_to(gone)) == []
    assert list(Course.objects.visible_to(AnonymousUser())) == []
    assert set(Course.objects.visible_to(a_user(is_superuser=True))) == {course, other}


def test_unpublished_activities_are_seen_by_course_staff_only() -> None:
    course = a_course()
    shown, draft = an_activity(course), an_activity(course, published=False)
    foreign = an_activity()
    assert set(Activity.objects.visible_to(a_member(course))) == {shown}
    assert set(Activity.objects.visible_to(a_member(course, role=Role.ASSISTANT))) == {shown, draft}
    assert foreign not in Activity.objects.visible_to(an_instructor_of(course))


def test_students_see_no_other_member() -> None:
    course = a_course()
    student, other = a_member(course), a_member(course)
    assert {m.user for m in Membership.objects.visible_to(student)} == {student}
    assert {m.user for m in Membership.objects.visible_to(an_instructor_of(course))} >= {student, other}


def test_the_single_questions_answer_as_the_lists_do() -> None:
    course = a_course()
    draft = an_activity(course, published=False)
    student, assistant, teacher = a_member(course), a_member(course, role=Role.ASSISTANT), an_instructor_of(course)
    assert [may_teach(u, course) for u in (student, assistant, teacher)] == [False, False, True]
    assert [may_assist(u, course) for u in (student, assistant, teacher)] == [False, True, True]
    assert [is_student(u, course) for u in (student, assistant, teacher)] == [True, False, False]
    assert [may_take(u, draft) for u in (student, assistant, teacher)] == [False, True, True]
    assert not may_assist(an_instructor_of(a_course()), course)

"""Who sees which lab and submission, in lists and by id."""

from collections.abc import Callable
from typing import Any

import pytest
from builders import a_course, a_lab, a_member, a_submission, a_user, an_instructor_of, graded
from django.contrib.auth.models import AnonymousUser

from accounts.errors import DrydockError
from accounts.models import User
from courses.models import Course, Membership, Role
from labs.models import Lab, LabVersion, Submission, SubmissionEvent, WorkerHeartbeat
from labs.services import cancel, give_back_try, regrade, regrade_lab, retry_dead

pytestmark = pytest.mark.django_db


@pytest.fixture
def course() -> Course:
    return a_course()


@pytest.fixture
def submission(course: Course) -> Submission:
    return a_submission(a_lab(course))


def sees(user: Any, submission: Submission) -> bool:
    seen = Submission.objects.visible_to(user).filter(pk=submission.pk).exists()
    assert SubmissionEvent.objects.visible_to(user).filter(submission=submission).exists() == seen
    return seen


def test_author_and_staff_see_a_submission_and_nobody_else_does(course: Course, submission: Submission) -> None:
    assert sees(submission.author, submission)
    assert sees(an_instructor_of(course), submission)
    assert sees(a_member(course, role=Role.ASSISTANT), submission)
    assert sees(a_user(is_superuser=True), submission)
    assert not sees(a_member(course), submission)
    assert not sees(an_instructor_of(a_course()), submission)
    assert not sees(a_user(), submission)
    assert not sees(AnonymousUser(), submission)


def test_an_author_who_left_the_course_sees_it_no_more(course: Course, submission: Submission) -> None:
    Membership.objects.filter(course=course, user=submission.author).update(active=False)

    assert not sees(submission.author, submission)


def test_an_author_does_not_see_it_while_the_lab_is_unpublished(submission: Submission) -> None:
    submission.lab.activity.published = False
    submission.lab.activity.save()

    assert not sees(submission.author, submission)


def test_a_regrade_is_the_staffs_affair_until_it_is_the_result(course: Course, submission: Submission) -> None:
    graded(submission)
    again = regrade(by=an_instructor_of(course), submission=submission)

    assert not sees(submission.author, again)
    graded(again)
    assert sees(submission.author, again)


def test_a_lab_is_seen_by_members_once_it_is_published(course: Course) -> None:
    lab, draft = a_lab(course), a_lab(course, published=False)

    assert set(Lab.objects.visible_to(a_member(course))) == {lab}
    assert set(Lab.objects.visible_to(an_instructor_of(course))) == {lab, draft}
    assert not Lab.objects.visible_to(a_user()).exists()
    assert not Lab.objects.visible_to(AnonymousUser()).exists()


def test_versions_hold_the_checks_and_are_seen_by_staff_only(course: Course) -> None:
    a_lab(course)

    assert LabVersion.objects.visible_to(an_instructor_of(course)).exists()
    assert not LabVersion.objects.visible_to(a_member(course)).exists()
    assert not LabVersion.objects.visible_to(AnonymousUser()).exists()


def test_workers_are_seen_by_operators_only(course: Course) -> None:
    WorkerHeartbeat.objects.create(worker="w")

    assert WorkerHeartbeat.objects.visible_to(a_user(is_superuser=True)).exists()
    assert not WorkerHeartbeat.objects.visible_to(an_instructor_of(course)).exists()


@pytest.mark.parametrize(
    "act",
    [
        lambda by, one: cancel(by=by, submission=one),
        lambda by, one: regrade(by=by, submission=one),
        lambda by, one: regrade_lab(by=by, lab=one.lab),
        lambda by, one: retry_dead(by=by, submission=one),
        lambda by, one: give_back_try(by=by, submission=one),
    ],
)
def test_strangers_and_other_courses_instructors_can_do_nothing(
    act: Callable[[User, Submission], object], course: Course, submission: Submission
) -> None:
    for stranger in (a_member(course), an_instructor_of(a_course()), a_user()):
        with pytest.raises(DrydockError) as refused:
            act(stranger, submission)
        assert refused.value.code == "not_course_staff"


def test_an_author_cannot_regrade_or_give_back_a_try(submission: Submission) -> None:
    for act in (regrade, give_back_try, retry_dead):
        with pytest.raises(DrydockError) as refused:
            act(by=submission.author, submission=submission)
        assert refused.value.code == "not_course_staff"


@pytest.mark.parametrize("size", [1, 8])
def test_a_list_of_tries_asks_the_same_whatever_its_length(
    size: int, course: Course, django_assert_num_queries: Callable[..., Any]
) -> None:
    lab = a_lab(course)
    for _ in range(size):
        a_submission(lab)

    instructor = an_instructor_of(course)

    with django_assert_num_queries(1):
        rows = Submission.objects.visible_to(instructor).hand_ins().select_related("lab__activity", "author")
        assert len([str(one) for one in rows]) == size

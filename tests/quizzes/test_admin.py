"""The admin shows quizzes and attempts to those who run the course, and changes none of them."""

from typing import Any

import pytest
from builders import a_course, a_member, a_user, an_instructor_of
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from courses.models import Role
from quizzes.models import Answer, Attempt, Question, Quiz
from quizzes.services import close_attempt, save_answer
from quizzes.starting import start_attempt
from tests.quizzes.building import a_bank, a_quiz, an_attempt

pytestmark = pytest.mark.django_db

MODELS = [Question, Quiz, Attempt, Answer]


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def may_enter_the_admin(user: Any) -> Any:
    """Give somebody the admin with the right to look at everything of quizzes."""
    user.is_staff = True
    user.save()
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="quizzes"))
    return user


def the_list(model: Any) -> str:
    return reverse(f"admin:quizzes_{model._meta.model_name}_changelist")


def the_page(row: Any) -> str:
    return reverse(f"admin:quizzes_{row._meta.model_name}_change", args=[row.pk])


@pytest.fixture
def attempt() -> Attempt:
    attempt = an_attempt()
    save_answer(attempt=attempt, position=4, value="<script>alert(1)</script> typed", revision=0)
    return close_attempt(attempt=attempt)


@pytest.mark.parametrize("model", MODELS)
def test_lists_and_pages_open_for_those_who_run_the_course(model: Any, attempt: Attempt) -> None:
    for user in (
        a_user(is_staff=True, is_superuser=True),
        may_enter_the_admin(an_instructor_of(attempt.quiz.activity.course)),
    ):
        client = signed_in(user)
        assert client.get(the_list(model), {"q": "a"}).status_code == 200
        row = model.objects.order_by("pk").last()
        page = client.get(the_page(row))
        assert page.status_code == 200
        assert "<script>alert(1)" not in page.content.decode()


@pytest.mark.parametrize("model", MODELS)
def test_another_courses_staff_and_students_with_admin_rights_see_none_of_it(model: Any, attempt: Attempt) -> None:
    row = model.objects.order_by("pk").last()
    strangers = [an_instructor_of(a_course()), attempt.student, a_member(attempt.quiz.activity.course)]
    for user in strangers:
        client = signed_in(may_enter_the_admin(user))
        assert client.get(the_list(model)).context["cl"].result_count == 0
        assert client.get(the_page(row)).status_code == 302


@pytest.mark.parametrize("model", MODELS)
def test_nothing_is_changed_added_or_removed_here(model: Any, attempt: Attempt) -> None:
    client = signed_in(a_user(is_staff=True, is_superuser=True))
    row = model.objects.order_by("pk").last()
    opts = model._meta.model_name
    assert client.post(the_page(row), {"state": "OPEN"}).status_code == 403
    assert client.get(reverse(f"admin:quizzes_{opts}_add")).status_code == 403
    assert client.post(reverse(f"admin:quizzes_{opts}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403


def test_lists_take_the_same_queries_for_any_number_of_rows(django_assert_max_num_queries: Any) -> None:
    quiz = a_quiz(questions=a_bank(30))
    client = signed_in(may_enter_the_admin(a_member(quiz.activity.course, role=Role.ASSISTANT)))
    for students in (1, 6):
        for _ in range(students):
            attempt = start_attempt(quiz=quiz, student=a_member(quiz.activity.course))
            save_answer(attempt=attempt, position=1, value=True, revision=0)
        for model in MODELS:
            with django_assert_max_num_queries(16):
                assert client.get(the_list(model)).status_code == 200

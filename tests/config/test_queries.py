"""An address whose query holds a NUL character is refused before a database fails on it."""

import pytest
from builders import a_course, a_user, an_instructor_of
from django.test import Client
from django.urls import reverse

from tests.api.calling import V1, client_of, problem

pytestmark = pytest.mark.django_db


def test_pages_say_what_to_do() -> None:
    course = a_course()
    client = Client()
    client.force_login(an_instructor_of(course))
    for name in ("teach-audit", "teach-audit-csv", "teach-mastery", "teach-members", "teach-questions"):
        for parameter in ("q", "activity", "tag"):
            refused = client.get(reverse(f"portal:{name}", args=[course.slug]), {parameter: "a\0b"})
            assert refused.status_code == 400
            assert "holds a NUL character" in refused.content.decode()


def test_the_api_answers_with_a_problem() -> None:
    reply = client_of(a_user()).get(f"{V1}courses/?search=a%00b")
    problem(reply, status=400, code="query_malformed")


def test_what_only_looks_like_it_passes() -> None:
    course = a_course()
    client = Client()
    client.force_login(an_instructor_of(course))
    assert (
        client.get(reverse("portal:teach-audit", args=[course.slug]), {"q": "100%", "action": "%00"}).status_code == 200
    )

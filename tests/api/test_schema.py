"""The OpenAPI document: valid, whole, and kept: what it does not say never comes back."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from builders import a_member, a_submission, an_instructor_of
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from knox.models import AuthToken
from routes import all_routes
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts.models import User
from gradebook.models import Score
from labs.consoles import open_session
from quizzes.starting import start_attempt
from tests.api.handing_in import a_secretive_lab, grade_next
from tests.labs.consoles.building import a_console_lab
from tests.quizzes.building import a_quiz

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def document() -> dict[str, Any]:
    made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return made


def operations() -> list[tuple[str, dict[str, Any]]]:
    paths = document()["paths"]
    return [(f"{method} {path}", operation) for path, calls in paths.items() for method, operation in calls.items()]


def test_the_document_is_valid_and_made_without_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, color=False)
    assert capsys.readouterr().out.startswith("openapi: 3")


def test_every_address_is_in_it() -> None:
    described = len(document()["paths"])
    routes = {route.name for route in all_routes() if route.name.startswith("api:")}
    assert described == len(routes - {"api:schema", "api:docs", "api:unknown"})


def test_every_call_says_how_it_fails_and_what_token_it_takes() -> None:
    for name, operation in operations():
        responses = operation["responses"]
        assert {"406", "429", "default"} <= responses.keys(), name
        for status, response in responses.items():
            if status == "default" or int(status) >= 400:
                assert response["content"].keys() == {"application/problem+json"}, (name, status)
        if operation["operationId"] != "create_token":
            assert {"token": []} in operation["security"], name
            assert {"401", "403"} <= responses.keys(), name
    assert document()["components"]["securitySchemes"]["token"]["name"] == "Authorization"


def test_operations_are_named_once_and_by_what_they_do() -> None:
    names = [operation["operationId"] for _, operation in operations()]
    assert len(names) == len(set(names))
    assert [name for name in names if "_v1_" in name or name.endswith("_2")] == []


@dataclass(frozen=True)
class World:
    """Something of each kind, so that calls reach more than 404."""

    student: User
    instructor: User
    known: dict[str, dict[str, Any]]
    """Path parameters that lead somewhere, by the path's first part."""

    def path_parameters(self, path: str) -> dict[str, Any] | None:
        """Those for this path; None where it has none."""
        kind = path.removeprefix("/api/v1/").partition("/")[0]
        return {name: value for name, value in self.known[kind].items() if f"{{{name}}}" in path} or None


@pytest.fixture
def world() -> World:
    lab = a_secretive_lab()
    course = lab.activity.course
    student = a_member(course)
    quiz = a_quiz(course)
    attempt = start_attempt(quiz=quiz, student=student)
    submission = grade_next(a_submission(lab, author=student))
    console = open_session(author=student, lab=a_console_lab(course))
    return World(
        student=student,
        instructor=an_instructor_of(course),
        known={
            "tokens": {},
            "me": {},
            "courses": {"slug": course.slug},
            "quizzes": {"activity_id": quiz.activity_id},
            "attempts": {"id": attempt.pk, "position": 1},
            "labs": {"activity_id": lab.activity_id},
            "activities": {"activity_id": console.lab.activity_id},
            "consoles": {"id": console.pk},
            "submissions": {"id": submission.pk},
            "grades": {"id": Score.objects.get().pk},
        },
    )


@pytest.fixture
def application() -> Iterator[Any]:
    """The site as WSGI servers call it, on the test's own connection: between requests, it would be closed."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield get_wsgi_application()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["student", "instructor"])
def test_no_call_breaks_us_or_is_answered_in_an_undocumented_way(who: str, world: World, application: Any) -> None:
    user = world.student if who == "student" else world.instructor
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", application)
    tried = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        parameters = world.path_parameters(operation.path)
        strategies = operation.as_strategy() | operation.as_strategy(path_parameters=parameters)
        with transaction.atomic():
            _, token = AuthToken.objects.create(user=user)
            probe(strategies, {"Authorization": f"Token {token}"})
            transaction.set_rollback(True)
        tried += 1
    assert tried == len(operations())


def probe(cases: Any, headers: dict[str, str]) -> None:
    """Make a few calls, the same each time, and compare each answer with the document."""

    @settings(
        max_examples=8,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def call(case: Any) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    call()


def test_the_guide_names_only_addresses_and_fields_that_there_are() -> None:
    guide = (Path(__file__).resolve().parents[2] / "docs/api.md").read_text()
    used = {re.sub(r"\$\w+|<\w+>", "{}", path) for path in re.findall(r"\$API(/[^\s\"'?]*/|/[^\s\"'?]*\.csv)", guide)}
    used |= {re.sub(r"<\w+>", "{}", path) for path in re.findall(r"`(/[a-z][^`?]*/<[^`?]*?(?:/|\.csv))[`?]", guide)}
    there = {re.sub(r"\{\w+\}", "{}", path).removeprefix("/api/v1") for path in document()["paths"]}
    concrete = {"/courses/containerization-review/activities/": "/courses/{}/activities/"}
    named = {re.sub(r"/1/$", "/{}/", concrete.get(path, path)) for path in used}
    assert len(named) > 15
    assert named - there == set()

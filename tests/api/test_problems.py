"""Whatever goes wrong, the reply is a problem document with a stable code."""

import base64
import json
from typing import Any

import pytest
from builders import a_lab, a_member, a_user
from django.test import override_settings

from tests.api.calling import V1, client_of, problem, results

pytestmark = pytest.mark.django_db

ME = f"{V1}me/"
JOIN = f"{V1}courses/join/"
NOWHERE = ["nothing/", "me", "courses", "", "courses/a/b/c/d/", "quizzes/one/", "quizzes/99999999999999999999/"]


@pytest.mark.parametrize(
    "path", ["nothing/", "me", "courses", "", "courses/a/b/c/d/", "quizzes/one/", "quizzes/99999999999999999999/"]
)
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
def test_an_address_that_is_not_there_is_a_problem(path: str, method: str) -> None:
    problem(getattr(client_of(a_user()), method)(V1 + path), 404, "no_such_address")


def test_a_thing_that_is_not_there_is_a_problem() -> None:
    client = client_of(a_user())
    for path in ("courses/none/", "quizzes/9/", "labs/9/", "attempts/9/"):
        problem(client.get(V1 + path), 404, "not_found")


def test_a_method_that_is_not_there_is_a_problem() -> None:
    reply = client_of(a_user()).delete(ME)
    problem(reply, 405, "method_not_allowed")
    assert "GET" in reply["Allow"]


def test_a_call_without_a_token_is_a_problem() -> None:
    reply = client_of().get(ME)
    problem(reply, 401, "not_authenticated")
    assert reply["WWW-Authenticate"] == "Token"


def test_a_session_without_a_csrf_token_changes_nothing() -> None:
    client = client_of()
    client.handler.enforce_csrf_checks = True
    client.force_login(a_user())
    problem(client.post(JOIN, {"code": "ABCDEFGH"}), 403, "permission_denied")


@pytest.mark.parametrize(
    "body",
    [b"{", b"\xff\xfe", b"[" * 100_000, b'{"code": NaN}', b'{"code": ' + b"9" * 5000 + b"}", b"\x00"],
    ids=["cut", "not UTF-8", "deep", "not a number", "long number", "NUL"],
)
def test_what_is_no_json_is_a_problem(body: bytes) -> None:
    problem(client_of(a_user()).post(JOIN, body, content_type="application/json"), 400, "parse_error")


@pytest.mark.parametrize("body", ["[]", "null", "7", '"text"', "{}", '{"code": []}', '{"code": "\\ud800"}'])
def test_json_of_the_wrong_shape_is_a_problem(body: str) -> None:
    problem(client_of(a_user()).post(JOIN, body, content_type="application/json"), 400, "invalid")


def test_a_body_of_another_kind_is_a_problem() -> None:
    client = client_of(a_user())
    for kind in ("text/xml", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "nonsense"):
        problem(client.post(JOIN, "code=A", content_type=kind), 415, "unsupported_media_type")


def test_a_reply_in_another_format_is_a_problem_even_so() -> None:
    problem(client_of(a_user()).get(ME, HTTP_ACCEPT="text/html"), 406, "not_acceptable")


def test_a_large_body_is_turned_away_unread() -> None:
    body = json.dumps({"code": "x" * (5 * 1024 * 1024)})
    problem(client_of(a_user()).post(JOIN, body, content_type="application/json"), 413, "request_too_large")


def test_forms_with_too_much_in_them_are_problems() -> None:
    lab = a_lab()
    client = client_of(a_member(lab.activity.course))
    address = f"{V1}labs/{lab.activity_id}/submissions/"
    many = {f"field-{number}": "x" for number in range(2100)}
    problem(client.post(address, many, format="multipart"), 400, "parse_error")
    problem(client.post(address, {"archive": "x" * (13 * 1024 * 1024)}, format="multipart"), 413, "request_too_large")
    problem(client.post(address, b"no form", content_type="multipart/form-data; boundary=x"), 400, "invalid")
    problem(client.post(address, b"no form", content_type="multipart/form-data"), 400, "parse_error")


def cursor(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("given", ["nonsense", cursor("p=abc"), cursor("o=-5"), cursor("p=1&o=x"), cursor("p=\x00")])
def test_a_cursor_that_was_never_given_out_is_no_error_of_ours(given: str) -> None:
    for path in ("courses/", "attempts/", "submissions/"):
        reply = client_of(a_user()).get(V1 + path, {"cursor": given})
        assert reply.status_code in {200, 404}, reply.content
    problem(client_of(a_user()).get(f"{V1}courses/", {"cursor": cursor("p=abc")}), 404, "invalid_cursor")


@pytest.mark.parametrize("given", ["x", "1.5", "-1", "NaN", "1e400000", "9" * 40])
def test_a_filter_that_cannot_be_is_no_error_of_ours(given: str) -> None:
    for path, name in (
        ("attempts/", "quiz"),
        ("submissions/", "lab"),
        ("submissions/", "author"),
        ("attempts/", "student"),
    ):
        reply = client_of(a_user()).get(V1 + path, {name: given})
        assert reply.status_code in {200, 400}, reply.content
        assert reply.status_code == 400 or results(reply) == []


def test_a_throttled_call_says_when_to_come_back() -> None:
    client = client_of()
    for _ in range(60):
        assert client.get(f"{V1}nothing/").status_code == 404
    reply = client.get(f"{V1}nothing/")
    problem(reply, 429, "throttled")
    assert 0 < int(reply["Retry-After"]) <= 60


def test_an_error_of_ours_is_a_problem_that_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_(*_: object, **__: object) -> None:
        raise RuntimeError("zz-inner-secret")

    monkeypatch.setattr("api.views.accounts.caller", break_)
    reply = client_of(a_user()).get(ME)
    problem(reply, 500, "error")
    assert b"zz-inner-secret" not in reply.content


REDIS_AWAY = {
    "default": {
        "BACKEND": "config.cache.RedisCache",
        "LOCATION": "redis://127.0.0.1:1/0",
        "OPTIONS": {"IGNORE_EXCEPTIONS": True, "SOCKET_CONNECT_TIMEOUT": 1},
    }
}


def test_the_api_answers_while_redis_is_away() -> None:
    lab = a_lab()
    student = a_member(lab.activity.course)
    with override_settings(CACHES=REDIS_AWAY):
        token: dict[str, Any] = (
            client_of().post(f"{V1}tokens/", {"email": student.email, "password": "correct horse battery"}).json()
        )
        client = client_of()
        client.credentials(HTTP_AUTHORIZATION=f"Token {token['token']}")
        assert client.get(ME).status_code == 200
        handed_in = client.post(
            f"{V1}labs/{lab.activity_id}/submissions/", {"files": {"Dockerfile": "FROM busybox:1.35\n"}}
        )
        assert handed_in.status_code == 201

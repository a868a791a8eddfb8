"""Calls the API as a client does, and reads its problems."""

from typing import Any

from knox.models import AuthToken
from rest_framework.test import APIClient

from accounts.models import User

V1 = "/api/v1/"


def client_of(user: User | None = None) -> APIClient:
    """A client with a token of this person; of nobody without one. Errors inside the API come back as replies."""
    client = APIClient(raise_request_exception=False)
    if user is not None:
        _, token = AuthToken.objects.create(user=user)
        client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    return client


def problem(reply: Any, status: int, code: str) -> dict[str, Any]:
    """The problem in the reply, which must have this status and code."""
    assert reply.status_code == status, (reply.status_code, reply.content)
    assert reply["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = reply.json()
    assert {"type", "title", "status", "code", "detail", "errors"} <= body.keys()
    assert (body["status"], body["code"]) == (status, code), body
    assert body["title"]
    assert body["detail"]
    return body


def results(reply: Any) -> list[dict[str, Any]]:
    """The rows of a page of a list."""
    assert reply.status_code == 200, reply.content
    rows: list[dict[str, Any]] = reply.json()["results"]
    return rows

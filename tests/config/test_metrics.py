"""/metrics, and who may read it."""

from typing import Any

import pytest
from builders import a_submission
from django.db import OperationalError
from django.test import Client, RequestFactory

from config.metrics import may_read

pytestmark = pytest.mark.django_db


def test_the_machine_itself_reads_the_metrics(client: Client) -> None:
    reply = client.get("/metrics")

    assert reply.status_code == 200
    assert "django_http_requests_before_middlewares_total" in reply.content.decode()


def test_the_metrics_say_how_grading_goes(client: Client) -> None:
    a_submission()

    text = client.get("/metrics").content.decode()

    assert 'drydock_submissions{state="queued"} 1.0' in text
    assert "drydock_workers_able 0.0" in text


def test_the_other_counters_are_read_while_the_database_is_away(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any) -> None:
        raise OperationalError("away")

    monkeypatch.setattr("django.db.backends.utils.CursorWrapper.execute", refused)
    reply = client.get("/metrics")

    assert reply.status_code == 200
    assert "django_http_requests_before_middlewares_total" in reply.content.decode()


def test_a_stranger_is_told_how_the_metrics_are_read_and_sees_none(client: Client) -> None:
    reply = client.get("/metrics", REMOTE_ADDR="203.0.113.7")

    assert reply.status_code == 403
    assert "METRICS_TOKEN" in reply.content.decode()
    assert "django_http" not in reply.content.decode()


@pytest.mark.parametrize(
    ("fields", "allowed"),
    [
        ({"REMOTE_ADDR": "127.0.0.1"}, True),
        ({"REMOTE_ADDR": "::1"}, True),
        ({"REMOTE_ADDR": "10.0.0.5"}, False),
        ({"REMOTE_ADDR": ""}, False),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.7"}, False),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=203.0.113.7"}, False),
        ({"REMOTE_ADDR": "203.0.113.7", "HTTP_AUTHORIZATION": "Bearer let-me-in"}, True),
        ({"REMOTE_ADDR": "203.0.113.7", "HTTP_AUTHORIZATION": "Bearer let-me-out"}, False),
        ({"REMOTE_ADDR": "203.0.113.7", "HTTP_AUTHORIZATION": "let-me-in"}, False),
    ],
)
def test_metrics_are_read_by_token_or_by_an_address_that_came_directly(
    settings: Any, fields: dict[str, str], allowed: bool
) -> None:
    settings.METRICS_TOKEN = "let-me-in"

    assert may_read(RequestFactory().get("/metrics", **fields)) is allowed


def test_without_a_token_in_the_settings_no_token_opens(settings: Any) -> None:
    settings.METRICS_TOKEN = ""

    request = RequestFactory().get("/metrics", REMOTE_ADDR="203.0.113.7", HTTP_AUTHORIZATION="Bearer ")

    assert not may_read(request)

"""/livez and /readyz."""

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from config import health

pytestmark = pytest.mark.django_db


@pytest.fixture
def well(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Every part is well; tests make one of them ill."""
    parts = {name: (lambda: health.Part(ok=True, detail="fine")) for name in health.PARTS}
    parts["database"] = health.database
    monkeypatch.setattr(health, "PARTS", parts)
    return parts


def test_a_probe_needs_no_allowed_host_name_and_no_session(client: Client) -> None:
    reply = client.get("/livez", headers={"host": "10.1.2.3:8000"})

    assert reply.status_code == 200
    assert reply.json() == {"status": "alive"}
    assert not reply.cookies
    assert reply["Cache-Control"] == "no-store"


def test_a_site_whose_parts_are_all_well_is_ready(client: Client, well: dict[str, Any]) -> None:
    reply = client.get("/readyz")

    assert reply.status_code == 200
    assert reply.json()["status"] == "ready"
    assert set(reply.json()["parts"]) == {"database", "redis", "workers", "engines"}


@pytest.mark.parametrize("name", ["redis", "workers", "engines"])
def test_a_part_that_quizzes_do_without_degrades_the_site_and_leaves_it_ready(
    client: Client, well: dict[str, Any], name: str
) -> None:
    well[name] = lambda: health.Part(ok=False, detail="is down")

    reply = client.get("/readyz")

    assert reply.status_code == 200
    assert reply.json()["status"] == "degraded"
    assert reply.json()["parts"][name] == {"ok": False, "detail": "is down"}


def test_a_database_that_does_not_answer_makes_the_site_unavailable(
    client: Client, well: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any) -> None:
        raise OperationalError("could not connect to db as drydock with password hunter2")

    monkeypatch.setattr("django.db.backends.utils.CursorWrapper.execute", refused)
    reply = client.get("/readyz")

    assert reply.status_code == 503
    assert reply.json()["status"] == "unavailable"
    assert "hunter2" not in reply.content.decode()


def test_a_redis_that_does_not_answer_is_reported_within_its_time_limit(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    part = health.redis_server()

    assert not part.ok
    assert "quizzes go on" in part.detail


def test_a_probe_is_read_only(client: Client) -> None:
    assert client.post("/livez").status_code == 404

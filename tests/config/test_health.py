"""/livez and /readyz."""

from datetime import timedelta
from typing import Any

import pytest
from builders import a_member
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from config import health
from labs import heartbeats
from labs.consoles import open_session
from labs.models import WorkerKind
from tests.labs.consoles.building import a_console_lab

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
    assert set(reply.json()["parts"]) == {"database", "redis", "workers", "engines", "consoles"}


@pytest.mark.parametrize("name", ["redis", "workers", "engines", "consoles"])
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


def test_consoles_are_well_until_somebody_waits_for_a_worker_that_is_not_there(settings: Any) -> None:
    assert health.consoles().ok, "where nobody uses consoles, none is missing"
    settings.CONSOLES_EXPECTED = 1
    assert not health.consoles().ok
    settings.CONSOLES_EXPECTED = 0
    lab = a_console_lab()
    session = open_session(author=a_member(lab.activity.course), lab=lab)
    assert health.consoles().ok, "it has not waited for long"
    session.entries.update(queued_at=timezone.now() - timedelta(minutes=1))

    assert health.consoles() == health.Part(
        ok=False, detail="no console worker is alive and able, and lines wait for one"
    )
    heartbeats.beat(worker="w", engine_url="u", version="1", kind=WorkerKind.CONSOLES)
    heartbeats.engine_answered(worker="w", name="fake")
    assert health.consoles().ok
    assert not health.workers().ok, "a worker for consoles grades nothing"

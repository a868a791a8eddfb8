"""How the site is: /livez says that the process answers, /readyz how each part of it is.

Only a database that does not answer makes the site unready (503): without it no page can be served. Redis, the
workers, their engines and consoles are reported beside it as degraded, since quizzes go on without them, and
submissions and lines wait.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse

from labs import console_health, heartbeats

logger = logging.getLogger(__name__)

REDIS_SECONDS = 1.0


@dataclass(frozen=True)
class Part:
    """One part's health. `detail` is for the operator and holds no secret."""

    ok: bool
    detail: str


def database() -> Part:
    """Whether the database answers."""
    began = time.monotonic()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except DatabaseError as error:
        logger.warning("The database does not answer: %s", error)
        return Part(ok=False, detail="does not answer; the log says why")
    return Part(ok=True, detail=f"answers in {_milliseconds(began)}")


def redis_server() -> Part:
    """Whether Redis answers."""
    began = time.monotonic()
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS
    )
    try:
        client.ping()
    except redis.RedisError as error:
        logger.warning("Redis does not answer: %s", error)
        return Part(ok=False, detail="does not answer: submissions wait longer, quizzes go on")
    finally:
        client.close()
    return Part(ok=True, detail=f"answers in {_milliseconds(began)}")


def workers() -> Part:
    """Whether as many workers are heard of as are expected."""
    alive, expected = _grading_health().workers, settings.WORKERS_EXPECTED
    return Part(ok=alive >= max(expected, 1), detail=f"{_of(alive, expected)} heard of lately")


def engines() -> Part:
    """Whether the workers' engines answer and may grade."""
    health = _grading_health()
    wanted = max(settings.WORKERS_EXPECTED, health.workers)
    return Part(ok=health.able >= max(wanted, 1), detail=f"{_of(health.able, wanted)} answer and may grade")


def consoles() -> Part:
    """Whether what is typed in consoles is carried out: as many workers are able to as are expected."""
    expected = settings.CONSOLES_EXPECTED
    try:
        health, in_vain = console_health.health(), console_health.waits_in_vain()
    except DatabaseError:  # which part `database` reports
        health, in_vain = heartbeats.GradingHealth(workers=0, engines_ok=0, able=0), False
    if in_vain and not health.able:
        return Part(ok=False, detail="no console worker is alive and able, and lines wait for one")
    return Part(ok=health.able >= expected, detail=f"{_of(health.able, expected)} console workers alive and able")


def _grading_health() -> heartbeats.GradingHealth:
    try:
        return heartbeats.health()
    except DatabaseError:  # which part `database` reports
        return heartbeats.GradingHealth(workers=0, engines_ok=0, able=0)


def _of(number: int, expected: int) -> str:
    return f"{number} of {expected}" if expected else str(number)


PARTS: dict[str, Callable[[], Part]] = {
    "database": database,
    "redis": redis_server,
    "workers": workers,
    "engines": engines,
    "consoles": consoles,
}


def livez(_: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "alive"})


def readyz(_: HttpRequest) -> JsonResponse:
    """How each part is: ready, degraded, or unavailable with 503."""
    parts = {name: examine() for name, examine in PARTS.items()}
    if not parts["database"].ok:
        status, code = "unavailable", HTTPStatus.SERVICE_UNAVAILABLE
    else:
        status, code = "ready" if all(part.ok for part in parts.values()) else "degraded", HTTPStatus.OK
    body: dict[str, Any] = {"status": status, "parts": {name: asdict(part) for name, part in parts.items()}}
    return JsonResponse(body, status=code)


def _milliseconds(began: float) -> str:
    return f"{(time.monotonic() - began) * 1000:.0f} ms"

"""What a log line looks like."""

import io
import json
import logging
import logging.config
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from django.test import Client

from config.logging import logging_settings


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Log as production does, to here; afterwards as the tests' settings do."""
    from django.conf import settings

    logging.config.dictConfig(logging_settings(style="json", level="INFO"))
    stream = io.StringIO()
    handler = logging.getLogger().handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    yield stream
    logging.config.dictConfig(settings.LOGGING)


def lines(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_a_line_carries_the_submission_that_it_is_about(written: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(submission_id=41):
        structlog.get_logger("labs").info("build_started", step=2)
        logging.getLogger("graders").warning("step %d is slow", 2)

    ours, librarys = lines(written)

    assert (ours["event"], ours["submission_id"], ours["step"]) == ("build_started", 41, 2)
    assert (librarys["event"], librarys["submission_id"]) == ("step 2 is slow", 41)
    assert (librarys["level"], librarys["logger"]) == ("warning", "graders")


def test_a_line_stays_one_line_whatever_is_in_it(written: io.StringIO) -> None:
    structlog.get_logger("labs").info("name_seen", name="two\nlines \x1b[31m")
    logging.getLogger("labs").error("failed", exc_info=ValueError("first\nsecond"))

    name, failure = lines(written)

    assert name["name"] == "two\nlines \x1b[31m"
    assert "ValueError: first\nsecond" in failure["exception"]


@pytest.mark.django_db
def test_a_request_is_logged_once_with_its_id(client: Client, written: io.StringIO) -> None:
    client.get("/api/v1/me/", headers={"accept": "application/json"})

    finished = [line for line in lines(written) if line["event"].startswith("request_")]

    assert [line["event"] for line in finished] == ["request_finished"]
    assert finished[0]["request_id"]
    assert finished[0]["code"] == 401


def test_a_level_or_format_is_taken_from_the_settings() -> None:
    chosen = logging_settings(style="console", level="WARNING")

    assert chosen["root"]["level"] == "WARNING"
    assert isinstance(chosen["formatters"]["structured"]["processors"][-1], structlog.dev.ConsoleRenderer)

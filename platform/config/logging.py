"""How the site logs: structured, with the ids of the request and of the submission that it is about."""

import sys
from typing import Any

import structlog
from structlog.typing import Processor

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
FORMATS = ("json", "console")

# What every line carries, whoever wrote it: our code through structlog or a library through `logging`.
# `merge_contextvars` brings request_id and user_id (django-structlog) and submission_id (labs).
SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]


def logging_settings(*, style: str, level: str) -> dict[str, Any]:
    """Django's LOGGING: one handler to standard error, `style` json (a line an event) or console (for people)."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": _last_steps(style),
                "foreign_pre_chain": SHARED,
            },
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django has handlers of its own, and says 4xx answers a second time.
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.request": {"level": "ERROR"},
            "django.server": {"handlers": [], "propagate": True},
            # A line for each wake-up call says nothing; what is graded is logged by labs.
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "gunicorn.error": {"handlers": [], "level": level, "propagate": True},
        },
    }


def configure_structlog() -> None:
    """Let structlog's loggers write through `logging`, so that both kinds of lines look alike."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _last_steps(style: str) -> list[Processor]:
    steps: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if style == "console":
        return [*steps, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    return [*steps, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]

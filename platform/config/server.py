"""How gunicorn serves the site: `gunicorn --config python:config.server config.wsgi:application`."""

import os
import shutil
from pathlib import Path
from typing import Any

import environ

from config.logging import logging_settings

env = environ.Env()

_address = env.str("DRYDOCK_BIND", default="127.0.0.1")
_port = env.int("DRYDOCK_PORT", default=8000)

bind = f"[{_address}]:{_port}" if ":" in _address else f"{_address}:{_port}"
worker_class = "gthread"
workers = env.int("WEB_PROCESSES", default=2)
threads = env.int("WEB_THREADS", default=8)
timeout = 60
graceful_timeout = 30
keepalive = 15
max_requests = 20_000
max_requests_jitter = 2_000
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - a disk that stalls must not look like a worker that does
accesslog = None  # every request is logged by django-structlog, with its ids
control_socket_disable = True
logconfig_dict = logging_settings(
    style=env.str("LOG_FORMAT", default="json" if env.str("DRYDOCK_ENV", default="") == "production" else "console"),
    level=env.str("LOG_LEVEL", default="INFO"),
)


def on_starting(_: Any) -> None:
    """Begin with empty counters: those of processes that are gone would be added up for ever."""
    if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        shutil.rmtree(folder, ignore_errors=True)
        Path(folder).mkdir(parents=True, exist_ok=True)


def child_exit(_: Any, worker: Any) -> None:
    """Forget what a worker that ended was just doing."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # untyped in the library

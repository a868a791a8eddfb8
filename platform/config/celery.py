"""The Celery application: messages are wake-up calls, the database is the queue of record."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_init
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("drydock")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Celery sets up no logging where somebody listens here: Django's LOGGING, set up already, stands."""


@worker_init.connect
def refuse_unsafe_worker(**_: Any) -> None:
    """A worker starts under the same conditions as the web server."""
    from config.guard import refuse_unsafe_start

    refuse_unsafe_start()

"""The Celery application: messages are wake-up calls, the database is the queue of record."""

import os
from typing import Any

from celery import Celery, bootsteps
from celery.signals import setup_logging
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


class RefuseUnsafeStart(bootsteps.Step):
    """A worker starts under the same conditions as the web server.

    A step, since Celery swallows what the receiver of a signal raises.
    """

    def __init__(self, parent: Any, **options: Any) -> None:
        from config.guard import refuse_unsafe_start

        refuse_unsafe_start()
        super().__init__(parent, **options)


app = Celery("drydock")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(RefuseUnsafeStart)
app.steps["worker"].add(DjangoStructLogInitStep)


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Celery sets up no logging where somebody listens here: Django's LOGGING, set up already, stands."""

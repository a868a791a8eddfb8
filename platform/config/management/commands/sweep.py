"""Puts right what time and accidents leave behind: lost submissions and lines, overdue attempts; wakes workers."""

import signal
import threading
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandError
from django.db import close_old_connections

from authoring import import_work
from config.guard import refuse_unsafe_start
from labs import services as labs
from labs import tending
from quizzes import loose_bytes, proof_services
from quizzes import services as quizzes

log = structlog.get_logger(__name__)

# Each returns how much it put right, and is safe to run at any time, twice, and on several machines at once.
JOBS: dict[str, Callable[[], int]] = {
    "submissions": labs.sweep,
    "consoles": tending.sweep,
    "attempts": quizzes.sweep_attempts,
    "proofs": proof_services.sweep_proofs,
    "uploads": loose_bytes.sweep_loose_bytes,
    "course files": import_work.sweep,
}


class Command(BaseCommand):
    help = "Return what lost workers had, end what is overdue, wake workers: once, or every few seconds."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--every", type=float, metavar="SECONDS", help="go on for ever, with this pause between")

    def handle(self, *_args: Any, every: float | None = None, **_options: Any) -> None:
        if every is not None and every <= 0:
            raise CommandError("--every takes a number of seconds above 0, such as --every 5.")
        refuse_unsafe_start()
        if every is None:
            if failed := sweep_once():
                raise CommandError(f"Could not sweep {', '.join(failed)}: the log says why.")
            return
        stop = threading.Event()
        for ending in (signal.SIGTERM, signal.SIGINT):
            signal.signal(ending, lambda *_: stop.set())
        log.info("sweeper_started", every_seconds=every)
        while not stop.is_set():
            close_old_connections()
            sweep_once()
            stop.wait(every)


def sweep_once() -> list[str]:
    """Do every job; one that fails stops no other, and is done again at the next round. Returns those that failed."""
    failed = []
    for name, job in JOBS.items():
        try:
            put_right = job()
        except Exception:  # whatever it was, the sweeper is what puts things right: it must go on
            log.exception("sweep_failed", job=name)
            failed.append(name)
        else:
            if put_right:
                log.info("swept", job=name, put_right=put_right)
    return failed

"""Tends the engine that consoles share: run one beside it, as long as anybody works in a console."""

import signal
import threading
from argparse import ArgumentParser
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import close_old_connections

from config.guard import refuse_unsafe_start
from labs.console_engine import console_engine, engine_name
from labs.tending import GATHER_SECONDS, Tender

log = structlog.get_logger(__name__)


class Command(BaseCommand):
    help = (
        "Follow what happens on the engine of the consoles, end consoles whose time is up, stop those that fill its "
        "disk, and put right what lost workers left: once, or every few seconds."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--every", type=float, metavar="SECONDS", help="go on for ever, with this pause between")

    def handle(self, *_args: Any, every: float | None = None, **_options: Any) -> None:
        if every is not None and every <= 0:
            raise CommandError("--every takes a number of seconds above 0, such as --every 2.")
        if not settings.CONSOLE_ENGINE:
            raise CommandError("No engine is known: set CONSOLE_ENGINE to the address of the one that consoles share.")
        refuse_unsafe_start()
        tender = Tender(console_engine(), name=engine_name())
        if every is None:
            if failed := tender.round():
                raise CommandError(f"Could not tend {', '.join(failed)}: the log says why.")
            return
        stop = threading.Event()

        def end(*_: object) -> None:
            stop.set()
            tender.news.set()

        for ending in (signal.SIGTERM, signal.SIGINT):
            signal.signal(ending, end)
        log.info("tender_started", every_seconds=every, engine=tender.name, address=settings.CONSOLE_ENGINE)
        threading.Thread(target=tender.follow, args=(stop,), name="engine-events", daemon=True).start()
        while not stop.is_set():
            close_old_connections()
            tender.round()
            if tender.news.wait(every):
                stop.wait(GATHER_SECONDS)

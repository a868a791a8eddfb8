"""Tries every protection of the sandbox engines and prints what was seen."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from graders.sandbox.audit import PROTECTIONS, audit, failures, table
from graders.sandbox.base import SandboxUnavailable


class Command(BaseCommand):
    """`manage.py sandbox_audit [--engine URL]… [--only ID]…`; exit code 1 when a required protection does not hold."""

    help = "Try every protection of the sandbox engines and print what was seen."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--engine",
            action="append",
            metavar="URL",
            help="engine to try, such as unix:///run/drydock/NAME/docker.sock (otherwise those of SANDBOX_ENGINES)",
        )
        parser.add_argument(
            "--only", action="append", choices=list(PROTECTIONS), help="try this one (otherwise all of them)"
        )

    def handle(self, *_arguments: Any, **options: Any) -> None:
        engines = options["engine"] or settings.SANDBOX_ENGINES
        if not engines:
            raise CommandError("No engine is known: name one with --engine, or set SANDBOX_ENGINES.")
        missing = 0
        for engine in engines:
            self.stdout.write(f"{engine}\n")
            try:
                results = audit(engine, options["only"])
            except SandboxUnavailable as error:
                raise CommandError(f"{engine}: {error}") from error
            self.stdout.write(f"{table(results)}\n")
            missing += len(failures(results))
        if missing:
            raise CommandError(f"{missing} required protections do not hold: do not grade with these engines.")
        self.stdout.write("Every required protection holds.")

"""`make check`: everything that can be said about the code without running its tests."""

from __future__ import annotations

import os
import secrets
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from deploy.up import locks
from deploy.up.instance import Instance
from deploy.up.programs import settings_variables
from deploy.up.testing import prepare_for_tests

FRONTEND = "platform/portal/frontend"


@dataclass(frozen=True)
class Check:
    """A command that exits with 0 when all is well; `{bin}` stands for the virtual environment's programs."""

    title: str
    command: str
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = "."


def production_environment() -> dict[str, str]:
    """What a production site would be given, with secrets made up on the spot."""
    return {
        "DRYDOCK_ENV": "production",
        "SECRET_KEY": secrets.token_urlsafe(60),
        "ALLOWED_HOSTS": "drydock.example",
        "SITE_URL": "https://drydock.example",
        "DATABASE_URL": f"postgres://drydock:{secrets.token_urlsafe(24)}@localhost/drydock",
        "REDIS_URL": "redis://localhost:6379/0",
    }


def checks() -> list[Check]:
    """Every check that is a command."""
    return [
        Check("ruff: lint", "{bin}/ruff check ."),
        Check("ruff: format", "{bin}/ruff format --check ."),
        Check("mypy, strict", "{bin}/mypy"),
        Check("import-linter", "{bin}/lint-imports"),
        Check("docs/checks.md says what the code says", "{bin}/python -m graders checks --check"),
        Check("migrations are complete", "{bin}/python manage.py makemigrations --check --dry-run"),
        Check(
            "Django's deployment checks, under production settings",
            "{bin}/python manage.py check --deploy --fail-level WARNING",
            production_environment(),
        ),
        Check("templates", "{bin}/djlint --lint --quiet platform"),
        Check("the front end's types", "npm run --silent check", folder=FRONTEND),
        Check("Dockerfile", "{bin}/hadolint deploy/Dockerfile"),
        Check("docker-compose.yml", "docker-compose --env-file deploy/production.env.example config --quiet"),
    ]


def in_python() -> list[tuple[str, Callable[[Path], list[str]]]]:
    """Every check that is a function, which names what is wrong."""
    return [("locks name no address", locks.problems), ("source roots are no packages", source_root_problems)]


def source_root_problems(repository: Path) -> list[str]:
    """`platform/__init__.py` would shadow Python's own module of that name."""
    file = repository / "platform/__init__.py"
    return [f"{file.relative_to(repository)} shadows Python's own platform module: remove it."] if file.exists() else []


def check(instance: Instance, only: str = "") -> int:
    """Carry out every check, or those whose title holds `only`; 0 when all is well."""
    prepare_for_tests(instance)
    with tempfile.TemporaryDirectory(prefix="drydock-check-") as scratch:
        chosen = [one for one in checks() if only in one.title]
        failed = [one.title for one in chosen if not _passes(instance, one, scratch)]
    for title, problems in in_python():
        if only in title:
            found = problems(instance.repository)
            print(f"{'FAILED' if found else 'passed'}  {title}", *found, sep="\n        ", flush=True)
            failed += [title] if found else []
    print(f"\n{len(failed)} checks failed: {', '.join(failed)}" if failed else "\nEvery check passed.", flush=True)
    return 1 if failed else 0


def _passes(instance: Instance, one: Check, scratch: str) -> bool:
    began = time.monotonic()
    hidden = settings_variables(instance.repository)
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment |= {"DRYDOCK_DATA": scratch, **one.environment}
    done = subprocess.run(
        one.command.format(bin=instance.venv / "bin").split(),
        cwd=instance.repository / one.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    passed = done.returncode == 0
    print(f"{'passed' if passed else 'FAILED'}  {one.title}  ({time.monotonic() - began:.1f} s)", flush=True)
    if not passed:
        print(done.stdout, flush=True)
    return passed

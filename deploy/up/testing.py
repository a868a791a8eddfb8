"""`make test` and `make coverage`: sets up what the tests need, runs them all, and leaves nothing running."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from deploy.up import environment, machine, packages, throwaway
from deploy.up.bring_up import LOCK, prepare
from deploy.up.instance import Instance
from deploy.up.programs import settings_variables
from deploy.up.progress import Progress

DEVELOPMENT_LOCK = "requirements-dev.txt"
ON_POSTGRESQL = ("accounts", "api", "authoring", "courses", "gradebook", "labs", "quizzes")
"""Test folders that run a second time on PostgreSQL: what they prove hangs on the database."""
NOT_ON_POSTGRESQL = "not engine and not browser and not processes"
GRADERS_FLOOR = 95
"""How much of the package `graders` all tests together cover at least, in percent, counted by branch."""


def test(instance: Instance, arguments: list[str], *, coverage: bool) -> int:
    """Run every test, or only those that `arguments` name; pytest's exit code, the worst of its runs."""
    began = time.monotonic()
    prepare_for_tests(instance)
    measure = ["--cov", "--cov-report=term:skip-covered", "--cov-report=html"] if coverage else []
    with throwaway.redis() as redis:
        print("\nEvery test, on SQLite" if not arguments else f"\nTests: {' '.join(arguments)}", flush=True)
        worst = _pytest(instance, [*measure, *arguments], redis=redis, database=None)
        if coverage:
            worst = _cover_of_graders(instance, whole=not arguments) or worst
        if not arguments:
            with throwaway.postgresql() as database:
                print("\nTests that hang on the database, on PostgreSQL", flush=True)
                code = _pytest(
                    instance,
                    [*on_postgresql(instance.repository), "-m", NOT_ON_POSTGRESQL],
                    redis=redis,
                    database=database,
                )
                worst = worst or code
    print(f"\nTests {'passed' if worst == 0 else 'FAILED'} after {time.monotonic() - began:.0f} s", flush=True)
    return worst


def prepare_for_tests(instance: Instance) -> None:
    """Install and build what tests and checks need. Raises Trouble."""
    needs = [*packages.needs_for_up(instance), *packages.REDIS, *packages.ENGINE, *packages.TESTS, *packages.CHECKS]
    wanted = packages.missing(needs)
    machine.check(instance, wanted)
    progress = Progress(total=4)
    prepare(instance, wanted, progress)
    machine.check_iptables()
    current = environment.is_current(instance, DEVELOPMENT_LOCK)
    with progress.step("The tools for tests are up to date" if current else "Installing the tools for tests"):
        if not current:
            environment.make(instance, DEVELOPMENT_LOCK, progress)


def on_postgresql(repository: Path) -> list[str]:
    """The folders of ON_POSTGRESQL that hold tests: pytest would run nothing at all for one that is not there."""
    folders = [repository / "tests" / name for name in ON_POSTGRESQL]
    return [str(folder.relative_to(repository)) for folder in folders if any(folder.glob("**/test_*.py"))]


def cover_command(python: Path, *, whole: bool) -> list[str]:
    """What prints how much of `graders` alone was covered, and fails under the floor when every test has run."""
    command = [str(python), "-m", "coverage", "report", "--include=graders/*", "--precision=2", "--format=total"]
    return [*command, f"--fail-under={GRADERS_FLOOR}"] if whole else command


def _cover_of_graders(instance: Instance, *, whole: bool) -> int:
    wanted = f" ({GRADERS_FLOOR} at least)" if whole else ""
    print(f"\nThe package graders alone, percent covered by branch{wanted}:", flush=True)
    return subprocess.run(cover_command(instance.python, whole=whole), cwd=instance.repository, check=False).returncode


def _pytest(instance: Instance, arguments: list[str], *, redis: str, database: str | None) -> int:
    folder = Path(tempfile.mkdtemp(prefix="drydock-tests-"))
    # Nothing of the operator's own Drydock is seen by a test, neither its data nor its settings.
    hidden = settings_variables(instance.repository)
    env = {name: value for name, value in os.environ.items() if name not in hidden}
    env |= {
        "DRYDOCK_DATA": str(folder),
        "REDIS_URL": redis,
        "DATABASE_URL": database or f"sqlite:///{folder / 'db.sqlite3'}",
        "PATH": f"{env.get('PATH', '')}:{packages.SEARCH_PATH}",
    }
    command = [str(instance.python), "-m", "pytest", "-p", "deploy.up.no_skips", "-n", str(os.cpu_count() or 1)]
    try:
        return subprocess.run(
            [*command, "--dist", "loadgroup", *arguments], env=env, cwd=instance.repository, check=False
        ).returncode
    finally:
        shutil.rmtree(folder, ignore_errors=True)


__all__ = ["DEVELOPMENT_LOCK", "LOCK", "prepare_for_tests", "test"]

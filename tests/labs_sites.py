"""Real worker and sweeper processes on the tests' database, kept running and killed as a test wants."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from celery import Celery
from django.conf import settings
from django.db import connection

REPOSITORY = Path(__file__).resolve().parents[1]
KILLING = Path(__file__).parent / "labs" / "killing"
STOP_SECONDS = 20
QUICK_LEASE = "2"


def deadly(kills: Path) -> dict[str, str]:
    """The environment of programs that die where `kills` asks for it."""
    return {"DJANGO_SETTINGS_MODULE": "deadly_settings", "PYTHONPATH": str(KILLING), "KILLS": str(kills)}


def database_url() -> str:
    """The address of the database that this test writes to."""
    database: dict[str, Any] = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    password = f":{database['PASSWORD']}" if database["PASSWORD"] else ""
    return f"postgres://{database['USER']}{password}@{database['HOST']}:{database['PORT']}/{database['NAME']}"


@dataclass
class Site:
    """Programs by name, each in a process group of its own; whoever died is started again by `keep_running`."""

    environment: dict[str, str]
    logs: Path
    commands: dict[str, list[str]] = field(default_factory=dict)
    extra: dict[str, dict[str, str]] = field(default_factory=dict)
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def add_worker(self, name: str, *, engine: str) -> None:
        """Start a Celery worker with one slot, as the supervisor does."""
        self.commands[name] = [
            *(sys.executable, "-m", "celery", "-A", "config", "worker", "--queues", "grading", "--concurrency", "1"),
            *("--hostname", f"{name}@test", "--without-mingle", "--without-gossip"),
        ]
        self.extra[name] = {"SANDBOX_ENGINE": engine, "WORKER_NAME": name}
        self.keep_running()

    def add_console_worker(self, name: str, *, engine: str) -> None:
        """Start the worker that carries out what is typed in consoles, and what tends its engine."""
        self.commands[name] = [
            *(sys.executable, "-m", "celery", "-A", "config", "worker", "--pool", "threads", "--concurrency", "3"),
            *("--queues", "console", "--hostname", f"{name}@test", "--without-mingle", "--without-gossip"),
        ]
        self.commands[f"{name}-tender"] = [sys.executable, "manage.py", "tend_consoles", "--every", "0.5"]
        for program in (name, f"{name}-tender"):
            self.extra[program] = {"CONSOLE_ENGINE": engine, "CONSOLE_NAME": "killing", "WORKER_NAME": name}
        self.keep_running()

    def add_sweeper(self) -> None:
        """Start the sweeper."""
        self.commands["sweeper"] = [sys.executable, "manage.py", "sweep", "--every", "0.5"]
        self.keep_running()

    def keep_running(self) -> None:
        """Start whoever does not run."""
        for name, command in self.commands.items():
            if name in self.running and self.running[name].poll() is None:
                continue
            with (self.logs / f"{name}.log").open("ab") as log:
                self.running[name] = subprocess.Popen(
                    command,
                    cwd=REPOSITORY,
                    env=self.environment | self.extra.get(name, {}),
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )

    def kill(self, name: str) -> None:
        """End a program and all its processes as `kill -9` does."""
        with contextlib.suppress(ProcessLookupError):  # dead already, and not started again yet
            os.killpg(self.running[name].pid, signal.SIGKILL)
        self.running[name].wait()

    def stop(self) -> None:
        """End everything; in good order, where that works."""
        self.commands.clear()
        for program in self.running.values():
            if program.poll() is None:
                program.terminate()
        for program in self.running.values():
            try:
                program.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(program.pid, signal.SIGKILL)
                program.wait()

    def log_text(self) -> str:
        """What everybody logged, for a test that fails."""
        return "\n".join(f"── {path.name}\n{path.read_text()[-4000:]}" for path in sorted(self.logs.glob("*.log")))


@contextmanager
def a_site(folder: Path, *, redis_url: str, **environment: str) -> Iterator[Site]:
    """A site without programs yet, on the test's database, files and this Redis."""
    logs = folder / "logs"
    logs.mkdir()
    passed = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    site = Site(
        environment=passed
        | {
            "DATABASE_URL": database_url(),
            "DRYDOCK_DATA": str(folder),
            "REDIS_URL": redis_url,
            "GRADING_LEASE_SECONDS": QUICK_LEASE,
            "CONSOLE_LEASE_SECONDS": QUICK_LEASE,
            "LOG_FORMAT": "json",
        }
        | environment,
        logs=logs,
    )
    try:
        yield site
    finally:
        site.stop()


def send_wake_ups(redis_url: str, *, times: int) -> None:
    """Put wake-up calls into the workers' queue, as the web server does."""
    with Celery(broker=redis_url.replace("unix://", "redis+socket://", 1), set_as_current=False) as app:
        app.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
        for _ in range(times):
            app.send_task("labs.wake", queue="grading")

"""A site of its own to measure: a throwaway PostgreSQL that writes durably, a Redis, and gunicorn as in production."""

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.up import throwaway

REPOSITORY = Path(__file__).resolve().parents[1]
READY_SECONDS = 60
STOP_SECONDS = 20
PROCESSES, THREADS = 2, 8


@dataclass
class Served:
    """A running web server, whose processes can be killed and started again."""

    port: int
    environment: dict[str, str]
    log: Path
    _gunicorn: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    def start(self) -> None:
        """Start gunicorn, and wait until it answers."""
        with self.log.open("ab") as log:
            self._gunicorn = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "--config", "python:config.server", "config.wsgi:application"],
                cwd=REPOSITORY,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.wait_until_it_answers()

    def wait_until_it_answers(self) -> None:
        """Raises RuntimeError when it does not in time."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/livez", timeout=2)
                return
            time.sleep(0.1)
        raise RuntimeError(f"The web server does not answer:\n{self.log.read_text()[-2000:]}")

    def kill(self) -> None:
        """End the server and all its processes at once, as `kill -9` does."""
        if self._gunicorn is not None:
            os.killpg(self._gunicorn.pid, signal.SIGKILL)
            self._gunicorn.wait()

    def kill_one_process(self) -> None:
        """End one of the processes that serve, as `kill -9` does; gunicorn starts another."""
        if self._gunicorn is None:
            return
        children = Path(f"/proc/{self._gunicorn.pid}/task/{self._gunicorn.pid}/children").read_text().split()
        if children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(secrets.choice(children)), signal.SIGKILL)

    def stop(self) -> None:
        """End it in good order."""
        if self._gunicorn is None or self._gunicorn.poll() is not None:
            return
        self._gunicorn.terminate()
        try:
            self._gunicorn.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()


@contextmanager
def a_site(*, durable: bool = True, **environment: str) -> Iterator[Served]:
    """Make databases, tables and settings for this process, too, and run the site until the block ends."""
    with (
        throwaway.postgresql(durable=durable) as database,
        throwaway.redis() as redis,
        tempfile.TemporaryDirectory() as data,
    ):
        port = throwaway.free_port()
        settings = {
            "DJANGO_SETTINGS_MODULE": "benchmarks.served_settings",
            "PYTHONPATH": f"{REPOSITORY / 'platform'}{os.pathsep}{REPOSITORY}",
            "DATABASE_URL": database,
            "REDIS_URL": redis,
            "DRYDOCK_DATA": data,
            "DRYDOCK_PORT": str(port),
            "SECRET_KEY": secrets.token_urlsafe(64),
            "LOG_LEVEL": "WARNING",
            "WEB_PROCESSES": str(PROCESSES),
            "WEB_THREADS": str(THREADS),
            "PROMETHEUS_MULTIPROC_DIR": f"{data}/metrics",
        } | environment
        os.environ.update(settings)
        sys.path[:0] = [str(REPOSITORY / "platform")]
        import django
        from django.core.management import call_command

        Path(data, "metrics").mkdir()
        django.setup()
        call_command("migrate", verbosity=0)
        passed = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        served = Served(port, passed | settings, Path(data) / "web.log")
        try:
            served.start()
            yield served
        finally:
            served.stop()

"""Real sandbox engines for tests: `engine_url`, with the pack's base images, one for every test process.

An engine's disk stays under var/test-engines between sessions, so that only the first one loads images. A slot is
a lock file that the test process holds: sessions side by side take different slots, and a killed session's slot
is free again at once, whatever it left running.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from deploy.sandbox import images

REPOSITORY = Path(__file__).resolve().parents[1]
ENGINE = REPOSITORY / "deploy/sandbox/engine.py"
COURSE = REPOSITORY / "packs/containerization-review/course.yaml"
ROOT = REPOSITORY / "var/test-engines"
LIMITS = ("--memory-mib", "768", "--pids", "256", "--cpus", "1.5", "--disk-mib", "2500")


@pytest.fixture(scope="session")
def engine_url() -> Iterator[str]:
    """The address of an engine of this test process's own (or of SANDBOX_ENGINES), base images loaded."""
    if given := [url.strip() for url in os.environ.get("SANDBOX_ENGINES", "").split(",") if url.strip()]:
        url = given[_worker_number() % len(given)]
        images.prepare(course_file=COURSE, engine_url=url)
        yield url
        return
    with own_slot() as name, started_engine(name, *LIMITS) as url:
        images.prepare(course_file=COURSE, engine_url=url)
        yield url


@contextmanager
def own_slot(purpose: str = "test") -> Iterator[str]:
    """An engine name that no other test process of this machine uses while the block runs."""
    ROOT.mkdir(parents=True, exist_ok=True)
    repository = hashlib.sha256(str(REPOSITORY).encode()).hexdigest()[:6]
    for number in count():
        name = f"{purpose}-{repository}-{number}"
        with (ROOT / f"{name}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield name
            return


@contextmanager
def started_engine(name: str, *flags: str) -> Iterator[str]:
    """The address of a freshly started engine; one of that name that a killed session left is stopped first."""
    engine("stop", name)
    started = engine("start", name, *flags)
    if started.returncode != 0:
        pytest.fail(f"No sandbox engine for tests. {started.stderr.strip()}")
    try:
        yield f"unix:///run/drydock/{name}/docker.sock"
    finally:
        engine("stop", name)


def engine(command: str, name: str, *flags: str) -> subprocess.CompletedProcess[str]:
    """deploy/sandbox/engine.py as an operator calls it."""
    return subprocess.run(
        [sys.executable, ENGINE, command, "--name", name, "--root", ROOT / name, *flags],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _worker_number() -> int:
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))

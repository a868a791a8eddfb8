"""One job at a time on an engine: whoever works with it holds its turn, which ends with the process at the latest.

An engine's limits for builds are shared by whatever it runs at once, and the build cache that a job may reuse must hold
its own steps only. The turn is a lock on a file named after the engine's address, held by the operating system, so a
killed worker gives it back. It binds processes of one user on one machine: an engine serves one machine's workers.

The file also says whether whoever had the turn last left the engine as it should be found. It says so no more from the
moment that a turn begins to use the engine: a worker that is killed cannot forget to take it back.
"""

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from graders.sandbox.base import SandboxUnavailable

_FOLDERS = Path("/tmp")  # noqa: S108  the same for every process, whatever its TMPDIR; the folder made there is private
_PAUSE_SECONDS = 0.05
_CLEAN = b"clean\n"


class EngineBusy(SandboxUnavailable):
    """Others kept the engine for longer than one was ready to wait."""


class Turn:
    """What its holder learns of the one before, and leaves for the next."""

    def __init__(self, lock: int) -> None:
        self._lock = lock

    def begin(self) -> bool:
        """Begin to use the engine; whether it was left with nothing on it."""
        was_left_clean = os.pread(self._lock, len(_CLEAN), 0) == _CLEAN
        os.ftruncate(self._lock, 0)
        return was_left_clean

    def leave_clean(self) -> None:
        """Note that nothing of ours is on the engine."""
        os.pwrite(self._lock, _CLEAN, 0)


@contextmanager
def engine_turn(url: str, *, wait_seconds: float) -> Iterator[Turn]:
    """Hold the engine's turn. Raises EngineBusy when others keep it for longer than `wait_seconds`."""
    deadline = time.monotonic() + wait_seconds
    lock = os.open(_lock_file(url), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        while not _taken(lock):
            if time.monotonic() >= deadline:
                raise EngineBusy(f"The engine at {url} is busy with another job.")
            time.sleep(_PAUSE_SECONDS)
        yield Turn(lock)
    finally:
        os.close(lock)


def _taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_file(url: str) -> Path:
    folder = _FOLDERS / f"drydock-engines-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise SandboxUnavailable(f"{folder} belongs to somebody else: remove it.")
    return folder / hashlib.sha256(url.encode()).hexdigest()[:24]

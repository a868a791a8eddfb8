"""Reads a pack in a process of its own: files that would take for ever, or all memory, end with that process alone."""

import gc
import os
import pickle
import re
import resource
import select
import signal
import time
import traceback
from dataclasses import replace
from pathlib import Path

from authoring.packs import InvalidPack, Pack, load
from courses.errors import DrydockError
from graders.archive.limits import MIB
from graders.authored import Problem

MOST_SECONDS = 120.0
"""Many times what a large course takes."""
MOST_BYTES = 1024 * MIB
"""What reading may take on top of what this process has."""
MOST_PROBLEMS = 1000
_MOST_SAID = 1000
_CHUNK = MIB
_UNKEPT = re.compile("[\0\ud800-\udfff]")


class _Failed(Exception):
    """Reading failed by a fault of ours; says where."""


def load_apart(folder: Path) -> Pack:
    """Read the pack in this folder, within limits. Raises InvalidPack (its first problems) and DrydockError
    (`too_much_to_read`).
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _read_and_end(folder, writer)
    os.close(writer)
    try:
        told = _all_of(reader, until=time.monotonic() + MOST_SECONDS)
    finally:
        os.close(reader)
        os.kill(child, signal.SIGKILL)  # it has told everything, or is late
        os.waitpid(child, 0)
    if not told:
        raise DrydockError(
            "too_much_to_read",
            f"Reading these files takes more than {MOST_SECONDS:.0f} seconds, or more memory than one course gets. "
            "Look for a bank with far too much in it, or for values with very many cases, and bring in less at once.",
            status=422,
        )
    outcome = pickle.loads(told)  # noqa: S301 - from our own process, that read and ran nothing
    if isinstance(outcome, Pack):
        return outcome
    if isinstance(outcome, str):
        raise _Failed(outcome)
    raise InvalidPack(outcome)


def _all_of(reader: int, *, until: float) -> bytes:
    """What comes, up to its end; nothing where the end does not come in time."""
    parts: list[bytes] = []
    while select.select([reader], [], [], max(0.0, until - time.monotonic()))[0]:
        part = os.read(reader, _CHUNK)
        if not part:
            return b"".join(parts)
        parts.append(part)
    return b""


def _read_and_end(folder: Path, writer: int) -> None:
    """In the process of its own: read, tell, and end without tidying what is the other's, such as connections."""
    try:
        gc.freeze()
        _limit()
        told = pickle.dumps(_outcome(folder))
        with os.fdopen(writer, "wb") as out:
            out.write(told)
    finally:
        os._exit(0)


def _limit() -> None:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * resource.getpagesize() + MOST_BYTES
    seconds = int(MOST_SECONDS) + 1  # ends it also where nobody is left to do so
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _outcome(folder: Path) -> Pack | list[Problem] | str:
    """The pack, its problems, or where our own code failed."""
    try:
        return load(folder)
    except InvalidPack as error:
        return [replace(one, message=_kept(one.message)) for one in error.problems[:MOST_PROBLEMS]]
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - told to the process that logs
        return traceback.format_exc()


def _kept(message: str) -> str:
    """As a database can keep it: messages quote what was written."""
    return _UNKEPT.sub("\ufffd", message[:_MOST_SAID])

"""Which port the site listens on, and who has it when it is taken."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.up.instance import RUN_ROOT, Instance
from deploy.up.trouble import Trouble

DEFAULT_PORT = 8000
HIGHEST_PORT = 65_535
TRIES = 100
LISTENING = "0A"
FRESH_SECONDS = 900
"""How long a port stays claimed by a Drydock that is being brought up."""


@dataclass(frozen=True)
class Holder:
    """A process that listens on a port. `drydock` is the instance it belongs to, where it is one of ours."""

    pid: int
    program: str
    drydock: str = ""

    def __str__(self) -> str:
        if self.drydock:
            return f"the Drydock '{self.drydock}'"
        return f"{self.program} (process {self.pid})" if self.pid else "another program"


def choose(instance: Instance, *, run_root: Path = RUN_ROOT) -> tuple[int, str]:
    """The port for this instance and, where it is not the one wanted, a sentence that says why.

    A port asked for by DRYDOCK_PORT is used or refused; the default steps aside for another Drydock only.
    The choice is written down before another clone may choose. Raises Trouble.
    """
    asked = instance.environment.get("DRYDOCK_PORT")
    if asked and (not asked.isdigit() or not 1 <= int(asked) <= HIGHEST_PORT):
        raise Trouble(f"DRYDOCK_PORT is '{asked}': set it to a number from 1 to {HIGHEST_PORT}.")
    wanted = int(asked or instance.recall("port") or DEFAULT_PORT)
    with _choosing(run_root):
        claimed = _claims(run_root, but=instance.name)
        for port in range(wanted, min(wanted + TRIES, HIGHEST_PORT + 1)):
            by_drydock = claimed.get(port, "")
            if not by_drydock and is_free(instance.bind, port):
                break
            holder = Holder(0, "", by_drydock) if by_drydock else holder_of(port)
            if holder.drydock == instance.name:
                break
            if asked or (port == wanted and not holder.drydock):
                raise Trouble(
                    f"Port {port} is taken by {holder}: stop that, or choose another with "
                    f"`make up DRYDOCK_PORT={port + 1}`."
                )
        else:
            raise Trouble(f"No port from {wanted} on is free: choose one with `make up DRYDOCK_PORT=…`.")
        _claim_file(run_root, instance.name).parent.mkdir(parents=True, exist_ok=True)
        _claim_file(run_root, instance.name).write_text(str(port))
    instance.remember("port", port)
    why = (
        "" if port == wanted else f"Port {wanted} belongs to another Drydock on this machine, so this one takes {port}."
    )
    return port, why


def is_free(address: str, port: int) -> bool:
    """Whether one could listen there now."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except PermissionError as error:
            raise Trouble(f"Port {port} needs more rights: choose one above 1023.") from error
        except socket.gaierror as error:
            raise Trouble(f"DRYDOCK_BIND is '{address}', which is no address: use one such as 127.0.0.1.") from error
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise Trouble(f"DRYDOCK_BIND is '{address}', which this machine does not have.") from error
            return False
    return True


def holder_of(port: int) -> Holder:
    """Who listens on a port, as far as this process may know."""
    inodes = _listening_inodes(port)
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            for descriptor in (process / "fd").iterdir():
                with contextlib.suppress(OSError):
                    target = str(descriptor.readlink())
                    if target.startswith("socket:[") and target[8:-1] in inodes:
                        return Holder(int(process.name), (process / "comm").read_text().strip(), supervised_by(process))
    return Holder(0, "")


def supervised_by(process: Path) -> str:
    """The Drydock that a process of /proc was started by; empty where it is none of ours."""
    with contextlib.suppress(OSError):
        for entry in (process / "environ").read_bytes().split(b"\0"):
            if entry.startswith(b"DRYDOCK_SUPERVISED_BY="):
                return entry.partition(b"=")[2].decode(errors="replace")
    return ""


def release(instance: Instance, *, run_root: Path = RUN_ROOT) -> None:
    """Let others have the port."""
    _claim_file(run_root, instance.name).unlink(missing_ok=True)


def _listening_inodes(port: int) -> set[str]:
    found = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        with contextlib.suppress(OSError):
            for line in table.read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    found.add(fields[9])
    return found


def _claim_file(run_root: Path, name: str) -> Path:
    return run_root / name / "port"


def _claims(run_root: Path, *, but: str) -> dict[int, str]:
    """Ports of the instances that run or are just being brought up."""
    claimed = {}
    for file in run_root.glob("*/port"):
        with contextlib.suppress(OSError, ValueError):
            fresh = time.time() - file.stat().st_mtime < FRESH_SECONDS
            if file.parent.name != but and (fresh or is_alive(file.parent / "supervisord.pid")):
                claimed[int(file.read_text())] = file.parent.name
    return claimed


def is_alive(pid_file: Path) -> bool:
    """Whether the process whose number a file holds still runs."""
    with contextlib.suppress(OSError, ValueError):
        return Path(f"/proc/{int(pid_file.read_text())}").exists()
    return False


@contextlib.contextmanager
def _choosing(run_root: Path) -> Iterator[None]:
    run_root.mkdir(parents=True, exist_ok=True)
    with (run_root / "ports.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

"""A Redis and a PostgreSQL for one test run: on loopback ports of their own, gone when the run is over."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from deploy.up.trouble import Trouble

READY_SECONDS = 60
STOP_SECONDS = 20
POSTGRES_USER = "postgres"
COMMON = ("max_connections=200", "shared_buffers=128MB")
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
"""Without safety against power cuts, which a test database can do without."""


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """A Redis that keeps nothing; its address."""
    with _folder("drydock-redis-") as folder:
        port = free_port()
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        command += ["--dir", str(folder), "--databases", "64"]
        with _running(command, folder, port, signal.SIGTERM):
            yield f"redis://127.0.0.1:{port}/0"


@contextlib.contextmanager
def postgresql(*, durable: bool = False) -> Iterator[str]:
    """A PostgreSQL with an empty database, run by an ordinary user; its address.

    `durable` has it write as one in production does: what is committed outlives a power cut.
    """
    binaries = _newest_postgresql()
    with _folder("drydock-postgresql-") as folder:
        ordinary = _as_ordinary_user(folder)
        password, port = secrets.token_urlsafe(24), free_port()
        secret, data = folder / "password", folder / "data"
        secret.write_text(password + "\n")
        if ordinary:
            shutil.chown(secret, POSTGRES_USER)
        command = [str(binaries / "initdb"), "--pgdata", str(data), "--username", "drydock", "--pwfile", str(secret)]
        command += ["--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"]
        made = subprocess.run([*ordinary, *command], cwd=folder, capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise Trouble(f"PostgreSQL's initdb failed: {made.stderr.strip()}")
        settings = (
            *COMMON,
            *(() if durable else QUICK),
            "listen_addresses=127.0.0.1",
            f"port={port}",
            "unix_socket_directories=",
        )
        server = [str(binaries / "postgres"), "-D", str(data)]
        server += [word for setting in settings for word in ("-c", setting)]
        with _running([*ordinary, *server], folder, port, signal.SIGINT):
            yield f"postgres://drydock:{password}@127.0.0.1:{port}/postgres"


def free_port() -> int:
    """A loopback port that nobody has at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _newest_postgresql() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    if not found:
        raise Trouble("PostgreSQL is not installed: run `apt-get install postgresql`.")
    return found[-1]


def _as_ordinary_user(folder: Path) -> list[str]:
    """Words before a command that run it as somebody else than root, who then owns the folder."""
    if os.geteuid() != 0:
        return []
    try:
        user = pwd.getpwnam(POSTGRES_USER)
    except KeyError:
        raise Trouble("The user 'postgres' is missing: run `apt-get install postgresql`.") from None
    os.chown(folder, user.pw_uid, user.pw_gid)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


@contextlib.contextmanager
def _folder(prefix: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _running(command: list[str], folder: Path, port: int, stop: signal.Signals) -> Iterator[None]:
    """Run a server while this lasts; it ends with this process, however that ends."""
    log = folder / "log"
    with log.open("wb") as said:
        # Where the words before the command drop root, setpriv sets the death signal after that, so it holds.
        words = command[1:] if command[0] == "setpriv" else command
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", stop.name, *words],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            deadline = time.monotonic() + READY_SECONDS
            while not _answers(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise Trouble(f"{words[0]} for the tests did not start: {log.read_text(errors='replace')[-800:]}")
                time.sleep(0.05)
            yield
        finally:
            process.send_signal(stop)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True

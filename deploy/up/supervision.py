"""Talks to this instance's supervisord: starts it, applies changes, starts and stops programs."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
import xmlrpc.client
from collections.abc import Callable, Iterable
from http.client import HTTPConnection
from pathlib import Path
from socket import AF_UNIX, SOCK_STREAM, socket
from typing import Any

from deploy.up import ports
from deploy.up.instance import Instance
from deploy.up.programs import Program, configuration, write_launches
from deploy.up.trouble import Trouble

START_SECONDS = 20
STOP_SECONDS = 90
LAST_LINES = 6
WAIT, NO_WAIT = True, False


class _SocketConnection(HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=STOP_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket(AF_UNIX, SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class _SocketTransport(xmlrpc.client.Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> HTTPConnection:
        connection = _SocketConnection(self._path)
        self._connection = host, connection  # which `close` closes
        return connection


class Supervisor:
    """This instance's supervisord."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance

    def is_running(self) -> bool:
        """Whether it answers."""
        try:
            self._call("getState")
        except PermissionError:
            raise  # somebody else's, which may well run
        except (OSError, xmlrpc.client.Error):
            return False
        return True

    def ensure(self, programs: list[Program]) -> list[str]:
        """Have it run with this configuration; those that ran and are stopped since they changed."""
        self.instance.log_dir.mkdir(parents=True, exist_ok=True)
        self.instance.run_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_launches(self.instance, programs)
        file = self.instance.supervisor_config
        file.touch(mode=0o600)
        file.write_text(configuration(self.instance, programs))
        if self.is_running():
            return self._apply_changes()
        end_leftovers(self.instance)
        self._start()
        return []

    def start(self, names: Iterable[str], on_wait: Callable[[str], None] = lambda _: None) -> None:
        """Start programs that do not run, and wait until they do. Raises Trouble with the log's last lines."""
        names = list(names)
        states = self.states()
        for name in names:
            if states.get(name) not in ("RUNNING", "STARTING"):
                with contextlib.suppress(xmlrpc.client.Fault):  # what it did wrong is in its state and log
                    self._call("startProcess", name, NO_WAIT)
        deadline = time.monotonic() + START_SECONDS
        while waiting := [name for name in names if (states := self.states()).get(name) != "RUNNING"]:
            failed = [name for name in waiting if states.get(name) in ("FATAL", "EXITED", "UNKNOWN")]
            if failed or time.monotonic() > deadline:
                raise Trouble(self.why_not(failed or waiting))
            on_wait(f"waiting for {', '.join(waiting)}")
            time.sleep(0.2)

    def stop(self, names: Iterable[str]) -> None:
        """Stop programs that run."""
        for name in names:
            with contextlib.suppress(xmlrpc.client.Fault):
                self._call("stopProcess", name, WAIT)

    def states(self) -> dict[str, str]:
        """Each program's state, as supervisord names it."""
        return {row["name"]: row["statename"] for row in self._call("getAllProcessInfo")}

    def pids(self) -> dict[str, int]:
        """Each program's process number; 0 where it does not run. It changes when the program is started again."""
        return {row["name"]: row["pid"] for row in self._call("getAllProcessInfo")}

    def rows(self) -> list[tuple[str, str, str]]:
        """Each program's name, state and what supervisord says of it."""
        return [(row["name"], row["statename"].lower(), row["description"]) for row in self._call("getAllProcessInfo")]

    def shut_down(self) -> None:
        """Stop every program, and supervisord itself."""
        with contextlib.suppress(OSError, xmlrpc.client.Error):
            self._call("shutdown")
        deadline = time.monotonic() + STOP_SECONDS
        while ports.is_alive(self.instance.run_dir / "supervisord.pid"):
            if time.monotonic() > deadline:
                raise Trouble(
                    f"The programs did not all stop within {STOP_SECONDS} s: look at `make status`, "
                    "and run `make down` again."
                )
            time.sleep(0.1)

    def _call(self, method: str, *arguments: Any) -> Any:
        """Ask supervisord. Raises OSError where none listens, xmlrpc.client.Fault where it refuses."""
        transport = _SocketTransport(self.instance.supervisor_socket)
        with xmlrpc.client.ServerProxy("http://supervisor", transport=transport, allow_none=True) as proxy:
            return getattr(proxy.supervisor, method)(*arguments)

    def _start(self) -> None:
        command = [str(self.instance.venv / "bin/supervisord"), "-c", str(self.instance.supervisor_config)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.instance.repository)
        deadline = time.monotonic() + START_SECONDS
        while not self.is_running():
            if done.returncode != 0 or time.monotonic() > deadline:
                said = done.stderr.strip() or f"read {self.instance.log_dir}/supervisord.log"
                raise Trouble(f"supervisord did not start: {said}")
            time.sleep(0.05)

    def _apply_changes(self) -> list[str]:
        added, changed, removed = self._call("reloadConfig")[0]
        ran = {name for name, state in self.states().items() if state in ("RUNNING", "STARTING")}
        for name in [*changed, *removed]:
            self._call("stopProcessGroup", name)
            self._call("removeProcessGroup", name)
        for name in [*changed, *added]:
            self._call("addProcessGroup", name)
        return sorted(ran & set(changed))

    def why_not(self, names: list[str]) -> str:
        """What to do about programs that do not stay up: the first one's last words, and where to read on."""
        name = names[0]
        log = self.instance.log_dir / f"{name}.log"
        lines = log.read_text(errors="replace").strip().splitlines()[-LAST_LINES:] if log.exists() else []
        said = "\n".join(f"    {line}" for line in lines) or "    (nothing)"
        return f"{name} does not stay up; put right what its log says ({log}) and run `make up` again:\n{said}"


def end_leftovers(instance: Instance) -> list[int]:
    """End programs that a killed supervisord left behind; their process numbers."""
    left = _supervised(instance)
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while any(Path(f"/proc/{pid}").exists() for pid in left):
        if time.monotonic() > deadline:
            raise Trouble(
                f"These processes of an earlier run do not end: {left}. Look at them with `ps`, then try again."
            )
        time.sleep(0.1)
    return left


def _supervised(instance: Instance) -> list[int]:
    """Our programs' own processes; their children end with them."""
    return [
        int(process.name)
        for process in Path("/proc").glob("[0-9]*")
        if ports.supervised_by(process) == instance.name and int(process.name) != os.getpid()
    ]

"""The one path from a build to package registries, and the programs it consists of.

    RUN step ── gateway:3128 ── socat ══ unix socket ══ socat ── tinyproxy ── the allowed places, nothing else
                └── the engine's network namespace ─┘           └── the machine's network ──┘

No interface, route or forwarding joins the two sides: a unix socket is all that crosses. Each path has programs of its
own, started when it is opened and killed when it is closed.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

from deploy.sandbox.instance import EngineTrouble
from deploy.sandbox.registries import Place

PORT = 3128
NOBODY = 65_534
MOST_CONNECTIONS = 64
IDLE_SECONDS = 60
START_SECONDS = 10
RELAY = ("socat", "-t10")
"""Half a second, its own choice, would cut off what a slow registry still answers to a client that is done asking."""
CONNECT_SECONDS = 10
TRIES = 3
LISTENING = "0A"


class PackagePath:
    """A path that stands open until `close`. Raises EngineTrouble when it cannot be opened."""

    def __init__(self, *, folder: Path, init_pid: int, gateway: str, places: Mapping[str, tuple[Place, ...]]) -> None:
        """`places` by kind of package; `init_pid` is a process of the engine's network, `gateway` its own address."""
        self.proxy = f"http://{gateway}:{PORT}"
        self._folder = folder
        self._socket = folder / "proxy.sock"
        self._places = places
        self._programs: dict[str, subprocess.Popen[bytes]] = {}
        try:
            self._open(init_pid, gateway)
        except BaseException:
            self.close()
            raise

    def ended(self) -> str:
        """The name of a program of the path that has ended; empty while all run."""
        return next((name for name, program in self._programs.items() if program.poll() is not None), "")

    def unreachable(self) -> str:
        """A kind of package none of whose places answers through a proxy, and what was said; empty when all do.

        The proxy is a new one, and the path is closed to the build: whoever kept the old one busy changes no answer.
        """
        self._end_programs()
        port = self._start_proxy()
        for kind, places in self._places.items():
            refusals = [_refusal(place, port) for place in places]
            if all(refusals):
                return f"{kind}: {refusals[0]}"
        return ""

    def close(self) -> None:
        """End every program and connection. Closing twice is fine."""
        self._end_programs()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _end_programs(self) -> None:
        for program in self._programs.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)
            program.wait()
        self._programs.clear()

    def _open(self, init_pid: int, gateway: str) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(mode=0o700)
        os.chown(self._folder, NOBODY, NOBODY)
        port = self._start_proxy()
        self._start(
            *RELAY,
            f"UNIX-LISTEN:{self._socket},fork,max-children={MOST_CONNECTIONS},mode=0600",
            f"TCP4:127.0.0.1:{port}",
            label="socat outside",
        )
        _wait(self._socket.exists, "socat does not listen")
        inside = ("nsenter", f"--net=/proc/{init_pid}/ns/net", f"--setuid={NOBODY}", f"--setgid={NOBODY}", *RELAY)
        self._start(
            *inside,
            f"TCP4-LISTEN:{PORT},bind={gateway},reuseaddr,fork,max-children={MOST_CONNECTIONS}",
            f"UNIX-CONNECT:{self._socket}",
            label="socat inside",
            as_root=True,  # to enter; it is nobody from then on
        )
        _wait(partial(_listens, init_pid), f"nothing listens at {gateway}:{PORT} in the engine's network")

    def _start_proxy(self) -> int:
        """Start tinyproxy on a port that is free; the port."""
        filters = self._folder / "filter"
        places = sorted({place for kind in self._places.values() for place in kind})
        filters.write_text("".join(f"{place.pattern}\n" for place in places))
        settings = self._folder / "tinyproxy.conf"
        for _ in range(TRIES):  # another program may take the port first
            port = _free_port()
            settings.write_text(_settings(port, filters, places))
            settings.chmod(0o600)
            os.chown(settings, NOBODY, NOBODY)
            program = self._start("tinyproxy", "-d", "-c", str(settings), label="tinyproxy")
            with contextlib.suppress(EngineTrouble):
                _wait(partial(_accepts, port), "tinyproxy does not listen", unless=program)
                return port
        raise EngineTrouble("tinyproxy does not start: run `tinyproxy -v` to see whether it works on this machine.")

    def _start(self, *command: str, label: str, as_root: bool = False) -> subprocess.Popen[bytes]:
        program = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # it would tell what submissions ask for, without end
            stderr=subprocess.DEVNULL,
            env={"PATH": os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"},
            start_new_session=True,
            cwd="/",
            user=None if as_root else NOBODY,
            group=None if as_root else NOBODY,
            extra_groups=None if as_root else [],
        )
        self._programs[label] = program
        return program


def _settings(port: int, filters: Path, places: Iterable[Place]) -> str:
    lines = [
        f"Port {port}",
        "Listen 127.0.0.1",
        "Allow 127.0.0.1",
        f"Timeout {IDLE_SECONDS}",
        f"MaxClients {MOST_CONNECTIONS}",
        "LogLevel Critical",
        "DisableViaHeader Yes",
        f'Filter "{filters}"',
        "FilterURLs On",
        "FilterExtended On",
        "FilterCaseSensitive Off",
        "FilterDefaultDeny Yes",
    ]
    lines += [f"ConnectPort {port}" for port in sorted({place.port for place in places if place.scheme == "https"})]
    if not any(place.scheme == "https" for place in places):
        lines.append("ConnectPort 443")  # with none named, every port would do
    return "\n".join([*lines, *_upstream(places), ""])


def _upstream(places: Iterable[Place]) -> list[str]:
    """The proxy that this machine itself must go through, if any."""
    proxies = urllib.request.getproxies()
    given = os.environ.get("DRYDOCK_PACKAGES_PROXY") or proxies.get("https") or proxies.get("http")
    if not given:
        return []
    parts = urlsplit(given if "://" in given else f"http://{given}")
    if parts.scheme != "http" or not parts.hostname:
        raise EngineTrouble("DRYDOCK_PACKAGES_PROXY must be http://host:port, or http://user:password@host:port.")
    login = f"{unquote(parts.username)}:{unquote(parts.password or '')}@" if parts.username else ""
    if re.search(r"[\s\"]", login):
        raise EngineTrouble("DRYDOCK_PACKAGES_PROXY: a name or password with blanks or quotes cannot be used.")
    direct = sorted({place.host for place in places if urllib.request.proxy_bypass(place.host)})
    return [
        f"Upstream http {login}{parts.hostname}:{parts.port or 80}",
        *(f'Upstream none "{host}"' for host in direct),
    ]


def _refusal(place: Place, port: int) -> str:
    """Why a place does not answer through the proxy at a port; empty when it does."""
    if place.scheme == "https":
        asked = f"CONNECT {place.host}:{place.port} HTTP/1.1\r\n\r\n"
    else:
        asked = f"HEAD http://{place.host}:{place.port}/ HTTP/1.0\r\n\r\n"
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=CONNECT_SECONDS) as caller:
            caller.sendall(asked.encode())
            answer = caller.recv(4096).decode(errors="replace")
    except OSError as error:
        return f"{place.host}: {error}"
    said = answer.partition("\r\n")[0]
    if place.scheme == "https":
        return "" if " 200 " in said else f"{place.host}: {said or 'no answer'}"
    return "" if said and "tinyproxy" not in answer.lower() else f"{place.host}: {said or 'no answer'}"


def _free_port() -> int:
    with socket.socket() as asking:
        asking.bind(("127.0.0.1", 0))
        return int(asking.getsockname()[1])


def _accepts(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def _listens(init_pid: int) -> bool:
    """Whether something listens at the path's port in the engine's network."""
    rows = [line.split() for line in Path(f"/proc/{init_pid}/net/tcp").read_text().splitlines()[1:]]
    return any(row[1].endswith(f":{PORT:04X}") and row[3] == LISTENING for row in rows)


def _wait(ready: Callable[[], bool], what: str, *, unless: subprocess.Popen[bytes] | None = None) -> None:
    """Wait until `ready()`, for a while, and no longer than a program lives. Raises EngineTrouble."""
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if time.monotonic() > deadline or (unless is not None and unless.poll() is not None):
            raise EngineTrouble(f"The way to package registries cannot be opened: {what}.")
        time.sleep(0.01)

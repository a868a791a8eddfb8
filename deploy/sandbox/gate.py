"""The engine's package gate: opens a path to package registries for the build that asks, and closes it after.

Whoever may use the engine connects to `packages.sock` beside its socket and says, a JSON object a line:

    {"kinds": ["pip", "apt"]}    {"proxy": "http://172.17.0.1:3128"}    the path is open to the places of these kinds
    {"check": true}              {"trouble": ""}                        it is closed; a sentence where it was broken

The path stands open exactly as long as the connection does, so it goes with a grader that is killed, too. There is one
at a time, as there is one build at a time: whoever comes while it is open waits.
"""

from __future__ import annotations

import contextlib
import grp
import json
import os
import select
import shutil
import signal
import socket
import sys
from dataclasses import dataclass, field
from typing import Any, NoReturn

from deploy.sandbox import registries
from deploy.sandbox.instance import GATEWAY, EngineTrouble, Instance
from deploy.sandbox.package_path import PackagePath
from deploy.sandbox.registries import Place, RegistryTrouble

LONGEST_LINE = 4096
ASKING_SECONDS = 10
NICE = 10
"""What a build has fetched counts against no limit of the engine's: so the site's own programs come first."""
GROUP = "docker"
"""Who may use the engine's own socket, which dockerd sees to."""


def spawn(instance: Instance, init_pid: int) -> int:
    """Start the gate; a descriptor that ends when the gate does.

    It is a child of the engine's init and so of its PID namespace: the kernel ends it, with all it started, with the
    engine. Its network is the machine's.
    """
    server = _listen(instance)
    alive, kept = os.pipe()
    child = os.fork()
    if child:
        os.close(kept)
        server.close()
        os.waitpid(child, 0)
        return alive
    try:
        os.close(alive)
        if os.fork():
            os._exit(0)  # an orphan is the init's to bury: a zombie of ours would keep the namespace from ending
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal, meant for the engine, which ends its gate
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.nice(NICE)
        Gate(instance, init_pid).serve(server)
    except BaseException as error:  # noqa: BLE001 - a forked child must never return into its parent's code
        print(f"The package gate failed: {error}", file=sys.stderr, flush=True)
    os._exit(1)


def has_ended(alive: int) -> bool:
    """Whether the gate behind the descriptor is gone."""
    return bool(select.select([alive], [], [], 0)[0])


def clear(instance: Instance) -> None:
    """Remove the gate's socket and folder."""
    instance.gate_socket.unlink(missing_ok=True)
    shutil.rmtree(instance.gate_dir, ignore_errors=True)


@dataclass
class Gate:
    """The process behind the socket."""

    instance: Instance
    init_pid: int
    known: dict[str, tuple[Place, ...]] = field(default_factory=dict)
    """Places by kind, once they are known: the tools are asked once in an engine's life."""

    def serve(self, server: socket.socket) -> NoReturn:
        """Attend one after the other, for ever."""
        while True:
            client, _ = server.accept()
            try:
                with client:
                    self.attend(client)
            except OSError:
                continue  # it went early, which closed its path
            except Exception as error:  # noqa: BLE001 - the next one who asks must be attended all the same
                print(f"The package gate could not attend: {error!r}", file=sys.stderr, flush=True)

    def attend(self, client: socket.socket) -> None:
        """Open what is asked for, and close it when the client has gone. Raises OSError when it goes early."""
        client.settimeout(ASKING_SECONDS)
        try:
            path = self._open(_asked_kinds(_line(client)))
        except (EngineTrouble, RegistryTrouble) as trouble:
            _say(client, trouble=str(trouble))
            return
        with contextlib.closing(path):
            _say(client, proxy=path.proxy)
            client.settimeout(None)
            if _line(client):
                _say(client, trouble=_trouble(path))

    def _open(self, kinds: list[str]) -> PackagePath:
        for kind in kinds:
            if kind not in self.known:
                self.known[kind] = registries.places(kind)
        return PackagePath(
            folder=self.instance.gate_dir,
            init_pid=self.init_pid,
            gateway=GATEWAY,
            places={kind: self.known[kind] for kind in kinds},
        )


def _trouble(path: PackagePath) -> str:
    """What was wrong with a path, which is of no use to a build any more."""
    if name := path.ended():
        return f"A program of the way to package registries has ended: {name}."
    try:
        why = path.unreachable()
    except EngineTrouble as trouble:
        return str(trouble)
    if why:
        return f"No package registry can be reached for {why}."
    return ""


def _asked_kinds(line: bytes) -> list[str]:
    try:
        kinds = json.loads(line)["kinds"]
    except (ValueError, KeyError, TypeError):
        kinds = None
    if not isinstance(kinds, list) or not kinds or not all(kind in registries.KINDS for kind in kinds):
        raise EngineTrouble(f'Say which packages are wanted, as {{"kinds": [...]}} of {", ".join(registries.KINDS)}.')
    return sorted(set(kinds))


def _line(client: socket.socket) -> bytes:
    """What the client says; empty when it has gone or says too much."""
    said = b""
    while not said.endswith(b"\n"):
        piece = client.recv(LONGEST_LINE)
        said += piece
        if not piece or len(said) > LONGEST_LINE:
            return b""
    return said


def _say(client: socket.socket, **answer: Any) -> None:
    client.sendall(json.dumps(answer).encode() + b"\n")


def _listen(instance: Instance) -> socket.socket:
    clear(instance)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(str(instance.gate_socket))
    with contextlib.suppress(KeyError):
        os.chown(instance.gate_socket, 0, grp.getgrnam(GROUP).gr_gid)
    instance.gate_socket.chmod(0o660)
    server.listen(8)
    return server

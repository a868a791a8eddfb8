"""Opens an engine's way to package registries for one build, and closes it after; without it a build has no network.

`deploy/sandbox/gate.py` waits for who asks at a socket beside the engine's own. The way stands open as long as the
connection to it: it goes with a grader that is killed, and never outlasts the build it was opened for. Other engines
have no such gate, and cannot build for a lab that allows packages.
"""

import errno
import json
import os
import socket
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from graders.sandbox.base import PackageKind, SandboxUnavailable
from graders.sandbox.connection import Address

GATE_SOCKET = "packages.sock"
_OPEN_SECONDS = 180.0
"""The first time in an engine's life the tools are asked where they fetch from, over the network."""
_CHECK_SECONDS = 60.0
_LONGEST_ANSWER = 64 * 1024
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
_DIRECT = {"NO_PROXY": "localhost,127.0.0.1", "no_proxy": "localhost,127.0.0.1"}


@dataclass(frozen=True, kw_only=True)
class Way:
    """What a build is given: a kind of network, and what tells its tools where the proxy is."""

    network: str = "none"
    build_args: Mapping[str, str] = field(default_factory=dict)
    """Only names that a Dockerfile need not declare, and that end up in no image's history."""
    gate: socket.socket | None = None

    def ensure_it_worked(self) -> None:
        """Raise SandboxUnavailable when a build may have failed for the way's sake and not for its own."""
        if self.gate is not None and (trouble := _ask(self.gate, _CHECK_SECONDS, check=True).get("trouble", "?")):
            raise SandboxUnavailable(f"A build could not fetch packages: {trouble}")


NO_WAY = Way()


@contextmanager
def way_to_packages(address: Address, kinds: Collection[PackageKind]) -> Iterator[Way]:
    """A way to the registries of these kinds while the block runs; none without kinds.

    Raises SandboxUnavailable when the engine has no gate, or the gate cannot open.
    """
    if not kinds:
        yield NO_WAY
        return
    with _connected(address) as gate:
        answer = _ask(gate, _OPEN_SECONDS, kinds=sorted(kinds))
        if "proxy" not in answer:
            why = answer.get("trouble", "the engine does not say why")
            raise SandboxUnavailable(f"A build cannot fetch packages: {why}")
        proxies = dict.fromkeys(_PROXIES, str(answer["proxy"]))
        yield Way(network="default", build_args=proxies | _DIRECT, gate=gate)


def has_gate(address: Address) -> bool:
    """Whether the engine can let builds fetch packages at all."""
    path = _gate_path(address)
    return path is not None and path.exists()


@contextmanager
def _connected(address: Address) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as gate:
        try:
            path = _gate_path(address)
            if path is None:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
            gate.connect(str(path))
        except OSError as trouble:
            raise SandboxUnavailable(
                f"The lab allows packages, and the engine at {address.url} has no way to a package registry "
                f"({trouble.strerror or trouble}): grade it on an engine started by deploy/sandbox/engine.py."
            ) from trouble
        yield gate


def _gate_path(address: Address) -> Path | None:
    parts = urlsplit(address.url)
    return Path(parts.path).with_name(GATE_SOCKET) if parts.scheme == "unix" else None


def _ask(gate: socket.socket, seconds: float, **question: Any) -> dict[str, Any]:
    said = b""
    try:
        gate.settimeout(seconds)
        gate.sendall(json.dumps(question).encode() + b"\n")
        while not said.endswith(b"\n") and len(said) < _LONGEST_ANSWER:
            piece = gate.recv(4096)
            if not piece:
                raise ConnectionResetError("it closed the connection")
            said += piece
        answer = json.loads(said)
    except (OSError, ValueError) as trouble:
        raise SandboxUnavailable(f"The engine's way to package registries does not answer: {trouble}.") from trouble
    if not isinstance(answer, dict):
        raise SandboxUnavailable("The engine's way to package registries answers in an unknown way.")
    return answer

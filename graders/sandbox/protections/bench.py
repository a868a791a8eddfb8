"""What a protection is tried with: an engine, a job on it, a canary on this machine, and bounds for every attempt."""

import io
import secrets
import socket
import socketserver
import tarfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import docker

from graders.sandbox.base import BuildLimits, BuildResult, ContainerSpec, Job, PackageKind, RunLimits, RunResult
from graders.sandbox.connection import Address

LINK_LOCAL = "169.254.169.254"
"""Where clouds tell a machine its secrets."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """How far an attempt goes. What an engine lets pass up to here counts as without a limit.

    They lie above what `deploy/sandbox/engine.py` gives an engine; raise them for an engine that is given more.
    """

    memory_mib: int = 1536
    pids: int = 1024
    disk_mib: int = 16_384
    cpus: float | None = None
    """None means nine tenths of what the engine's machine has."""


@dataclass(frozen=True)
class Finding:
    """What an attempt showed, in words for an operator."""

    holds: bool
    seen: str


@dataclass
class Canary:
    """A server on this machine's loopback that no submission may reach."""

    port: int
    nonce: str = field(default_factory=lambda: secrets.token_hex(8))
    reached: int = 0


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Everything a probe may use."""

    address: Address
    client: docker.APIClient
    job: Job
    image: str
    """Holds one static busybox."""
    bounds: Bounds
    canary: Canary

    def build(self, *lines: str, seconds: float = 60.0, packages: Sequence[PackageKind] = ()) -> BuildResult:
        """Build the image and these instructions, as a submission is built."""
        dockerfile = "\n".join((f"FROM {self.image}", *lines, "")).encode()
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            entry = tarfile.TarInfo("Dockerfile")
            entry.size = len(dockerfile)
            archive.addfile(entry, io.BytesIO(dockerfile))
        return self.job.build(packed.getvalue(), packages=packages, limits=BuildLimits(seconds=seconds))

    def run(
        self, script: str, *, image: str = "", user: str | None = None, limits: RunLimits | None = None
    ) -> RunResult:
        """Run a shell script in a container, as a submission is run."""
        return self.job.run(
            ContainerSpec(image=image or self.image, args=("sh", "-c", script), user=user, limits=limits or RunLimits())
        )


@dataclass(frozen=True, kw_only=True)
class Protection:
    """Something that must not be possible on an engine, and the attempt to do it."""

    id: str
    title: str
    required: bool
    """Whether grading is refused in production when it does not hold."""
    probe: Callable[[Bench], Finding]


@contextmanager
def open_canary() -> Iterator[Canary]:
    """Listen on loopback while the block runs, counting who says the nonce."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as server:
        canary = Canary(port=server.server_address[1])

        class Listen(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                self.request.settimeout(5)
                try:
                    if canary.nonce.encode() in self.request.recv(4096):
                        canary.reached += 1
                        self.request.sendall(
                            b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\nreached"
                        )
                except OSError:
                    return  # whoever called has gone: that is no message

        server.RequestHandlerClass = Listen
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield canary
        finally:
            server.shutdown()
            thread.join()


def own_addresses() -> list[str]:
    """This machine's addresses besides loopback, by asking the kernel which it would send from. Nothing is sent."""
    found = []
    for family, somewhere in ((socket.AF_INET, "198.51.100.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((somewhere, 9))
                found.append(probe.getsockname()[0])
        except OSError:
            continue  # no such network here
    return found

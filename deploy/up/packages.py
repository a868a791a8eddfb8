"""Installs Debian packages that are missing, without ever starting the services that come with them."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.up.instance import Instance
from deploy.up.progress import Progress
from deploy.up.trouble import Trouble

POLICY = Path("/usr/sbin/policy-rc.d")
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Need:
    """What must be there (a program, `/a/file` or `python:module`) and the packages that bring it."""

    sign: str
    packages: tuple[str, ...]

    def is_met(self) -> bool:
        """Whether it is there, wherever it came from."""
        if self.sign.startswith("python:"):
            return importlib.util.find_spec(self.sign.removeprefix("python:")) is not None
        if self.sign.startswith("/"):
            return any(Path("/").glob(self.sign.lstrip("/")))
        return shutil.which(self.sign, path=f"{os.environ.get('PATH', '')}:{SEARCH_PATH}") is not None


ALWAYS = (
    Need("python:ensurepip", ("python3-venv",)),
    Need("node", ("nodejs",)),
    Need("npm", ("npm",)),
    Need("/etc/ssl/certs/ca-certificates.crt", ("ca-certificates",)),
    Need("git", ("git",)),  # fetches course files
)
REDIS = (Need("redis-server", ("redis-server",)),)
ENGINE = (
    Need("dockerd", ("docker.io",)),
    Need("ip", ("iproute2",)),
    Need("iptables", ("iptables",)),
    Need("mkfs.ext4", ("e2fsprogs",)),
    Need("/var/lib/dpkg/info/busybox-static.list", ("busybox-static",)),
    Need("mmdebstrap", ("mmdebstrap",)),
    Need("tinyproxy", ("tinyproxy-bin",)),
    Need("socat", ("socat",)),
)
TESTS = (
    Need("chromium", ("chromium", "fonts-dejavu-core")),
    Need("/usr/lib/postgresql/*/bin/initdb", ("postgresql",)),
    Need("git", ("git",)),
    Need("openssl", ("openssl",)),
)
CHECKS = (Need("docker-compose", ("docker-compose",)), Need("git", ("git",)))


def needs_for_up(instance: Instance) -> list[Need]:
    """What `make up` needs: nothing for a service that the operator brings."""
    needs = list(ALWAYS)
    if instance.given_redis is None:
        needs += REDIS
    if not instance.given_engines:
        needs += ENGINE
    return needs


def missing(needs: list[Need]) -> list[str]:
    """The packages to install."""
    return sorted({package for need in needs if not need.is_met() for package in need.packages})


def install(packages: list[str], progress: Progress) -> None:
    """Install packages and nothing that is only recommended. Raises Trouble with apt's own last words."""
    progress.say(f"missing: {', '.join(packages)}")
    _apt(["update"], progress, "reading the package lists")
    with no_services_start():
        _apt(["install", "--yes", "--no-install-recommends", *packages], progress, "installing")


@contextlib.contextmanager
def no_services_start(policy: Path = POLICY) -> Iterator[None]:
    """Keep installed packages from starting their services, for as long as this lasts.

    Debian asks a policy file before it starts a service. Ours forbids only while this process lives, so that even
    one left behind by a power cut forbids nothing. A policy that is there already stands.
    """
    ours = "# Drydock's, while it installs packages"
    if policy.exists() and ours not in policy.read_text():
        yield
        return
    policy.write_text(f"#!/bin/sh\n{ours}\n[ -d /proc/{os.getpid()} ] && exit 101\nexit 0\n")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink(missing_ok=True)


def _apt(arguments: list[str], progress: Progress, doing: str) -> None:
    status, status_write = os.pipe()
    environment = os.environ | {
        "DEBIAN_FRONTEND": "noninteractive",
        "NEEDRESTART_SUSPEND": "1",
        "LC_ALL": "C.UTF-8",
        "PATH": f"{os.environ.get('PATH', '')}:{SEARCH_PATH}",
    }
    options = ["-o", f"APT::Status-Fd={status_write}", "-o", "Dpkg::Use-Pty=0", "-o", "Dpkg::Lock::Timeout=300"]
    # What apt prints goes to a file: a pipe that nobody reads while the status pipe is read would fill up.
    with Path(os.devnull).open() as nothing, tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            ["apt-get", "-q", *options, *arguments],
            env=environment,
            stdin=nothing,
            stdout=said,
            stderr=subprocess.STDOUT,
            pass_fds=[status_write],
        )
        os.close(status_write)
        with os.fdopen(status) as lines:
            for line in lines:
                kind, _, rest = line.strip().partition(":")
                if kind in ("dlstatus", "pmstatus"):
                    _, percent, what = [*rest.split(":", 2), "", ""][:3]
                    progress.tell(f"{doing}: {float(percent or 0):.0f} %, {what}")
        if process.wait() != 0:
            said.seek(0)
            lines_said = said.read().decode(errors="replace").strip().splitlines()
            errors = [line for line in lines_said if line.startswith(("E:", "W:"))] or lines_said
            raise Trouble(
                f"apt-get {arguments[0]} failed: {' '.join(errors[-3:])} "
                "Put that right (is the network there?) and run it again."
            )

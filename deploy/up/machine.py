"""What the machine must offer before anything is installed; each lack is one sentence that says what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from deploy.up.instance import Instance
from deploy.up.trouble import Trouble

OLDEST_PYTHON = (3, 11)
FREE_MIB = 4_000
"""What a first `make up` needs on the disk: packages, the virtual environment, base images, engines."""
FREE_MIB_AGAIN = 500


def check(instance: Instance, missing_packages: list[str]) -> None:
    """Raise Trouble for the first thing that stands in the way of `make up` or `make test`."""
    check_python(sys.version_info[:2])
    check_rights(os.geteuid(), needs_engine=not instance.given_engines, missing_packages=missing_packages)
    if missing_packages:
        check_apt(shutil.which("apt-get"), missing_packages)
    first = not instance.venv.exists()
    check_space(free_mib(instance.repository), FREE_MIB if first else FREE_MIB_AGAIN, instance.repository)
    if not instance.given_engines:
        check_user_namespaces()


def check_python(version: tuple[int, ...]) -> None:
    """Drydock is written for 3.11 and later."""
    if version < OLDEST_PYTHON:
        raise Trouble(
            f"Python {version[0]}.{version[1]} is too old: Drydock needs 3.11 or later, as Debian 12's python3 is; "
            "choose another with `make up PYTHON=python3.11`."
        )


def check_rights(user_id: int, *, needs_engine: bool, missing_packages: list[str]) -> None:
    """Root is needed for the sandbox engine and for installing."""
    if user_id == 0:
        return
    if missing_packages:
        raise Trouble(f"Installing {', '.join(missing_packages)} needs root: run `sudo make up`.")
    if needs_engine:
        raise Trouble(
            "Starting a sandbox engine needs root: run `sudo make up`, or name engines that run elsewhere "
            "in SANDBOX_ENGINES."
        )


def check_apt(apt_get: str | None, missing_packages: list[str]) -> None:
    """Only apt is known how to be asked for packages."""
    if apt_get is None:
        raise Trouble(
            f"This is no Debian (apt-get is missing), so install these yourself and run it again: "
            f"{', '.join(missing_packages)}."
        )


def check_space(free: int, needed: int, where: Path) -> None:
    """A full disk fails later in stranger words."""
    if free < needed:
        raise Trouble(f"The disk that holds {where} has {free} MiB free and {needed} are needed: make room first.")


def check_user_namespaces() -> None:
    """The engine maps root in a container to nobody outside, which needs user namespaces."""
    if not _works("unshare", "--user", "true"):
        raise Trouble(
            "User namespaces cannot be made here, and the sandbox needs them: set user.max_user_namespaces "
            "above 0 with sysctl; inside a chroot they never can be, so use a real machine or pivot_root."
        )


def check_iptables() -> None:
    """The engine's own network has rules; without them dockerd refuses to start."""
    if not _works("unshare", "--net", "iptables", "--list", "--numeric"):
        raise Trouble(
            "iptables does not work on this kernel, and the sandbox engine needs it: load the kernel module "
            "ip_tables or nf_tables, or name engines that run elsewhere in SANDBOX_ENGINES."
        )


def free_mib(where: Path) -> int:
    """Free space, in MiB."""
    return shutil.disk_usage(where).free // (1024 * 1024)


def _works(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=30).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False

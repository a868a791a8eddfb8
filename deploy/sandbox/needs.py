"""What the machine must have before an engine can start, each with the sentence that says how to get it."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from pathlib import Path

from deploy.sandbox.disk import LOOP_CONTROL
from deploy.sandbox.instance import RUN_DIR, EngineTrouble, Instance

REMAP_USER = "drydock"
SUBORDINATE_IDS = 65_536
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

PROGRAMS = {
    "dockerd": "docker.io",
    "containerd": "containerd",
    "iptables": "iptables",
    "mkfs.ext4": "e2fsprogs",
    "mount": "mount",
    "useradd": "passwd",
    "tinyproxy": "tinyproxy-bin",
    "socat": "socat",
    "nsenter": "util-linux",
}


def check(instance: Instance) -> None:
    """Raise EngineTrouble for the first thing that is missing."""
    if os.geteuid() != 0:
        raise EngineTrouble("The sandbox engine needs root: run this as root, or with sudo.")
    for program, package in PROGRAMS.items():
        if shutil.which(program, path=SYSTEM_PATH) is None:
            raise EngineTrouble(f"{program} is not installed: run `apt-get install {package}`.")
    if "userns" not in instance.without and not _has_user_namespaces():
        raise EngineTrouble(
            "This kernel gives out no user namespaces: set `sysctl user.max_user_namespaces=10000`, "
            "or use a machine that has them."
        )
    if "disk" not in instance.without and not LOOP_CONTROL.exists():
        raise EngineTrouble(
            f"There is no loop device ({LOOP_CONTROL} is missing): run `modprobe loop`, or let this container have one."
        )


def ensure_remap_user() -> None:
    """Make the user whose subordinate ids stand for the ids inside containers; safe when two engines start."""
    RUN_DIR.mkdir(parents=True, exist_ok=True)
    with (RUN_DIR / "user.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _listed(Path("/etc/passwd"), REMAP_USER):
            made = subprocess.run(
                ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", REMAP_USER],
                capture_output=True,
                text=True,
                check=False,
                env={"PATH": SYSTEM_PATH},
            )
            if made.returncode != 0:
                raise EngineTrouble(
                    f"The user '{REMAP_USER}' cannot be made ({made.stderr.strip()}): make it with `useradd --system`."
                )
        for file in (Path("/etc/subuid"), Path("/etc/subgid")):
            _ensure_range(file)


def _ensure_range(file: Path) -> None:
    if _listed(file, REMAP_USER):
        return
    text = file.read_text() if file.exists() else ""
    ranges = re.findall(r"^[^:]+:(\d+):(\d+)$", text, flags=re.MULTILINE)
    start = max([100_000, *(int(first) + int(count) for first, count in ranges)])
    with file.open("a") as writing:
        writing.write(f"{REMAP_USER}:{start}:{SUBORDINATE_IDS}\n")


def _listed(file: Path, user: str) -> bool:
    return file.exists() and any(line.startswith(f"{user}:") for line in file.read_text().splitlines())


def _has_user_namespaces() -> bool:
    most = Path("/proc/sys/user/max_user_namespaces")
    return Path("/proc/self/ns/user").exists() and (not most.exists() or int(most.read_text()) > 0)

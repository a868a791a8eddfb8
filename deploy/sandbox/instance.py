"""One sandbox engine's name, places and limits: everything that keeps two engines on one machine apart."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

RUN_DIR = Path("/run/drydock")
"""Sockets live here: a unix socket's path may have 107 bytes, which a deep data folder would exceed."""

GATEWAY = "172.17.0.1"
"""An engine's own address on the network of builds. Each engine has a network of its own, so all may have the same."""

NETWORKS = "10.213.0.0/17"
"""Where the networks that are made on an engine get their addresses from; likewise the same on each."""

PROTECTIONS = ("network", "userns", "memory", "pids", "cpu", "disk", "logs", "no-new-privileges")
"""What `--without` can switch off, for testing that the audit notices."""

NAME_RULE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class EngineTrouble(Exception):
    """The engine cannot do what was asked; the text is one sentence that says what to do."""


@dataclass(frozen=True)
class Instance:
    """A named engine. Equal names mean the same engine; nothing is shared between two names.

    Sizes are in MiB (1,048,576 bytes), `cpus` in cores. Raises EngineTrouble where a value makes no sense.
    """

    name: str
    root: Path
    memory_mib: int = 1024
    pids: int = 512
    cpus: float = 1.5
    disk_mib: int = 6000
    build_memory_mib: int = 0
    """Of that, what builds may have together, so that containers beside them keep the rest; 0 is all of it."""
    build_pids: int = 0
    keep: bool = False
    """Whether what is on it outlives it: containers stopped, volumes and networks as they were."""
    without: frozenset[str] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        """Refuse values that would only fail later, deep inside the engine."""
        if not NAME_RULE.fullmatch(self.name):
            raise EngineTrouble(f"'{self.name}' cannot name an engine: use up to 40 small letters, digits and dashes.")
        for label, value, least in (
            ("--memory-mib", self.memory_mib, 32),
            ("--pids", self.pids, 16),
            ("--cpus", self.cpus, 0.05),
            ("--disk-mib", self.disk_mib, 100),
        ):
            if value < least:
                raise EngineTrouble(f"{label} {value} is too little for an engine: give at least {least}.")
        for label, value, least, most in (
            ("--build-memory-mib", self.build_memory_mib, 32, self.memory_mib),
            ("--build-pids", self.build_pids, 16, self.pids),
        ):
            if value and not least <= value <= most:
                raise EngineTrouble(f"{label} {value} is no part of the engine's own: give {least} to {most}, or 0.")
        if unknown := sorted(self.without - set(PROTECTIONS)):
            raise EngineTrouble(
                f"--without knows {', '.join(PROTECTIONS)}, not {', '.join(unknown)}: choose from those."
            )

    @property
    def run_dir(self) -> Path:
        """Sockets, lock and the daemon's own run-time state."""
        return RUN_DIR / self.name

    @property
    def socket(self) -> Path:
        """Where clients connect. It exists only while the engine is ready."""
        return self.run_dir / "docker.sock"

    @property
    def boot_socket(self) -> Path:
        """Where dockerd listens first, so that nobody gets in before leftovers are swept away."""
        return self.run_dir / "boot.sock"

    @property
    def url(self) -> str:
        """The address for DOCKER_HOST or SANDBOX_ENGINES."""
        return f"unix://{self.socket}"

    @property
    def boot_url(self) -> str:
        """The address of the boot socket."""
        return f"unix://{self.boot_socket}"

    @property
    def lock_file(self) -> Path:
        """Held while any part of the engine lives; its text is the process to signal."""
        return self.run_dir / "lock"

    @property
    def restart_file(self) -> Path:
        """Empty while the engine runs; a grader that writes to it asks for a new start (graders/sandbox/stuck.py)."""
        return self.run_dir / "restart"

    @property
    def kill_file(self) -> Path:
        """Empty but for the ids of containers that somebody wants killed (graders/sandbox/stuck.py)."""
        return self.run_dir / "kill"

    @property
    def gate_socket(self) -> Path:
        """Where a grader asks for a way to package registries (gate.py, graders/sandbox/packages.py)."""
        return self.run_dir / "packages.sock"

    @property
    def gate_dir(self) -> Path:
        """What an open way consists of; it exists only while one is open."""
        return self.run_dir / "packages"

    @property
    def cgroup(self) -> str:
        """The parent control group of everything that is built or run."""
        return f"/drydock-{self.name}"

    @property
    def build_cgroup(self) -> str:
        """The group below it that BuildKit makes its own in."""
        return f"{self.cgroup}/buildkit"

    @property
    def disk_file(self) -> Path:
        """The fixed-size filesystem, as a sparse file."""
        return self.root / "disk.img"

    @property
    def data_dir(self) -> Path:
        """Where that filesystem is mounted, in the engine's own mount namespace only.

        Not under `root`: the user that stands for root in containers must be able to pass every folder above,
        and a clone in /root is closed to it.
        """
        return self.run_dir / "data"

    @property
    def loose_data_dir(self) -> Path:
        """The folder that stands for the disk when that protection is switched off."""
        return self.root / "data"

    @property
    def config_file(self) -> Path:
        """The generated daemon.json."""
        return self.root / "daemon.json"

    @property
    def log_file(self) -> Path:
        """What an engine started in the background says."""
        return self.root / "engine.log"

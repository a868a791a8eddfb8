"""What an engine consists of on the machine, and that none of it is left when it has ended."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from engines import ROOT

SMALL = ("--memory-mib", "64", "--pids", "40", "--cpus", "0.5", "--disk-mib", "150")
CGROUPS = Path("/sys/fs/cgroup")


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for it; a minute is no measure, only an end."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def lock_holder(name: str) -> int:
    return int(Path(f"/run/drydock/{name}/lock").read_text())


def processes_of(name: str) -> list[int]:
    """Every process whose command line names the engine's own folders."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        ours = f"/run/drydock/{name}/" in command or f"{ROOT / name}/" in command or f"--name {name} " in command
        if ours and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found


def loop_devices_of(name: str) -> list[str]:
    backing = Path("/sys/block").glob("loop*/loop/backing_file")
    return [text for file in backing if (text := file.read_text().strip()).startswith(str(ROOT / name) + "/")]


def groups_of(name: str) -> list[Path]:
    return list(CGROUPS.glob(f"drydock-{name}")) + list(CGROUPS.glob(f"*/drydock-{name}"))


def assert_nothing_left(name: str) -> None:
    until(lambda: not processes_of(name), "its processes end")
    until(lambda: not loop_devices_of(name), "its loop device is free")
    mounts = Path("/proc/self/mountinfo").read_text()
    assert str(ROOT / name) not in mounts
    assert f"/run/drydock/{name}/" not in mounts

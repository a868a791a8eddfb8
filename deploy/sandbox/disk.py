"""The engine's fixed-size filesystem: a sparse file, formatted as ext4 and mounted through a loop device.

What a submission writes, in a layer or while it runs, ends at this size; the machine's own disk is not touched.
The mount lives in the engine's mount namespace, so it and its loop device go when the engine goes.

It is mounted without write barriers: the engine writes down every step of a build for good, which took half of a
build's time on a busy disk, and nothing here must outlive the machine. A kill loses nothing, since the kernel unmounts
in good order; a disk that was in use when the machine itself stopped may hold anything, and is made anew.
"""

from __future__ import annotations

import fcntl
import os
import stat
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from deploy.sandbox import namespaces
from deploy.sandbox.instance import EngineTrouble, Instance

LOOP_CONTROL = Path("/dev/loop-control")
LOOP_CTL_GET_FREE = 0x4C82
LOOP_MAJOR = 7
LOOP_DEVICES = Path("/sys/block")
MIB = 1024 * 1024
_INCOMPATIBLE_FEATURES_AT = 1024 + 0x60  # ext4(5): s_feature_incompat of the superblock
_NEEDS_RECOVERY = 0x4
_LET_GO_SECONDS = 30.0
_PAUSE_SECONDS = 0.1


def mount(instance: Instance) -> None:
    """Mount the engine's filesystem on its data folder, making or mending it first."""
    instance.data_dir.mkdir(parents=True, exist_ok=True)
    _detach_leftovers(instance.data_dir)
    if "disk" in instance.without:
        instance.loose_data_dir.mkdir(parents=True, exist_ok=True)
        namespaces.mount(str(instance.loose_data_dir), instance.data_dir, "none", flags=namespaces.MS_BIND)
        return
    _check_room(instance)
    _make_loop_node()
    size = instance.disk_mib * MIB
    if instance.disk_file.exists() and instance.disk_file.stat().st_size != size:
        print(f"The engine's disk is made anew with {instance.disk_mib} MiB.", flush=True)
        instance.disk_file.unlink()
    if instance.disk_file.exists() and is_let_go(instance.disk_file) and was_in_use(instance.disk_file):
        print(
            "The machine stopped while the engine's disk was in use: it is made anew with its base images.", flush=True
        )
        instance.disk_file.unlink()
    if not instance.disk_file.exists():
        _format(instance)
    if _try_mount(instance) is None:
        return
    subprocess.run(["e2fsck", "-fy", instance.disk_file], capture_output=True, check=False)
    if _try_mount(instance) is None:
        return
    print("The engine's disk was damaged and is made anew; base images are loaded again.", flush=True)
    instance.disk_file.unlink()
    _format(instance)
    if (trouble := _try_mount(instance)) is not None:
        raise EngineTrouble(
            f"The engine's disk {instance.disk_file} cannot be mounted ({trouble}): loop devices and ext4 are needed."
        )


def is_let_go(disk_file: Path, *, seconds: float = _LET_GO_SECONDS) -> bool:
    """Whether no loop device stands on the file, waiting for it: after a kill, the kernel unmounts a moment later."""
    until = time.monotonic() + seconds
    while _has_device(disk_file):
        if time.monotonic() >= until:
            return False
        time.sleep(_PAUSE_SECONDS)
    return True


def _has_device(disk_file: Path) -> bool:
    wanted = str(disk_file.resolve())
    for device in LOOP_DEVICES.glob("loop*/loop/backing_file"):
        with suppress(OSError):  # it has gone meanwhile
            if device.read_text().strip() == wanted:
                return True
    return False


def was_in_use(disk_file: Path) -> bool:
    """Whether a filesystem was never unmounted: ext4 says that its journal is to be played back."""
    with disk_file.open("rb") as file:
        file.seek(_INCOMPATIBLE_FEATURES_AT)
        features = file.read(4)
    return bool(int.from_bytes(features, "little") & _NEEDS_RECOVERY)


def _format(instance: Instance) -> None:
    unfinished = instance.disk_file.with_suffix(".new")
    with unfinished.open("wb") as file:
        file.truncate(instance.disk_mib * MIB)
    made = subprocess.run(
        ["mkfs.ext4", "-q", "-F", "-m", "0", unfinished],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        unfinished.unlink()
        raise EngineTrouble(f"mkfs.ext4 failed on {unfinished}: {made.stderr.strip() or 'no reason given'}.")
    unfinished.rename(instance.disk_file)


def _try_mount(instance: Instance) -> str | None:
    """Mount; None when done, else what mount said. `discard` gives freed space back to the machine."""
    done = subprocess.run(
        ["mount", "-t", "ext4", "-o", "loop,discard,noatime,barrier=0", instance.disk_file, instance.data_dir],
        capture_output=True,
        text=True,
        check=False,
    )
    return None if done.returncode == 0 else done.stderr.strip()


def _detach_leftovers(data_dir: Path) -> None:
    inside = str(data_dir.resolve())
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for point in sorted(points, key=len, reverse=True):
        if point == inside or point.startswith(inside + "/"):
            namespaces.detach(Path(point))


def _check_room(instance: Instance) -> None:
    taken = instance.disk_file.stat().st_blocks * 512 if instance.disk_file.exists() else 0
    room = os.statvfs(instance.root)
    free_mib = room.f_bavail * room.f_frsize // MIB
    needed_mib = instance.disk_mib - taken // MIB
    if free_mib < needed_mib:
        raise EngineTrouble(
            f"{instance.root} has {free_mib} MiB free and the engine's disk may grow by {needed_mib} MiB: "
            "free some space, or give it less with --disk-mib."
        )


def _make_loop_node() -> None:
    """The next free loop device needs a node; where no udev makes it, we do."""
    with LOOP_CONTROL.open("rb") as control:
        number = fcntl.ioctl(control, LOOP_CTL_GET_FREE)
    node = Path(f"/dev/loop{number}")
    if not node.exists():
        os.mknod(node, 0o660 | stat.S_IFBLK, os.makedev(LOOP_MAJOR, number))

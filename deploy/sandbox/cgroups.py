"""The engine's parent control group, in version 1 and version 2: made, limited, emptied and removed.

BuildKit ignores limits given with a build; it honours the group that the daemon's containers live in. So the
engine's limits are written here, before dockerd starts. dockerd itself stays outside the group: a bomb in a
build must not take the engine with it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from deploy.sandbox import namespaces
from deploy.sandbox.instance import EngineTrouble, Instance

ROOT = Path("/sys/fs/cgroup")
CONTROLLERS = ("memory", "pids", "cpu")
ALSO_MOUNTED = ("cpuacct", "cpuset", "devices", "freezer", "blkio")
"""What Docker uses besides on version 1."""

PERIOD_MICROSECONDS = 100_000


def prepare(instance: Instance) -> None:
    """Make the group with its limits, after ending what an earlier engine may have left inside.

    Call it in the engine's own mount namespace: hierarchies that the machine has not mounted are mounted there.
    """
    remove(instance)
    unified = ROOT / "cgroup.controllers"
    if unified.exists() and set(CONTROLLERS) <= set(unified.read_text().split()):
        _prepare_version_2(instance)
        return
    _mount_version_1()
    _prepare_version_1(instance)


def empty(instance: Instance) -> None:
    """End every process that was built or run in the group."""
    for group in _groups(instance):
        _kill_all(group)


def kill_container(instance: Instance, container_id: str) -> bool:
    """Kill every process in the group of one container, also those that are only about to enter it; whether any was."""
    if not re.fullmatch(r"[0-9a-f]{64}", container_id):
        return False
    pids = {pid for group in _groups(instance) for pid in _processes(group / container_id)}
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return bool(pids)


def remove(instance: Instance) -> None:
    """End every process in the group and remove it from every hierarchy. Nothing there is fine."""
    empty(instance)
    for group in _groups(instance):
        _remove_tree(group)


def _prepare_version_2(instance: Instance) -> None:
    _hand_down(ROOT, CONTROLLERS)
    group = ROOT / instance.cgroup[1:]
    group.mkdir(exist_ok=True)
    if "memory" not in instance.without:
        _write(group / "memory.max", str(_memory_bytes(instance)))
        if (group / "memory.swap.max").exists():
            _write(group / "memory.swap.max", "0")
    if "pids" not in instance.without:
        _write(group / "pids.max", str(instance.pids))
    if "cpu" not in instance.without:
        _write(group / "cpu.max", f"{_quota(instance)} {PERIOD_MICROSECONDS}")
        _write(group / "cpu.weight", "50")
    if instance.build_memory_mib or instance.build_pids:
        _hand_down(group, CONTROLLERS)
        builds = ROOT / instance.build_cgroup[1:]
        _bound_builds(instance, memory=builds / "memory.max", pids=builds / "pids.max")


def _hand_down(group: Path, controllers: Iterable[str]) -> None:
    """Let groups below use the controllers.

    In a container the topmost group that can be seen is a group like any other, and version 2 lets one have either
    processes or controllers to hand down: so its processes move into a group of their own.
    """
    wanted = " ".join(f"+{name}" for name in controllers)
    try:
        (group / "cgroup.subtree_control").write_text(wanted)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise _unwritable(group / "cgroup.subtree_control", wanted, error) from error
        aside = group / "init"
        aside.mkdir(exist_ok=True)
        for pid in (group / "cgroup.procs").read_text().split():
            with contextlib.suppress(ProcessLookupError):
                (aside / "cgroup.procs").write_text(pid)
        _write(group / "cgroup.subtree_control", wanted)


def _prepare_version_1(instance: Instance) -> None:
    for name in CONTROLLERS:
        (ROOT / name / instance.cgroup[1:]).mkdir(exist_ok=True)
    if "memory" not in instance.without:
        memory = ROOT / "memory" / instance.cgroup[1:]
        _write(memory / "memory.limit_in_bytes", str(_memory_bytes(instance)))
        if (memory / "memory.memsw.limit_in_bytes").exists():
            _write(memory / "memory.memsw.limit_in_bytes", str(_memory_bytes(instance)))
    if "pids" not in instance.without:
        _write(ROOT / "pids" / instance.cgroup[1:] / "pids.max", str(instance.pids))
    if "cpu" not in instance.without:
        cpu = ROOT / "cpu" / instance.cgroup[1:]
        _write(cpu / "cpu.cfs_period_us", str(PERIOD_MICROSECONDS))
        _write(cpu / "cpu.cfs_quota_us", str(_quota(instance)))
        _write(cpu / "cpu.shares", "512")
    builds = instance.build_cgroup[1:]
    _bound_builds(
        instance, memory=ROOT / "memory" / builds / "memory.limit_in_bytes", pids=ROOT / "pids" / builds / "pids.max"
    )


def _bound_builds(instance: Instance, *, memory: Path, pids: Path) -> None:
    """Limit what builds may have together, in the group that BuildKit makes its own in."""
    if instance.build_memory_mib and "memory" not in instance.without:
        most = str(instance.build_memory_mib * 1024 * 1024)
        memory.parent.mkdir(exist_ok=True)
        _write(memory, most)
        for name, value in (("memory.memsw.limit_in_bytes", most), ("memory.swap.max", "0")):
            if memory.with_name(name).exists():
                _write(memory.with_name(name), value)
    if instance.build_pids and "pids" not in instance.without:
        pids.parent.mkdir(exist_ok=True)
        _write(pids, str(instance.build_pids))


def _mount_version_1() -> None:
    """Mount the version 1 controllers that are needed and that the machine did not mount."""
    enabled = [
        line.split()[0]
        for line in Path("/proc/cgroups").read_text().splitlines()
        if not line.startswith("#") and line.split()[3] == "1"
    ]
    if missing := sorted(set(CONTROLLERS) - set(enabled)):
        raise EngineTrouble(
            f"This kernel offers no control group controller for {', '.join(missing)}: start it with "
            f"{' '.join(f'cgroup_enable={name}' for name in missing)}, or use a machine that has them."
        )
    if not os.path.ismount(ROOT):
        namespaces.mount("cgroup", ROOT, "tmpfs", options="mode=755,size=1m")
    mounted = {path.name for path in _hierarchies()}
    for name in enabled:
        if name in mounted or name not in (*CONTROLLERS, *ALSO_MOUNTED):
            continue
        target = ROOT / name
        target.mkdir(exist_ok=True)
        try:
            namespaces.mount("cgroup", target, "cgroup", options=name)
        except OSError as error:
            if name in CONTROLLERS:
                raise EngineTrouble(
                    f"The control group hierarchy '{name}' cannot be mounted ({error.strerror}): mount it at "
                    f"{target}, for example with Debian's cgroupfs-mount package."
                ) from error


def _groups(instance: Instance) -> list[Path]:
    return [group for hierarchy in _hierarchies() if (group := hierarchy / instance.cgroup[1:]).is_dir()]


def _hierarchies() -> Iterator[Path]:
    """Every mounted hierarchy; a combined one (cpu,cpuacct) counts under the name of each link to it."""
    if not ROOT.is_dir():
        return
    if (ROOT / "cgroup.procs").exists():
        yield ROOT
    for path in ROOT.iterdir():
        if path.is_dir() and (path / "cgroup.procs").exists() and not (path / "cgroup.type").exists():
            yield path


def _kill_all(group: Path) -> None:
    deadline = time.monotonic() + 10
    while pids := _processes(group):
        if time.monotonic() > deadline:
            raise EngineTrouble(
                f"Processes {', '.join(map(str, pids[:5]))} in {group} do not end: end them by hand, then try again."
            )
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.05)


def _processes(group: Path) -> list[int]:
    pids = []
    for procs in [group / "cgroup.procs", *group.rglob("cgroup.procs")]:
        try:
            pids += [int(pid) for pid in procs.read_text().split() if pid != "0"]
        except OSError:
            continue
    return sorted(set(pids))


def _remove_tree(group: Path) -> None:
    """A control group's folder is removed from the leaves; its files go by themselves."""
    for folder, _, _ in os.walk(group, topdown=False):
        for _ in range(40):
            try:
                Path(folder).rmdir()
            except FileNotFoundError:
                break
            except OSError:  # just emptied: the kernel may still hold it for a moment
                time.sleep(0.05)
            else:
                break


def _write(path: Path, value: str) -> None:
    try:
        path.write_text(value)
    except OSError as error:
        raise _unwritable(path, value, error) from error


def _unwritable(path: Path, value: str, error: OSError) -> EngineTrouble:
    return EngineTrouble(
        f"The limit {path} cannot be set to {value} ({error.strerror}): the engine needs control groups that root may "
        "write to."
    )


def _memory_bytes(instance: Instance) -> int:
    return instance.memory_mib * 1024 * 1024


def _quota(instance: Instance) -> int:
    return int(instance.cpus * PERIOD_MICROSECONDS)

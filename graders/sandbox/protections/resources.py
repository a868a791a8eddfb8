"""Tries to take more than is given: memory, processes, disk, CPU and room for logs."""

import re
import time
from pathlib import Path, PurePosixPath
from typing import Any

from graders.sandbox.base import MIB, BuildResult, Limit, RunLimits
from graders.sandbox.connection import engine_call
from graders.sandbox.hardening import hardened_host_config, start_hardened
from graders.sandbox.protections.bench import Bench, Finding, Protection

_KILLED = 137
_RUN_MEMORY_MIB, _RUN_PIDS, _RUN_FILE_MIB, _RUN_CPUS = 64, 40, 8, 0.2
_LOG_MIB, _MOST_LOG_MIB = 8, 4
_BUSY_SECONDS = 1.5
_SPACE_TRIES = 10


def _memory_script(mib: int) -> str:
    """Read zeros into one buffer of that size: every page of it is written to."""
    return f"busybox dd if=/dev/zero of=/dev/null bs={mib}M count=1 2> /dev/null && echo took-it"


def _pids_script(count: int) -> str:
    return f"i=0; while [ $i -lt {count} ]; do busybox sleep 60 & i=$((i+1)); done; echo took-it"


def _memory_build(bench: Bench) -> Finding:
    built = bench.build(f"RUN {_memory_script(bench.bounds.memory_mib)}")
    return _ended(built, built.exit_code == _KILLED, f"A build step that takes {bench.bounds.memory_mib} MiB of memory")


def _pids_build(bench: Bench) -> Finding:
    built = bench.build(f"RUN {_pids_script(bench.bounds.pids)}")
    return _ended(built, built.limit is Limit.PIDS, f"A build step that starts {bench.bounds.pids} processes")


def _disk_build(bench: Bench) -> Finding:
    """Fill the disk by reserving, which takes no time; then see that the space is back."""
    asked = bench.bounds.disk_mib
    free = "busybox df -k / | busybox awk 'END {print $4, \"KiB free\"}'"
    filled = bench.build(f"RUN {free}; busybox fallocate -l {asked}M /big")
    if filled.ok:
        return Finding(holds=False, seen=f"A build step could take {asked} MiB of disk.")
    before = _numbers(filled.log)
    if not before or filled.limit is not Limit.DISK:
        return Finding(holds=False, seen=f"The disk could not be filled: {_tail(filled)}")
    again = bench.build(f"RUN {free}")
    for _ in range(_SPACE_TRIES):
        if _is_back(again, before[0]):
            break
        time.sleep(1)  # the engine gives space back behind the answer to the build that filled it
        again = bench.build(f"RUN {free}")
    if not _is_back(again, before[0]):
        return Finding(holds=False, seen=f"The disk was filled with {before[0]} KiB, and stayed so: {_tail(again)}")
    return Finding(holds=True, seen=f"No space left after {before[0] // 1024} MiB; the space came back.")


def _is_back(built: BuildResult, kib: int) -> bool:
    free = _numbers(built.log)
    return bool(free) and free[0] >= kib * 0.9


def _numbers(log: str) -> list[int]:
    return [int(number) for number in re.findall(r"^(\d+) KiB free", log, re.MULTILINE)]


def _cpu_build(bench: Bench) -> Finding:
    """Busy processes in a build step: does the kernel meter them? Where that cannot be seen: how much did they get?

    It counts periods only for a group with a quota, however busy the rest of the machine is.
    """
    with engine_call("being asked for its CPUs"):
        there: int = bench.client.info()["NCPU"]
    groups = _groups_above(bench.build("RUN busybox cat /proc/self/cgroup").log)
    before = _periods_metered(groups)
    built = bench.build(
        "RUN busybox cat /proc/uptime; "
        f'for i in $(busybox seq {2 * there}); do (while :; do :; done) & all="$all $!"; done; '
        f"busybox sleep {_BUSY_SECONDS}; kill $all; wait; busybox cat /proc/uptime; times"
    )
    if not built.ok:
        return Finding(holds=False, seen=f"A build step could not be kept busy: {_tail(built)}")
    if groups:
        metered = _periods_metered(groups) - before
        return Finding(holds=metered > 0, seen=f"{2 * there} busy processes in a build: {_metered(metered)}.")
    bound = bench.bounds.cpus or there * 0.9
    taken = _cpus_taken(built.log)
    return Finding(holds=taken < bound, seen=f"{2 * there} busy processes in a build got {taken:.1f} of {there} CPUs.")


def _groups_above(log: str) -> list[Path]:
    """The control groups above a build step's, with their counters, where they can be seen from here.

    The step's own group ends with it. Those above are the engine's, where its bound is, and the machine's.
    """
    found = re.search(r"^\d+:(?:[^:\n]*,)?(?:cpu)(?:,[^:\n]*)?:(/.+)$|^0::(/.+)$", log, re.MULTILINE)
    if found is None:
        return []
    places = PurePosixPath(found[1] or found[2]).parents
    files = [
        Path(root, str(place).lstrip("/"), "cpu.stat")
        for root in ("/sys/fs/cgroup/cpu", "/sys/fs/cgroup")
        for place in places
        if place != PurePosixPath("/")
    ]
    return [file for file in files if file.exists()]


def _periods_metered(counters: list[Path]) -> int:
    texts = [file.read_text() for file in counters if file.exists()]
    return sum(int(number) for text in texts for number in re.findall(r"^nr_periods (\d+)", text, re.MULTILINE))


def _metered(periods: int) -> str:
    return f"the kernel metered them over {periods} periods" if periods else "nothing metered them"


def _cpus_taken(log: str) -> float:
    moments = [float(moment) for moment in re.findall(r"^(\d+\.\d+) \d+\.\d+$", log, re.MULTILINE)]
    spent = sum(int(minutes) * 60 + float(seconds) for minutes, seconds in re.findall(r"(\d+)m([\d.]+)s", log))
    return spent / max(moments[-1] - moments[0], 0.01)


def _memory_run(bench: Bench) -> Finding:
    ran = bench.run(_memory_script(300), limits=RunLimits(memory_mib=_RUN_MEMORY_MIB))
    what = f"300 MiB in a container that may have {_RUN_MEMORY_MIB}"
    if b"took-it" in ran.stdout:
        return Finding(holds=False, seen=f"It got {what}.")
    return Finding(holds=ran.exit_code == _KILLED, seen=f"{what}: exit code {ran.exit_code}.")


def _pids_run(bench: Bench) -> Finding:
    ran = bench.run(_pids_script(60), limits=RunLimits(pids=_RUN_PIDS))
    what = f"60 processes in a container that may have {_RUN_PIDS}"
    if b"took-it" in ran.stdout:
        return Finding(holds=False, seen=f"It got {what}.")
    return Finding(holds=ran.limit is Limit.PIDS, seen=f"{what}: {_said(ran.stderr)}.")


def _disk_run(bench: Bench) -> Finding:
    script = f"busybox dd if=/dev/zero of=/tmp/big bs=1M count={2 * _RUN_FILE_MIB} && echo took-it"
    ran = bench.run(script, limits=RunLimits(writable_mib=_RUN_FILE_MIB))
    what = f"A file of {2 * _RUN_FILE_MIB} MiB in a container that may write {_RUN_FILE_MIB}"
    if b"took-it" in ran.stdout:
        return Finding(holds=False, seen=f"{what}: it was written.")
    return Finding(
        holds=ran.exit_code != 0, seen=f"{what}: {_said(ran.stderr.splitlines()[0] if ran.stderr else b'')}."
    )


def _cpu_run(bench: Bench) -> Finding:
    ran = bench.run(
        "i=0; while [ $i -lt 150000 ]; do i=$((i+1)); done; "
        "busybox cat /sys/fs/cgroup/cpu/cpu.stat /sys/fs/cgroup/cpu.stat 2> /dev/null",
        limits=RunLimits(cpus=_RUN_CPUS, seconds=30),
    )
    found = re.search(rb"^nr_periods (\d+)", ran.stdout, re.MULTILINE)
    metered = int(found[1]) if found else 0
    return Finding(holds=metered > 0, seen=f"A busy container with {_RUN_CPUS} CPUs: {_metered(metered)}.")


def _log_cap(bench: Bench) -> Finding:
    """The engine's own cap, for containers whose output it keeps; ours keep none."""
    client = bench.client
    with engine_call("trying its log limit"):
        config: dict[str, Any] = hardened_host_config(client, limits=RunLimits())
        config["LogConfig"] = {"Type": "", "Config": {}}
        script = f"busybox yes {'x' * 1023} | busybox head -c {_LOG_MIB * MIB}"
        made = client.create_container(bench.image, command=["sh", "-c", script], host_config=config)
        try:
            start_hardened(client, made["Id"], attach=lambda: None)
            client.wait(made["Id"], timeout=60)
            kept_mib = sum(map(len, client.logs(made["Id"], stream=True))) / MIB
        finally:
            client.remove_container(made["Id"], force=True, v=True)
    return Finding(holds=kept_mib <= _MOST_LOG_MIB, seen=f"Of {_LOG_MIB} MiB of output {kept_mib:.1f} MiB are kept.")


def _ended(built: BuildResult, as_it_should: bool, what: str) -> Finding:  # noqa: FBT001  a private sentence-maker
    if built.ok:
        return Finding(holds=False, seen=f"{what} is let through.")
    if not as_it_should:
        return Finding(holds=False, seen=f"{what} failed for another reason: {_tail(built)}")
    return Finding(holds=True, seen=f"{what} is ended.")


def _tail(built: BuildResult) -> str:
    return " ".join((built.error or built.log).split())[-200:]


def _said(output: bytes) -> str:
    return " ".join(output.decode(errors="replace").split())[:120] or "nothing was said"


PROTECTIONS = (
    Protection(id="memory-build", title="A build's memory is limited", required=True, probe=_memory_build),
    Protection(id="memory-run", title="A container's memory is limited", required=True, probe=_memory_run),
    Protection(id="pids-build", title="A build's processes are limited", required=True, probe=_pids_build),
    Protection(id="pids-run", title="A container's processes are limited", required=True, probe=_pids_run),
    Protection(id="disk-build", title="The engine's disk is limited", required=True, probe=_disk_build),
    Protection(id="disk-run", title="A container's files are limited", required=True, probe=_disk_run),
    Protection(id="cpu-build", title="A build leaves CPU to others", required=False, probe=_cpu_build),
    Protection(id="cpu-run", title="A container leaves CPU to others", required=False, probe=_cpu_run),
    Protection(id="log-cap", title="Logs kept by the engine are capped", required=False, probe=_log_cap),
)

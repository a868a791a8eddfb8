"""What every container is denied and bounded by, in one place; nothing else in the project makes a host config.

No network (or one internal to the job), no capabilities, no new privileges, no way to another namespace, bounded
memory, processes, CPU and open files, no log on disk (output is read as it is written, see `graders.sandbox.output`).

How much a container may write is bounded twice. One file: by RLIMIT_FSIZE, which the kernel checks, at no cost, against
the largest files there are. All files: by the engine's own disk, which is of fixed size and holds one job at a time;
a job that fills it meets "no space left on device", is told so, and the space returns when the job ends.
Quotas for one container need XFS, which an engine in general does not have; watching the writable layer grow costs a
walk over it each time, and is late by nature.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import docker
from docker.errors import APIError
from docker.types import LogConfig, Mount, Ulimit

from graders.sandbox.base import MIB, RunLimits
from graders.sandbox.connection import engine_words
from graders.sandbox.limits import is_cpu_refusal

_OPEN_FILES = 1024
_SHARED_MEMORY_MIB = 16
_CPU_PERIOD = 100_000
"""Microseconds, the kernel's own choice. Not given as `nano_cpus`, which could not be taken back, see below."""


def hardened_host_config(
    client: docker.APIClient,
    *,
    limits: RunLimits,
    network: str = "none",
    read_only: bool = False,
    volumes: Mapping[str, str] | None = None,
    mounts: Sequence[Mount] = (),
    tmpfs: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Make the host config of a container.

    Args:
        client: knows the API version the config is for.
        limits: memory, processes, CPU and file size; time and output are bounded by who waits and reads.
        network: `none`, a network internal to the job, or `container:<id>` for a probe beside a container.
        read_only: whether the root file system is.
        volumes: container path -> full name of a volume.
        mounts: volumes that are mounted in a way of their own.
        tmpfs: container path -> mount options.
    """
    memory = limits.memory_mib * MIB
    file_size = limits.writable_mib * MIB
    config: dict[str, Any] = client.create_host_config(
        network_mode=network,
        privileged=False,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges=true"],
        ipc_mode="private",
        init=False,
        read_only=read_only,
        mem_limit=memory,
        memswap_limit=memory,
        cpu_period=_CPU_PERIOD,
        cpu_quota=int(limits.cpus * _CPU_PERIOD),
        pids_limit=limits.pids,
        shm_size=_SHARED_MEMORY_MIB * MIB,
        oom_kill_disable=False,
        ulimits=[
            Ulimit(name="nofile", soft=_OPEN_FILES, hard=_OPEN_FILES),
            Ulimit(name="fsize", soft=file_size, hard=file_size),
            Ulimit(name="core", soft=0, hard=0),
        ],
        restart_policy={"Name": "no"},
        publish_all_ports=False,
        log_config=LogConfig(type=LogConfig.types.NONE),
        mounts=[
            *(
                Mount(target=path, source=name, type="volume", read_only=False)
                for path, name in sorted((volumes or {}).items())
            ),
            *mounts,
        ],
        tmpfs=dict(tmpfs or {}),
    )
    return config


def start_hardened(client: docker.APIClient, container_id: str, *, attach: Callable[[], None]) -> None:
    """Start a container made with `hardened_host_config`.

    `attach` is called before each try: it connects to the container's streams, which a refused start has ended.
    Control groups v1 refuse a container more CPU than the engine as a whole has. The engine's bound is the tighter one
    then, so the container starts without one of its own.
    """
    attach()
    try:
        client.start(container_id)
    except APIError as refusal:
        if not is_cpu_refusal(engine_words(refusal)):
            raise
        client.update_container(container_id, cpu_quota=-1)
        attach()
        client.start(container_id)

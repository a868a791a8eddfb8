"""Holds the processes of a container from outside, as if its program hung, whatever it is and however it was started.

The engine's own pause would not do: it stops the container's HEALTHCHECK too. A signal to process 1 would not do
either, which in shell form is a shell that waits. So the engine stops process 1, which heeds such a signal only from
outside of its namespace, and a program of ours, in a container that shares that namespace and nothing else, stops all
that descends from it. What the engine started inside beside it (the HEALTHCHECK, whose parent lies outside) goes on.
SIGSTOP can be neither caught nor blocked; a stopped process cannot start another, so that going over all of them until
none is left comes to an end.
"""

import logging
from collections.abc import Callable

import docker
from docker.errors import APIError

from graders.sandbox.base import RunLimits
from graders.sandbox.connection import Address, engine_call, engine_words, wait_for_end
from graders.sandbox.hardening import hardened_host_config, start_hardened

_LIMITS = RunLimits(memory_mib=32, pids=8, cpus=1.0, writable_mib=4)
_SECONDS = 20.0
_TRIES = 3
_log = logging.getLogger(__name__)

# Fields of /proc/PID/stat behind the name, which may hold anything: state, parent (proc(5)). A process descends from
# process 1 when the way up its parents leads there, not to 0, which stands for a parent outside of the namespace.
_AGENT = r"""
state_of() {
  read -r line < "/proc/$1/stat" || return 1
  rest=${line##*) }
  state=${rest%% *}
  rest=${rest#* }
  parent=${rest%% *}
}
descends() {
  up=$1
  while [ "$up" != 1 ]; do
    [ "$up" != 0 ] && state_of "$up" || return 1
    up=$parent
  done
}
round=0
while [ "$round" -lt 50 ]; do
  round=$((round + 1))
  moving=0
  for folder in /proc/[0-9]*; do
    pid=${folder#/proc/}
    descends "$pid" && state_of "$pid" || continue
    case $state in T|t|Z|X) continue ;; esac
    moving=1
    kill -STOP "$pid"
  done
  [ "$moving" = 1 ] || exit 0
done 2> /dev/null
exit 1
"""


def freeze(
    address: Address, client: docker.APIClient, container_id: str, *, image: str, names: Callable[[], str]
) -> bool:
    """Hold a container's program and all that it started.

    Args:
        address: the engine.
        client: the engine.
        container_id: whose processes are held.
        image: the probes' own.
        names: gives a name for each container that does it.

    False when the container does not run any more, or would not be held: its processes share a namespace with ours,
    so that those of root could end it, even while it starts, and others could be born faster than they are stopped.
    """
    with engine_call("freezing a container"):
        for _ in range(_TRIES):
            try:
                client.kill(container_id, signal="SIGSTOP")
                if _hold(address, client, container_id, image=image, name=names()):
                    return True
            except APIError as refusal:
                _log.warning("a container was not frozen: %s", engine_words(refusal))
            if not _runs(client, container_id):
                return False
        return False


def _hold(address: Address, client: docker.APIClient, container_id: str, *, image: str, name: str) -> bool:
    made = client.create_container(
        image,
        command=["sh", "-c", _AGENT],
        name=name,
        user="0:0",
        healthcheck={"test": ["NONE"]},
        host_config={
            **hardened_host_config(client, limits=_LIMITS, read_only=True),
            "PidMode": f"container:{container_id}",
            "CapAdd": ["KILL"],  # to signal processes of any user of that container; it holds nothing else
        },
    )
    start_hardened(client, made["Id"], attach=lambda: None)
    if not wait_for_end(address, client, made["Id"], _SECONDS):
        client.kill(made["Id"], signal="SIGKILL")
        return False
    ended_well = client.inspect_container(made["Id"])["State"]["ExitCode"] == 0
    return ended_well and _runs(client, container_id)


def _runs(client: docker.APIClient, container_id: str) -> bool:
    return bool(client.inspect_container(container_id)["State"]["Running"])

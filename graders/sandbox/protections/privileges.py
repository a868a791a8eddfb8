"""Tries to be more than a nobody: root outside, privileged, with capabilities, or master of the engine."""

from typing import Any

from docker.errors import APIError

from graders.sandbox.base import RunLimits
from graders.sandbox.connection import engine_call, engine_words
from graders.sandbox.hardening import hardened_host_config
from graders.sandbox.protections.bench import Bench, Finding, Protection

_NOBODY = "65534:65534"
_FORBIDDEN: dict[str, dict[str, Any]] = {
    "privileged mode": {"Privileged": True},
    "the machine's network": {"NetworkMode": "host"},
    "the machine's processes": {"PidMode": "host"},
}


def _user_namespace(bench: Bench) -> Finding:
    """The kernel's own table of who root is outside, read in a container and in a build step."""
    ran = bench.run("busybox cat /proc/self/uid_map").stdout.decode(errors="replace")
    built = bench.build("RUN echo map $(busybox cat /proc/self/uid_map)").log
    found = {
        "a container": ran.split(),
        "a build step": built.rpartition("\nmap ")[2].split(),
    }
    for where, words in found.items():
        if len(words) < 3 or words[0] != "0":  # noqa: PLR2004  first inside, first outside, how many
            return Finding(holds=False, seen=f"The user table of {where} could not be read.")
        if words[1] == "0":
            return Finding(holds=False, seen=f"Root in {where} is root on the machine.")
    return Finding(holds=True, seen=f"Root inside is user {found['a container'][1]} outside.")


def _capabilities(bench: Bench) -> Finding:
    """Root without capabilities cannot give a file away."""
    ran = bench.run("echo x > /tmp/mine && busybox chown 1 /tmp/mine && echo gave-it; busybox mknod /tmp/n c 1 3")
    if b"gave-it" in ran.stdout:
        return Finding(holds=False, seen="Root in a container could give a file to another user.")
    refused = b"Operation not permitted" in ran.stderr
    return Finding(
        holds=refused, seen="chown and mknod in a container: Operation not permitted." if refused else _odd(ran.stderr)
    )


def _no_new_privileges(bench: Bench) -> Finding:
    """A setuid program lends its owner's rights, unless it is forbidden: busybox's `su` says whether it has them."""
    image = bench.build(
        "RUN busybox mkdir /suid && busybox cp /bin/busybox /suid/busybox && busybox chmod 4755 /suid/busybox"
    ).image_id
    if not image:
        return Finding(holds=False, seen="An image with a setuid program could not be built.")
    ran = bench.run("/suid/busybox su somebody", image=image, user=_NOBODY)
    if b"unknown user" in ran.stderr:
        return Finding(holds=False, seen="A setuid program made a nobody root.")
    refused = b"must be suid" in ran.stderr
    return Finding(holds=refused, seen="A setuid program gave a nobody no rights." if refused else _odd(ran.stderr))


def _system_calls(bench: Bench) -> Finding:
    """Making a user namespace is the door to much of the kernel; the engine's filter keeps it shut."""
    ran = bench.run("busybox unshare -U busybox true && echo made-it")
    if b"made-it" in ran.stdout:
        return Finding(holds=False, seen="A container could make a user namespace of its own.")
    refused = b"Operation not permitted" in ran.stderr
    return Finding(
        holds=refused, seen="unshare -U in a container: Operation not permitted." if refused else _odd(ran.stderr)
    )


def _engine_socket(bench: Bench) -> Finding:
    """Whoever can talk to an engine owns it."""
    search = "busybox find / -path /proc -prune -o -type s -print 2> /dev/null"
    ran = bench.run(search, limits=RunLimits(seconds=30))
    built = bench.build(f"RUN echo sockets: $({search}) end")
    found = ran.stdout.decode(errors="replace").split()
    found += built.log.rpartition("\nsockets: ")[2].partition(" end")[0].split() if built.ok else ["(not searched)"]
    found = [name for name in found if name != "end"]
    if found:
        return Finding(holds=False, seen=f"There are sockets inside: {', '.join(found[:5])}.")
    return Finding(holds=True, seen="No socket is to be found in a container or a build step.")


def _privileged(bench: Bench) -> Finding:
    """Asked for directly, past every rule of ours, the engine itself refuses."""
    client = bench.client
    refusals = []
    for what, asked in _FORBIDDEN.items():
        config = hardened_host_config(client, limits=RunLimits()) | asked
        with engine_call("trying what it must refuse"):
            container = ""
            try:
                container = client.create_container(bench.image, command=["true"], host_config=config)["Id"]
                client.start(container)
            except APIError as refusal:
                refusals.append(engine_words(refusal))
            else:
                return Finding(holds=False, seen=f"The engine gave a container {what}.")
            finally:
                if container:
                    client.remove_container(container, force=True, v=True)
    if not all("namespace" in words for words in refusals):
        return Finding(holds=False, seen=f"The engine refused for another reason: {'; '.join(refusals)[:200]}")
    return Finding(holds=True, seen=f"Refused: {', '.join(_FORBIDDEN)}.")


def _odd(output: bytes) -> str:
    return f"The attempt went otherwise than expected: {output.decode(errors='replace').strip()[:200] or 'no output'}"


PROTECTIONS = (
    Protection(id="user-namespace", title="Root inside is nobody outside", required=True, probe=_user_namespace),
    Protection(id="privileged", title="The machine's namespaces are refused", required=True, probe=_privileged),
    Protection(id="capabilities", title="Root inside has no capabilities", required=True, probe=_capabilities),
    Protection(
        id="no-new-privileges", title="A setuid program lends no rights", required=True, probe=_no_new_privileges
    ),
    Protection(id="system-calls", title="System calls are filtered", required=False, probe=_system_calls),
    Protection(id="engine-socket", title="The engine's socket is out of reach", required=True, probe=_engine_socket),
)

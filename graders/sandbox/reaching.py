"""Connects to an engine, and finds out what has to be known of it before it is used."""

import re

from graders.sandbox.connection import Address, Engine, engine_call


def reach(address: Address) -> Engine:
    """Connect to the engine. Raises SandboxUnavailable."""
    client = address.client()
    with engine_call("being asked how it is set up"):
        return Engine(address=address, client=client, id_offset=_id_offset(client.info()))


def _id_offset(info: dict[str, object]) -> int:
    """Where the engine's user namespace begins: `100000` of `/var/lib/docker/100000.100000`; 0 without one."""
    options = info.get("SecurityOptions") or []
    root = re.search(r"/(\d+)\.\d+$", str(info.get("DockerRootDir") or ""))
    remapped = isinstance(options, list) and any("name=userns" in str(option) for option in options)
    return int(root.group(1)) if root is not None and remapped else 0

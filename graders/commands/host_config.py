"""The bounds of a session's container: those of every container here, and a small log for `docker logs`."""

from collections.abc import Mapping, Sequence
from typing import Any

from docker.types import Mount

from graders.commands.rules import ConsoleRules
from graders.sandbox.connection import Engine
from graders.sandbox.hardening import hardened_host_config

_LOG_FILES = 1


def console_host_config(
    engine: Engine,
    rules: ConsoleRules,
    *,
    network: str = "none",
    read_only: bool = False,
    mounts: Sequence[Mount] = (),
    tmpfs: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Make the host config of a session's container, as the daemon's `HostConfig`.

    `network` is `none` or a network of the session's own, by its name on the engine; `mounts` are of its own volumes.
    """
    config = hardened_host_config(
        engine.client, limits=rules.run_limits(), network=network, read_only=read_only, mounts=mounts, tmpfs=tmpfs
    )
    config["LogConfig"] = {
        "Type": "local",
        "Config": {"max-size": str(rules.log_bytes), "max-file": str(_LOG_FILES), "compress": "false"},
    }
    return config

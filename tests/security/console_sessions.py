"""Sessions of consoles on a real engine, and what the engine itself says of what they made."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from graders.commands.interpreter import Console
from graders.commands.rules import ConsoleRules
from tests.consoles import console

_NEVER = (
    *("Devices", "DeviceRequests", "DeviceCgroupRules", "VolumesFrom", "Links", "PortBindings"),
    *("PublishAllPorts", "GroupAdd", "Sysctls", "ExtraHosts", "Dns", "DnsOptions", "CgroupParent", "OomKillDisable"),
)
"""Settings of a host config that no container here has."""
_OWN_VOLUME = re.compile(r"dd-[0-9a-f]+-v\d+:/")
_SECOND = 1_000_000_000
QUICK = {"foreground_seconds": 1.5, "build_seconds": 3}


@contextmanager
def session(engine_url: str, *, files: Mapping[str, str] | None = None, **rules: Any) -> Iterator[Console]:
    """A student's session, ended afterwards."""
    with console(engine_url, rules=ConsoleRules(**rules), files=files) as made:
        yield made


def ok(made: Console, line: str) -> str:
    """Carry a line out that must succeed; what it printed."""
    carried = made.carry_out(line)
    assert carried.exit_code == 0, (line, carried.exit_code, carried.stdout, carried.stderr)
    return carried.stdout


def refused(made: Console, line: str) -> str:
    """Carry a line out that must fail; what it said."""
    carried = made.carry_out(line)
    assert carried.exit_code != 0, (line, carried.stdout)
    assert carried.stderr.strip(), line
    return carried.stderr


def raw_containers(made: Console) -> list[dict[str, Any]]:
    """What the engine says of every container of a session: those of the ledger, and those with its key in the name."""
    client = made.engine.client
    named = client.containers(all=True, filters={"name": f"dd-{made.state.key}-"})
    ids = {found["Id"] for found in named} | {one.id for one in made.state.containers if one.id}
    return [client.inspect_container(id_) for id_ in sorted(ids)]


def raw(made: Console) -> dict[str, Any]:
    """All that a session has, by the engine's own account: what another session may not change."""
    client = made.engine.client
    state = made.state
    return {
        "containers": {found["Id"]: _steady(found) for found in raw_containers(made)},
        "images": {
            reference: client.inspect_image(reference)["Id"]
            for reference in (*state.references.values(), *(one.id for one in state.images))
        },
        "volumes": {one.engine_name: client.inspect_volume(one.engine_name) for one in state.volumes},
        "networks": {one.id: client.inspect_network(one.id)["Containers"] for one in state.networks},
        "ledger": state.model_dump(),
    }


def _steady(found: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("Name", "State", "HostConfig", "Config", "RestartCount", "Image")
    mounts = sorted(found["Mounts"], key=lambda mount: str(mount["Destination"]))  # which the engine tells in any order
    return {key: found[key] for key in kept} | {"Networks": found["NetworkSettings"]["Networks"], "Mounts": mounts}


def assert_bounded(found: Mapping[str, Any], rules: ConsoleRules) -> None:
    """See by the engine's own account that a container has every bound that a console puts on it."""
    host, config = found["HostConfig"], found["Config"]
    mib = 1024 * 1024
    assert 0 < host["Memory"] <= rules.memory_mib * mib
    assert 0 < host["MemorySwap"] <= rules.memory_mib * mib
    assert 0 < host["PidsLimit"] <= rules.pids
    assert host["CpuQuota"] == -1 or 0 < host["CpuQuota"] <= rules.cpus * host["CpuPeriod"]
    assert host["NanoCpus"] == 0
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert not host["Privileged"]
    assert "no-new-privileges=true" in host["SecurityOpt"]
    assert not any("unconfined" in option or "disable" in option for option in host["SecurityOpt"])
    assert (host["PidMode"], host["UTSMode"], host["UsernsMode"]) == ("", "", "")
    assert host["IpcMode"] in {"private", "none"}
    assert host["CgroupnsMode"] in {"", "host", "private"}  # the engine's own default
    assert not [key for key in _NEVER if host.get(key)]
    assert all(_OWN_VOLUME.match(bind) for bind in host["Binds"] or ())
    assert host["RestartPolicy"]["Name"] in {"", "no"}
    assert host["Runtime"] in {"", "runc"}
    assert host["OomScoreAdj"] == 0
    assert host["LogConfig"]["Type"] == "local"
    assert int(host["LogConfig"]["Config"]["max-size"]) <= rules.log_bytes
    limits = {each["Name"]: each["Hard"] for each in host["Ulimits"]}
    assert limits["fsize"] <= rules.file_mib * mib
    assert limits["nofile"] <= 1024
    assert host["ShmSize"] <= 64 * mib
    assert all(mount["Type"] in {"volume", "tmpfs"} for mount in found["Mounts"])
    assert host["NetworkMode"] == "none" or host["NetworkMode"].startswith("dd-")
    health = config.get("Healthcheck") or {}
    assert health.get("Interval", 0) == 0 or health["Interval"] >= _SECOND
    assert config.get("StopTimeout", 0) <= 30

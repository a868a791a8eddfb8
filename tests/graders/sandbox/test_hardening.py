"""The one host config there is, whatever is asked of it."""

from collections.abc import Iterator

import docker
import pytest

from graders.sandbox.base import MIB, RunLimits
from graders.sandbox.hardening import hardened_host_config


@pytest.fixture
def client() -> Iterator[docker.APIClient]:
    """An SDK client that is never used to call anybody."""
    client = docker.APIClient(base_url="tcp://127.0.0.1:1", version="1.41")
    yield client
    client.close()


def test_everything_is_denied_and_everything_is_bounded(client: docker.APIClient) -> None:
    limits = RunLimits(memory_mib=64, pids=40, cpus=0.5, writable_mib=10)
    config = hardened_host_config(client, limits=limits)
    ulimits = {limit["Name"]: (limit["Soft"], limit["Hard"]) for limit in config["Ulimits"]}
    assert config["NetworkMode"] == "none"
    assert config["CapDrop"] == ["ALL"]
    assert config["SecurityOpt"] == ["no-new-privileges=true"]
    assert config["IpcMode"] == "private"
    assert config["Memory"] == config["MemorySwap"] == 64 * MIB
    assert config["PidsLimit"] == 40
    assert (config["CpuPeriod"], config["CpuQuota"]) == (100_000, 50_000)
    assert ulimits == {"nofile": (1024, 1024), "fsize": (10 * MIB, 10 * MIB), "core": (0, 0)}
    assert config["ShmSize"] == 16 * MIB
    assert config["LogConfig"]["Type"] == "none"
    assert config["RestartPolicy"] == {"Name": "no"}


def test_nothing_that_opens_a_way_out_is_ever_set(client: docker.APIClient) -> None:
    config = hardened_host_config(
        client, limits=RunLimits(), network="inner", read_only=True, volumes={"/data": "v"}, tmpfs={"/tmp": "size=1m"}
    )
    ways_out = {"Binds", "CapAdd", "CgroupParent", "DeviceCgroupRules", "DeviceRequests", "Devices", "ExtraHosts"}
    ways_out |= {
        "GroupAdd",
        "Links",
        "PidMode",
        "PortBindings",
        "Runtime",
        "Sysctls",
        "UTSMode",
        "UsernsMode",
        "VolumesFrom",
    }
    assert {name for name in ways_out if config.get(name)} == set()
    assert not config.get("Privileged")
    assert not config.get("PublishAllPorts")
    assert [(mount["Type"], mount["Source"], mount["Target"]) for mount in config["Mounts"]] == [
        ("volume", "v", "/data")
    ]

"""The audit sees each protection hold, and sees each one fail once it is switched off."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from engines import engine, own_slot, started_engine

from graders.sandbox import audit, hardening, job
from graders.sandbox.base import SandboxUnavailable
from graders.sandbox.buildkit import BuildOrder
from graders.sandbox.docker import DockerSandbox
from graders.sandbox.protections import privileges, resources
from graders.sandbox.protections.bench import Bounds

LIMITS = ("--memory-mib", "200", "--pids", "100", "--cpus", "1.0", "--disk-mib", "300")
ROOMY = ("--memory-mib", "600")
BOUNDS = Bounds(memory_mib=600, pids=200, disk_mib=600)
IN_THE_MACHINES_NETWORK = ("--without", "network", "--without", "userns")

Weaken = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def slot() -> Iterator[str]:
    with own_slot("audit") as name:
        yield name
        engine("clean", name)


def without(*keys: str) -> Weaken:
    """A host config that lacks these bounds."""

    def weaken(config: dict[str, Any]) -> None:
        for key in keys:
            config.pop(key)

    return weaken


def with_option(**options: Any) -> Weaken:
    """A host config with an option that ours never has."""
    return lambda config: config.update(options)


def weakened(monkeypatch: pytest.MonkeyPatch, weaken: Weaken) -> None:
    hardened = hardening.hardened_host_config

    def host_config(*arguments: Any, **options: Any) -> dict[str, Any]:
        config = hardened(*arguments, **options)
        weaken(config)
        return config

    for module in (job, privileges, resources):
        monkeypatch.setattr(module, "hardened_host_config", host_config)


@pytest.mark.engine
def test_every_protection_holds_on_the_engine_as_it_is_shipped(slot: str) -> None:
    with started_engine(slot, *LIMITS) as url:
        results = audit.audit(url, bounds=BOUNDS)
        assert [result.id for result in results] == list(audit.PROTECTIONS)
        assert [str(result) for result in results if not result.holds] == []
        assert audit.failures(results) == []
        assert audit.required_failures(DockerSandbox(url)) == []


@pytest.mark.engine
def test_an_audit_leaves_nothing_on_the_engine(slot: str) -> None:
    with started_engine(slot, *LIMITS) as url:
        client = DockerSandbox(url)._connected().client
        audit.audit(url, only=["disk-build", "no-new-privileges"], bounds=BOUNDS)
        assert client.containers(all=True) == []
        assert [image["RepoTags"] for image in client.images()] == [[DockerSandbox(url).probe_image()]]
        assert not client.df()["BuildCache"]


ENGINE_SWITCHES = {
    "network-fetch": ("--without", "network"),
    "user-namespace": ("--without", "userns"),
    "privileged": ("--without", "userns"),
    "memory-build": ("--without", "memory"),
    "pids-build": ("--without", "pids"),
    "disk-build": ("--without", "disk"),
    "cpu-build": ("--without", "cpu"),
    "log-cap": ("--without", "logs"),
}

RUN_SWITCHES: dict[str, tuple[tuple[str, ...], Weaken]] = {
    "network-run": (IN_THE_MACHINES_NETWORK, with_option(NetworkMode="host")),
    "capabilities": ((), without("CapDrop")),
    "no-new-privileges": (("--without", "no-new-privileges"), without("SecurityOpt")),
    "system-calls": ((), with_option(SecurityOpt=["seccomp=unconfined"])),
    "engine-socket": ((), with_option(Binds=["/run/drydock:/engines"])),
    "memory-run": (ROOMY, without("Memory", "MemorySwap")),
    "pids-run": ((), without("PidsLimit")),
    "disk-run": ((), without("Ulimits")),
    "cpu-run": ((), without("CpuQuota", "CpuPeriod")),
}


def the_result(url: str, protection: str) -> audit.ProtectionResult:
    (result,) = audit.audit(url, only=[protection], bounds=BOUNDS)
    return result


@pytest.mark.engine
@pytest.mark.parametrize("protection", ENGINE_SWITCHES)
def test_a_protection_that_the_engine_lacks_is_seen_to_fail(slot: str, protection: str) -> None:
    with started_engine(slot, *LIMITS) as url:
        assert the_result(url, protection).holds
    with started_engine(slot, *LIMITS, *ENGINE_SWITCHES[protection]) as url:
        result = the_result(url, protection)
    assert not result.holds, result.seen
    assert "could not" not in result.seen.replace("A build step could take", "")


@pytest.mark.engine
@pytest.mark.parametrize("protection", RUN_SWITCHES)
def test_a_protection_that_runs_lack_is_seen_to_fail(
    slot: str, protection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags, weaken = RUN_SWITCHES[protection]
    with started_engine(slot, *LIMITS, *flags) as url:
        assert the_result(url, protection).holds
        weakened(monkeypatch, weaken)
        result = the_result(url, protection)
    assert not result.holds, result.seen
    assert "otherwise than expected" not in result.seen


@pytest.mark.engine
def test_a_build_in_the_machines_network_is_seen_to_get_out(slot: str, monkeypatch: pytest.MonkeyPatch) -> None:
    query = BuildOrder.query
    with started_engine(slot, *LIMITS, *IN_THE_MACHINES_NETWORK) as url:
        assert the_result(url, "network-build").holds
        monkeypatch.setattr(BuildOrder, "query", lambda order, session="": query(order) | {"networkmode": "host"})
        result = the_result(url, "network-build")
        assert (result.holds, result.seen) == (False, "It reached a server on this machine's loopback.")


@pytest.mark.engine
def test_a_build_without_permission_is_seen_to_use_the_way_of_another(
    slot: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = BuildOrder.query
    with started_engine(slot, *LIMITS) as url:
        assert the_result(url, "packages-others").holds
        monkeypatch.setattr(BuildOrder, "query", lambda order, session="": query(order) | {"networkmode": "default"})
        result = the_result(url, "packages-others")
    assert (result.holds, result.seen) == (
        False,
        "The proxy before the package registries let a build without permission in.",
    )


@pytest.mark.engine
def test_a_proxy_that_lets_more_than_registries_pass_is_seen_to(slot: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with started_engine(slot, *LIMITS) as url:
        assert the_result(url, "packages-proxy").holds
    monkeypatch.setenv("DRYDOCK_PACKAGES_PIP", "http://169.254.169.254/simple")
    with started_engine(slot, *LIMITS) as url:
        result = the_result(url, "packages-proxy")
    assert not result.holds
    assert "Asked for a page of a metadata address, the proxy did not refuse" in result.seen


def test_every_protection_has_a_test_that_switches_it_off() -> None:
    assert {*ENGINE_SWITCHES, *RUN_SWITCHES, "network-build", "packages-others", "packages-proxy"} == set(
        audit.PROTECTIONS
    )


def test_failures_are_the_required_ones_that_do_not_hold() -> None:
    results = [
        audit.ProtectionResult(id=f"{required}-{holds}", title="Title", required=required, holds=holds, seen="Seen.")
        for required in (True, False)
        for holds in (True, False)
    ]
    assert [result.id for result in audit.failures(results)] == ["True-False"]
    assert str(audit.failures(results)[0]) == "Title: no. Seen."


def test_the_table_has_a_line_for_each_protection_and_shouts_where_one_fails() -> None:
    lines = audit.table(
        [
            audit.ProtectionResult(id="one", title="First", required=True, holds=True, seen="Fine."),
            audit.ProtectionResult(id="two", title="Second one", required=False, holds=False, seen="Not fine."),
        ]
    ).splitlines()
    assert lines[0].split() == ["holds", "needed", "protection", "seen"]
    assert lines[1:] == [
        "yes    required  First (one)       Fine.",
        "NO     advised   Second one (two)  Not fine.",
    ]


def test_an_engine_that_does_not_answer_is_no_audit_result() -> None:
    with pytest.raises(SandboxUnavailable):
        audit.audit("unix:///run/drydock/there-is-none/docker.sock")

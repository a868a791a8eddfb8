"""What is installed, and that no service starts with it."""

import os
import subprocess
from pathlib import Path

import pytest

from deploy.up.instance import find
from deploy.up.packages import Need, missing, needs_for_up, no_services_start


def a_program(folder: Path, name: str) -> None:
    (folder / name).write_text("#!/bin/sh\n")
    (folder / name).chmod(0o755)


def test_only_what_is_not_there_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_program(tmp_path, "have-this")
    monkeypatch.setenv("PATH", str(tmp_path))
    needs = [
        Need("have-this", ("one",)),
        Need("lack-this", ("two", "three")),
        Need("lack-that", ("three",)),
        Need(f"{tmp_path}/have-*", ("four",)),
        Need(f"{tmp_path}/lack-*", ("five",)),
        Need("python:json", ("six",)),
        Need("python:no_such_module", ("seven",)),
    ]

    assert missing(needs) == ["five", "seven", "three", "two"]


def test_nothing_is_installed_for_a_service_that_the_operator_brings(tmp_path: Path) -> None:
    own = {package for need in needs_for_up(find(tmp_path, {})) for package in need.packages}
    given = find(tmp_path, {"REDIS_URL": "redis://r", "SANDBOX_ENGINES": "tcp://e:1"})
    brought = {package for need in needs_for_up(given) for package in need.packages}

    assert own - brought >= {"redis-server", "docker.io", "iptables", "iproute2", "busybox-static", "mmdebstrap"}
    assert own - brought >= {"tinyproxy-bin", "socat"}
    assert brought >= {"nodejs", "npm"}


def test_services_are_forbidden_while_packages_are_installed_and_not_after(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"

    with no_services_start(policy):
        assert subprocess.run([policy, "redis-server", "start"], check=False).returncode == 101

    assert not policy.exists()


def test_a_failed_installation_leaves_no_policy_behind(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"

    with pytest.raises(RuntimeError), no_services_start(policy):
        raise RuntimeError

    assert not policy.exists()


def test_a_policy_left_by_a_power_cut_forbids_nothing_and_is_replaced(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    with no_services_start(policy):
        ours = policy.read_text()
    ended = subprocess.Popen(["true"])
    ended.wait()
    policy.write_text(ours.replace(f"/proc/{os.getpid()}", f"/proc/{ended.pid}"))
    policy.chmod(0o755)

    assert subprocess.run([policy], check=False).returncode == 0
    with no_services_start(policy):
        assert subprocess.run([policy], check=False).returncode == 101
    assert not policy.exists()


def test_a_policy_of_the_machine_stands(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")

    with no_services_start(policy):
        pass

    assert policy.read_text() == "#!/bin/sh\nexit 101\n"

"""docker-compose.yml keeps the parts apart as the design says."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLE = REPOSITORY / "deploy/production.env.example"
SECRETS = ("SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD")
ENDS_BY_ITSELF = {"setup", "base-images"}


PACKAGES = ("--file", "docker-compose.packages.yml")


def config(*more: str, env_file: Path = EXAMPLE) -> subprocess.CompletedProcess[str]:
    command = ["docker-compose", "--env-file", str(env_file), "--file", "docker-compose.yml", *more, "config"]
    environment = {"PATH": os.environ["PATH"]}
    return subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def composed() -> dict[str, Any]:
    """The file as docker-compose itself reads it."""
    done = config()
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = yaml.safe_load(done.stdout)
    return read


def volumes_of(service: dict[str, Any]) -> set[str]:
    return {str(volume).partition(":")[0] for volume in service.get("volumes", [])}


def networks_of(service: dict[str, Any]) -> set[str]:
    return set(service.get("networks", {}))


def test_every_part_is_there(composed: dict[str, Any]) -> None:
    assert set(composed["services"]) == {"web", "worker", "sweeper", "postgres", "redis", "engine"} | ENDS_BY_ITSELF


def test_nobody_gets_the_hosts_engine_or_any_folder_of_the_host(composed: dict[str, Any]) -> None:
    for name, service in composed["services"].items():
        for volume in volumes_of(service):
            assert volume in composed["volumes"], f"{name} mounts {volume} of the host"
        assert "docker.sock" not in str(service.get("environment", "")).replace("/run/drydock/main/docker.sock", "")
        assert service.get("network_mode") is None
        assert service.get("pid") is None


def test_the_engine_has_no_way_out_and_shares_its_network_with_nobody(composed: dict[str, Any]) -> None:
    services = composed["services"]
    mine = networks_of(services["engine"])

    assert mine == {"sandbox"}
    assert composed["networks"]["sandbox"]["internal"] is True
    assert not services["engine"].get("ports")
    for name, service in services.items():
        assert name == "engine" or not networks_of(service) & mine, name


def test_only_the_worker_and_the_base_images_reach_the_engines_socket(composed: dict[str, Any]) -> None:
    services = composed["services"]
    reach = {name for name, service in services.items() if "engine-socket" in volumes_of(service)}

    assert reach == {"engine", "worker", "base-images"}
    assert "engine-socket:/run/drydock:ro" in services["worker"]["volumes"]
    assert not volumes_of(services["web"]) & volumes_of(services["engine"])
    assert "SANDBOX_ENGINES" not in services["web"]["environment"]


def test_only_the_engine_is_privileged(composed: dict[str, Any]) -> None:
    services = composed["services"]

    assert {name for name, service in services.items() if service.get("privileged")} == {"engine"}
    for name in ("web", "worker", "sweeper", "setup"):
        assert services[name]["cap_drop"] == ["ALL"], name
        assert services[name]["read_only"] is True, name
        assert "no-new-privileges:true" in services[name]["security_opt"], name


def test_database_and_redis_are_on_a_network_without_a_way_out_and_publish_nothing(composed: dict[str, Any]) -> None:
    assert composed["networks"]["data"]["internal"] is True
    for name in ("postgres", "redis"):
        assert networks_of(composed["services"][name]) == {"data"}
        assert not composed["services"][name].get("ports")


def test_redis_keeps_an_append_only_file_on_a_volume(composed: dict[str, Any]) -> None:
    redis = composed["services"]["redis"]

    assert redis["command"][redis["command"].index("--appendonly") + 1] == "yes"
    assert "redis" in volumes_of(redis)


def test_what_runs_for_long_tells_how_it_is_and_comes_back(composed: dict[str, Any]) -> None:
    for name, service in composed["services"].items():
        if name in ENDS_BY_ITSELF:
            assert service["restart"] == "no", name
        else:
            assert service["healthcheck"]["test"], name
            assert service["restart"] == "unless-stopped", name


def test_the_site_is_published_on_loopback_unless_told_otherwise(composed: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in composed["services"].items() if service.get("ports")}

    assert published == {"web": ["127.0.0.1:8000:8000/tcp"]}


def test_secrets_reach_only_those_who_need_them(composed: dict[str, Any]) -> None:
    for name in ("engine", "base-images"):
        assert not composed["services"][name].get("environment"), name
    assert "SECRET_KEY" not in composed["services"]["postgres"]["environment"]


def test_no_secret_stands_in_a_tracked_file() -> None:
    text = EXAMPLE.read_text()

    for name in SECRETS:
        assert re.search(rf"^{name}=change-me$", text, re.MULTILINE), name
        assert f"{name}:?" in (REPOSITORY / "docker-compose.yml").read_text()


@pytest.mark.parametrize("name", SECRETS)
def test_a_missing_secret_stops_the_start(tmp_path: Path, name: str) -> None:
    lacking = tmp_path / "production.env"
    lacking.write_text(re.sub(rf"^{name}=.*$", f"{name}=", EXAMPLE.read_text(), flags=re.MULTILINE))

    done = config(env_file=lacking)

    assert done.returncode != 0
    assert name in done.stderr


def test_the_image_is_given_every_folder_that_the_site_imports() -> None:
    dockerfile = (REPOSITORY / "deploy/Dockerfile").read_text()
    ignored = (REPOSITORY / ".dockerignore").read_text()

    for folder in ("graders", "labs", "quizzes", "packs", "platform"):
        assert f"COPY {folder} ./{folder}" in dockerfile
        assert f"!{folder}" in ignored


def test_for_packages_the_engine_alone_gets_a_way_out_and_still_shares_no_network_with_the_site(
    composed: dict[str, Any],
) -> None:
    done = config(*PACKAGES)
    assert done.returncode == 0, done.stderr
    services = yaml.safe_load(done.stdout)["services"]

    assert networks_of(services["engine"]) == {"sandbox", "outside"}
    assert services["engine"]["environment"].keys() >= {"DRYDOCK_PACKAGES_PIP", "DRYDOCK_PACKAGES_APT"}
    for name in set(services) - {"engine"}:
        assert networks_of(services[name]) == networks_of(composed["services"][name])
    for name in set(services) - {"engine", "base-images"}:
        assert not networks_of(services[name]) & {"sandbox", "outside"}

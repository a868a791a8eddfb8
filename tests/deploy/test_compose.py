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
ENDS_BY_ITSELF = {"setup", "base-images", "console-images"}
ENGINES = {"engine": ("sandbox", "engine-socket"), "console-engine": ("consoles", "console-socket")}
"""Each engine's network and the volume of its socket."""


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
    assert set(composed["services"]) == {
        *("web", "worker", "sweeper", "postgres", "redis", "console-worker", "console-tender", "author"),
        *ENGINES,
        *ENDS_BY_ITSELF,
    }


def test_nobody_gets_the_hosts_engine_or_any_folder_of_the_host(composed: dict[str, Any]) -> None:
    for name, service in composed["services"].items():
        for volume in volumes_of(service):
            assert volume in composed["volumes"], f"{name} mounts {volume} of the host"
        told = re.sub("/run/drydock/(main|console)/docker.sock", "", str(service.get("environment", "")))
        assert "docker.sock" not in told
        assert service.get("network_mode") is None
        assert service.get("pid") is None


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_has_no_way_out_and_shares_its_network_with_nobody(composed: dict[str, Any], engine: str) -> None:
    services = composed["services"]
    network, _ = ENGINES[engine]

    assert networks_of(services[engine]) == {network}
    assert composed["networks"][network]["internal"] is True
    assert not services[engine].get("ports")
    for name, service in services.items():
        assert name == engine or network not in networks_of(service), name


@pytest.mark.parametrize(
    ("engine", "allowed"),
    [
        ("engine", {"engine", "worker", "base-images"}),
        ("console-engine", {"console-engine", "console-worker", "console-tender", "console-images"}),
    ],
)
def test_an_engines_socket_reaches_who_works_with_it_alone(
    composed: dict[str, Any], engine: str, allowed: set[str]
) -> None:
    services = composed["services"]
    _, socket = ENGINES[engine]

    assert {name for name, service in services.items() if socket in volumes_of(service)} == allowed
    for name in allowed - {engine, "base-images", "console-images"}:
        # Not read-only: the two files beside the socket are written to. All else there is root's, and this is not root.
        assert any(str(volume).startswith(f"{socket}:/run/drydock") for volume in services[name]["volumes"]), name
        assert services[name]["cap_drop"] == ["ALL"], name
        assert not services[name].get("user"), name
    assert not volumes_of(services["web"]) & volumes_of(services[engine])
    assert not {"SANDBOX_ENGINES", "CONSOLE_ENGINE"} & set(services["web"]["environment"])


def test_only_what_is_typed_in_consoles_outlives_its_engine(composed: dict[str, Any]) -> None:
    assert "--keep" in composed["services"]["console-engine"]["command"]
    assert "--keep" not in str(composed["services"]["engine"].get("command"))


def test_only_the_engines_are_privileged(composed: dict[str, Any]) -> None:
    services = composed["services"]

    assert {name for name, service in services.items() if service.get("privileged")} == set(ENGINES)
    for name in ("web", "worker", "console-worker", "console-tender", "author", "sweeper", "setup"):
        assert services[name]["cap_drop"] == ["ALL"], name
        assert services[name]["read_only"] is True, name
        assert "no-new-privileges:true" in services[name]["security_opt"], name


def test_database_and_redis_are_on_a_network_without_a_way_out_and_publish_nothing(composed: dict[str, Any]) -> None:
    assert composed["networks"]["data"]["internal"] is True
    for name in ("postgres", "redis"):
        assert networks_of(composed["services"][name]) == {"data"}
        assert not composed["services"][name].get("ports")


def test_who_reads_course_files_reaches_repositories_and_neither_engines_nor_browsers(composed: dict[str, Any]) -> None:
    author = composed["services"]["author"]

    assert networks_of(author) == {"data", "fetching"}
    assert volumes_of(author) == {"files"}
    assert not author.get("ports")
    assert (
        "git"
        in (REPOSITORY / "deploy/Dockerfile").read_text().partition(" AS site")[2].partition(" AS engine")[0].split()
    )
    for name in set(composed["services"]) - {"author"}:
        assert "fetching" not in networks_of(composed["services"][name]), name


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
    for name in (*ENGINES, "base-images", "console-images"):
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
    for name in set(services) - {"engine", "base-images", "console-images"}:
        assert not networks_of(services[name]) & {"sandbox", "outside"}

"""The real docker CLI, which carries out lines in a shell of its own, with what a console gives every container."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import docker

from graders.commands.folder import HOME
from tests.graders.commands.compared.recording import Recorder, Request, recorder

VERSION = "20.10"
"""Of the CLI whose words the console takes over."""
GIVEN = (
    "--memory 64m --memory-swap 64m --pids-limit 32 --cpu-period 100000 --cpu-quota 50000 --shm-size 16m --ipc private"
    " --cap-drop ALL --security-opt no-new-privileges=true --log-driver local --log-opt max-size=262144"
    " --log-opt max-file=1 --log-opt compress=false --ulimit nofile=1024:1024 --ulimit fsize=33554432:33554432"
    " --ulimit core=0:0 --restart no"
)
"""What a console puts on every container whatever is typed, so that the two make the same ones."""
_WRAPPER = """#!/bin/sh
verb=1
case "$1" in container) verb=2 ;; esac
case "$1 $2" in run\\ * | create\\ * | container\\ run | container\\ create) ;; *) exec {docker} "$@" ;; esac
network="--network none"
for word in "$@"; do
    case "$word" in --network | --network=* | --net | --net=* | --help) network= ;; esac
done
case "$verb" in
    1) first=$1; shift; exec {docker} "$first" {given} $network "$@" ;;
    2) second=$2; shift 2; exec {docker} container "$second" {given} $network "$@" ;;
esac
"""


@dataclass(frozen=True)
class Seen:
    """What came of one line, on either side."""

    stdout: str
    stderr: str
    exit_code: int
    requests: tuple[Request, ...] = ()


@dataclass
class RealCli:
    """A shell in the lab's folder where `docker` is the real one."""

    folder: Path
    recording: Recorder
    env: Mapping[str, str] = field(default_factory=dict)

    def carry_out(self, line: str) -> Seen:
        """Have a shell carry the line out."""
        self.recording.take()
        done = subprocess.run(
            ["/bin/sh", "-c", line],
            cwd=self.folder,
            env=dict(self.env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
        printed = (done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))
        texts = (text.replace(str(self.folder), HOME) for text in printed)
        return Seen(*texts, done.returncode, tuple(self.recording.take()))


def find_cli() -> str:
    """The first docker of this machine that is of the version that counts."""
    folders = [*os.environ.get("PATH", "").split(":"), "/usr/bin", "/usr/local/bin"]
    for folder in folders:
        program = shutil.which("docker", path=folder)
        if program is None:
            continue
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=False).stdout
        if said.startswith(f"Docker version {VERSION}."):
            return program
    raise AssertionError(f"No docker CLI {VERSION} is on this machine: Debian's package docker.io brings it.")


@contextmanager
def real_cli(engine_url: str, files: Mapping[str, str]) -> Iterator[RealCli]:
    """The CLI at work in a folder of its own; what it made on the engine is removed afterwards."""
    with TemporaryDirectory(prefix="drydock-cli-") as home, recorder(engine_url) as recording:
        tools, folder, config = (Path(home) / name for name in ("bin", "lab", "config"))
        for each in (tools, folder, config):
            each.mkdir()
        (tools / "docker").write_text(_WRAPPER.format(docker=find_cli(), given=GIVEN))
        (tools / "docker").chmod(0o755)
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        env = {
            "PATH": f"{tools}:/usr/bin:/bin",
            "HOME": home,
            "DOCKER_CONFIG": str(config),
            "DOCKER_HOST": recording.url,
            "DOCKER_BUILDKIT": "1",
            "LC_ALL": "C",
        }
        before = everything(engine_url)
        try:
            yield RealCli(folder=folder, recording=recording, env=env)
        finally:
            remove_new(engine_url, before)


def everything(engine_url: str) -> dict[str, set[str]]:
    """What is on the engine: ids of containers and networks, names of volumes, ids and references of images."""
    client = docker.APIClient(base_url=engine_url, version="auto", timeout=60)
    try:
        images = client.images()
        return {
            "containers": {found["Id"] for found in client.containers(all=True)},
            "volumes": {found["Name"] for found in client.volumes()["Volumes"] or ()},
            "networks": {found["Id"] for found in client.networks()},
            "references": {tag for found in images for tag in found["RepoTags"] or () if tag != "<none>:<none>"},
            "images": {found["Id"] for found in images},
        }
    finally:
        client.close()


def remove_new(engine_url: str, before: Mapping[str, set[str]]) -> None:
    """Remove what was not there before."""
    client = docker.APIClient(base_url=engine_url, version="auto", timeout=60)
    try:
        for container in everything(engine_url)["containers"] - before["containers"]:
            client.remove_container(container, v=True, force=True)
        now = everything(engine_url)
        for network in now["networks"] - before["networks"]:
            client.remove_network(network)
        for volume in now["volumes"] - before["volumes"]:
            client.remove_volume(volume, force=True)
        for reference in now["references"] - before["references"]:
            client.remove_image(reference, force=True)
        for image in everything(engine_url)["images"] - before["images"]:
            client.remove_image(image, force=True)
    finally:
        client.close()

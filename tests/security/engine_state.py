"""What is on an engine, by the engine's own account and by the kernel's, to be compared before and after."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import docker

_KEPT_IN = (
    "containers",
    "overlay2",
    "volumes",
    "tmp",
    "image/overlay2/layerdb/sha256",
    "buildkit/content/blobs/sha256",
)


def objects(url: str) -> dict[str, set[str]]:
    """All that the engine says it has, by kind."""
    client = docker.APIClient(base_url=url, version="auto", timeout=60)
    try:
        return {
            "containers": {found["Id"] for found in client.containers(all=True)},
            "volumes": {found["Name"] for found in client.volumes()["Volumes"] or ()},
            "networks": {found["Name"] for found in client.networks()},
            "images": {name for found in client.images(all=True) for name in found["RepoTags"] or [found["Id"]]},
            "build cache": {found["ID"] for found in client.df()["BuildCache"] or ()},
        }
    finally:
        client.close()


def traces(url: str) -> dict[str, Counter[str]]:
    """What the kernel knows of an engine of this machine: its processes, its mounts, and the files it keeps."""
    daemon = _daemon(url)
    root = Path(f"/proc/{daemon}/root")
    data = _data_folder(url)
    mounts = [line.split()[4] for line in Path(f"/proc/{daemon}/mountinfo").read_text().splitlines()]
    inside = [each for folder in _KEPT_IN for each in _names(root / data.relative_to("/") / folder, folder)]
    return {
        "processes": Counter(_command(process) for process in _family(daemon)),
        "mounts": Counter(mounts),
        "files": Counter(inside),
        "groups": Counter(str(folder) for folder in _groups(url)),
    }


def _names(folder: Path, shown: str) -> list[str]:
    if not folder.is_dir():
        return []
    return [f"{shown}/{path.name}" for path in folder.iterdir() if not _is_empty_frame(path)]


def _is_empty_frame(layer: Path) -> bool:
    """Whether it is what the engine forgets of a container that it could not create for want of disk.

    Docker 20.10 makes a layer `…-init` of mount points first, empty files of its own choice, and loses sight of it when
    the next step fails. Nothing of a submission may be in it.
    """
    if not layer.name.endswith("-init"):
        return False
    found = [path for path in (layer / "diff").rglob("*") if path.is_file() and not path.is_symlink()]
    own = {".dockerenv", "dev/console", "etc/hostname", "etc/hosts", "etc/resolv.conf"}
    return all(path.stat().st_size == 0 and path.relative_to(layer / "diff").as_posix() in own for path in found)


def _data_folder(url: str) -> Path:
    client = docker.APIClient(base_url=url, version="auto", timeout=60)
    try:
        return Path(client.info()["DockerRootDir"])
    finally:
        client.close()


def _daemon(url: str) -> int:
    """The process that serves this address, by its configuration's name."""
    wanted = f"/{Path(url.removeprefix('unix://')).parent.name}/daemon.json".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        words = _words(folder)
        if words and words[0].endswith(b"dockerd") and any(word.endswith(wanted) for word in words):
            return int(folder.name)
    raise AssertionError(f"no dockerd of {url} runs on this machine")


def _family(ancestor: int) -> list[int]:
    """A process and all that descend from it, containers included."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        parents[int(folder.name)] = int(fields[1])
    found = [ancestor]
    for member in found:
        found += [process for process, parent in parents.items() if parent == member]
    return found


def _command(process: int) -> str:
    words = _words(Path(f"/proc/{process}"))
    return Path(words[0].decode(errors="replace")).name if words else "ended"


def _words(folder: Path) -> list[bytes]:
    try:
        return (folder / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def _groups(url: str) -> Iterator[Path]:
    """Control groups of builds and containers; the folder `buildkit` that they stood in is the engine's own."""
    name = f"drydock-{Path(url.removeprefix('unix://')).parent.name}"
    for own in (*Path("/sys/fs/cgroup").glob(name), *Path("/sys/fs/cgroup").glob(f"*/{name}")):
        yield from (folder for folder in own.rglob("*") if folder.is_dir() and folder.name != "buildkit")

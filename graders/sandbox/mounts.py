"""What stands at paths of a container besides its own file system: asked of the engine, and folders filled for it.

A folder that a lab provides is a volume that is filled before the container starts, since a bind mount would need the
lab's files on the engine's machine. It is filled through a container of ours that never starts: what the student's
image has at that path has no say.
"""

import io
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from docker.types import Mount

from graders.sandbox.base import ContainerSpec, MountFacts, MountKind
from graders.sandbox.hardening import hardened_host_config
from graders.sandbox.ledger import FOLDER

_NEVER_RUN = ["/never-run"]


def mounts_of(spec: ContainerSpec, folders: Mapping[str, str]) -> list[Mount]:
    """The mounts of a container that are no volumes by name; `folders` are the filled ones, by path."""
    nameless = [Mount(target=path, source=None, type="volume") for path in spec.anonymous]
    filled = [
        Mount(target=path, source=name, type="volume", read_only=spec.folders_read_only, no_copy=True)
        for path, name in folders.items()
    ]
    return nameless + filled


def tmpfs_of(spec: ContainerSpec) -> dict[str, str]:
    """Options by path: as much as a run may write, and nothing in it is a program."""
    options = f"rw,noexec,nosuid,nodev,size={spec.limits.writable_mib}m,mode=1777"
    return dict.fromkeys(spec.tmpfs, options)


def fill(
    client: Any, *, image: str, name: str, labels: Mapping[str, str], volume: str, files: Mapping[str, bytes]
) -> None:
    """Put files into an empty volume, by way of a container `name` of an image of ours."""
    spec = ContainerSpec(image=image)
    made = client.create_container(
        image,
        command=_NEVER_RUN,
        name=name,
        labels=dict(labels),
        use_config_proxy=False,
        host_config=hardened_host_config(client, limits=spec.limits, volumes={"/filled": volume}),
    )
    client.put_archive(made["Id"], "/filled", _packed(files))


def facts_of(inspected: Mapping[str, Any]) -> tuple[MountFacts, ...]:
    """What a container has mounted, by path."""
    found = [
        MountFacts(
            path=str(mount["Destination"]),
            kind=_kind_of(mount),
            name=str(mount.get("Name") or ""),
            writable=bool(mount.get("RW")),
        )
        for mount in inspected.get("Mounts") or ()
    ]
    in_memory = (inspected.get("HostConfig") or {}).get("Tmpfs") or {}
    found += [MountFacts(path=path, kind=MountKind.TMPFS) for path in in_memory]
    return tuple(sorted(found, key=lambda mount: mount.path))


def _kind_of(mount: Mapping[str, Any]) -> MountKind:
    if mount.get("Type") == "tmpfs":
        return MountKind.TMPFS
    if mount.get("Type") != "volume":
        return MountKind.FOLDER
    mark, _, rest = str(mount.get("Name") or "").rpartition(".")
    if not mark:
        return MountKind.ANONYMOUS  # only the ledger's names have dots
    return MountKind.FOLDER if rest.startswith(FOLDER) else MountKind.VOLUME


def _packed(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for folder in sorted({str(above) for path in files for above in _above(path)}):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def _above(path: str) -> Iterator[PurePosixPath]:
    yield from (each for each in PurePosixPath(path).parents if str(each) != ".")

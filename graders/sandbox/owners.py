"""Who owns the files a Dockerfile copies, on engines whose containers live in a user namespace.

Measured on Docker 20.10 with userns-remap: BuildKit unpacks a context with the owners its tar names, as the host
numbers them. Files of 0 then belong to nobody that a container knows, and `RUN chmod` on a file that COPY brought
fails, which would blame students for the engine. Files of the namespace's first id belong to root inside, as they
should. Whether an engine needs that is found out by trying, once, since one that translates owners itself must get 0.

What ADD unpacks out of an archive keeps this fault: owners inside it are not ours to rewrite.
"""

import io
import tarfile
from pathlib import PurePosixPath

import docker

from graders.sandbox.base import BuildLimits, ContainerSpec, SandboxUnavailable
from graders.sandbox.buildkit import BuildOrder, build
from graders.sandbox.connection import Address, engine_call
from graders.sandbox.facts import JOB_LABEL
from graders.sandbox.files import read_path
from graders.sandbox.hardening import hardened_host_config
from graders.sandbox.ledger import Ledger

_CANARY = "canary"


def owned_by(context: bytes, owner: int) -> bytes:
    """The same context with every file and folder owned by `owner`, folders that were only implied included."""
    packed = io.BytesIO()
    folders: set[str] = set()
    with (
        tarfile.open(fileobj=io.BytesIO(context), mode="r:") as given,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as made,
    ):
        for member in given:
            for folder in reversed(PurePosixPath(member.name).parents):
                if str(folder) not in folders | {".", "/"}:
                    folders.add(str(folder))
                    made.addfile(_folder(str(folder), owner))
            if member.isdir():
                if member.name.rstrip("/") in folders:
                    continue
                folders.add(member.name.rstrip("/"))
            member.uid = member.gid = owner
            member.uname = member.gname = ""
            made.addfile(member, given.extractfile(member) if member.isreg() else None)
    return packed.getvalue()


def find_context_owner(address: Address, client: docker.APIClient, ledger: Ledger, *, base: str, id_offset: int) -> int:
    """The owner a context's files need so that they belong to root in the image: 0, or the namespace's first id."""
    order = BuildOrder(
        context=_canary_context(base),
        build_id=ledger.name("canary"),
        tag=ledger.image(),
        labels={JOB_LABEL: ledger.key},  # so that it is found even when it is cut off before it is named
        limits=BuildLimits(),
    )
    built = build(address, client, order)
    if not built.ok:
        raise SandboxUnavailable(f"The engine could not build the plainest of images: {built.error}")
    with engine_call("looking at a copied file"):
        made = client.create_container(
            built.image_id,
            command=["/never-run"],
            name=ledger.name("canary"),
            host_config=hardened_host_config(client, limits=ContainerSpec(image="").limits),
        )
    found = read_path(address, client, made["Id"], f"/{_CANARY}", max_bytes=0, id_offset=0)
    if found is None:
        raise SandboxUnavailable("The engine did not copy a file it was told to copy.")
    return id_offset if found.uid != id_offset else 0


def _canary_context(base: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, text in (("Dockerfile", f"FROM {base}\nCOPY {_CANARY} /{_CANARY}\n"), (_CANARY, "")):
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue()


def _folder(name: str, owner: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, 0o755
    entry.uid = entry.gid = owner
    return entry

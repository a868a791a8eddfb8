"""Sees what is there of a session: asks the engine for what the session's ledger names, and for nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from docker.errors import ImageNotFound, NotFound

from graders.commands.end_files import files_of_container, files_of_image, files_of_volume, found_file
from graders.commands.end_state import (
    EndContainer,
    EndImage,
    EndMount,
    EndNetwork,
    EndState,
    EndVolume,
    EndWants,
    FoundFile,
    Line,
)
from graders.commands.holding import let_go
from graders.commands.interpreter import Console
from graders.commands.rewriting import shown_labels
from graders.commands.state import OwnContainer, SessionState, with_tag
from graders.report import EngineReport
from graders.sandbox.base import MountKind
from graders.sandbox.connection import engine_call
from graders.sandbox.facts import image_facts

_NEVER = "0001-01-01T00:00:00Z"
"""What the engine calls a time that has not come."""


def look(console: Console, wants: EndWants, *, journal: Sequence[Line] = ()) -> EndState:
    """See what is there of a session, with the files that are wanted. Raises SandboxUnavailable.

    A container is held still while its files are read, and goes on afterwards; whatever is made to look is removed.
    """
    with engine_call("looking at a session"):
        let_go(console.engine, console.state)
        containers = tuple(_containers(console, wants))
        images = tuple(_images(console, wants))
        volumes = tuple(_volumes(console, wants, containers))
        networks = tuple(
            EndNetwork(name=own.name, containers=tuple(one.name for one in containers if own.name in one.networks))
            for own in console.state.networks
            if own.id
        )
        version = console.engine.client.version(api_version=False)
    return EndState(
        containers=containers,
        images=images,
        volumes=volumes,
        networks=networks,
        folder={path: found_file(console.state, path) for path in sorted(wants.folder_files)},
        journal=tuple(journal),
        engine=EngineReport(name="console", version=str(version["Version"])),
    )


def _containers(console: Console, wants: EndWants) -> Iterator[EndContainer]:
    for own in console.state.containers:
        if not own.id:
            continue
        try:
            inspected = console.engine.client.inspect_container(own.id)
        except NotFound:
            continue  # `--rm` takes it away when it ends
        paths = sorted(path for name, path in wants.container_files if name == own.name)
        yield _container(own, inspected, console.state, files_of_container(console, own.id, paths))


def _container(
    own: OwnContainer, inspected: Mapping[str, Any], state: SessionState, files: Mapping[str, FoundFile | None]
) -> EndContainer:
    config, now = inspected.get("Config") or {}, inspected.get("State") or {}
    host = inspected.get("HostConfig") or {}
    status = now.get("Status")
    return EndContainer(
        name=own.name,
        id=own.id,
        image=own.image,
        image_id=str(inspected.get("Image") or own.image_id),
        state=status,
        exit_code=int(now.get("ExitCode") or 0) if status in {"exited", "dead"} else None,
        made_by=own.made_by,
        started=(now.get("StartedAt") or _NEVER) != _NEVER,
        entrypoint=tuple(config.get("Entrypoint") or ()),
        command=tuple(config.get("Cmd") or ()),
        env=dict(line.partition("=")[::2] for line in config.get("Env") or ()),
        user=config.get("User") or "",
        workdir=config.get("WorkingDir") or "",
        hostname=config.get("Hostname") or "",
        labels=shown_labels(config.get("Labels")),
        mounts=tuple(mounts_shown(inspected.get("Mounts") or (), state, tmpfs=host.get("Tmpfs") or ())),
        networks=networks_shown(inspected, state),
        auto_remove=own.remove_at_end or bool(host.get("AutoRemove")),
        tty=bool(config.get("Tty")),
        oom_killed=bool(now.get("OOMKilled")),
        files=files,
    )


def mounts_shown(
    mounts: Sequence[Mapping[str, Any]], state: SessionState, *, tmpfs: Sequence[str] | Mapping[str, str] = ()
) -> Iterator[EndMount]:
    """A container's mounts as the session knows them, by path; of `Mounts` in the engine's reply."""
    known = {own.engine_name: own for own in state.volumes}
    found = [EndMount(path=path, kind=MountKind.TMPFS) for path in tmpfs]
    for mount in mounts:
        path, read_only = str(mount.get("Destination") or ""), not mount.get("RW", True)
        if mount.get("Type") == "tmpfs":
            found.append(EndMount(path=path, kind=MountKind.TMPFS, read_only=read_only))
        elif mount.get("Type") == "volume":
            name = str(mount.get("Name") or "")
            own = known.get(name)
            kind = MountKind.VOLUME if own is not None and not own.anonymous else MountKind.ANONYMOUS
            shown = own.name if own is not None else name
            found.append(EndMount(path=path, kind=kind, name=shown, read_only=read_only))
    yield from sorted(found, key=lambda one: one.path)


def networks_shown(container: Mapping[str, Any], state: SessionState) -> tuple[str, ...]:
    """The session's networks that a container is on, of the engine's reply."""
    joined = (container.get("NetworkSettings") or {}).get("Networks") or {}
    return tuple(own.name for own in state.networks if own.engine_name in joined)


def _images(console: Console, wants: EndWants) -> Iterator[EndImage]:
    state = console.state
    wanted: dict[str, list[str]] = {}
    for reference, path in sorted(wants.image_files):
        if found := state.image(reference):
            wanted.setdefault(found.id, []).append(path)
    own = {image.id: image for image in state.images if image.id}
    for id_ in dict.fromkeys([*(base.id for base in state.bases if base.id), *own]):
        bases = tuple(with_tag(base.reference) for base in state.bases if base.id == id_)
        try:
            facts = image_facts(
                console.engine.client.inspect_image(id_),  # type: ignore[no-untyped-call]  # missing in the stubs
                console.engine.client.history(id_),  # type: ignore[no-untyped-call]  # likewise
            )
        except ImageNotFound:
            continue
        made = own.get(id_)
        yield EndImage(
            id=id_,
            references=(*bases, *state.references_of(id_)),
            base=bool(bases),
            made_by=made.made_by if made is not None and not bases else "",
            parent=made.parent if made is not None else "",
            from_container=made.container if made is not None else "",
            entrypoint=facts.entrypoint,
            cmd=facts.cmd,
            env=facts.env,
            workdir=facts.workdir,
            user=facts.user,
            exposed_ports=facts.exposed_ports,
            volumes=facts.volumes,
            labels=shown_labels(facts.labels),
            history=tuple(state.shown_text(row.created_by) for row in facts.history),
            layers=facts.layer_ids,
            size_bytes=facts.size_bytes,
            files=files_of_image(console, id_, wanted.get(id_, [])),
        )


def _volumes(console: Console, wants: EndWants, containers: Sequence[EndContainer]) -> Iterator[EndVolume]:
    for own in console.state.volumes:
        try:
            console.engine.client.inspect_volume(own.engine_name)
        except NotFound:
            continue
        users = [one.name for one in containers if any(mount.name == own.name for mount in one.mounts)]
        paths = sorted(path for name, path in wants.volume_files if name == own.name)
        yield EndVolume(
            name=own.name,
            anonymous=own.anonymous,
            used_by=tuple(users),
            files=files_of_volume(console, own.engine_name, paths),
        )

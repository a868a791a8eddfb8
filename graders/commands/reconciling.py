"""Compares a session's ledger with the engine, after a process was killed between writing down and making.

What was written down and never made is taken off the ledger; what was made and not written down whole is put right.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from docker.errors import ImageNotFound, NotFound

from graders.commands.state import OwnImage, OwnVolume, SessionState
from graders.sandbox.connection import Engine, engine_call


@dataclass(frozen=True, kw_only=True)
class Reconciled:
    """How many objects of the ledger are on the engine, and how many are not there any more."""

    there: int
    gone: int
    made: int
    """How many of those that are gone had been there once."""

    @property
    def everything_gone(self) -> bool:
        """Whether the engine has lost whatever the session had on it."""
        return self.made > 0 and not self.there


def reconcile(engine: Engine, state: SessionState) -> Reconciled:
    """Put the ledger right, in place. Raises SandboxUnavailable when the engine does not answer."""
    with engine_call("being asked what is left of a session"):
        _bases(engine, state)
        counts = [_containers(engine, state), _images(engine, state), _volumes(engine, state), _networks(engine, state)]
    there, gone, made = (sum(each) for each in zip(*counts, strict=True))
    return Reconciled(there=there, gone=gone, made=made)


_Counts = tuple[int, int, int]
"""There, gone, and gone although they had been made."""


def _bases(engine: Engine, state: SessionState) -> None:
    for base in state.bases:
        found = _image(engine, base.reference)
        base.id = str(found["Id"]) if found else ""


def _containers(engine: Engine, state: SessionState) -> _Counts:
    there, gone, made = [], 0, 0
    for own in state.containers:
        try:
            found = engine.client.inspect_container(own.id or own.engine_name)
        except NotFound:
            gone += 1
            made += bool(own.id) and not own.remove_at_end
            continue
        own.id, own.image_id = str(found["Id"]), str(found["Image"])
        _own_volumes(found, state)
        there.append(own)
    state.containers = there
    return len(there), gone, made


def _own_volumes(container: Mapping[str, Any], state: SessionState) -> None:
    """Volumes that the engine made for a container, and that nobody came to write down."""
    known = {volume.engine_name for volume in state.volumes}
    for mount in container.get("Mounts") or ():
        name = str(mount.get("Name") or "")
        if mount.get("Type") == "volume" and name and name not in known:
            state.volumes = [*state.volumes, OwnVolume(name=name, engine_name=name, anonymous=True)]
            known.add(name)


def _images(engine: Engine, state: SessionState) -> _Counts:
    there = gone = made = 0
    images = {image.id: image for image in state.images if image.id}
    for reference, on_engine in list(state.references.items()):
        found = _image(engine, on_engine)
        if found is None:
            del state.references[reference]
            state.reference_ids.pop(reference, None)
            continue
        id_ = str(found["Id"])
        state.reference_ids[reference] = id_
        images.setdefault(id_, OwnImage(id=id_, made_by="commit" if found.get("Container") else "build"))
    kept = []
    bases = {base.id for base in state.bases}
    for image in images.values():
        if image.id in bases:
            continue  # a base under another name
        if _image(engine, image.id) is None:
            gone, made = gone + 1, made + 1
        else:
            there += 1
            kept.append(image)
    state.images = kept
    return there, gone, made


def _image(engine: Engine, word: str) -> Mapping[str, Any] | None:
    try:
        found: Mapping[str, Any] = engine.client.inspect_image(word)  # type: ignore[no-untyped-call]  # missing in the stubs
    except ImageNotFound:
        return None
    return found


def _volumes(engine: Engine, state: SessionState) -> _Counts:
    there = []
    for own in state.volumes:
        try:
            engine.client.inspect_volume(own.engine_name)
        except NotFound:
            continue
        there.append(own)
    gone = len(state.volumes) - len(there)
    state.volumes = there
    # Whether one that is gone had been made, the ledger does not say.
    return len(there), gone, 0


def _networks(engine: Engine, state: SessionState) -> _Counts:
    there, gone, made = [], 0, 0
    for own in state.networks:
        try:
            found = engine.client.inspect_network(own.id or own.engine_name)
        except NotFound:
            gone += 1
            made += bool(own.id)
            continue
        own.id = str(found["Id"])
        there.append(own)
    state.networks = there
    return len(there), gone, made

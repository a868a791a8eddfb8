"""The live picture of a session: its images, containers, volumes and networks as they are now, cheaply.

One call lists the session's containers; everything else is the ledger's, but for an image's size, which never changes
and is asked once.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from docker.errors import ImageNotFound
from pydantic import BaseModel, ConfigDict

from graders.commands.end_state import ContainerState, EndMount
from graders.commands.interpreter import Console
from graders.commands.looking_back import mounts_shown, networks_shown
from graders.commands.state import with_tag
from graders.sandbox.connection import engine_call

_EXITED = re.compile(r"^(?:Exited|Dead) \((-?\d+)\)")
_MOST_SIZES = 2000
_sizes: dict[str, int] = {}
"""By image id, of whatever engine: an id is a digest of what the image is."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PictureImage(_Frozen):
    """An image: a base of the lab, or the session's own."""

    id: str
    references: tuple[str, ...]
    base: bool
    size: int
    """In bytes."""
    made_by: Literal["build", "commit", ""] = ""


class PictureContainer(_Frozen):
    """A container."""

    id: str
    name: str
    image: str
    state: ContainerState
    status: str
    """In docker's words: `Up 3 seconds (Paused)`."""
    exit_code: int | None = None
    command: str = ""
    mounts: tuple[EndMount, ...] = ()
    networks: tuple[str, ...] = ()


class PictureVolume(_Frozen):
    """A volume."""

    name: str
    anonymous: bool
    used_by: tuple[str, ...] = ()


class PictureNetwork(_Frozen):
    """A network."""

    name: str
    containers: tuple[str, ...] = ()


class Picture(_Frozen):
    """What is shown beside the console."""

    images: tuple[PictureImage, ...] = ()
    """The bases first."""
    containers: tuple[PictureContainer, ...] = ()
    """In the order in which they were made."""
    volumes: tuple[PictureVolume, ...] = ()
    networks: tuple[PictureNetwork, ...] = ()


def picture(console: Console) -> Picture:
    """See what is there now. Raises SandboxUnavailable."""
    state = console.state
    with engine_call("being asked for the picture of a session"):
        containers = tuple(_containers(console))
        images = tuple(_images(console))
    return Picture(
        images=images,
        containers=containers,
        volumes=tuple(
            PictureVolume(
                name=own.name,
                anonymous=own.anonymous,
                used_by=tuple(one.name for one in containers if own.name in {mount.name for mount in one.mounts}),
            )
            for own in state.volumes
        ),
        networks=tuple(
            PictureNetwork(name=own.name, containers=tuple(one.name for one in containers if own.name in one.networks))
            for own in state.networks
            if own.id
        ),
    )


def _containers(console: Console) -> Iterator[PictureContainer]:
    owned = [own for own in console.state.containers if own.id]
    if not owned:
        return
    found: Sequence[Mapping[str, Any]] = console.engine.client.containers(
        all=True, filters={"id": [own.id for own in owned]}
    )
    by_id = {str(one["Id"]): one for one in found}
    for own in owned:
        one = by_id.get(own.id)
        if one is None:
            continue  # `--rm` took it away
        status = str(one.get("Status") or "")
        ended = _EXITED.match(status)
        yield PictureContainer(
            id=own.id,
            name=own.name,
            image=own.image,
            state=one["State"],
            status=status,
            exit_code=int(ended[1]) if ended else None,
            command=console.state.shown_text(str(one.get("Command") or "")),
            mounts=tuple(mounts_shown(one.get("Mounts") or (), console.state)),
            networks=networks_shown(one, console.state),
        )


def _images(console: Console) -> Iterator[PictureImage]:
    state = console.state
    own = {image.id: image for image in state.images if image.id}
    for id_ in dict.fromkeys([*(base.id for base in state.bases if base.id), *own]):
        bases = [with_tag(base.reference) for base in state.bases if base.id == id_]
        size = _size(console, id_)
        if size is not None:
            yield PictureImage(
                id=id_,
                references=(*bases, *state.references_of(id_)),
                base=bool(bases),
                size=size,
                made_by=own[id_].made_by if id_ in own and not bases else "",
            )


def _size(console: Console, image_id: str) -> int | None:
    if image_id not in _sizes:
        try:
            inspected: Mapping[str, Any] = console.engine.client.inspect_image(image_id)  # type: ignore[no-untyped-call]  # missing in the stubs
        except ImageNotFound:
            return None
        while len(_sizes) >= _MOST_SIZES:
            _sizes.pop(next(iter(_sizes)), None)
        _sizes[image_id] = int(inspected.get("Size") or 0)
    return _sizes[image_id]

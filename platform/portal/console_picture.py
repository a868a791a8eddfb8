"""The picture of what a session's engine holds: containers, images, volumes, networks, and how much room is left."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from graders.visible import shortened, visible

_HEALTH = re.compile(r"\((healthy|unhealthy|health: starting)\)")
_SHORT_ID = 12
_LONGEST = 140
"""A longer text is cut in the middle: `docker inspect` tells it whole."""
# What docker says of a container's state, as names of portal.templatetags.statuses.
_STATES = {"created", "running", "paused", "restarting", "removing", "exited", "dead"}


@dataclass(frozen=True, kw_only=True)
class Part:
    """One object. `about` are the facts below its name; `sum` changes with anything that is shown of it."""

    anchor: str
    name: str
    status: str = ""
    words: str = ""
    tags: Sequence[str] = ()
    about: Sequence[tuple[str, str]] = ()
    size: int | None = None

    @property
    def sum(self) -> int:
        """A small number for telling whether anything about it has changed."""
        return crc32(repr((self.name, self.status, self.words, self.tags, self.about, self.size)).encode())


@dataclass(frozen=True, kw_only=True)
class Group:
    """The objects of one kind, how many there may be, and how to make one while there is none."""

    kind: str
    title: str
    icon: str
    parts: Sequence[Part]
    used: int
    room: int
    empty: str
    commands: Sequence[str]

    @property
    def is_full(self) -> bool:
        """Whether no more can be made."""
        return self.used >= self.room

    @property
    def is_part_of_lab(self) -> bool:
        """Whether the lab gives room for any, or some are there."""
        return bool(self.room or self.parts)


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Everything that the engine holds for this session."""

    containers: Group
    others: Sequence[Group]

    @property
    def groups(self) -> Sequence[Group]:
        """All four."""
        return [self.containers, *self.others]


def picture_of(stored: Mapping[str, Any] | None, rules: Any) -> Picture:
    """A stored picture (graders.commands.picture) as the page shows it, with the rules' quotas."""
    seen = stored or {}
    containers = [_container(one) for one in seen.get("containers", ())]
    images = [_image(one) for one in seen.get("images", ())]
    volumes = [_volume(one) for one in seen.get("volumes", ())]
    networks = [_network(one) for one in seen.get("networks", ())]
    return Picture(
        containers=Group(
            kind="containers",
            title="Containers",
            icon="box",
            parts=containers,
            used=len(containers),
            room=rules.containers,
            empty="No container yet.",
            commands=("docker create", "docker run"),
        ),
        others=[
            Group(
                kind="images",
                title="Images",
                icon="layers",
                parts=images,
                used=sum(1 for one in seen.get("images", ()) if not one.get("base")),
                room=rules.images,
                empty="No image here.",
                commands=("docker build", "docker commit"),
            ),
            Group(
                kind="volumes",
                title="Volumes",
                icon="volume",
                parts=volumes,
                used=len(volumes),
                room=rules.volumes,
                empty="No volume yet.",
                commands=("docker volume create",),
            ),
            Group(
                kind="networks",
                title="Networks",
                icon="network",
                parts=networks,
                used=len(networks),
                room=rules.networks,
                empty="No network of your own yet.",
                commands=("docker network create",),
            ),
        ],
    )


def _short(id_: str) -> str:
    return id_.removeprefix("sha256:")[:_SHORT_ID]


def _container(one: Mapping[str, Any]) -> Part:
    state = str(one.get("state", "")).lower()
    code = one.get("exit_code")
    status = f"container {state}" if state in _STATES else "container unknown"
    if state == "exited" and code:
        status = "container failed"
    about = [("Image", one.get("image", "")), ("Command", _words(one.get("command", "")))]
    about += [("Mounts", _mounts(one.get("mounts", ()))), ("Networks", _listed(one.get("networks", ())))]
    return Part(
        anchor=f"container-{_short(str(one.get('id', '')))}",
        name=visible(str(one.get("name", ""))),
        status=status,
        words=_more(str(one.get("status", "")), code if state in {"exited", "dead"} else None),
        about=[(word, shortened(visible(str(value)), limit=_LONGEST)) for word, value in about if value],
    )


def _image(one: Mapping[str, Any]) -> Part:
    references = [visible(str(each)) for each in one.get("references", ())]
    id_ = _short(str(one.get("id", "")))
    base, made_by = bool(one.get("base")), str(one.get("made_by") or "")
    tags = ["base"] if base else [f"by {made_by}"] if made_by else []
    return Part(
        anchor=f"image-{id_}",
        name=", ".join(references) or "<none>",
        tags=tags,
        about=[("Id", id_)] if id_ and not base else [],
        size=int(one["size"]) if one.get("size") is not None else None,
    )


def _volume(one: Mapping[str, Any]) -> Part:
    name = visible(str(one.get("name", "")))
    used_by = _listed(one.get("used_by", ()))
    return Part(
        anchor=f"volume-{crc32(name.encode()):08x}",
        name=_short(name) + "…" if one.get("anonymous") else name,
        tags=["anonymous"] if one.get("anonymous") else [],
        about=[("Used by", shortened(visible(used_by), limit=_LONGEST) if used_by else "nobody")],
    )


def _network(one: Mapping[str, Any]) -> Part:
    name = visible(str(one.get("name", "")))
    joined = _listed(one.get("containers", ()))
    return Part(
        anchor=f"network-{crc32(name.encode()):08x}",
        name=name,
        about=[("Containers", shortened(visible(joined), limit=_LONGEST) if joined else "none")],
    )


def _more(status: str, code: Any) -> str:
    """What docker's words for a container say beside its state, without times, which would soon be untrue."""
    health = _HEALTH.search(status)
    return health[1] if health else "" if code is None else f"exit code {code}"


def _mounts(mounts: Any) -> str:
    return ", ".join(
        f"{mount.get('name') or mount.get('kind', '')} at {mount.get('path', '')}"
        f"{' (read only)' if mount.get('read_only') else ''}"
        for mount in mounts or ()
    )


def _words(command: Any) -> str:
    return command if isinstance(command, str) else " ".join(str(word) for word in command or ())


def _listed(items: Any) -> str:
    return ", ".join(str(item) for item in items or ())

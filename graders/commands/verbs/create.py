"""`docker create`: a container of the session's own, written down before it is made, and not started.

Its image is one of the session's own or a base of the lab; there is no registry to get another one from.
"""

import re
from typing import Any

from graders.commands.daemon import DaemonRefused
from graders.commands.doing import Doing, carries
from graders.commands.model import Command, CommandRefused
from graders.commands.state import FoundImage, OwnContainer, OwnVolume, with_tag
from graders.commands.verbs.container_config import container_config
from graders.commands.verbs.joining import joining_of
from graders.commands.verbs.mounting import ensure_room_for_volumes, ensure_users_are_its_own, make_volumes, mounting_of
from graders.commands.verbs.naming import given_name
from graders.commands.verbs.refusing import as_daemons, wrong_options

_NOT_FOUND, _SERVER_ERROR = 404, 500
_REFERENCE = re.compile(
    r"(?:[a-z0-9]+(?:[.:_-]+[a-z0-9]+)*/)*[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?::\w[\w.-]{0,127})?"
    r"(?:@sha256:[0-9a-f]{64})?"
)


@carries("container", "create")
def create(doing: Doing, command: Command) -> int:
    """Make a container and print its id."""
    own = new_container(doing, command, attached=True)
    doing.touch("container", own.name, own.id, made=True)
    doing.out(own.id)
    return 0


def new_container(doing: Doing, command: Command, *, attached: bool) -> OwnContainer:
    """Make the container that `docker create` or `docker run` asks for, and write it down.

    Raises CommandRefused for what the docker CLI itself would refuse, and DaemonRefused for the rest.
    """
    word = command.args[0]
    found = _image(doing, command, word)
    try:
        return _make(doing, command, found, attached=attached)
    except CommandRefused as refusal:
        if refusal.code != "quota":
            raise
        raise as_daemons(refusal) from refusal


def _make(doing: Doing, command: Command, found: FoundImage, *, attached: bool) -> OwnContainer:
    state = doing.state
    joining, mounting = joining_of(doing, command), mounting_of(doing, command)
    try:
        name = given_name(state, command.text("name"))
    except DaemonRefused as refusal:
        _note(doing, command, refusal.status)
        raise
    image = doing.daemon.get(f"/images/{found.engine}/json", aside=True)
    config = image.get("Config") or {}
    image_volumes = config.get("Volumes") or {}
    doing.ensure_room("container")
    ensure_users_are_its_own(mounting, image_volumes)
    ensure_room_for_volumes(doing, mounting, image_volumes)
    body = container_config(
        doing,
        command,
        name=name,
        image=found.engine,
        image_config=config,
        joining=joining,
        mounting=mounting,
        volumes=make_volumes(doing, mounting),
        attached=attached,
    )
    own = OwnContainer(
        name=name,
        engine_name=state.engine_name("c", name),
        image=command.args[0],
        image_id=str(image["Id"]),
        made_by="run" if command.path[-1] == "run" else "create",
        remove_at_end=command.is_on("rm"),
    )
    state.containers.append(own)
    doing.save()
    query = {"name": own.engine_name}
    try:
        reply = doing.daemon.call("POST", "/containers/create", query=query, body=body, aside=True)
    except DaemonRefused as refusal:
        state.containers.remove(own)
        _note(doing, command, refusal.status)
        raise
    own.id = str(reply.json()["Id"])
    _note(doing, command, reply.status)
    if mounting.makes_unnamed(image_volumes):
        _write_unnamed_down(doing, own)
    doing.save()
    return own


def _note(doing: Doing, command: Command, status: int) -> None:
    name = command.text("name")
    doing.daemon.note("POST", "/containers/create", query={"name": name} if name else None, status=status)


def _write_unnamed_down(doing: Doing, own: OwnContainer) -> None:
    """Volumes without a name are made by the engine with the container, which alone tells their names."""
    told: dict[str, Any] = doing.daemon.get(f"/containers/{own.id}/json", aside=True)
    known = {volume.engine_name for volume in doing.state.volumes}
    for mount in told.get("Mounts") or ():
        name = str(mount.get("Name") or "")
        if mount.get("Type") == "volume" and name and name not in known:
            doing.state.volumes.append(OwnVolume(name=name, engine_name=name, anonymous=True))


def _image(doing: Doing, command: Command, word: str) -> FoundImage:
    """The image that the word means. Raises as docker does, but for its way to a registry, which there is none of."""
    pull = command.text("pull", "missing")
    found = doing.state.image(word)
    if found is not None and pull != "always":
        return found
    if found is None and not _REFERENCE.fullmatch(word):
        lower = _REFERENCE.fullmatch(word.lower()) is not None
        raise wrong_options(
            command, "invalid reference format" + (": repository name must be lowercase" if lower else "")
        )
    reference = with_tag(word)
    if found is None:
        _note(doing, command, _NOT_FOUND)
        if pull == "never":
            raise DaemonRefused(_NOT_FOUND, f"No such image: {reference}")
        doing.err(f"Unable to find image '{reference}' locally")
    repository, _, tag = reference.rpartition(":")
    doing.daemon.note("POST", "/images/create", query={"fromImage": repository, "tag": tag}, status=_SERVER_ERROR)
    raise DaemonRefused(
        _NOT_FOUND,
        f"{reference} cannot be pulled, since there is no registry here. 'docker images' lists what is there"
        + _alike(doing, repository),
    )


def _alike(doing: Doing, repository: str) -> str:
    known = [*(base.reference for base in doing.state.bases), *doing.state.references]
    same = [one for one in known if with_tag(one).rpartition(":")[0] == repository]
    return f"; did you mean {same[0]}?" if same else ""

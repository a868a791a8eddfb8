"""Watches the engine that sessions share: which containers end by themselves, what each session holds on its disk."""

import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from docker.errors import APIError, ImageNotFound

from graders.commands.state import SessionState
from graders.sandbox.base import SandboxUnavailable
from graders.sandbox.connection import Address, Engine, EngineConnection, engine_call, error_message

_FILTERS = json.dumps({"type": ["container"], "event": ["die", "oom"]})
_OK = 200
_MOST_IMAGES = 2000
_known: dict[str, tuple[int, tuple[str, ...]]] = {}
"""Size and layers of images by id, which never change."""


def ends(address: Address, *, quiet_seconds: float) -> Iterator[str]:
    """Names of containers on the engine as they end, until nothing has for `quiet_seconds`.

    Raises SandboxUnavailable when the engine cannot be asked, or goes away meanwhile.
    """
    connection = EngineConnection(address, quiet_seconds)
    try:
        with engine_call("being asked for its events"):
            try:
                connection.request("GET", f"/events?{urlencode({'filters': _FILTERS})}")
                reply = connection.getresponse()
                if reply.status != _OK:
                    raise SandboxUnavailable(f"The engine tells no events: {error_message(reply.read())}")
                while line := reply.readline():
                    event = json.loads(line)
                    yield str(event["Actor"]["Attributes"].get("name", ""))
            except TimeoutError:
                return
        raise SandboxUnavailable("The engine stopped telling events.")
    finally:
        connection.close()


def held(engine: Engine, states: Iterable[SessionState]) -> dict[str, int]:
    """How many bytes each session's containers, volumes and images hold together, by its key.

    The engine walks through all that is on it for this: ask seldom. Raises SandboxUnavailable.
    """
    with engine_call("being asked what is on its disk"):
        found: Mapping[str, Any] = engine.client.df()
        containers = {
            name.removeprefix("/"): int(one.get("SizeRw") or 0)
            for one in found.get("Containers") or ()
            for name in one.get("Names") or ()
        }
        volumes = {
            one["Name"]: max(int((one.get("UsageData") or {}).get("Size") or 0), 0)
            for one in found.get("Volumes") or ()
        }
        totals: dict[str, int] = defaultdict(int)
        for state in states:
            totals[state.key] += sum(containers.get(own.engine_name, 0) for own in state.containers)
            totals[state.key] += sum(volumes.get(own.engine_name, 0) for own in state.volumes)
            totals[state.key] += _of_images(engine, state)
    return dict(totals)


def _of_images(engine: Engine, state: SessionState) -> int:
    """What own images add to the bases; one that another own image is made from is counted with that one."""
    bases = [image for base in state.bases if base.id and (image := _image(engine, base.id))]
    own = [image for one in state.images if one.id and (image := _image(engine, one.id))]
    total = 0
    for size, layers in own:
        if any(len(other) > len(layers) and other[: len(layers)] == layers for _, other in own):
            continue
        under = [base for base, base_layers in bases if layers[: len(base_layers)] == base_layers]
        total += max(size - max(under, default=0), 0)
    return total


def _image(engine: Engine, id_: str) -> tuple[int, tuple[str, ...]] | None:
    if id_ not in _known:
        try:
            found: Mapping[str, Any] = engine.client.inspect_image(id_)  # type: ignore[no-untyped-call]  # missing in the stubs
        except ImageNotFound:
            return None
        while len(_known) >= _MOST_IMAGES:
            _known.pop(next(iter(_known)), None)
        layers = (found.get("RootFS") or {}).get("Layers") or ()
        _known[id_] = (int(found.get("Size") or 0), tuple(layers))
    return _known[id_]


def kill_all(engine: Engine, state: SessionState) -> list[str]:
    """Kill what runs of a session; the names of what did, as the session knows them. Raises SandboxUnavailable."""
    killed = []
    with engine_call("being told to stop a session's containers"):
        for own in state.containers:
            try:
                engine.client.kill(own.id or own.engine_name)
            except APIError as refusal:
                if refusal.is_server_error():
                    raise
                continue  # it does not run, or is gone
            killed.append(own.name)
    return killed


def free_share(engine: Engine) -> float | None:
    """How much of the engine's disk is free, 0 to 1; None where its disk cannot be seen from here."""
    with engine_call("being asked where its disk is"):
        root = str(engine.client.info().get("DockerRootDir") or "")
    try:
        disk = os.statvfs(root)
    except OSError:
        return None
    return disk.f_bavail / disk.f_blocks if disk.f_blocks else None

"""Reads the files that checks want of a session at its end: of its containers, images, volumes and its folder.

Nothing is started and nothing extracted. The engine opens /etc/passwd and /etc/group of whatever it reads from, and a
pipe there would hold it for ever, so these are looked at first, while nothing in the container can move.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from docker.errors import NotFound
from docker.types import Mount

from graders.commands.end_state import FoundFile, text_of
from graders.commands.holding import held_still
from graders.commands.host_config import console_host_config
from graders.commands.interpreter import Console
from graders.commands.state import SessionState
from graders.sandbox.base import FileKind
from graders.sandbox.connection import Engine
from graders.sandbox.files import read_path
from graders.sandbox.user_files import unread, user_file_fault

MOST_BYTES = 16 * 1024
"""Of one file; a nonce, and what surrounds it."""
_VOLUME_AT = "/drydock-volume"
_NEVER_RUN = ["/never-run"]


def found_file(state: SessionState, path: str) -> FoundFile | None:
    """A file of the lab's folder."""
    if path not in state.files:
        return None
    content = base64.b64decode(state.files[path])
    return FoundFile(
        kind=FileKind.FILE,
        size_bytes=len(content),
        mode=0o644,
        text=text_of(content[:MOST_BYTES]),
        cut=len(content) > MOST_BYTES,
    )


def files_of_container(console: Console, container_id: str, paths: Sequence[str]) -> dict[str, FoundFile | None]:
    """Files of a container, which is held still meanwhile if it runs."""
    if not paths:
        return {}
    with held_still(console.engine, console.state, lambda: console.save(console.state), container_id):
        return _read(console.engine, container_id, paths)


def files_of_image(console: Console, image_id: str, paths: Sequence[str]) -> dict[str, FoundFile | None]:
    """Files of an image, read from a container that never runs."""
    if not paths:
        return {}
    with _never_run(console, image_id) as container_id:
        return _read(console.engine, container_id, paths)


def files_of_volume(console: Console, engine_name: str, paths: Sequence[str]) -> dict[str, FoundFile | None]:
    """Files of a volume, read from a container of a base that never runs; the volume is mounted read-only."""
    base = next((base.id for base in console.state.bases if base.id), None)
    if not paths or base is None:
        return {}
    mount = Mount(target=_VOLUME_AT, source=engine_name, type="volume", read_only=True)
    with _never_run(console, base, mounts=[mount]) as container_id:
        found = _read(console.engine, container_id, [_VOLUME_AT + path for path in paths])
    return {path.removeprefix(_VOLUME_AT): file for path, file in found.items()}


def _read(engine: Engine, container_id: str, paths: Sequence[str]) -> dict[str, FoundFile | None]:
    if user_file_fault(engine, container_id):
        return {path: FoundFile.of(unread(path)) for path in paths}
    return {
        path: FoundFile.of(
            read_path(
                engine.address,
                engine.client,
                container_id,
                path,
                max_bytes=MOST_BYTES,
                id_offset=engine.id_offset,
            )
        )
        for path in paths
    }


@contextmanager
def _never_run(console: Console, image_id: str, mounts: Sequence[Mount] = ()) -> Iterator[str]:
    """A container that is only looked into. Its name is the session's own, so that ending the session removes it."""
    client, name = console.engine.client, console.state.looking_name
    _remove(client, name)  # a killed process may have left it
    made: Mapping[str, Any] = client.create_container(
        image_id,
        entrypoint=_NEVER_RUN,
        name=name,
        labels=dict(console.labels),
        use_config_proxy=False,
        healthcheck={"test": ["NONE"]},
        host_config=console_host_config(console.engine, console.rules, mounts=mounts),
    )
    try:
        yield str(made["Id"])
    finally:
        _remove(client, name)


def _remove(client: Any, name: str) -> None:
    with suppress(NotFound):
        client.remove_container(name, v=True, force=True)

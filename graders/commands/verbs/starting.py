"""Starts a container of a session: if the engine, which many share, has room for it, and if it can do it no harm."""

import json
from collections.abc import Callable

from docker.errors import APIError

from graders.commands.daemon import DaemonRefused
from graders.commands.doing import Doing
from graders.commands.ending import SESSION_LABEL
from graders.commands.state import OwnContainer
from graders.sandbox.connection import engine_call, engine_words
from graders.sandbox.hardening import start_hardened
from graders.sandbox.user_files import user_file_fault

_SERVER_ERROR, _BUSY = 500, 503
_STARTED, _RUNS_ALREADY = 204, 304


def ensure_engine_has_room(doing: Doing) -> None:
    """Refuse to start one more container where all sessions together run as many as the engine takes."""
    _ensure_room(doing, _running(doing))


def _running(doing: Doing) -> set[str]:
    """The ids of what runs on the engine, of all sessions."""
    filters = json.dumps({"label": [SESSION_LABEL]})
    found = doing.daemon.get("/containers/json", query={"filters": filters}, aside=True)
    return {str(container["Id"]) for container in found}


def _ensure_room(doing: Doing, running: set[str]) -> None:
    if len(running) >= doing.rules.engine_containers:
        raise DaemonRefused(_BUSY, "the engine is busy with other people's containers; try again in a moment")


def ensure_harmless(doing: Doing, own: OwnContainer) -> None:
    """Refuse what would make the engine read a list of users for ever. Raises DaemonRefused."""
    if fault := user_file_fault(doing.daemon.engine, own.id):
        where = fault.replace(" of the image", " of the container")
        raise DaemonRefused(_SERVER_ERROR, f"{where}, and the engine would wait for it for ever")


def start(
    doing: Doing, own: OwnContainer, *, word: str, is_new_base: bool = False, attach: Callable[[], None] = lambda: None
) -> None:
    """Start it, and write that down as the docker CLI sends it. Raises DaemonRefused.

    Args:
        doing: whose container it is.
        own: the container.
        word: what the CLI names it by.
        is_new_base: whether nothing but a base image has a say in its files yet, so that they need no look.
        attach: connects to its streams; called again for a second try, when the first has ended them.
    """
    path = f"/containers/{word.removeprefix('/')}/start"
    try:
        running = _running(doing)
        if own.id not in running:
            _ensure_room(doing, running)
        if not is_new_base:
            ensure_harmless(doing, own)
        _start(doing, own, attach)
    except DaemonRefused as refusal:
        doing.daemon.note("POST", path, status=refusal.status)
        raise
    doing.daemon.note("POST", path, status=_RUNS_ALREADY if own.id in running else _STARTED)


def _start(doing: Doing, own: OwnContainer, attach: Callable[[], None]) -> None:
    with engine_call("starting a container"):
        try:
            start_hardened(doing.daemon.engine.client, own.id, attach=attach)
        except APIError as refusal:
            raise DaemonRefused(
                refusal.status_code or _SERVER_ERROR, doing.daemon.shown_message(engine_words(refusal))
            ) from refusal

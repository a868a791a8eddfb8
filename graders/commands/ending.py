"""Ends sessions: removes what a ledger names, and what a session left whose ledger is lost.

The ledger comes first, since volumes without a name and images without one bear no sign of whose they are. Then
whatever else bears the session's key goes: a command that was cut off may have made what it could not write down.
"""

import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from docker.errors import APIError, NotFound

from graders.commands.state import SessionState
from graders.sandbox.base import SandboxUnavailable
from graders.sandbox.connection import Engine, engine_call, engine_words
from graders.sandbox.limits import is_engine_going
from graders.sandbox.stuck import anew_when_stuck, free_if_stuck

SESSION_LABEL = "drydock.session"
"""On every image that a session makes, with the session's key: no two sessions ever make the same image."""

_MARK = "dd-"
_NAMED = re.compile(r"dd-([0-9a-f]+)[-:]")
_WITHOUT_NAME = re.compile(r"[0-9a-f]{64}")
_KINDS = ("container", "network", "volume", "image")
"""In the order of removal: what is used by others goes after them."""
_AT_ONCE = 4
_PAUSES_SECONDS = (0.0, 0.1, 0.3, 1.0, 3.0)
"""After each round of removals: an image that others are made from goes only after them, and what is being removed
already is gone a moment later."""

Left = tuple[str, str]
"""Something on the engine: its kind, and its name or id there."""


def end(engine: Engine, state: SessionState) -> int:
    """Remove everything a session made; returns how many objects went. Can be repeated.

    Raises SandboxUnavailable when the engine does not answer, or keeps something that should go.
    """
    known = [(kind, name) for kind, name in state.engine_names() if name and not _is_id(kind, name)]
    with anew_when_stuck(engine.address):
        return _remove(engine, known + _found(engine).get(state.key, []))


def _is_id(kind: str, name: str) -> bool:
    """Whether it is an image's id. Those go by their label: what somebody else's name stands for too must stay."""
    return kind == "image" and name.startswith("sha256:")


def sweep(engine: Engine, *, keep: Callable[[], Iterable[SessionState]]) -> int:
    """Remove what no session that is to be kept owns; returns how many objects went.

    `keep` is asked after the engine has been: a session that began meanwhile is among those it gives. What else is on
    the engine stays, but for volumes without a name, which on an engine given to sessions are nobody else's.
    """
    with anew_when_stuck(engine.address):
        found = _found(engine)
        unnamed = set(_volumes_without_name(engine))
        for state in keep():
            found.pop(state.key, None)
            unnamed -= {volume.engine_name for volume in state.volumes}
        left = [one for ones in found.values() for one in ones]
        return _remove(engine, left + [("volume", name) for name in unnamed])


def _found(engine: Engine) -> dict[str, list[Left]]:
    """What bears the name or the label of a session, by the session's key."""
    found: dict[str, list[Left]] = defaultdict(list)
    client = engine.client
    with engine_call("looking for what sessions left"):
        for kind, name in _names(engine):
            if of_session := _NAMED.match(name):
                found[of_session[1]].append((kind, name))
        for image in client.images(all=True, filters={"label": SESSION_LABEL}):
            found[str(image["Labels"][SESSION_LABEL])].append(("image", str(image["Id"])))
    return found


def _names(engine: Engine) -> Iterator[Left]:
    client = engine.client
    for container in client.containers(all=True, filters={"name": _MARK}):
        yield from (("container", name.removeprefix("/")) for name in container["Names"] or ())
    yield from (("network", network["Name"]) for network in client.networks(filters={"name": _MARK}))
    yield from (("volume", volume["Name"]) for volume in client.volumes(filters={"name": _MARK})["Volumes"] or ())
    for image in client.images(name=f"{_MARK}*"):
        yield from (("image", reference) for reference in image["RepoTags"] or ())


def _volumes_without_name(engine: Engine) -> Iterator[str]:
    with engine_call("looking for what sessions left"):
        for volume in engine.client.volumes(filters={"dangling": True})["Volumes"] or ():
            if _WITHOUT_NAME.fullmatch(volume["Name"]):
                yield volume["Name"]


def _remove(engine: Engine, left: Iterable[Left]) -> int:
    """Remove what is still there, in rounds, since some things go only after others. Returns how many went."""
    staying = sorted(dict.fromkeys(left), key=lambda one: _KINDS.index(one[0]))
    removed, words = 0, ""
    for pause_seconds in _PAUSES_SECONDS:
        containers = [one for one in staying if one[0] == "container"]
        with engine_call("removing what a session made"), ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            # Each waits for its processes to end: together they wait once.
            ends = list(pool.map(lambda one: _try(engine, one), containers))
            ends += [_try(engine, one) for one in staying[len(containers) :]]
        removed += ends.count("")
        staying = [one for one, refusal in zip(staying, ends, strict=True) if refusal]
        if not staying:
            return removed
        words = next(filter(None, ends), "")
        time.sleep(pause_seconds)
    raise SandboxUnavailable(f"The engine keeps the {staying[0][0]} {staying[0][1]}: {words}")


def _try(engine: Engine, left: Left) -> str | None:
    """Remove something: the engine's words where it does not let go, empty where it did, None where it was gone."""
    kind, name = left
    client = engine.client
    try:
        if kind == "container":
            free_if_stuck(engine, name)
            client.remove_container(name, v=True, force=True)
        elif kind == "network":
            client.remove_network(name)
        elif kind == "volume":
            client.remove_volume(name, force=True)
        else:
            client.remove_image(name, force=True)
    except NotFound:
        return None
    except APIError as refusal:
        words = engine_words(refusal)
        if is_engine_going(words):
            raise SandboxUnavailable(f"The engine is being stopped: {words}") from refusal
        return words
    return ""

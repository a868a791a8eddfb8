"""The ledger of a job: names chosen before anything is made, by which everything it left can be found and removed.

The engine itself keeps it: each container, volume, network and image of a job is created under a name only Drydock
gives, with the job's key in it. So nothing has to be written elsewhere, a killed worker loses nothing, and any worker
can clean up. Labels are not trusted (a student's LABEL ends up on containers), and no student can choose a name.
Volumes without a name (from VOLUME) go with their container. What builds leave is the engine's build cache, emptied as
a whole: an engine given to Drydock serves nobody else.
"""

import hashlib
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import docker
from docker.errors import APIError, NotFound

from graders.sandbox.base import SandboxUnavailable
from graders.sandbox.connection import engine_call, engine_words
from graders.sandbox.facts import JOB_LABEL
from graders.sandbox.limits import is_engine_going, is_removal_under_way

_MARK = "drydock-job"
_IMAGE = "image"
NETWORK, VOLUME, FOLDER = "network", "volume", "folder"
"""What names are for that no container gets; a folder is a volume with files of ours."""
_AT_ONCE = 4
_Removal = tuple[str, Callable[[], Any]]
_log = logging.getLogger(__name__)


def job_key(job_id: str) -> str:
    """A job's id as it can stand in the engine's names: readable, unique, 37 characters at most."""
    readable = re.sub(r"[^a-z0-9]+", "-", job_id.lower()).strip("-")[:24].strip("-")
    return f"{readable or 'x'}-{hashlib.sha256(job_id.encode()).hexdigest()[:12]}"


class Ledger:
    """Gives one job its names, each once."""

    def __init__(self, job_id: str) -> None:
        self.key = job_key(job_id)
        self.given: list[tuple[str, str]] = []
        """What each name is for, and the name, in the order they were asked for."""

    def name(self, what: str) -> str:
        """A new name for a container, volume or network; `what` says what it is for."""
        name = f"{_MARK}.{self.key}.{what}{len(self.given) + 1}"
        self.given.append((what, name))
        return name

    def image(self) -> str:
        """A new reference for an image."""
        reference = f"{_MARK}/{self.key}:{len(self.given) + 1}"
        self.given.append((_IMAGE, reference))
        return reference


@dataclass(frozen=True)
class Reaped:
    """How many objects went, and whether none of those that were looked for is left."""

    removed: int
    all_gone: bool


def remove_given(client: docker.APIClient, ledger: Ledger) -> Reaped:
    """Remove whatever bears one of a ledger's names, without asking the engine first what there is.

    That is all there is of a job whose builds came to an end of their own: one that is cut off can leave an image
    without a name. Raises SandboxUnavailable when the engine does not work any more.
    """
    containers: list[_Removal] = []
    removals: list[_Removal] = []
    for what, name in ledger.given:
        kind = _KINDS.get(what, _container)
        (containers if kind is _container else removals).append((name, kind(client, name)))
    return _remove_all(containers, removals)


def reap(client: docker.APIClient, *, only: str | None = None, keep: Iterable[str] = ()) -> Reaped:
    """Remove what jobs left.

    Args:
        client: the engine.
        only: key of the one job to clean up after; None means all.
        keep: keys of jobs to leave alone.

    What the engine does not want to remove now is logged and stays for the next time. Raises SandboxUnavailable when
    the engine does not work any more.
    """
    kept = set(keep)

    def ours(name: str) -> bool:
        key = _key_in(name)
        return key is not None and key not in kept and only in {None, key}

    containers: list[_Removal] = []
    removals: list[_Removal] = []
    with engine_call("looking for leftovers"):
        containers += [(name, _container(client, name)) for name in _container_names(client) if ours(name)]
        removals += [(name, _network(client, name)) for name in _network_names(client) if ours(name)]
        removals += [(name, _volume(client, name)) for name in _volume_names(client) if ours(name)]
        removals += [(name, _image(client, name)) for name in _image_names(client) if ours(name)]
        removals += [(name, _image(client, name)) for name in _unnamed_images(client, only)]
    return _remove_all(containers, removals)


def empty_build_cache(client: docker.APIClient) -> None:
    """Give the disk back that builds took: 2 ms when there is nothing, some 0.1 s after a small build."""
    with engine_call("emptying the build cache"):
        client.prune_builds(all=True)


def _remove_all(containers: Sequence[_Removal], others: Iterable[_Removal]) -> Reaped:
    with engine_call("removing leftovers"), ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        ends = list(pool.map(_remove, containers))  # each waits for its processes to end: together they wait once
        ends += map(_remove, others)
    return Reaped(removed=ends.count(_End.REMOVED), all_gone=_End.STAYS not in ends)


class _End(Enum):
    REMOVED = auto()
    WAS_GONE = auto()
    STAYS = auto()


def _remove(what: _Removal) -> _End:
    name, removal = what
    try:
        removal()
    except NotFound:
        return _End.WAS_GONE
    except APIError as refusal:
        words = engine_words(refusal)
        if is_removal_under_way(words):
            return _End.WAS_GONE
        if is_engine_going(words):
            raise SandboxUnavailable(f"The engine is being stopped: {words}") from refusal
        _log.warning("%s stays on the engine for now: %s", name, words)
        return _End.STAYS
    return _End.REMOVED


def _key_in(name: str) -> str | None:
    mark, separator, rest = name.partition(".")
    if not separator or mark != _MARK:
        mark, separator, rest = name.partition("/")
        return rest.partition(":")[0] if separator and mark == _MARK else None
    return rest.partition(".")[0]


def _container_names(client: docker.APIClient) -> Iterator[str]:
    for found in client.containers(all=True, filters={"name": _MARK}):
        yield from (name.removeprefix("/") for name in found["Names"] or () if name.count("/") == 1)


def _network_names(client: docker.APIClient) -> Iterator[str]:
    yield from (found["Name"] for found in client.networks(filters={"name": _MARK}))


def _volume_names(client: docker.APIClient) -> Iterator[str]:
    yield from (found["Name"] for found in client.volumes(filters={"name": _MARK})["Volumes"] or ())


def _image_names(client: docker.APIClient) -> Iterator[str]:
    for found in client.images(name=f"{_MARK}/*"):
        yield from found["RepoTags"] or ()


def _unnamed_images(client: docker.APIClient, only: str | None) -> Iterator[str]:
    """Images whose build was cut off between being made and being named. The label only narrows the search."""
    label = JOB_LABEL if only is None else f"{JOB_LABEL}={only}"
    for found in client.images(filters={"dangling": True, "label": label}):
        yield found["Id"]


def _container(client: docker.APIClient, name: str) -> Callable[[], None]:
    return lambda: client.remove_container(name, v=True, force=True)


def _network(client: docker.APIClient, name: str) -> Callable[[], None]:
    return lambda: client.remove_network(name)


def _volume(client: docker.APIClient, name: str) -> Callable[[], None]:
    return lambda: client.remove_volume(name, force=True)


def _image(client: docker.APIClient, reference: str) -> Callable[[], None]:
    # Never by id with force: an image that is nothing but its base has the base's id, and the base's names.
    return lambda: client.remove_image(reference)


_KINDS: Mapping[str, Callable[[docker.APIClient, str], Callable[[], None]]] = {
    _IMAGE: _image,
    NETWORK: _network,
    VOLUME: _volume,
    FOLDER: _volume,
}
"""What a name is for, where that is no container."""

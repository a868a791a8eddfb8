"""Names of containers: which ones docker takes, which one is taken, and one of our own words where none was given."""

import re
import secrets

from graders.commands.daemon import DaemonRefused
from graders.commands.state import SessionState

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
_LONGEST = 128
_CONFLICT, _BAD_REQUEST = 409, 400
_HOW = re.findall(
    r"\w+",
    "able amber brave bright brisk calm clever cosy daring eager early fair fleet fond frosty gentle glad golden "
    "happy hardy honest jolly keen kind late light lively lucky mellow merry mild neat nimble patient plain prompt "
    "proud quick quiet ready robust round rustic shy silver simple sincere sleek snug solid spry steady still "
    "sunny swift tidy tiny warm wary wise witty young",
)
_WHO = re.findall(
    r"\w+",
    "anchor badger barge beacon beaver bosun bream breeze buoy cable canal cargo cod compass coral crane crew "
    "current deck dinghy dolphin eddy egret eel ferry fleet galley gannet gull halyard harbor heron hull jetty "
    "keel kelp lagoon lantern lighthouse lobster mackerel marina mast mooring mussel narwhal oar osprey otter "
    "paddle pelican pier pilot plover puffin quay raft reef rudder sail seal shoal skiff sloop sprat starfish tern "
    "tide trawler tug turbot walrus wharf whelk winch",
)


def given_name(state: SessionState, wanted: str) -> str:
    """The name for a new container: the wanted one, or one of ours. Raises DaemonRefused in docker's words."""
    return free_name(state, wanted) if wanted else _made_up(state)


def free_name(state: SessionState, wanted: str) -> str:
    """The wanted name, without a slash in front. Raises DaemonRefused where docker takes no such name, or has it."""
    name = wanted.removeprefix("/")
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise DaemonRefused(
            _BAD_REQUEST, f"Invalid container name ({wanted}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
        )
    for one in state.containers:
        if one.name == name:
            raise DaemonRefused(
                _CONFLICT,
                f'Conflict. The container name "/{name}" is already in use by container "{one.id}". You have to remove'
                " (or rename) that container to be able to reuse that name.",
            )
    return name


def _made_up(state: SessionState) -> str:
    taken = {one.name for one in state.containers}
    while (name := f"{secrets.choice(_HOW)}_{secrets.choice(_WHO)}") in taken:
        pass
    return name

"""Takes off the ledger what the engine removes by itself: containers with `--rm` when they end, and their volumes."""

from graders.commands.daemon import DaemonRefused
from graders.commands.doing import Doing
from graders.commands.state import OwnContainer

_NOT_FOUND = 404


def forget_gone(doing: Doing) -> None:
    """Forget containers with `--rm` that have ended meanwhile. Costs nothing where there are none."""
    for own in [one for one in doing.state.containers if one.remove_at_end]:
        if not _is_there(doing, f"/containers/{own.id or own.engine_name}/json"):
            forget(doing, own)


def forget(doing: Doing, own: OwnContainer) -> None:
    """Take a container off the ledger that is no more, and those volumes without a name that went with it."""
    doing.state.containers.remove(own)
    forget_lost_volumes(doing)


def forget_lost_volumes(doing: Doing) -> None:
    """Take volumes without a name off the ledger that went with their container."""
    for volume in [one for one in doing.state.volumes if one.anonymous]:
        if not _is_there(doing, f"/volumes/{volume.engine_name}"):
            doing.state.volumes.remove(volume)


def _is_there(doing: Doing, path: str) -> bool:
    try:
        doing.daemon.get(path, aside=True)
    except DaemonRefused as refusal:
        if refusal.status != _NOT_FOUND:
            raise
        return False
    return True

"""Removing containers: `docker rm`, and `docker container prune` for all that do not run.

Without `-f`, prune asks whether one is sure. Nobody can answer here but what is piped in, so, as with a CLI without a
terminal, nothing is removed; a word of the console says how to go on.
"""

from typing import Any

from graders.commands.amounts import moment_of, size
from graders.commands.daemon import DaemonRefused
from graders.commands.doing import Doing, carries
from graders.commands.model import Command, CommandRefused
from graders.commands.state import OwnContainer
from graders.commands.verbs.gone import forget
from graders.commands.verbs.moments import prune_moment
from graders.commands.verbs.refusing import remark
from graders.commands.verbs.targets import ask

_NOT_FOUND, _CONFLICT, _BAD_REQUEST = 404, 409, 400
_WARNING = "WARNING! This will remove all stopped containers.\nAre you sure you want to continue? [y/N] "
_STOPPED = frozenset({"created", "exited", "dead"})


@carries("container", "rm")
def remove(doing: Doing, command: Command) -> int:
    """Remove containers; with `-f` also those that run, with `-v` also their volumes without a name."""
    force = command.is_on("force")
    query = ({"force": "1"} if force else {}) | ({"v": "1"} if command.is_on("volumes") else {})
    refused: list[DaemonRefused] = []
    for word in command.args:
        if not word.strip("/ "):
            raise CommandRefused("Container name cannot be empty", code="bad-value")
        own = doing.state.container(word)
        try:
            ask(doing, "DELETE", word, query=query)
        except DaemonRefused as refusal:
            refused.append(refusal)
            if own is not None and refusal.status == _NOT_FOUND:
                _forget(doing, own)
            continue
        doing.out(word)
        if own is not None:
            _forget(doing, own)
    if refused:
        doing.err("\n".join(_words(refusal) for refusal in refused))
    return 1 if any(not (force and refusal.status == _NOT_FOUND) for refusal in refused) else 0


@carries("container", "prune")
def prune(doing: Doing, command: Command) -> int:
    """Remove the containers that do not run, and print how much room they took."""
    wanted = [_Filter(text) for text in command.texts("filter")]
    if not command.is_on("force"):
        doing.out(_WARNING, end="")
        if doing.stdin.strip().lower() != b"y":
            doing.out(f"Total reclaimed space: {size(0)}")
            remark(doing, f"Nothing was removed, since nobody said yes: {command.called} -f does not ask.")
            return 0
    removed: list[str] = []
    reclaimed = 0
    for own in doing.state.containers[::-1]:
        told = _seen(doing, own)
        if told is None or not all(one.takes(told) for one in wanted):
            continue
        try:
            doing.daemon.call("DELETE", f"/containers/{own.id}", aside=True)
        except DaemonRefused as refusal:
            if refusal.status not in {_NOT_FOUND, _CONFLICT}:
                raise
            continue
        removed.append(own.id)
        reclaimed += int(told.get("SizeRw") or 0)
        _forget(doing, own)
    doing.daemon.note("POST", "/containers/prune")
    if removed:
        doing.out("Deleted Containers:\n" + "\n".join(removed) + "\n")
    doing.out(f"Total reclaimed space: {size(reclaimed)}")
    return 0


class _Filter:
    """`until=…` or `label=…` of prune."""

    def __init__(self, text: str) -> None:
        self._name, _, self._value = text.partition("=")
        self._negative = self._name == "label!"
        if self._name not in {"until", "label", "label!"}:
            raise DaemonRefused(_BAD_REQUEST, f"Invalid filter '{self._name}'")
        self._until = prune_moment(self._value) if self._name == "until" else None

    def takes(self, told: dict[str, Any]) -> bool:
        """Whether a container is one of those to remove."""
        if self._until is not None:
            return moment_of(str(told.get("Created"))) <= self._until
        name, equals, value = self._value.partition("=")
        labels = (told.get("Config") or {}).get("Labels") or {}
        has = name in labels and (not equals or labels[name] == value)
        return has is not self._negative


def _seen(doing: Doing, own: OwnContainer) -> dict[str, Any] | None:
    """What the daemon tells of a container that does not run; None for others."""
    try:
        told: dict[str, Any] = doing.daemon.get(f"/containers/{own.id}/json", query={"size": "1"}, aside=True)
    except DaemonRefused as refusal:
        if refusal.status != _NOT_FOUND:
            raise
        return None
    return told if (told.get("State") or {}).get("Status") in _STOPPED else None


def _forget(doing: Doing, own: OwnContainer) -> None:
    forget(doing, own)
    doing.touch("container", own.name, own.id, removed=True)


def _words(refusal: DaemonRefused) -> str:
    return ("Error: " if refusal.status == _NOT_FOUND else "Error response from daemon: ") + refusal.message

"""The containers that a command names: found in the ledger, spoken of to the daemon under the words that were typed.

The engine is asked by its own id, since a word that is short enough for one session may mean two on the engine. What
is written down, and what the daemon is quoted with, has the word.
"""

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from graders.commands.daemon import DaemonRefused, Reply
from graders.commands.doing import Doing
from graders.commands.model import CommandRefused
from graders.commands.state import OwnContainer
from graders.commands.verbs.bounding import Bounds

_NOT_FOUND, _SERVER_ERROR, _BUSY = 404, 500, 503
_AT_ONCE = 10
"""As many as a session may have containers."""


def own_container(doing: Doing, word: str) -> OwnContainer:
    """The session's container that the word means. Raises DaemonRefused in docker's words."""
    own = doing.state.container(word)
    if own is not None:
        return own
    if word and sum(one.id.startswith(word) for one in doing.state.containers) > 1:
        raise DaemonRefused(_SERVER_ERROR, f"Multiple IDs found with provided prefix: {word}")
    raise DaemonRefused(_NOT_FOUND, f"No such container: {word}")


def ask(
    doing: Doing, method: str, word: str, rest: str = "", *, query: Mapping[str, str] | None = None, body: Any = None
) -> Reply:
    """Send what the docker CLI sends about the container of this word. Raises DaemonRefused."""
    request = _Request(method, word, rest, query, body)
    return request.note(doing, request.send(doing))


def ask_all(
    doing: Doing, method: str, words: Sequence[str], rest: str = "", *, query: Mapping[str, str] | None = None
) -> list[DaemonRefused | None]:
    """Send the same about each container, all at a time as docker does; what was refused stands in its place.

    A container that is named a hundred times would take a hundred times as long: after a while nothing more is sent.
    """
    requests = [_Request(method, word, rest, query, None) for word in words]
    bounds = Bounds(doing)

    def send(request: _Request) -> Reply | DaemonRefused:
        return late(request.word) if bounds.is_over else request.send(doing)

    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        answers = list(pool.map(send, requests))
    refused: list[DaemonRefused | None] = []
    for request, answer in zip(requests, answers, strict=True):
        try:
            request.note(doing, answer)
        except DaemonRefused as refusal:
            refused.append(refusal)
        else:
            refused.append(None)
    return refused


def late(word: str) -> DaemonRefused:
    """Make the refusal of a container whose turn came too late."""
    return DaemonRefused(
        _BUSY, f"{word}: nothing was done, since the command took too long already. Name fewer at once"
    )


def looked_up(doing: Doing, word: str) -> tuple[OwnContainer, dict[str, Any]]:
    """The container of this word, and what the daemon tells of it, for commands that look before they act.

    Raises CommandRefused in the words that docker has for a look at nothing.
    """
    try:
        told: dict[str, Any] = ask(doing, "GET", word, "/json").json()
        return own_container(doing, word), told
    except DaemonRefused as refusal:
        if refusal.status != _NOT_FOUND:
            raise
        raise CommandRefused(f"Error: {refusal.message}", code="no-such-container") from refusal


@dataclass(frozen=True)
class _Request:
    method: str
    word: str
    rest: str
    query: Mapping[str, str] | None
    body: Any

    def send(self, doing: Doing) -> Reply | DaemonRefused:
        """Send it, and write nothing down: several may be under way at a time."""
        try:
            own = own_container(doing, self.word)
        except DaemonRefused as refusal:
            return refusal
        path = f"/containers/{own.id or own.engine_name}{self.rest}"
        try:
            return doing.daemon.call(self.method, path, query=self.query, body=self.body, aside=True)
        except DaemonRefused as refusal:
            return DaemonRefused(refusal.status, _as_typed(refusal.message, own, self.word))

    def note(self, doing: Doing, answer: Reply | DaemonRefused) -> Reply:
        """Write down what was answered. Raises the refusal that it is."""
        path = f"/containers/{self.word.removeprefix('/')}{self.rest}"
        doing.daemon.note(self.method, path, query=self.query, status=answer.status)
        if isinstance(answer, DaemonRefused):
            raise answer
        return answer


def _as_typed(message: str, own: OwnContainer, word: str) -> str:
    """The daemon's words with the container called as it was typed, where they quote what they were asked about."""
    if not own.id:
        return message
    quoted = rf"(Cannot kill container: |No such container: |removal of container |Container (?=\w+ is paused)){own.id}"
    return re.sub(quoted, lambda found: found[1] + word, message)

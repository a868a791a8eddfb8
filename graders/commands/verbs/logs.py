"""`docker logs`: what a container has printed, of which the engine keeps the end; with `-f` also what is to come."""

import http.client
import time
from typing import Any

from graders.commands.daemon import DaemonRefused
from graders.commands.doing import Doing, carries
from graders.commands.model import Command, CommandRefused
from graders.commands.verbs.foreground import Patience, Shown, say_let_go, show
from graders.commands.verbs.moments import NoMoment, timestamp
from graders.commands.verbs.targets import looked_up
from graders.sandbox.connection import CALL_SECONDS, EngineConnection, engine_call, error_message, request_path

_HEADER_BYTES = 8
_STDOUT = 1


@carries("container", "logs")
def logs(doing: Doing, command: Command) -> int:
    """Print it, each line to the stream that it was printed to."""
    own, told = looked_up(doing, command.args[0])
    doing.touch("container", own.name, own.id)
    query = _query(command)
    connection = EngineConnection(doing.daemon.engine.address, CALL_SECONDS)
    path = f"/containers/{own.id}/logs"
    patience = Patience(doing)
    try:
        with engine_call("reading what a container printed"):
            connection.request("GET", request_path(doing.daemon.engine.client, path, **query))
            reply = connection.getresponse()
            words = "" if reply.status == http.client.OK else error_message(reply.read())
        doing.daemon.note("GET", path, query=query, status=reply.status)
        if words:
            raise DaemonRefused(reply.status, doing.daemon.shown_message(words))
        framed = not (told.get("Config") or {}).get("Tty")
        shown = show(doing, _Printed(connection, reply, framed=framed), patience)
    finally:
        connection.close()
    if shown is not Shown.ENDED:
        more = f"'docker logs --tail 20 {own.name}' shows the end of what it printed."
        say_let_go(doing, shown, seconds=patience.seconds, more=more)
    return 0


def _query(command: Command) -> dict[str, str]:
    query = {"stderr": "1", "stdout": "1", "tail": command.text("tail", "all")}
    for flag in ("details", "follow", "timestamps"):
        if command.is_on(flag):
            query[flag] = "1"
    for flag in ("since", "until"):
        if text := command.text(flag):
            try:
                query[flag] = timestamp(text, now=time.time())
            except NoMoment as trouble:
                raise CommandRefused(f'invalid value for "{flag}": {trouble}', code="bad-value") from trouble
    return dict(sorted(query.items()))


class _Printed:
    """A reply of the daemon's that holds output: in frames, or as it is where the container has a terminal."""

    def __init__(self, connection: EngineConnection, reply: http.client.HTTPResponse, *, framed: bool) -> None:
        self._socket: Any = connection.sock
        self._reply = reply
        self._framed = framed
        self._stream, self._left = _STDOUT, 0

    def set_timeout(self, seconds: float | None) -> None:
        """Bound each read from here on; one that takes longer ends the reply."""
        if self._socket is not None:
            self._socket.settimeout(seconds)

    def read(self) -> tuple[int, bytes]:
        """Next piece as (stream, data); no data at the end."""
        try:
            if not self._framed:
                return _STDOUT, self._reply.read1(64 * 1024)
            while not self._left:
                header = self._reply.read(_HEADER_BYTES)
                if len(header) < _HEADER_BYTES:
                    return _STDOUT, b""
                self._stream, self._left = header[0], int.from_bytes(header[4:], "big")
            data = self._reply.read1(min(self._left, 64 * 1024))
        except http.client.HTTPException:
            return _STDOUT, b""  # the engine hung up in the middle
        self._left -= len(data)
        return self._stream, data

"""Shows what a program prints while the console waits for it: in order, for so long, and so much of it.

When the time or the room is over the console lets go: it stops listening, and the program goes on, as if somebody had
left `docker run` by Ctrl-P Ctrl-Q. Letting go is no failure, so the command ends with 0. Only a command whose whole
point is the end that did not come, `docker wait`, ends with 130 then, as after Ctrl-C.
"""

import codecs
import http.client
import json
import threading
import time
from enum import Enum
from typing import Protocol

from graders.commands.daemon import DaemonRefused
from graders.commands.doing import Doing
from graders.commands.model import Stream
from graders.commands.verbs.refusing import remark
from graders.sandbox.base import SandboxUnavailable
from graders.sandbox.connection import CALL_SECONDS, Engine, EngineConnection, engine_call, error_message, request_path

LET_GO_WAITING = 130
_LEAST_SECONDS = 0.05
_WORD_BYTES = 512
_STDERR = 2


class Printing(Protocol):
    """Output as it comes; `graders.sandbox.connection.RawStream` is one."""

    def read(self) -> tuple[int, bytes]:
        """Next piece as (stream, data); no data at the end. Raises TimeoutError."""

    def set_timeout(self, seconds: float | None) -> None:
        """Bound each read from here on."""


class Shown(Enum):
    """Why no more is shown."""

    ENDED = "ended"
    LATE = "late"
    FULL = "full"


class Patience:
    """How long the console still waits for what runs in the foreground."""

    def __init__(self, doing: Doing) -> None:
        self.seconds = doing.rules.foreground_seconds
        self._until = time.monotonic() + self.seconds

    @property
    def left(self) -> float:
        """Seconds that are left, never none at all."""
        return max(self._until - time.monotonic(), _LEAST_SECONDS)

    @property
    def is_over(self) -> bool:
        """Whether no time is left."""
        return time.monotonic() >= self._until


def show(doing: Doing, printing: Printing, patience: Patience) -> Shown:
    """Print what comes until it ends, the time is over, or it is more than a line may print."""
    page = _Page(doing)
    try:
        while True:
            if patience.is_over:
                return Shown.LATE
            printing.set_timeout(patience.left)
            try:
                stream, data = printing.read()
            except TimeoutError:
                return Shown.LATE
            except OSError:
                return Shown.ENDED  # the engine hung up; whoever asks it hears what became of the program
            if not data:
                return Shown.ENDED
            if not page.take("err" if stream == _STDERR else "out", data):
                return Shown.FULL
    finally:
        page.close()


def say_let_go(doing: Doing, shown: Shown, *, seconds: float, more: str = "it goes on. See 'docker ps'.") -> None:
    """Tell that the console has let go, and why."""
    if shown is Shown.FULL:
        say_full(doing, more=more)
    else:
        remark(doing, f"Still running after {seconds:g} s, so the console let go of it; {more}")


def say_full(doing: Doing, *, more: str = "") -> None:
    """Tell that more was printed than is shown."""
    doing.cut = True
    size = f"{round(most_bytes(doing) / 1024)} KiB"
    remark(doing, f"More than {size} were printed, and the rest is not shown{'; ' if more else '.'}{more}")


def most_bytes(doing: Doing) -> int:
    """How much of a program's output is shown: what a line may print, but for a word about what is left out."""
    return max(doing.rules.output_bytes - _WORD_BYTES, _WORD_BYTES)


class End:
    """The daemon's answer to `wait`: open before a container starts, so that its end cannot be missed."""

    def __init__(self, engine: Engine, container_id: str, condition: str) -> None:
        self._connection = EngineConnection(engine.address, CALL_SECONDS)
        path = request_path(engine.client, f"/containers/{container_id}/wait", condition=condition)
        try:
            with engine_call("waiting for a container"):
                self._connection.request("POST", path)
                self._socket = self._connection.sock
                self._reply = self._connection.getresponse()
        except BaseException:
            self._connection.close()
            raise
        self.status = self._reply.status

    def exit_code(self, *, within_seconds: float) -> int | None:
        """What the container exited with; None when it has not, by then. To be asked once.

        Raises DaemonRefused where there was nothing to wait for.
        """
        if self._socket is not None:
            self._socket.settimeout(within_seconds)
        try:
            with engine_call("waiting for a container"):
                body = _read_in_time(self._reply)
        finally:
            self.close()
        if body is None:
            return None
        if not body:
            raise SandboxUnavailable("The sandbox engine hung up on who waited for a container.")
        if self.status != http.client.OK:
            raise DaemonRefused(self.status, error_message(body))
        return int(json.loads(body)["StatusCode"])

    def close(self) -> None:
        """Hang up."""
        self._connection.close()
        self._reply.close()


def _read_in_time(reply: http.client.HTTPResponse) -> bytes | None:
    try:
        return reply.read()
    except TimeoutError:
        return None


class Fed(Protocol):
    """What takes a program's input."""

    def send(self, data: bytes) -> None:
        """Write to it."""

    def end_input(self) -> None:
        """Say that this was all."""


def feed(stream: Fed, data: bytes) -> None:
    """Send the input, and its end, beside what is done next: a program may print before it reads."""

    def send() -> None:
        try:
            stream.send(data)
            stream.end_input()
        except OSError:
            return  # it ended without reading all of its input, as programs may

    threading.Thread(target=send, name="input", daemon=True).start()


class _Page:
    """What is printed of one program: bytes made text, and as few pieces as keep the order of the streams."""

    def __init__(self, doing: Doing) -> None:
        self._doing = doing
        self._left = most_bytes(doing)
        self._decoders = {name: codecs.getincrementaldecoder("utf-8")("replace") for name in ("out", "err")}
        self._stream: Stream = "out"
        self._parts: list[str] = []

    def take(self, stream: Stream, data: bytes) -> bool:
        """Take a piece; False when there was no room for all of it."""
        if stream != self._stream:
            self._flush()
            self._stream = stream
        kept = data[: self._left]
        self._left -= len(kept)
        self._parts.append(self._decoders[stream].decode(kept))
        return len(kept) == len(data)

    def close(self) -> None:
        """Print what has been taken."""
        self._flush()
        for stream, decoder in self._decoders.items():
            self._print(stream, decoder.decode(b"", final=True))

    def _flush(self) -> None:
        self._print(self._stream, "".join(self._parts))
        self._parts.clear()

    def _print(self, stream: str, text: str) -> None:
        (self._doing.err if stream == "err" else self._doing.out)(self._doing.state.shown_text(text), end="")

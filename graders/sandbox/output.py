"""Reads what a process prints while it prints it, keeps a bounded part, and says when there is too much."""

import threading
from collections.abc import Callable

from graders.sandbox.connection import RawStream

STDOUT, STDERR = 1, 2


class Output:
    """The output of one process, read by a thread of its own.

    Args:
        stream: the connection that carries it, and its input.
        cap: bytes kept of each of stdout and stderr.
        stdin: bytes the process gets to read before its input ends; None leaves the input alone.
        on_overflow: called once, in a thread of its own, when either passes the cap. What follows is read and dropped:
            an engine cannot end a process whose output nobody takes.
    """

    def __init__(
        self,
        stream: RawStream,
        *,
        cap: int,
        on_overflow: Callable[[], None],
        stdin: bytes | None = None,
    ) -> None:
        self.closed = threading.Event()
        self.overflown = False
        self._stream = stream
        self._cap = cap
        self._on_overflow = on_overflow
        self._kept = {STDOUT: bytearray(), STDERR: bytearray()}
        self._cut = {STDOUT: False, STDERR: False}
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._read, name="output", daemon=True)]
        if stdin is not None:
            feeder = threading.Thread(target=self._feed, args=(stdin,), name="input", daemon=True)
            self._threads.append(feeder)
        stream.set_timeout(None)

    def start(self) -> None:
        """Begin to read, and to feed the input."""
        for thread in self._threads:
            thread.start()

    def so_far(self) -> tuple[bytes, bytes]:
        """stdout and stderr up to now."""
        with self._lock:
            return bytes(self._kept[STDOUT]), bytes(self._kept[STDERR])

    def was_cut(self) -> tuple[bool, bool]:
        """Whether stdout and stderr were longer than what is kept."""
        with self._lock:
            return self._cut[STDOUT], self._cut[STDERR]

    def finish(self, *, patience: float) -> None:
        """Give the last output `patience` seconds to arrive, then hang up."""
        self.closed.wait(patience)
        self._stream.abort()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=5)
        self._stream.close()

    def _read(self) -> None:
        try:
            while True:
                stream, data = self._stream.read()
                if not data:
                    return
                if self._keep(STDERR if stream == STDERR else STDOUT, data):
                    threading.Thread(target=self._on_overflow, name="overflow", daemon=True).start()
        except OSError:
            return  # the engine hung up; whoever waits asks it what became of the process
        finally:
            self.closed.set()

    def _keep(self, stream: int, data: bytes) -> bool:
        """Keep what fits, and say whether this is the first time that something does not."""
        with self._lock:
            kept = self._kept[stream]
            room = self._cap - len(kept)
            kept += data[:room]
            if len(data) <= room:
                return False
            self._cut[stream] = True
            first, self.overflown = not self.overflown, True
            return first

    def _feed(self, stdin: bytes) -> None:
        try:
            self._stream.send(stdin)
            self._stream.end_input()
        except OSError:
            return  # it ended without reading all of its input, as programs may

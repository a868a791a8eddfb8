"""Does pieces of work on sandbox engines, several at once, and gives back what came of each in the pieces' order."""

import queue
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from graders.sandbox.base import Sandbox

Piece = TypeVar("Piece")
Done = TypeVar("Done")


def side_by_side(
    pieces: Sequence[Piece],
    *,
    sandboxes: Sequence[Sandbox],
    jobs: int,
    do: Callable[[Piece, Sandbox], Done],
    on_done: Callable[[Done, int], object],
) -> list[Done]:
    """Do every piece, `jobs` at once on each engine; what was given first is begun first.

    `on_done` hears of each as it is done, and how many are; never of two at once. Raises SandboxUnavailable when an
    engine cannot be used, and whatever `do` raises, once the pieces under way have ended.
    """
    for sandbox in sandboxes:
        sandbox.info()
    work = _Work(pieces, do=do, on_done=on_done)
    threads = [
        threading.Thread(target=work.through, args=(sandbox,), name="side-by-side")
        for sandbox in sandboxes
        for _ in range(jobs)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if work.trouble:
        raise work.trouble[0]
    return [work.done[position] for position in range(len(pieces))]


class _Work(Generic[Piece, Done]):
    """The pieces that are left, shared by the threads that do them."""

    def __init__(
        self,
        pieces: Sequence[Piece],
        *,
        do: Callable[[Piece, Sandbox], Done],
        on_done: Callable[[Done, int], object],
    ) -> None:
        self.done: dict[int, Done] = {}
        self.trouble: list[Exception] = []
        self._pieces = pieces
        self._do = do
        self._on_done = on_done
        self._lock = threading.Lock()
        self._waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
        for position in range(len(pieces)):
            self._waiting.put(position)

    def through(self, sandbox: Sandbox) -> None:
        """Do one piece after the other until none is left, or something is wrong."""
        while not self.trouble:
            try:
                position = self._waiting.get_nowait()
            except queue.Empty:
                return
            try:
                done = self._do(self._pieces[position], sandbox)
            except Exception as trouble:  # noqa: BLE001  raised again by whoever waits for the threads
                self.trouble.append(trouble)
                return
            with self._lock:
                self.done[position] = done
                self._on_done(done, len(self.done))

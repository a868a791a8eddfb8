"""Says what is being done: step i of n, how far a long step is, and how many seconds it took."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import TextIO

QUIET_SECONDS = 5.0
"""Where the output is no terminal, how far a step is gets said no oftener than this."""


class Progress:
    """The lines of one command. `total` is how many steps it has."""

    def __init__(self, total: int, out: TextIO | None = None) -> None:
        self.total = total
        self.out = out or sys.stdout
        self.number = 0
        self.live = self.out.isatty()
        self._open_line = False
        self._last_told = 0.0

    @contextlib.contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Announce a step and, when it is over, say how long it took."""
        self.number += 1
        began = self._last_told = time.monotonic()
        self._write(f"[{self.number:>2}/{self.total}] {what} …")
        self._open_line = True
        try:
            yield
        except BaseException:
            self._end_line("")
            raise
        seconds = f"{time.monotonic() - began:.1f} s"
        self._end_line(f" {seconds}") if self._open_line else self._write(f"        done in {seconds}\n")

    def tell(self, how_far: str) -> None:
        """Say how far the step is: on a terminal in place, elsewhere as a line now and then."""
        if self.live:
            self._end_line("")
            self._write(f"\r\x1b[K        {how_far[:100]}\r")
            return
        if time.monotonic() - self._last_told >= QUIET_SECONDS:
            self._last_told = time.monotonic()
            self.say(how_far)

    def say(self, line: str) -> None:
        """Print a line below the step's own."""
        self._end_line("")
        if self.live:
            self._write("\r\x1b[K")
        self._write(f"        {line}\n")

    def _end_line(self, text: str) -> None:
        if self._open_line:
            self._write(f"{text}\n")
            self._open_line = False

    def _write(self, text: str) -> None:
        self.out.write(text)
        self.out.flush()

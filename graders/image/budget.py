"""How much of an image is read before it is given up: bytes, time, entries, and what is kept of them."""

import time
from typing import Protocol

from graders.image.contents import MIB, WalkLimits


class Source(Protocol):
    """What bytes come from."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to so many bytes, none at the end."""


class TooMuch(Exception):
    """A bound was reached; the text is a sentence for learners."""


class Budget:
    """What is left. Every method raises TooMuch when nothing is."""

    def __init__(self, limits: WalkLimits) -> None:
        self.limits = limits
        self._bytes = limits.image_bytes
        self._entries = limits.entries
        self._names = limits.names_bytes
        self._content = limits.content_bytes
        self._until = time.monotonic() + limits.seconds

    def spend_bytes(self, count: int) -> None:
        """Note that so many bytes were read."""
        self._bytes -= count
        if self._bytes < 0:
            raise TooMuch(f"The image has more than {self.limits.image_bytes // MIB} MiB: too much to read.")
        if time.monotonic() > self._until:
            raise TooMuch(f"The image could not be read within {self.limits.seconds:g} seconds.")

    def spend_entry(self, name: str, *, target: str = "") -> None:
        """Note that a file, a folder or a link to `target` was met."""
        self._entries -= 1
        if self._entries < 0:
            raise TooMuch(
                f"The image has more than {self.limits.entries:,} files and folders, and is not read further."
            )
        if len(name) > self.limits.name_bytes:
            raise TooMuch(f"A path of the image is longer than {self.limits.name_bytes:,} characters.")
        self._names -= len(name) + len(target)
        if self._names < 0:
            raise TooMuch(f"The paths of the image have more than {self.limits.names_bytes // MIB} MiB together.")

    def seconds_left(self) -> float:
        """How long reading may go on; never nothing, so that a socket can be told."""
        return max(self._until - time.monotonic(), 0.01)

    def keepable(self, wanted: int) -> int:
        """How much of a content may be kept."""
        return min(wanted, self._content)

    def keep(self, count: int) -> None:
        """Note that so much of a content is kept."""
        self._content -= count


class Metered:
    """A source that spends a budget; `read` as tarfile needs it."""

    def __init__(self, source: Source, budget: Budget) -> None:
        self._source = source
        self._budget = budget

    def read(self, size: int = -1, /) -> bytes:
        """Read on, and pay for it."""
        data = self._source.read(size)
        self._budget.spend_bytes(len(data))
        return data


class Peeked:
    """A source whose beginning has been looked at."""

    def __init__(self, source: Source, *, peek: int) -> None:
        self._source = source
        self.head = b""
        while len(self.head) < peek and (more := source.read(peek - len(self.head))):
            self.head += more
        self._waiting = self.head

    def read(self, size: int = -1, /) -> bytes:
        """Read on, from the beginning."""
        if not self._waiting:
            return self._source.read(size)
        cut = len(self._waiting) if size < 0 else size
        data, self._waiting = self._waiting[:cut], self._waiting[cut:]
        return data + self._source.read(-1) if size < 0 else data

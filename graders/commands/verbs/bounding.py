"""Ends a command that names so much that looking at it all would keep the engine from others."""

import time

from graders.commands.doing import Doing
from graders.commands.model import CommandRefused


class Bounds:
    """How long one command may take, and how much it may collect to print."""

    def __init__(self, doing: Doing) -> None:
        self._until = time.monotonic() + doing.rules.foreground_seconds
        self._left = doing.rules.output_bytes

    @property
    def is_over(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() > self._until

    def ensure_time(self) -> None:
        """Raise CommandRefused when the time is over."""
        if self.is_over:
            raise self._too_much()

    def ensure_room(self, text: str) -> None:
        """Raise CommandRefused when this is more than is shown at once, together with what came before."""
        if self._left < 0:
            raise self._too_much()
        self._left -= len(text)

    @staticmethod
    def _too_much() -> CommandRefused:
        return CommandRefused("[console] That is more than is shown at once. Name fewer objects.", code="too-much")

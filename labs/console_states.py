"""The states of a console session and of what is typed in it, and the tables of moves between them."""

from collections.abc import Mapping
from typing import TypeVar

from django.db import models


class ConsoleState(models.TextChoices):
    """Where a session is on its way."""

    OPENING = "opening", "being made ready"
    OPEN = "open", "open"
    ENDING = "ending", "ending"
    ENDED = "ended", "ended"
    LOST = "lost", "lost"


LIVE = (ConsoleState.OPENING, ConsoleState.OPEN)
"""In these something can still be typed, now or soon: a student has one such session in a lab."""
ON_ENGINE = (*LIVE, ConsoleState.ENDING)
"""In these a session may have objects on its engine."""
OVER = (ConsoleState.ENDED, ConsoleState.LOST)

SESSION_MOVES: Mapping[ConsoleState, tuple[ConsoleState, ...]] = {
    ConsoleState.OPENING: (ConsoleState.OPEN, ConsoleState.ENDING, ConsoleState.LOST),
    ConsoleState.OPEN: (ConsoleState.ENDING, ConsoleState.LOST),
    ConsoleState.ENDING: (ConsoleState.ENDED, ConsoleState.LOST),
    ConsoleState.ENDED: (),
    ConsoleState.LOST: (),
}


class Because(models.TextChoices):
    """Why a session ended."""

    ASKED = "asked", "You ended this console."
    STARTED_OVER = "started_over", "You started over: a new console took the place of this one."
    IDLE = "idle", "Nothing was typed for a long while, so this console was ended to make room for others."
    TOO_OLD = "too_old", "This console reached the longest time that one may last."
    DISK = (
        "disk",
        "What this console held on the disk was much more than the lab has room for.",
    )
    NOT_OPENED = "not_opened", "This console could not be made ready."
    ENGINE_EMPTIED = "engine_emptied", "The engine behind this console lost everything that was on it."
    ENGINE_GONE = "engine_gone", "The engine behind this console has not answered for a long time."


class EntryKind(models.TextChoices):
    """What an entry asks a worker for."""

    OPEN = "open", "make the session ready"
    LINE = "line", "carry a line out"
    REFRESH = "refresh", "look at the engine again"
    HAND_IN = "hand_in", "hand in what is there"
    END = "end", "end the session"
    NOTICE = "notice", "say something to the student"


class EntryState(models.TextChoices):
    """Where an entry is on its way."""

    WAITING = "waiting", "waiting"
    RUNNING = "running", "being carried out"
    DONE = "done", "done"
    LOST = "lost", "lost with its worker"


UNFINISHED = (EntryState.WAITING, EntryState.RUNNING)

ENTRY_MOVES: Mapping[EntryState, tuple[EntryState, ...]] = {
    EntryState.WAITING: (EntryState.RUNNING, EntryState.LOST),
    # Back to WAITING where doing it twice does no harm; a line is never carried out twice.
    EntryState.RUNNING: (EntryState.DONE, EntryState.LOST, EntryState.WAITING),
    EntryState.DONE: (),
    EntryState.LOST: (),
}

REPEATABLE = (EntryKind.OPEN, EntryKind.REFRESH, EntryKind.HAND_IN, EntryKind.END)
"""What another worker may begin anew after the first was lost."""

S = TypeVar("S", ConsoleState, EntryState)


def sources_of(state: S, moves: Mapping[S, tuple[S, ...]]) -> tuple[S, ...]:
    """The states from which one may move to `state`."""
    return tuple(source for source, targets in moves.items() if state in targets)

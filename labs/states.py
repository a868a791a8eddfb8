"""The states of a submission and the one table of moves between them."""

from django.db import models


class State(models.TextChoices):
    """Where a submission is on its way."""

    QUEUED = "queued", "waiting"
    RUNNING = "running", "being graded"
    GRADED = "graded", "graded"
    REFUSED = "refused", "refused before building"
    DEAD = "dead", "could not be graded"
    CANCELLED = "cancelled", "cancelled"


WAITING = (State.QUEUED, State.RUNNING)
FINISHED = (State.GRADED, State.REFUSED, State.DEAD, State.CANCELLED)

MOVES: dict[State, tuple[State, ...]] = {
    State.QUEUED: (State.RUNNING, State.CANCELLED),
    # Back to QUEUED when a worker or an engine was lost; DEAD after too many losses.
    State.RUNNING: (State.GRADED, State.REFUSED, State.QUEUED, State.DEAD),
    State.DEAD: (State.QUEUED,),
    State.GRADED: (),
    State.REFUSED: (),
    State.CANCELLED: (),
}


def sources_of(state: State) -> tuple[State, ...]:
    """The states from which a submission may move to `state`."""
    return tuple(source for source, targets in MOVES.items() if state in targets)

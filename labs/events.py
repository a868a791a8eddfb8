"""Writing and reading what happens to a submission: gapless, in order, and never by a worker that lost its lease."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from labs.errors import LeaseLost
from labs.models import Submission, SubmissionEvent
from labs.states import State

# Kinds beside those of graders.events: the way through the queue, and the end that the database has confirmed.
QUEUED = "queued"
CLAIMED = "claimed"
RETURNED = "returned"
FINISHED = "finished"


@dataclass(frozen=True, kw_only=True)
class NewEvent:
    """An event that is to be written."""

    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)
    at: datetime = field(default_factory=timezone.now)


def write(*, submission_id: int, attempt: int, count_before: int, events: Sequence[NewEvent]) -> None:
    """Write events after the first `count_before`, for a caller that has raised `event_count` in this transaction."""
    SubmissionEvent.objects.bulk_create(
        SubmissionEvent(
            submission_id=submission_id,
            attempt=attempt,
            sequence=count_before + position,
            kind=event.kind,
            data=storable(event.data),
            at=event.at,
        )
        for position, event in enumerate(events, start=1)
    )


def write_first(kind: str, submission_ids: Iterable[int]) -> None:
    """Write the first event of many new submissions, whose `event_count` is 1."""
    SubmissionEvent.objects.bulk_create(
        SubmissionEvent(submission_id=pk, attempt=0, sequence=1, kind=kind) for pk in submission_ids
    )


@transaction.atomic
def append_while_leased(*, submission_id: int, attempt: int, events: Sequence[NewEvent]) -> None:
    """Write events of a grading that goes on. Raises LeaseLost when another attempt has taken over."""
    mine = Submission.objects.filter(pk=submission_id, attempt=attempt, state=State.RUNNING)
    # The row stays locked until the commit, so that numbers are given, and become visible, in order.
    if not mine.update(event_count=F("event_count") + len(events)):
        raise LeaseLost(f"Submission {submission_id} is no longer at attempt {attempt}.")
    count = Submission.objects.values_list("event_count", flat=True).get(pk=submission_id)
    write(submission_id=submission_id, attempt=attempt, count_before=count - len(events), events=events)


def storable(value: Any) -> Any:
    """JSON data that every database takes: PostgreSQL knows neither NUL nor lone surrogates."""
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Mapping):
        return {storable(key): storable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [storable(one) for one in value]
    return value


def shown(events: Iterable[SubmissionEvent]) -> list[dict[str, Any]]:
    """Events as clients read them."""
    return [
        {
            "sequence": event.sequence,
            "attempt": event.attempt,
            "kind": event.kind,
            "data": event.data,
            "at": event.at.isoformat(),
        }
        for event in events
    ]

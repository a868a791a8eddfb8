"""Keeping a claim alive while it is graded, and writing what happens as it happens.

Events are gathered for a moment and written together. Readers ask less often than that, and a transaction for each of
a grading's thirty events took a sixth of a worker's time.
"""

import math
import threading
import time
from types import TracebackType
from typing import Any, Self

import structlog
from django.db import DatabaseError, connection

from graders.events import Event, EventKind
from graders.plan import LabPlan
from labs import queue
from labs.errors import LeaseLost
from labs.events import NewEvent, append_while_leased
from labs.queue import Claim

log = structlog.get_logger(__name__)

GATHER_SECONDS = 0.3
# What readers of events see of all logs together; the whole log is kept beside the report.
LOG_CHARACTERS_IN_EVENTS = 256 * 1024
LOG_CHARACTERS_KEPT = 4 * 1024 * 1024
HIDDEN_CHECK_KEYS = frozenset({"index", "total", "id", "title", "outcome", "points", "max_points", "hidden"})


class Progress:
    """Renews a claim's lease and writes its events, until left. `lost` is set when somebody else took over."""

    def __init__(self, claim: Claim, plan: LabPlan) -> None:
        self.lost = threading.Event()
        self._claim = claim
        self._hidden = {check.id for check in plan.checks if check.hidden}
        self._lock = threading.Lock()
        self._gathered: list[NewEvent] = []
        self._written_at = -math.inf
        self._characters = 0
        self._log: list[str] = []
        self._log_characters = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"lease-{claim.submission_id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def flush(self) -> None:
        """Write what is gathered still. Raises LeaseLost."""
        with self._lock:
            self._write()

    def on_event(self, event: Event) -> None:
        """Take an event from grading. Raises LeaseLost to stop it when the claim no longer holds."""
        if self.lost.is_set():
            raise LeaseLost(f"Submission {self._claim.submission_id} was taken over.")
        if event.kind is EventKind.FINISHED:
            # Readers take it for the end, and the end is what the database has confirmed.
            return
        self._note_for_log(event)
        with self._lock:
            self._gather(event)
            if time.monotonic() - self._written_at >= GATHER_SECONDS:
                self._write()

    def log_text(self) -> str:
        """The whole log up to now."""
        return "".join(self._log)

    def _gather(self, event: Event) -> None:
        data: dict[str, Any] = dict(event.data)
        if event.kind is EventKind.CHECK_FINISHED and (data.get("hidden") or data.get("id") in self._hidden):
            data = {key: value for key, value in data.items() if key in HIDDEN_CHECK_KEYS}
        if event.kind is EventKind.STEP_LOG:
            text = str(data.get("text", ""))
            room = LOG_CHARACTERS_IN_EVENTS - self._characters
            if room <= 0:
                return
            self._characters += len(text)
            data["text"] = text if len(text) <= room else f"{text[:room]}\n… The rest is in the full log.\n"
            last = self._gathered[-1] if self._gathered else None
            if last and last.kind == EventKind.STEP_LOG and _same_step(last.data, data):
                data["text"] = f"{last.data['text']}{data['text']}"
                self._gathered.pop()
        self._gathered.append(NewEvent(kind=event.kind.value, data=data))

    def _write(self) -> None:
        self._written_at = time.monotonic()
        if not self._gathered:
            return
        events, self._gathered = self._gathered, []
        try:
            append_while_leased(submission_id=self._claim.submission_id, attempt=self._claim.attempt, events=events)
        except LeaseLost:
            self.lost.set()
            raise
        except DatabaseError:
            self._gathered = events  # for the next try
            raise

    def _keep(self) -> None:
        """Run beside grading: renew the lease in time, and write events that nothing else pushes out."""
        every = queue.lease_time().total_seconds() / 3
        renew_at = time.monotonic() + every
        try:
            while not self._done.wait(min(GATHER_SECONDS, every)) and not self.lost.is_set():
                try:
                    with self._lock:
                        if self._gathered and time.monotonic() - self._written_at >= GATHER_SECONDS:
                            self._write()
                    if time.monotonic() >= renew_at:
                        renew_at = time.monotonic() + every
                        if not queue.renew(self._claim):
                            self.lost.set()
                except LeaseLost:
                    return
                except DatabaseError:
                    # The lease lasts for two more tries; whether it was lost is found out then, or when finishing.
                    log.exception("lease_not_renewed", submission_id=self._claim.submission_id)
        finally:
            connection.close()

    def _note_for_log(self, event: Event) -> None:
        data = event.data
        if event.kind is EventKind.STEP_STARTED:
            text = f"{data.get('name', '')}\n"
        elif event.kind is EventKind.STEP_LOG:
            text = str(data.get("text", ""))
        elif event.kind is EventKind.LINE_STARTED:
            text = f"$ {data.get('text', '')}\n"
        elif event.kind is EventKind.BUILD_FINISHED and data.get("error"):
            text = f"{data['error']}\n"
        else:
            return
        if self._log_characters < LOG_CHARACTERS_KEPT:
            self._log.append(text)
            self._log_characters += len(text)


def _same_step(one: Any, other: Any) -> bool:
    return {k: v for k, v in one.items() if k != "text"} == {k: v for k, v in other.items() if k != "text"}

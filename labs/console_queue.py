"""The queue of consoles: the database decides what is carried out next, and a lease says by whom.

Of one session one entry at a time, in the order in which they came; among sessions the entry that has waited longest;
looking at an engine again only when nobody waits for anything else. A session's first worker gives it its engine: from
then on only workers of that engine take what it asks for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from labs.console_models import ConsoleEntry, ConsoleSession
from labs.console_querysets import ConsoleSessionQuerySet
from labs.console_states import (
    LIVE,
    REPEATABLE,
    Because,
    ConsoleState,
    EntryKind,
    EntryState,
)
from labs.errors import Conflict, LeaseLost
from labs.events import storable

log = structlog.get_logger(__name__)

MOST_ATTEMPTS = 3
"""How often workers may be lost over one entry before it is given up."""
LINE_LOST = (
    "[console] This console lost its worker while the line was being carried out, so what it printed is lost, and it "
    "may be done in part. Look with `docker ps -a` what is there, then go on.\n"
)
_LOST = {
    EntryKind.LINE: "The console lost its worker while this line was being carried out.",
    EntryKind.HAND_IN: "This could not be handed in, through no fault of yours. Nothing is lost: hand it in again.",
}
"""What students are told; why it was, the log says."""
_LOST_EXIT_CODE = 1
_TRIES = 5
"""How often a worker looks again when others were quicker."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A worker's right to carry an entry out, for as long as it renews the lease and nobody took over."""

    entry_id: int
    session_id: int
    fence: int
    kind: EntryKind
    attempt: int
    worker: str


def lease_time() -> timedelta:
    """How long a lease holds without being renewed."""
    return timedelta(seconds=settings.CONSOLE_LEASE_SECONDS)


# ── Getting in line ──────────────────────────────────────────────────────────────────────────────────────────────────


def locked(session_id: int) -> ConsoleSession:
    """The session, locked until this transaction ends."""
    # SQLite lets one transaction write at a time anyway.
    sessions = ConsoleSession.objects.all()
    if connection.features.has_select_for_update:
        sessions = sessions.select_for_update(no_key=True)
    return sessions.get(pk=session_id)


def add(session: ConsoleSession, kind: EntryKind, *, text: str = "", via: str = "") -> ConsoleEntry:
    """Put an entry at the end of a session's line; call with the session locked. The object is kept up to date."""
    now = timezone.now()
    is_line = kind == EntryKind.LINE
    entry = ConsoleEntry.objects.create(
        session=session,
        number=session.entry_count + 1,
        kind=kind,
        line=session.line_count + 1 if is_line else None,
        text=text,
        via=via,
        queued_at=now,
    )
    _count(session, lines=int(is_line), used_at=now)
    return entry


def look_again(session: ConsoleSession, *, ledger_in_doubt: bool = False) -> bool:
    """Have the picture of a session taken again; False when that waits already. Call with the session locked."""
    if ledger_in_doubt and not session.needs_look:
        ConsoleSession.objects.filter(pk=session.pk).update(needs_look=True)
        session.needs_look = True
    if session.entries.filter(kind=EntryKind.REFRESH, state=EntryState.WAITING).exists():
        return False
    ConsoleEntry.objects.create(session=session, number=session.entry_count + 1, kind=EntryKind.REFRESH)
    _count(session)
    return True


def notify(session: ConsoleSession, text: str) -> ConsoleEntry:
    """Say something to the student, between the lines; call with the session locked."""
    now = timezone.now()
    entry = ConsoleEntry.objects.create(
        session=session,
        number=session.entry_count + 1,
        kind=EntryKind.NOTICE,
        state=EntryState.DONE,
        pieces=[{"stream": "err", "text": f"[console] {text}\n"}],
        queued_at=now,
        finished_at=now,
    )
    _count(session)
    return entry


def _count(session: ConsoleSession, *, lines: int = 0, **fields: Any) -> None:
    session.entry_count += 1
    session.line_count += lines
    ConsoleSession.objects.filter(pk=session.pk).update(
        entry_count=session.entry_count, line_count=session.line_count, revision=F("revision") + 1, **fields
    )


# ── Claiming ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def claim_next(*, worker: str, engine: str, now: datetime | None = None) -> Claim | None:
    """Take the entry whose turn it is on this engine; None when there is none. Safe to call from many workers."""
    now = now or timezone.now()
    look = Q(kind=EntryKind.REFRESH)
    for kinds in (~look, look):
        for _ in range(_TRIES):
            try:
                return _claim(kinds, worker=worker, engine=engine, now=now)
            except _NothingWaits:
                break
            except (IntegrityError, _TakenByAnother):
                continue  # others took what was seen: there may be more
    return None


class _NothingWaits(Exception):
    """There is nothing to take."""


class _TakenByAnother(Exception):
    """Another worker was quicker, or gave the session to another engine."""


def waiting_on(engine: str) -> int:
    """How many entries wait for this engine, or for any."""
    return ConsoleEntry.objects.waiting().filter(session__engine__in=("", engine)).count()


@transaction.atomic
def _claim(kinds: Q, *, worker: str, engine: str, now: datetime) -> Claim:
    others = ConsoleEntry.objects.filter(session_id=OuterRef("session_id"))
    before = others.filter(state=EntryState.WAITING, number__lt=OuterRef("number"))
    line = (
        ConsoleEntry.objects.waiting()
        .filter(kinds, session__engine__in=("", engine))
        .exclude(Exists(others.filter(state=EntryState.RUNNING)))
        .exclude(Exists(before))
        .order_by("queued_at", "pk")
        .values_list("pk", "session_id", "kind", "attempt")
    )
    if connection.features.has_select_for_update_skip_locked:
        line = line.select_for_update(of=("self",), skip_locked=True)
    first = line.first()
    if first is None:
        raise _NothingWaits
    pk, session_id, kind, attempt = first
    won = ConsoleEntry.objects.filter(pk=pk, attempt=attempt).move(
        EntryState.RUNNING,
        attempt=attempt + 1,
        worker=worker,
        started_at=now,
        lease_expires_at=now + lease_time(),
    )
    mine = ConsoleSession.objects.filter(pk=session_id, engine__in=("", engine))
    if not (won and mine.update(fence=F("fence") + 1, engine=engine, revision=F("revision") + 1)):
        raise _TakenByAnother
    fence = ConsoleSession.objects.values_list("fence", flat=True).get(pk=session_id)
    return Claim(
        entry_id=pk, session_id=session_id, fence=fence, kind=EntryKind(kind), attempt=attempt + 1, worker=worker
    )


# ── While it is carried out ──────────────────────────────────────────────────────────────────────────────────────────


def held(claim: Claim) -> ConsoleSessionQuerySet[ConsoleSession]:
    """The session, as long as this claim holds: one row, so that a write through it is fenced by itself."""
    return ConsoleSession.objects.filter(pk=claim.session_id, fence=claim.fence)


def renew(claim: Claim) -> bool:
    """Put off the end of the lease; False when it was taken away."""
    mine = ConsoleEntry.objects.filter(pk=claim.entry_id, attempt=claim.attempt, state=EntryState.RUNNING)
    return bool(mine.update(lease_expires_at=timezone.now() + lease_time()))


def save_ledger(claim: Claim, ledger: Mapping[str, Any]) -> None:
    """Keep the ledger in the middle of an entry. Raises LeaseLost when the claim was taken away."""
    if not held(claim).update(ledger=storable(ledger)):
        raise LeaseLost(f"Console {claim.session_id} was taken over.")


# ── Endings ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def finish(claim: Claim, *, entry: Mapping[str, Any], session: Mapping[str, Any]) -> ConsoleSession:
    """Write what came of an entry and how the session is now: all of it, or nothing; call inside a transaction.

    Raises LeaseLost when the claim was taken away.
    """
    now = timezone.now()
    changes = {name: storable(value) for name, value in session.items()}
    if not held(claim).update(**changes, revision=F("revision") + 1):
        raise LeaseLost(f"Console {claim.session_id} was taken over.")
    mine = ConsoleEntry.objects.filter(pk=claim.entry_id, attempt=claim.attempt)
    if claim.kind == EntryKind.REFRESH:
        mine.delete()  # nobody asked for it, and nothing of it is kept
    else:
        fields = {name: storable(value) for name, value in entry.items()}
        mine.move(EntryState.DONE, finished_at=now, lease_expires_at=None, **fields)
    return ConsoleSession.objects.get(pk=claim.session_id)


@transaction.atomic
def give_back(claim: Claim, reason: str) -> bool:
    """Give an entry back whose engine failed in the middle. False when the claim had been taken away already."""
    if not held(claim).exists():
        return False
    entry = ConsoleEntry.objects.filter(pk=claim.entry_id, attempt=claim.attempt, state=EntryState.RUNNING).first()
    return entry is not None and lose(entry, reason=reason)


@transaction.atomic
def return_expired(now: datetime | None = None, *, at_most: int = 200) -> int:
    """Take entries back from workers that stopped renewing; returns how many."""
    now = now or timezone.now()
    returned = 0
    for pk in ConsoleEntry.objects.expired(now).order_by("lease_expires_at").values_list("pk", flat=True)[:at_most]:
        with transaction.atomic():
            entry = ConsoleEntry.objects.filter(pk=pk).expired(now).first()
            if entry is not None and lose(entry, reason=f"The worker {entry.worker} stopped answering."):
                returned += 1
    return returned


def lose(entry: ConsoleEntry, *, reason: str) -> bool:
    """Take a running entry from its worker: begun anew where that does no harm, otherwise LOST, and said to be.

    Whatever the worker finds out from now on is dropped, and the next one compares ledger and engine first. Call
    inside a transaction.
    """
    session = locked(entry.session_id)
    now = timezone.now()
    mine = ConsoleEntry.objects.filter(pk=entry.pk, attempt=entry.attempt)
    again = entry.kind in REPEATABLE and entry.attempt < MOST_ATTEMPTS
    if again:
        moved = mine.filter(state=EntryState.RUNNING).move(EntryState.WAITING, lease_expires_at=None, worker="")
    else:
        moved = mine.move(
            EntryState.LOST,
            lease_expires_at=None,
            finished_at=now,
            error_code="worker_lost",
            error_message=_LOST.get(EntryKind(entry.kind), ""),
            pieces=[{"stream": "err", "text": LINE_LOST}] if entry.kind == EntryKind.LINE else [],
            exit_code=_LOST_EXIT_CODE if entry.kind == EntryKind.LINE else None,
        )
    if not moved:
        return False
    log.warning("console_entry_lost", console_id=session.pk, kind=entry.kind, again=again, reason=reason)
    ConsoleSession.objects.filter(pk=session.pk).update(
        fence=F("fence") + 1, needs_look=True, revision=F("revision") + 1
    )
    session.needs_look = True
    if not again and entry.kind == EntryKind.OPEN:
        close(session, Because.NOT_OPENED)
    elif not again and entry.kind == EntryKind.END:
        close(session, Because(session.ended_because))
    elif not again and session.is_live:
        look_again(session)
    return True


def end_live(session: ConsoleSession, because: Because) -> ConsoleEntry:
    """Let a live session end after what waits in it; call with the session locked."""
    if not ConsoleSession.objects.filter(pk=session.pk, state__in=LIVE).move(
        ConsoleState.ENDING, ended_because=because
    ):
        raise Conflict("console_ended", f"This console has ended. {session.why_ended} Open a new one to go on.")
    session.state, session.ended_because = ConsoleState.ENDING, because
    return add(session, EntryKind.END)


def close(session: ConsoleSession, because: Because) -> None:
    """Give a session up whose engine does not have it any more; call with the session locked.

    What waits is lost with it; what was typed stays to be read, and what was handed in is graded.
    """
    now = timezone.now()
    reason = str(because.label)
    session.entries.waiting().move(EntryState.LOST, finished_at=now, error_code="console_lost", error_message=reason)
    if ConsoleSession.objects.filter(pk=session.pk).move(
        ConsoleState.LOST, ended_because=because, ended_at=now, fence=F("fence") + 1
    ):
        session.state, session.ended_because, session.ended_at = ConsoleState.LOST, because, now
        notify(session, f"{reason} Nothing that was handed in is lost. Open a new console to go on.")


def journal_of(session: ConsoleSession) -> Sequence[ConsoleEntry]:
    """What was typed and carried out, in order, lines that were lost included."""
    return list(session.entries.lines().finished())

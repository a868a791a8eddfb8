"""Tends consoles: ends those whose time is up, follows what happens on their engine by itself, and keeps its disk free.

`sweep` needs the database alone, and whoever sweeps calls it. A `Tender` looks after one engine, and is the only one
that does.
"""

import re
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from kombu.exceptions import OperationalError

from graders.commands.state import SessionState
from graders.sandbox.base import SandboxUnavailable
from labs import console_queue, heartbeats, tasks
from labs.console_engine import ConsoleEngine
from labs.console_models import ConsoleEntry, ConsoleSession
from labs.console_querysets import ConsoleSessionQuerySet
from labs.console_states import ON_ENGINE, Because
from labs.errors import Conflict
from labs.models import WorkerKind

log = structlog.get_logger(__name__)

AT_MOST = 200
CALLS_AT_MOST = 4
GONE_AFTER = timedelta(hours=1)
"""How long what was asked for waits for an engine without workers before its session is given up."""

QUIET_SECONDS = 60.0
GATHER_SECONDS = 0.2
"""Containers that end together are looked at together."""
SWEEP_SECONDS = 300.0
DISK_SECONDS = 10.0
DISK_SHARE = 0.05
"""What share of the time the engine may be kept busy with measuring its disk."""
LITTLE_FREE = 0.1
MUCH_TOO_MUCH = 2.0
"""By so much more than its room a session may hold before it is ended; before that its containers are stopped."""
_MIB = 1024 * 1024
_OF_SESSION = re.compile(r"dd-([0-9a-f]+)-")


# ── What needs no engine ─────────────────────────────────────────────────────────────────────────────────────────────


def sweep(now: datetime | None = None) -> int:
    """Return lines of lost workers, end consoles whose time is up, wake workers for what waits; returns how many."""
    now = now or timezone.now()
    idle = ConsoleSession.objects.idle(now - timedelta(minutes=settings.CONSOLE_IDLE_MINUTES))
    put_right = console_queue.return_expired(now)
    put_right += _end_all(idle.values_list("pk", flat=True)[:AT_MOST], Because.IDLE)
    put_right += _end_all(ConsoleSession.objects.too_old(now).values_list("pk", flat=True)[:AT_MOST], Because.TOO_OLD)
    engines = _engines(now)
    put_right += _give_up(now, engines)
    _wake(engines)
    return put_right


def _end_all(found: Iterable[int], because: Because) -> int:
    ended = 0
    for pk in list(found):
        with transaction.atomic():
            session = console_queue.locked(pk)
            if because is Because.IDLE and not _still_idle(session):
                continue
            try:
                console_queue.end_live(session, because)
            except Conflict:
                continue  # somebody else ended it
        ended += 1
        log.info("console_time_is_up", console_id=pk, because=because)
    return ended


def _still_idle(session: ConsoleSession) -> bool:
    return session.used_at < timezone.now() - timedelta(minutes=settings.CONSOLE_IDLE_MINUTES)


def _give_up(now: datetime, engines: Collection[str]) -> int:
    """Give up sessions on engines that nobody works on any more: those who wait for them could wait for ever."""
    waiting = ConsoleEntry.objects.waiting().filter(queued_at__lt=now - GONE_AFTER, session__state__in=ON_ENGINE)
    waiting = waiting.exclude(session__engine__in=engines)
    given_up = 0
    for pk in set(waiting.values_list("session_id", flat=True)[:AT_MOST]):
        with transaction.atomic():
            console_queue.close(console_queue.locked(pk), Because.ENGINE_GONE)
        given_up += 1
        log.warning("console_given_up", console_id=pk)
    return given_up


def _wake(engines: Collection[str]) -> None:
    """Call those who can hear it: a worker that comes later looks by itself."""
    rows = ConsoleEntry.objects.waiting().filter(session__engine__in=engines).order_by().values_list("session__engine")
    for engine, count in rows.annotate(n=Count("session", distinct=True)):
        try:
            tasks.call_consoles(engine, min(count, CALLS_AT_MOST))
        except OperationalError as error:
            log.warning("console_workers_not_called", engine=engine, waiting=count, error=str(error))


def _engines(now: datetime) -> set[str]:
    """The engines that workers are alive for, and, where there are any, "" for a session that is on none yet."""
    alive = set(heartbeats.alive(WorkerKind.CONSOLES, now).values_list("engine_name", flat=True))
    return alive | {""} if alive else alive


# ── One engine ───────────────────────────────────────────────────────────────────────────────────────────────────────


class Tender:
    """Looks after the engine of this name. `round` never raises for what the engine or the database fails to do."""

    def __init__(self, engine: ConsoleEngine, *, name: str) -> None:
        self.engine = engine
        self.name = name
        self.news = threading.Event()
        """Set when something ended on the engine by itself."""
        self._ended: set[str] = set()
        self._lock = threading.Lock()
        self._away = True
        """Whether the engine has not answered since it was last asked: at the start nothing is known of it."""
        self._next_sweep = self._next_disk = 0.0

    def round(self) -> list[str]:
        """Do all there is to do; the names of the jobs that failed, which are done again at the next round."""
        failed = []
        jobs: Mapping[str, Callable[[], None]] = {
            "rows": self._rows,
            "engine": self._see_whether_it_answers,
            "pictures": self.look_at_what_ended,
            "disk": self._disk,
            "leftovers": self._leftovers,
        }
        for name, job in jobs.items():
            if self._away and name not in ("rows", "engine"):
                continue
            try:
                job()
            except SandboxUnavailable as error:
                self._away = True
                failed.append(name)
                log.warning("console_engine_unavailable", engine=self.name, job=name, error=str(error))
            except Exception:  # whatever it was, tending goes on
                failed.append(name)
                log.exception("tending_failed", job=name)
        return failed

    def follow(self, stop: threading.Event) -> None:
        """Listen to the engine until `stop`; run it in a thread of its own."""
        while not stop.is_set():
            try:
                for name in self.engine.ends(quiet_seconds=QUIET_SECONDS):
                    self.note_end(name)
                    if stop.is_set():
                        return
            except SandboxUnavailable as error:
                log.warning("console_events_broke_off", engine=self.name, error=str(error))
                self._away = True
                stop.wait(1.0)
            except Exception:  # an event that cannot be read: the next one may
                log.exception("console_events_failed", engine=self.name)
                stop.wait(1.0)

    def note_end(self, container: str) -> None:
        """A container has ended: the picture of its session is to be taken again."""
        if found := _OF_SESSION.match(container):
            with self._lock:
                self._ended.add(found[1])
            self.news.set()

    def look_at_what_ended(self) -> None:
        """Have the pictures taken again in which something has ended."""
        self.news.clear()
        with self._lock:
            keys, self._ended = self._ended, set()
        looked = [self._look_again(pk) for pk in self._live().filter(key__in=keys).values_list("pk", flat=True)]
        if any(looked):
            _call(self.name)

    def _rows(self) -> None:
        if put_right := sweep():
            log.info("consoles_swept", put_right=put_right)

    def _see_whether_it_answers(self) -> None:
        """After an outage nobody knows what is left: every session of the engine is to be looked at."""
        version = self.engine.version()
        if not self._away:
            return
        self._away = False
        pks = list(self._live().values_list("pk", flat=True))
        log.info("console_engine_answers", engine=self.name, version=version, consoles=len(pks))
        for pk in pks:
            self._look_again(pk, ledger_in_doubt=True)
        if pks:
            _call(self.name)

    def _look_again(self, pk: int, *, ledger_in_doubt: bool = False) -> bool:
        with transaction.atomic():
            session = console_queue.locked(pk)
            return session.is_live and console_queue.look_again(session, ledger_in_doubt=ledger_in_doubt)

    def _live(self) -> ConsoleSessionQuerySet[ConsoleSession]:
        return ConsoleSession.objects.live().filter(engine=self.name)

    def _leftovers(self) -> None:
        if time.monotonic() < self._next_sweep:
            return
        self._next_sweep = time.monotonic() + SWEEP_SECONDS
        if removed := self.engine.sweep(self._states):
            log.warning("console_leftovers_removed", engine=self.name, removed=removed)

    def _states(self) -> Iterable[SessionState]:
        return [session.state_of_session for session in ConsoleSession.objects.on_engine(self.name)]

    # ── The disk ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _disk(self) -> None:
        free = self.engine.free_share()
        nearly_full = free is not None and free < LITTLE_FREE
        if not nearly_full and time.monotonic() < self._next_disk:
            return
        sessions = {one.key: one for one in ConsoleSession.objects.on_engine(self.name).select_related("version")}
        began = time.monotonic()
        held = self.engine.held([one.state_of_session for one in sessions.values()]) if sessions else {}
        took = time.monotonic() - began
        self._next_disk = time.monotonic() + max(DISK_SECONDS, took / DISK_SHARE)
        over = {
            key: amount / (sessions[key].version.lab_plan.require_console().rules.disk_mib * _MIB)
            for key, amount in held.items()
        }
        for key, share in over.items():
            if share > 1 and sessions[key].is_live:
                self._stop(sessions[key], held[key], end=share > MUCH_TOO_MUCH)
        if nearly_full:
            self._free_the_most(sessions, held, free=free or 0.0)

    def _free_the_most(self, sessions: Mapping[str, ConsoleSession], held: Mapping[str, int], *, free: float) -> None:
        """End the session that holds most, when the disk that all share is nearly full."""
        live = [key for key in held if sessions[key].is_live and held[key] > 0]
        log.error("console_disk_nearly_full", engine=self.name, free=round(free, 3), consoles=len(live))
        if live:
            key = max(live, key=lambda one: held[one])
            self._stop(sessions[key], held[key], end=True)

    def _stop(self, session: ConsoleSession, amount: int, *, end: bool) -> None:
        """Stop the containers of a session that holds too much, or end it, and say so to the student."""
        room = session.version.lab_plan.require_console().rules.disk_mib
        killed = self.engine.kill_all(session.state_of_session)
        if not (killed or end):
            return
        words = f"Your containers, volumes and images hold {amount // _MIB} MiB; this lab has room for {room} MiB."
        with transaction.atomic():
            current = console_queue.locked(session.pk)
            if not current.is_live:
                return
            if end:
                console_queue.notify(current, f"{words} This console was ended to save the others. Open a new one.")
                console_queue.end_live(current, Because.DISK)
            else:
                were = f"{', '.join(killed)} {'was' if len(killed) == 1 else 'were'} stopped"
                console_queue.notify(current, f"{words} So {were}: remove what you do not need.")
                console_queue.look_again(current)
        session.state = current.state
        log.warning("console_over_its_room", console_id=session.pk, mib=amount // _MIB, room_mib=room, ended=end)
        _call(self.name)


def _call(engine: str) -> None:
    try:
        tasks.call_consoles(engine)
    except OperationalError as error:
        log.warning("console_workers_not_called", engine=engine, error=str(error))

"""What a console's worker does: takes entries, carries them out on the engine, and writes down what came of them."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.utils import timezone

from graders.commands.end_state import Line
from graders.commands.model import Carried
from graders.commands.state import SessionState, bases_of
from graders.console_grading import wants_of
from graders.console_opening import PreparationFailed, prepare, prepared_lines
from graders.console_plan import COMMANDS_FILE
from graders.plan import LabPlan
from graders.sandbox.base import SandboxUnavailable
from labs import console_health, console_queue, handing_in, intake
from labs.console_engine import ConsoleEngine, SessionAtWork, console_engine, engine_name
from labs.console_models import ConsoleEntry, ConsoleSession, kept
from labs.console_queue import Claim
from labs.console_states import Because, ConsoleState, EntryKind
from labs.errors import DrydockError, LeaseLost
from labs.grading import Leaving, Shift
from labs.models import Submission, Via, new_key

log = structlog.get_logger(__name__)

LONGEST_SECONDS = 900.0
"""A thread that is at one entry for longer hangs: its lease is let go, and the console goes on without it."""
_CHANGING = frozenset({"POST", "PUT", "DELETE"})
_FAILED = 1
_LOOK = "It may be done in part: look with `docker ps -a`, then try again."


@dataclass(frozen=True)
class _Trouble:
    """Why a line came to nothing, through no fault of whoever typed it."""

    code: str
    sentence: str


_ENGINE_TROUBLE = _Trouble("engine_unavailable", "The engine behind this console did not answer.")
_ENDED_BEFORE = _Trouble("console_ended", "This console had ended before this was reached: it was not carried out.")
_EMPTIED = _Trouble("engine_emptied", "The engine behind this console lost everything that was on it.")
_OWN_TROUBLE = _Trouble("console_broken", "This line met a fault of the console's own. Please tell your instructor.")


def work(*, seconds: float, handed_in: Callable[[], None], leaving: Leaving | None = None) -> Shift:
    """Carry out what waits until nothing does, `seconds` have passed, or the worker is asked to end.

    Takes nothing while the engine does not answer or is not safe enough: what waits keeps its place. `handed_in` is
    called for each submission that came of it. Can be run by many threads at once.
    """
    worker, name = console_health.worker_name(), engine_name()
    until = time.monotonic() + seconds
    taken = 0
    while time.monotonic() < until and not (leaving and leaving.is_set()):
        if not console_health.may_work(worker):
            return Shift(taken=taken)
        claim = console_queue.claim_next(worker=worker, engine=name)
        if claim is None:
            return Shift(taken=taken)
        taken += 1
        submission = carry_out(claim, console_engine())
        if submission is not None:
            handed_in()
    return Shift(taken=taken, more=True)


def carry_out(claim: Claim, engine: ConsoleEngine) -> Submission | None:
    """Carry one entry out, from claim to result; a submission where one came of it.

    Never raises for what a line or an engine does: whoever typed it is told, and the session goes on.
    """
    with structlog.contextvars.bound_contextvars(console_id=claim.session_id, entry_id=claim.entry_id):
        began = time.monotonic()
        try:
            with _lease(claim):
                submission = _Work(claim, engine).do()
        except LeaseLost:
            log.warning("console_lease_lost", kind=claim.kind)
        except SandboxUnavailable as error:
            log.warning("console_engine_failed", kind=claim.kind, error=str(error))
            console_health.engine_failed(claim.worker, str(error))
            _told_of_trouble(claim, _ENGINE_TROUBLE, reason=str(error))
        except Exception as error:  # whatever it was, the entry must not stay with this worker
            log.exception("console_entry_failed", kind=claim.kind)
            _told_of_trouble(claim, _OWN_TROUBLE, reason=f"{type(error).__name__}: {error}")
        else:
            log.info("console_entry_done", kind=claim.kind, seconds=round(time.monotonic() - began, 3))
            return submission
        return None


@contextmanager
def _lease(claim: Claim) -> Iterator[None]:
    """Renew the lease in time, for as long as the block lasts."""
    done = threading.Event()
    every = console_queue.lease_time().total_seconds() / 3
    given_up_at = time.monotonic() + LONGEST_SECONDS

    def keep() -> None:
        try:
            while not done.wait(every) and time.monotonic() < given_up_at:
                try:
                    if not console_queue.renew(claim):
                        return
                except DatabaseError:
                    # It lasts for two more tries; whether it was lost is found out when something is written.
                    log.exception("console_lease_not_renewed", entry_id=claim.entry_id)
        finally:
            connection.close()

    keeper = threading.Thread(target=keep, name=f"console-lease-{claim.entry_id}", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()


def _told_of_trouble(claim: Claim, trouble: "_Trouble", *, reason: str) -> None:
    """Give an entry back, or end it saying so, after trouble that is nobody's fault who types."""
    if claim.kind != EntryKind.LINE:
        console_queue.give_back(claim, reason)
        return
    try:
        with transaction.atomic():
            console_queue.finish(
                claim,
                entry=_not_done(trouble, f"{trouble.sentence} {_LOOK}"),
                session={"needs_look": True},
            )
    except LeaseLost:
        log.warning("console_lease_lost", kind=claim.kind)


@dataclass
class _Result:
    """What came of an entry: fields of its row, and how the session goes on."""

    entry: dict[str, Any] = field(default_factory=dict)
    session: dict[str, Any] = field(default_factory=dict)
    state: ConsoleState | None = None
    because: Because | None = None
    enter: "Callable[[], Submission] | None" = None
    """Makes the submission, inside the transaction that writes the result."""


class _Work:
    """One entry, from the session's row to what is written into it."""

    def __init__(self, claim: Claim, engine: ConsoleEngine) -> None:
        self.claim = claim
        self.engine = engine
        session = (
            console_queue.held(claim)
            .select_related("version", "lab__activity__course", "lab__current_version", "author")
            .first()
        )
        if session is None:
            raise LeaseLost(f"Console {claim.session_id} was taken over at once.")
        self.session: ConsoleSession = session
        self.entry = ConsoleEntry.objects.get(pk=claim.entry_id)
        self.lab_plan: LabPlan = session.version.lab_plan
        self.rules = self.lab_plan.require_console().rules
        self.files_before = dict(session.files)
        self._told: dict[str, Any] = {**session.ledger, "history": []}
        self.at_work: SessionAtWork = engine.session(session.state_of_session, rules=self.rules, save=self._save)

    def do(self) -> Submission | None:
        """Do what the entry asks for, and write what came of it."""
        does: Mapping[EntryKind, Callable[[], _Result]] = {
            EntryKind.OPEN: self._open,
            EntryKind.LINE: self._line,
            EntryKind.REFRESH: self._refresh,
            EntryKind.HAND_IN: self._hand_in,
            EntryKind.END: self._end,
        }
        if self.session.needs_look and self.claim.kind not in (EntryKind.OPEN, EntryKind.END):
            if self.at_work.reconcile().everything_gone:
                self._lost()
                return None
            self.session.needs_look = False
        return self._write(does[self.claim.kind]())

    # ── Each kind ────────────────────────────────────────────────────────────────────────────────────────────────

    def _open(self) -> _Result:
        if self.session.state != ConsoleState.OPENING:
            return _Result()
        if self.claim.attempt > 1:
            self.at_work.end()  # what a worker before this one had begun to make
            self.session.ledger = kept(SessionState(key=self.session.key))
            self.at_work = self.engine.session(self.session.state_of_session, rules=self.rules, save=self._save)
        references = [base.image for base in self.lab_plan.bases]
        ids = self.engine.base_ids(references)
        if missing := [reference for reference in references if reference not in ids]:
            return self._not_opened(f"The base image {missing[0]} is not on the engine for consoles.")
        self.at_work.state.bases = bases_of(ids)
        try:
            prepare(self.at_work.carry_out, prepared_lines(self.lab_plan, seed=self.session.seed))
        except PreparationFailed as failed:
            return self._not_opened(str(failed))
        self.at_work.state.history = []
        return _Result(session={"picture": self._picture(), "opened_at": timezone.now()}, state=ConsoleState.OPEN)

    def _not_opened(self, reason: str) -> _Result:
        log.error("console_not_opened", reason=reason)
        self.at_work.end()
        return _Result(
            entry={"error_code": "not_opened", "error_message": "Your instructor can see why in the log."},
            state=ConsoleState.LOST,
            because=Because.NOT_OPENED,
        )

    def _line(self) -> _Result:
        if not self.session.is_live:
            return _Result(entry=_not_done(_ENDED_BEFORE, _ENDED_BEFORE.sentence))
        carried = self.at_work.carry_out(self.entry.text)
        changed = any(call.method in _CHANGING for call in carried.calls)
        printed = F("printed_characters") + sum(len(piece.text) for piece in carried.pieces)
        return _Result(
            entry=_stored(carried),
            session={"printed_characters": printed}
            | ({"picture": self._picture()} if changed or self.session.picture is None else {}),
        )

    def _refresh(self) -> _Result:
        return _Result(session={"picture": self._picture()})

    def _end(self) -> _Result:
        if self.session.engine:
            self.at_work.end()
        return _Result(session={"picture": None}, state=ConsoleState.ENDED)

    def _hand_in(self) -> _Result:
        wants = wants_of(self.lab_plan, seed=self.session.seed)
        rows = console_queue.journal_of(self.session)
        end_state = self.at_work.look(wants, [_journal_line(row) for row in rows])
        observed = end_state.model_dump_json(by_alias=True).encode()
        commands = "".join(f"{row.text}\n" for row in rows).encode()
        key = new_key()

        def enter() -> Submission:
            try:
                with transaction.atomic():
                    return handing_in.enter(
                        author=self.session.author,
                        lab=self.session.lab,
                        version=self.session.version,
                        files=intake.read(self._handed_in(commands), version=self.session.version),
                        via=Via(self.entry.via or Via.PORTAL),
                        key=key,
                        seed=self.session.seed,
                        observed=observed,
                        handed_in_at=self.entry.queued_at,
                    )
            except BaseException:
                handing_in.forget(key)
                raise

        return _Result(session={"picture": self._picture()}, enter=enter)

    def _handed_in(self, commands: bytes) -> Mapping[str, bytes]:
        """What is kept of the folder: the lines, and what is the student's to write."""
        rules = self.lab_plan.submission
        own = {path: content for path, content in self.session.folder.items() if rules.is_editable(path)}
        return {**own, COMMANDS_FILE: commands}

    # ── Writing ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _picture(self) -> dict[str, Any] | None:
        """What is there now; where the engine fails at this, what was seen last: the line itself went well."""
        try:
            return self.at_work.picture().model_dump(mode="json")
        except SandboxUnavailable as error:
            log.warning("console_picture_not_taken", error=str(error))
            return self.session.picture

    def _save(self, state: SessionState) -> None:
        """Keep the ledger, where it says anything new of the engine: the rest is written with the result."""
        ledger = kept(state)
        told = {**ledger, "history": []}
        if told != self._told:
            console_queue.save_ledger(self.claim, ledger)
            self._told = told

    def _lost(self) -> None:
        """The engine has nothing left of the session: say so, and give it up."""
        with transaction.atomic():
            session = console_queue.locked(self.session.pk)
            if session.fence != self.claim.fence:
                raise LeaseLost(f"Console {session.pk} was taken over.")
            console_queue.finish(
                self.claim,
                entry=_not_done(_EMPTIED, _EMPTIED.sentence),
                session={"ledger": kept(SessionState(key=session.key)), "picture": None, "needs_look": False},
            )
            console_queue.close(console_queue.locked(session.pk), Because.ENGINE_EMPTIED)

    def _write(self, result: _Result) -> Submission | None:
        state = self.at_work.state
        submission = None
        entry = dict(result.entry)
        with transaction.atomic():
            session = console_queue.locked(self.session.pk)
            if session.fence != self.claim.fence:
                raise LeaseLost(f"Console {session.pk} was taken over.")
            if result.enter is not None:
                try:
                    submission = result.enter()
                    entry["submission_id"] = submission.pk
                except DrydockError as refused:
                    entry |= {"error_code": refused.code, "error_message": refused.message, "exit_code": _FAILED}
            ledger = {} if result.state in (ConsoleState.ENDED, ConsoleState.LOST) else {"ledger": kept(state)}
            console_queue.finish(
                self.claim,
                entry=entry,
                session={
                    **ledger,
                    **result.session,
                    "files": _merged(session.files, before=self.files_before, after=state.files),
                    "needs_look": self.session.needs_look and not ledger,
                },
            )
            self._move(result)
        return submission

    def _move(self, result: _Result) -> None:
        mine = ConsoleSession.objects.filter(pk=self.session.pk)
        if result.state == ConsoleState.OPEN:
            mine.move(ConsoleState.OPEN)  # unless it was ended meanwhile
        elif result.state == ConsoleState.ENDED:
            mine.move(ConsoleState.ENDED, ended_at=timezone.now())
        elif result.state == ConsoleState.LOST and result.because is not None:
            console_queue.close(console_queue.locked(self.session.pk), result.because)


def _not_done(trouble: _Trouble, words: str) -> dict[str, Any]:
    """What is written of an entry that was not carried out, or nobody knows how far."""
    return {
        "pieces": [{"stream": "err", "text": f"[console] {words}\n"}],
        "exit_code": _FAILED,
        "error_code": trouble.code,
        "error_message": trouble.sentence,
    }


def _stored(carried: Carried) -> dict[str, Any]:
    plain = json.loads(carried.model_dump_json(include={"pieces", "calls", "done", "exit_code", "cut", "clears"}))
    return dict(plain)


def _journal_line(row: ConsoleEntry) -> Line:
    carried = Carried.model_validate(
        {"pieces": row.pieces, "exit_code": row.exit_code or 0, "done": row.done, "cut": row.cut}
    )
    return Line.of(row.line or row.number, row.text, carried)


def _merged(now: Mapping[str, str], *, before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """The folder with what a line changed in it, and with what was saved while the line was carried out."""
    changed = {path: content for path, content in after.items() if before.get(path) != content}
    removed = {path for path in before if path not in after}
    return {path: content for path, content in {**now, **changed}.items() if path not in removed}

"""What can be done with consoles: opening one, typing in it, handing in what is there, ending it. One transaction each.

Nothing here talks to an engine: what is asked for becomes a row, and the session's worker carries it out.
"""

import functools
import threading
import time
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from courses.access import may_assist
from courses.deadlines import window_for
from graders.commands.folder import Folder
from graders.commands.folder import kept as kept_files
from graders.commands.model import CommandRefused
from graders.commands.state import SessionState
from graders.console_plan import COMMANDS_FILE, ConsolePlan
from labs import console_queue, handing_in, queue, tasks
from labs.console_models import ConsoleEntry, ConsoleSession, kept, new_console_key
from labs.console_queue import add
from labs.console_states import UNFINISHED, Because, ConsoleState, EntryKind, EntryState
from labs.console_story import is_console, seed_of, story_of
from labs.errors import Conflict, DrydockError, NotAllowed, TooMany
from labs.models import Lab, Via

__all__ = [
    "end_session",
    "entries_after",
    "hand_in_session",
    "is_console",
    "open_session",
    "save_file",
    "seed_of",
    "session_of",
    "start_over",
    "story_of",
    "type_line",
    "wait_for",
    "writable_in",
]

log = structlog.get_logger(__name__)

LINES_PER_MINUTE = 60
LINES_WAITING = 5
LIVE_PER_PERSON = 3
OPENED_PER_HOUR = 30
MOST_LINES = 2000
"""Of one session: its journal is kept, and graded whole."""
MOST_PRINTED = 8 * 1024 * 1024
"""Characters that the lines of a session may print together."""
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS, _SLOWER = 0.01, 0.1, 1.25


# ── Opening and ending ───────────────────────────────────────────────────────────────────────────────────────────────


def open_session(*, author: User, lab: Lab) -> ConsoleSession:
    """The author's console in this lab: the live one, or a new one, which a worker makes ready.

    Raises DrydockError: `not_published`, `lab_empty`, `not_a_console_lab`, `not_yet_open`, `closed`, `too_fast`,
    `too_many_consoles` (of this person), `consoles_full`.
    """
    version = handing_in.require_taker(author, lab)
    plan = version.lab_plan.console
    if plan is None:
        raise Conflict("not_a_console_lab", "This lab has no console: hand files in.")
    with transaction.atomic():
        queue.one_at_a_time(author.pk)
        live = ConsoleSession.objects.live().filter(lab=lab, author=author).first()
        if live is not None:
            return live
        now = timezone.now()
        tryout = may_assist(author, lab.activity.course)
        if not tryout:
            handing_in.require_open(window_for(activity=lab.activity, user=author), now)
        _refuse_crowd(author)
        key = new_console_key()
        session = ConsoleSession.objects.create(
            lab=lab,
            version=version,
            course=lab.activity.course,
            author=author,
            tryout=tryout,
            seed=seed_of(lab, author),
            key=key,
            ledger=kept(SessionState(key=key)),
            files=kept_files({path: text.encode() for path, text in version.starter.items() if path != COMMANDS_FILE}),
            expires_at=now + timedelta(minutes=settings.CONSOLE_HARD_MINUTES),
        )
        add(session, EntryKind.OPEN)
        _wake_on_commit(session)
    log.info("console_opened", console_id=session.pk, lab_id=lab.pk)
    return session


def session_of(*, author: User, lab: Lab) -> ConsoleSession | None:
    """The author's live console in this lab, or the latest one that has ended; None before the first."""
    mine = ConsoleSession.objects.filter(lab=lab, author=author)
    return mine.live().first() or mine.order_by("-pk").first()


@transaction.atomic
def end_session(*, by: User, session: ConsoleSession, because: Because = Because.ASKED) -> ConsoleEntry:
    """End a live console; a worker removes what is on the engine. Raises `not_your_console`, `console_ended`."""
    current = _mine(by, session)
    entry = console_queue.end_live(current, because)
    _wake_on_commit(current)
    return entry


@transaction.atomic
def start_over(*, by: User, session: ConsoleSession) -> ConsoleSession:
    """End a console and open another in its place; one that has ended meanwhile needs no ending.

    Raises what opening raises, and `not_your_console`; then nothing has changed.
    """
    if session.author_id != by.pk:
        raise _not_yours()
    try:
        end_session(by=by, session=session, because=Because.STARTED_OVER)
    except Conflict as ended:
        log.info("console_had_ended", console_id=session.pk, code=ended.code)
    return open_session(author=by, lab=session.lab)


# ── Working in one ───────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def type_line(*, by: User, session: ConsoleSession, text: str) -> ConsoleEntry:
    """Have a line carried out, after those that wait. Raises DrydockError, and then nothing was typed:

    `not_your_console`, `console_ended`, `line_empty`, `one_line_at_a_time`, `line_unreadable`, `line_too_long`,
    `too_fast`, `too_many_lines_waiting`, `journal_full`.
    """
    current = _mine(by, session)
    line = _one_line(text, _plan_of(current))
    _refuse_line_flood(current)
    entry = add(current, EntryKind.LINE, text=line)
    _wake_on_commit(current)
    return entry


@transaction.atomic
def save_file(*, by: User, session: ConsoleSession, path: str, text: str) -> None:
    """Write a file of the lab's folder that is the student's to write; a line that runs does not see it any more.

    Raises DrydockError: `not_your_console`, `console_ended`, `file_not_editable`, what is wrong with the path or the
    size, and `folder_full`.
    """
    current = _mine(by, session)
    rules = current.version.lab_plan.submission
    state = current.state_of_session
    try:
        content = text.encode()
        place = Folder(state, _plan_of(current).rules).place(path)
        if place == COMMANDS_FILE or not rules.is_editable(place):
            yours = ", ".join(writable_in(current)) or "none of its files"
            raise _bad_file(
                "file_not_editable",
                f"{(place or path)[:100]} is not yours to write in this console. Yours are: {yours}.",
            )
        Folder(state, _plan_of(current).rules).write(place, content)
    except UnicodeEncodeError as error:
        raise _bad_file("file_unreadable", "The file holds characters that are no text.") from error
    except CommandRefused as refused:
        raise _bad_file(refused.code.replace("-", "_"), refused.message) from refused
    ConsoleSession.objects.filter(pk=current.pk).update(
        files=state.files, used_at=timezone.now(), revision=F("revision") + 1
    )


@transaction.atomic
def hand_in_session(*, by: User, session: ConsoleSession, via: Via = Via.PORTAL) -> ConsoleEntry:
    """Hand in what is there, after the lines that wait; the entry says in the end which submission came of it.

    The entry that waits already is returned for a second call. What would be refused now is refused at once; what is
    found out later stands in the entry's `error_code` and `error_message`, and loses nothing.
    Raises DrydockError: `not_your_console`, `console_ended`, `nothing_typed`, `not_yet_open`, `closed`,
    `tries_used_up`, `too_fast`.
    """
    current = _mine(by, session)
    waiting = current.entries.filter(kind=EntryKind.HAND_IN, state__in=UNFINISHED).first()
    if waiting is not None:
        return waiting
    if not current.line_count:
        raise Conflict("nothing_typed", "You have not typed a command yet: there is nothing to hand in.")
    now = timezone.now()
    if not current.tryout:
        window = window_for(activity=current.lab.activity, user=by)
        handing_in.require_open(window, now)
        handing_in.require_try_left(by, current.lab, window)
    handing_in.refuse_flood(by, now)
    entry = add(current, EntryKind.HAND_IN, via=via)
    _wake_on_commit(current)
    return entry


def writable_in(session: ConsoleSession) -> list[str]:
    """Patterns of the files that a student may write: all but the list of commands, which is what was typed."""
    return [pattern for pattern in session.version.lab_plan.submission.editable if pattern != COMMANDS_FILE]


# ── Following one ────────────────────────────────────────────────────────────────────────────────────────────────────


def entries_after(*, session: ConsoleSession, number: int, at_most: int = 50) -> list[ConsoleEntry]:
    """What people see of the entries after `number`, oldest first. One query."""
    return list(session.entries.shown().filter(number__gt=number)[:at_most])


def wait_for(entry: ConsoleEntry, seconds: float) -> ConsoleEntry:
    """The entry as it is once it is finished, or as it is after `seconds`. Not to be called inside a transaction.

    When as many of this process wait already as may (CONSOLE_WAITERS), it does not wait: threads that wait for consoles
    serve no other page.
    """
    waiters = _waiters(settings.CONSOLE_WAITERS)
    if not waiters.acquire(blocking=False):
        return entry
    try:
        return _waited_for(entry, time.monotonic() + seconds)
    finally:
        waiters.release()


@functools.cache
def _waiters(at_most: int) -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(at_most)


def _waited_for(entry: ConsoleEntry, until: float) -> ConsoleEntry:
    pause = _FIRST_PAUSE_SECONDS
    while not entry.is_finished and (left := until - time.monotonic()) > 0:
        time.sleep(min(pause, left))
        pause = min(pause * _SLOWER, _LONGEST_PAUSE_SECONDS)
        state = ConsoleEntry.objects.filter(pk=entry.pk).values_list("state", flat=True).first()
        if state is None:
            break
        if state not in UNFINISHED:
            entry.refresh_from_db()
    return entry


# ── What is refused ──────────────────────────────────────────────────────────────────────────────────────────────────


def _mine(by: User, session: ConsoleSession) -> ConsoleSession:
    """The session, locked until the transaction ends. Raises NotAllowed for anybody but its author."""
    if session.author_id != by.pk:
        raise _not_yours()
    sessions = ConsoleSession.objects.select_related("version", "lab__activity__course")
    if connection.features.has_select_for_update:
        sessions = sessions.select_for_update(of=("self",), no_key=True)
    current = sessions.get(pk=session.pk)
    if not current.is_live:
        raise Conflict("console_ended", f"This console has ended. {current.why_ended} Open a new one to go on.")
    return current


def _not_yours() -> NotAllowed:
    return NotAllowed("not_your_console", "Only the student whose console this is can work in it.")


def _plan_of(session: ConsoleSession) -> ConsolePlan:
    plan = session.version.lab_plan.console
    if plan is None:
        raise Conflict("not_a_console_lab", "This lab has no console any more.")
    return plan


def _one_line(text: str, plan: ConsolePlan) -> str:
    line = text.strip()
    if not line:
        raise _bad_line("line_empty", "Type a command first, such as `docker ps`.")
    if "\n" in line or "\r" in line:
        raise _bad_line("one_line_at_a_time", "That is more than one line: send one at a time.")
    if "\0" in line or not _is_text(line):
        raise _bad_line("line_unreadable", "That line holds characters that are no text. Type it again.")
    size, most = len(line.encode()), plan.rules.line_bytes
    if size > most:
        raise _bad_line("line_too_long", f"That line has {size} bytes; a line may have {most}.")
    return line


def _is_text(line: str) -> bool:
    """Whether it holds no half of a surrogate pair, which JSON can bring in and nothing can store."""
    try:
        line.encode()
    except UnicodeEncodeError:
        return False
    return True


def _bad_line(code: str, message: str) -> DrydockError:
    return DrydockError(code, message, fields={"text": message})


def _bad_file(code: str, message: str) -> DrydockError:
    return DrydockError(code, message, fields={"path": message})


def _refuse_line_flood(session: ConsoleSession) -> None:
    now = timezone.now()
    minute = timedelta(minutes=1)
    typed = ConsoleEntry.objects.filter(
        session__author_id=session.author_id, kind=EntryKind.LINE, queued_at__gt=now - minute
    ).order_by("-queued_at")
    times = list(typed.values_list("queued_at", flat=True)[:LINES_PER_MINUTE])
    if len(times) == LINES_PER_MINUTE:
        seconds = max(1, int((times[-1] + minute - now).total_seconds()) + 1)
        raise TooMany(
            "too_fast",
            f"That is {LINES_PER_MINUTE} lines within a minute. Wait {seconds} seconds, then go on.",
            retry_after_seconds=seconds,
        )
    if session.entries.filter(kind=EntryKind.LINE, state=EntryState.WAITING).count() >= LINES_WAITING:
        raise TooMany(
            "too_many_lines_waiting",
            f"{LINES_WAITING} of your lines wait already. Let them be carried out first.",
            retry_after_seconds=2,
        )
    if session.line_count >= MOST_LINES:
        raise Conflict(
            "journal_full", f"This console has taken {MOST_LINES} lines, which is all. Hand it in, or start over."
        )
    if session.printed_characters >= MOST_PRINTED:
        raise Conflict(
            "journal_full", "This console has printed more than can be kept. Hand it in as it is, or start over."
        )


def _refuse_crowd(author: User) -> None:
    hour_ago = timezone.now() - timedelta(hours=1)
    if ConsoleSession.objects.filter(author=author, created_at__gt=hour_ago).count() >= OPENED_PER_HOUR:
        raise TooMany(
            "too_fast",
            f"You have opened {OPENED_PER_HOUR} consoles within an hour. Wait a while before you open another.",
            retry_after_seconds=300,
        )
    mine = ConsoleSession.objects.live().filter(author=author).values_list("lab__activity__title", flat=True)
    if len(mine) >= LIVE_PER_PERSON:
        where = "; ".join(mine)
        raise TooMany(
            "too_many_consoles",
            f"You have {len(mine)} consoles open in other labs: {where}. End one of them, then open this one.",
        )
    # Whoever starts over gives up as much room as they take.
    of_others = ConsoleSession.objects.filter(state=ConsoleState.ENDING).exclude(author=author)
    if ConsoleSession.objects.live().count() + of_others.count() >= settings.CONSOLES_AT_MOST:
        raise TooMany(
            "consoles_full",
            "Every console is in use. One becomes free when somebody ends theirs; try again in a minute. "
            f"You can also hand in a {COMMANDS_FILE} without one.",
            retry_after_seconds=60,
        )


def _wake_on_commit(session: ConsoleSession) -> None:
    """Wake a worker once it can see the row. A broker that is away costs time only: whoever sweeps calls again."""
    engine = session.engine
    transaction.on_commit(lambda: tasks.call_consoles(engine), robust=True)

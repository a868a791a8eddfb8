"""A console session as pages and scripts are told of it: its journal, its picture, and how it stands."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from graders.commands.rules import ConsoleRules
from graders.console_plan import COMMANDS_FILE
from labs.console_health import SENTENCES, waiting_for
from labs.console_models import ConsoleEntry, ConsoleSession
from labs.console_states import UNFINISHED, ConsoleState, EntryKind, EntryState
from portal import workbench
from portal.console_picture import picture_of
from portal.console_view import MOST_LINES, Journal, SessionState, ShownLine, journal, shown_line
from portal.workbench import WorkFile

_SHOWN = (EntryKind.LINE, EntryKind.HAND_IN, EntryKind.NOTICE)
_LONGER_THAN_USUAL = timedelta(seconds=15)
_WAITS_LONG = 8
"""Seconds after which a waiting line is told what it waits for."""
_POLL_MS = 3_000


def journal_now(session: ConsoleSession) -> Journal:
    """The end of the journal. Two queries."""
    return _counted(session, journal(_lines(_entries(session).order_by("-number")[:MOST_LINES])))


def journal_after(session: ConsoleSession, number: int) -> Journal:
    """What came after an entry, and what is not settled yet."""
    found = list(_entries(session).filter(number__gt=number).order_by("number")[:MOST_LINES])
    shown = journal(_lines(reversed(found)), after=number)
    return _counted(session, shown) if shown.cleared else shown


def journal_before(session: ConsoleSession, number: int | None) -> Journal:
    """What came before an entry, or the end of everything: also what `clear` put out of sight."""
    earlier = _entries(session) if number is None else _entries(session).filter(number__lt=number)
    return _counted(session, journal(_lines(earlier.order_by("-number")[:MOST_LINES]), keep_cleared=True))


def _counted(session: ConsoleSession, shown: Journal) -> Journal:
    before = _entries(session).filter(number__lt=shown.first) if shown.first else _entries(session)
    return shown.with_earlier(before.count() if shown.first or shown.cleared else 0)


def _told(session: ConsoleSession, shown: Journal) -> ShownLine | None:
    """The line that the drawing of client and daemon tells about: the last one that was carried out."""
    if shown.last_done:
        return shown.last_done
    entry = session.entries.filter(kind=EntryKind.LINE, state=EntryState.DONE).order_by("-number").first()
    return shown_line(entry) if entry else None


def whole_journal(session: ConsoleSession) -> list[ShownLine]:
    """Every line."""
    return _lines(_entries(session).order_by("-number"))


def _entries(session: ConsoleSession) -> Any:
    return session.entries.filter(kind__in=_SHOWN).select_related("submission")


def _lines(newest_first: Iterable[ConsoleEntry]) -> list[ShownLine]:
    return [shown_line(entry, entry.submission) for entry in reversed(list(newest_first))]


def rules_of(session: ConsoleSession) -> ConsoleRules:
    """What the session may have."""
    plan = session.version.lab_plan.console
    return plan.rules if plan else ConsoleRules()


def state_of(session: ConsoleSession, *, busy: bool, waits_long: bool = False) -> SessionState:
    """How it stands, in a word and a time, and what it waits for where that takes long."""
    state = session.state
    waits_long = session.is_live and (waits_long or is_slow(session))
    return SessionState(
        status="console busy" if busy and state == ConsoleState.OPEN else f"console {state}",
        until=ends_at(session) if session.is_live else None,
        zone=session.course.time_zone,
        words=SENTENCES[waiting_for(session)] if waits_long else "",
    )


def is_slow(session: ConsoleSession) -> bool:
    """Whether it has been waiting to be made ready for longer than that takes."""
    return session.state == ConsoleState.OPENING and timezone.now() - session.created_at > _LONGER_THAN_USUAL


def ends_at(session: ConsoleSession) -> datetime:
    """When it ends if nothing more is typed."""
    idle: datetime = session.used_at + timedelta(minutes=settings.CONSOLE_IDLE_MINUTES)
    return min(session.expires_at, idle)


def context_of(
    session: ConsoleSession, shown: Journal, *, read_only: bool = False, waits_long: bool = False
) -> dict[str, Any]:
    """What the templates of a console show of it."""
    waits_long = waits_long or any(line.state == "waiting" and line.seconds > _WAITS_LONG for line in shown.lines)
    busy = shown.busy or session.entries.filter(kind__in=_SHOWN, state__in=UNFINISHED).exists()
    return {
        "session": session,
        "journal": shown,
        "told": _told(session, shown),
        "picture": picture_of(session.picture, rules_of(session)),
        "rules": rules_of(session),
        "state": state_of(session, busy=busy, waits_long=waits_long),
        "read_only": read_only,
    }


def news_of(context: Mapping[str, Any], *, html: str) -> dict[str, Any]:
    """The same for scripts; `html` holds the drawn parts, found there by their ids."""
    session, shown = context["session"], context["journal"]
    submission = next((line.submission for line in reversed(shown.lines) if line.submission), None)
    return {
        "settled": shown.settled,
        "state": session.state,
        "busy": shown.busy or session.state == ConsoleState.OPENING,
        "live": session.is_live,
        "cleared": shown.cleared,
        "html": html,
        "names": names_in(session),
        "poll_after_ms": _POLL_MS,
        "go": reverse("portal:submission", args=[submission.pk]) if submission else "",
    }


def names_in(session: ConsoleSession) -> dict[str, list[str]]:
    """The names that can be typed, by kind: for completion."""
    seen = session.picture or {}
    images = [reference for one in seen.get("images", ()) for reference in one.get("references", ())]
    named = {kind: [one["name"] for one in seen.get(kind, ())] for kind in ("containers", "volumes", "networks")}
    return {**named, "images": images, "files": sorted(session.files)}


def folder_of(session: ConsoleSession, texts: Mapping[str, str] | None = None) -> list[WorkFile]:
    """The lab's folder, the student's own files first; `texts` holds what was written and not saved."""
    written = texts or {}
    found = workbench.open_files(session.version, {**session.texts, **written})
    return [file for file in found if file.path != COMMANDS_FILE]

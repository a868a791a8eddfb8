"""The page of a lab with a console: the story, the console with its engine, and a list of commands as the other way."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.errors import DrydockError
from graders.commands.rules import ConsoleRules
from graders.values import draw
from graders.visible import listed
from labs.console_models import ConsoleSession
from labs.console_states import EntryKind
from labs.consoles import seed_of, session_of, story_of
from labs.models import Lab
from portal import workbench
from portal.asked import number_asked
from portal.console_grammar import grammar_digest
from portal.console_news import context_of, folder_of, journal_now, names_in
from portal.templatetags.amounts import counted
from portal.views.lab_context import lab_context
from portal.views.signed_in import SignedInRequest

NOT_RUN = ("The command was not carried out", "It still stands in the field. Your engine is as it was.")
NOT_HANDED_IN = ("Nothing was handed in", "Your engine and what you typed are as they were.")
NOT_SAVED = ("Nothing was saved", "What you wrote is still below.")


def console_page(
    request: SignedInRequest,
    lab: Lab,
    *,
    texts: Mapping[str, str],
    files_error: DrydockError | None = None,
    error: tuple[DrydockError, tuple[str, str]] | None = None,
    typed: str = "",
    written: Mapping[str, str] | None = None,
) -> HttpResponse:
    """The page as it stands.

    `texts` fill the list of commands; `typed` and `written` are what an error must not lose.
    """
    session = session_of(author=request.user, lab=lab)
    live = session if session and session.is_live else None
    version = live.version if live else lab.current_version
    assert version is not None  # noqa: S101 - the caller has shown another page where there is none
    if live and (going := _handed_in(request, live)):
        return redirect("portal:submission", pk=going)
    seed = live.seed if live else seed_of(lab, request.user)
    values = draw(version.lab_plan.values, seed=seed)
    checks = [check.filled(values) for check in version.lab_plan.checks]
    context = lab_context(request, lab, version, story=story_of(version, seed), checks=checks)
    if files_error:
        error = (files_error, ("Nothing was handed in", "The commands that you wrote are still below."))
    if error and typed and not live:
        error = (error[0], (error[1][0], f"What you typed: {typed}"))
    context |= {
        "files": workbench.open_files(version, texts),
        "by_file_open": files_error is not None or "from" in request.GET,
        "error": error[0] if error else None,
        "error_title": error[1][0] if error else "",
        "error_safe": error[1][1] if error else "",
        "typed": typed,
        "here": request.get_full_path(),
    }
    context |= _bench(live, written) if live else _closed(session, context)
    if live and (number := number_asked(request.GET.get("handing", ""))) is not None:
        context["handing_in"] = number
    return render(request, "portal/console.html", context, status=error[0].status if error else 200)


def _bench(session: ConsoleSession, written: Mapping[str, str] | None) -> dict[str, Any]:
    folder = folder_of(session, written)
    return context_of(session, journal_now(session)) | {
        "folder": folder,
        "folder_is_writable": any(file.own for file in folder),
        "grammar": f"{reverse('portal:console-grammar')}?v={grammar_digest()}",
        "names": json.dumps(names_in(session)),
        "idle_minutes": f"{settings.CONSOLE_IDLE_MINUTES:g}",
    }


def _closed(session: ConsoleSession | None, context: Mapping[str, Any]) -> dict[str, Any]:
    plan = context["version"].lab_plan.console
    return {
        "session": None,
        "ended": session,
        "room": _room(plan.rules),
        "idle_minutes": f"{settings.CONSOLE_IDLE_MINUTES:g}",
        "hard_time": timedelta(minutes=settings.CONSOLE_HARD_MINUTES),
        "can_open": context["is_staff"] or context["window_state"] in {"open", "late"},
    }


def _room(rules: ConsoleRules) -> str:
    """What there is room for, in words; kinds that the lab gives no room for are left out."""
    counts = [
        (rules.containers, "container,containers", ""),
        (rules.images, "image,images", " of your own"),
        (rules.volumes, "volume,volumes", ""),
        (rules.networks, "network,networks", ""),
    ]
    return listed([counted(count, words) + more for count, words, more in counts if count])


def _handed_in(request: SignedInRequest, session: ConsoleSession) -> int | None:
    """The submission that came of the hand-in that the page is waiting for."""
    number = number_asked(request.GET.get("handing", ""))
    if number is None:
        return None
    entry = session.entries.filter(kind=EntryKind.HAND_IN, number=number).first()
    return entry.submission_id if entry else None

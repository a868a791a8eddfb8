"""What is done with a console in the portal: opening, typing, following, saving files, handing in, ending."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase, HttpResponseNotModified, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import DrydockError
from labs import consoles
from labs.console_models import ConsoleSession
from labs.models import Lab
from portal import workbench
from portal.asked import number_asked
from portal.console_grammar import grammar_digest, grammar_text
from portal.console_news import (
    context_of,
    folder_of,
    is_slow,
    journal_after,
    journal_before,
    journal_now,
    news_of,
    whole_journal,
)
from portal.console_view import as_text
from portal.views.console_page import NOT_HANDED_IN, NOT_RUN, NOT_SAVED, console_page
from portal.views.errors import error_page
from portal.views.signed_in import SignedInRequest

# How long an answer is held back for what comes of a line: scripts follow by themselves, a form cannot.
_SCRIPT_WAITS_SECONDS = 2.0
_FORM_WAITS_SECONDS = 5.0
_A_YEAR = 365 * 24 * 3600


def _found(request: SignedInRequest, pk: int) -> ConsoleSession:
    seen = ConsoleSession.objects.visible_to(request.user).select_related("lab__activity__course", "version", "course")
    return get_object_or_404(seen, pk=pk)


def _by_script(request: SignedInRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def _lab_address(session: ConsoleSession, rest: str = "") -> str:
    activity = session.lab.activity
    return reverse("portal:lab", args=[activity.course.slug, activity.slug]) + rest


def _trouble(error: DrydockError) -> JsonResponse:
    told = {
        "code": error.code,
        "message": error.message,
        "retry_after_seconds": getattr(error, "retry_after_seconds", None),
    }
    response = JsonResponse(told, status=error.status)
    if told["retry_after_seconds"]:
        response["Retry-After"] = str(told["retry_after_seconds"])
    return response


def _refused(
    request: SignedInRequest, session: ConsoleSession, error: DrydockError, about: tuple[str, str], **kept: Any
) -> HttpResponse:
    """Say why not, and lose nothing: to scripts as JSON, to people on the page they were on."""
    if _by_script(request):
        return _trouble(error)
    if session.author_id != request.user.pk:
        return error_page(request, error)
    return console_page(request, session.lab, texts={}, error=(error, about), **kept)


@login_required
@require_POST
def open_(request: SignedInRequest, course_slug: str, slug: str) -> HttpResponse:
    """Open one's console in a lab, or lead to the one that is open."""
    seen = Lab.objects.visible_to(request.user).select_related("activity__course", "current_version")
    lab = get_object_or_404(seen, activity__course__slug=course_slug, activity__slug=slug)
    try:
        session = consoles.open_session(author=request.user, lab=lab)
    except DrydockError as error:
        messages.error(request, error.message)
        return redirect("portal:lab", course_slug=course_slug, slug=slug)
    opening = session.entries.first()
    if opening:
        consoles.wait_for(opening, _SCRIPT_WAITS_SECONDS)
    return redirect(_lab_address(session, "#line"))


@login_required
@require_POST
def lines(request: SignedInRequest, pk: int) -> HttpResponse:
    """Have a line carried out, and answer with what came of it, as far as that is known soon."""
    session = _found(request, pk)
    text = request.POST.get("line", "")
    try:
        entry = consoles.type_line(by=request.user, session=session, text=text)
    except DrydockError as error:
        return _refused(request, session, error, NOT_RUN, typed=text)
    by_script = _by_script(request)
    consoles.wait_for(entry, _SCRIPT_WAITS_SECONDS if by_script else _FORM_WAITS_SECONDS)
    if not by_script:
        return redirect(_lab_address(session, "#line"))
    return _news(request, _found(request, pk), after=number_asked(request.POST.get("after", "")) or 0)


@login_required
@require_safe
def since(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """What is new after entry `after`, or, with `before`, the earlier lines; drawn, for a page to put in place."""
    session = _found(request, pk)
    before = request.GET.get("before")
    if before is not None:
        shown = journal_before(session, number_asked(before))
        context = {"session": session, "journal": shown, "state": context_of(session, shown)["state"]}
        return JsonResponse({"html": render_to_string("portal/console_news.html", context, request)})
    waits_long = bool(request.GET.get("waits"))
    tag = _tag(session, waits_long=waits_long)
    if request.headers.get("If-None-Match") == tag:
        unchanged = HttpResponseNotModified()
        unchanged["ETag"] = tag
        return unchanged
    after = number_asked(request.GET.get("after", "")) or 0
    return _news(request, session, after=after, waits_long=waits_long)


def _tag(session: ConsoleSession, *, waits_long: bool) -> str:
    return f'W/"{session.pk}-{session.revision}-{session.state}-{waits_long or is_slow(session):d}"'


def _news(request: SignedInRequest, session: ConsoleSession, *, after: int, waits_long: bool = False) -> JsonResponse:
    tag = _tag(session, waits_long=waits_long)  # before the lines are read: what comes meanwhile is then news again
    read_only = session.author_id != request.user.pk
    context = context_of(session, journal_after(session, after), read_only=read_only, waits_long=waits_long)
    html = render_to_string("portal/console_news.html", context, request)
    response = JsonResponse(news_of(context, html=html))
    response["ETag"] = tag
    response["Cache-Control"] = "private, no-cache"
    return response


@login_required
@require_POST
def files(request: SignedInRequest, pk: int) -> HttpResponse:
    """Save those files of the folder that were changed."""
    session = _found(request, pk)
    written, texts = workbench.posted_texts(request.POST), session.texts
    changed = {path: text for path, text in written.items() if text != texts.get(path, "")}
    try:
        for path, text in changed.items():
            consoles.save_file(by=request.user, session=session, path=path, text=text)
    except DrydockError as error:
        return _refused(request, session, error, NOT_SAVED, written=written)
    said = f"Saved: {', '.join(changed)}." if changed else "Nothing had changed."
    if _by_script(request):
        return JsonResponse({"message": f"{said} Commands see it from now on." if changed else said})
    messages.success(request, said)
    return redirect(_lab_address(session, "#folder"))


@login_required
@require_POST
def hand_in(request: SignedInRequest, pk: int) -> HttpResponse:
    """Hand in what the engine holds, and lead to the try; to the page again where that takes longer."""
    session = _found(request, pk)
    try:
        entry = consoles.hand_in_session(by=request.user, session=session)
    except DrydockError as error:
        return _refused(request, session, error, NOT_HANDED_IN)
    consoles.wait_for(entry, _FORM_WAITS_SECONDS)
    if entry.submission_id:
        return redirect("portal:submission", pk=entry.submission_id)
    if entry.is_finished:
        said = entry.error_message or "It was lost on our side, and cost you no try. Hand in again."
        messages.error(request, f"Nothing was handed in. {said}")
        return redirect(_lab_address(session))
    return redirect(_lab_address(session, f"?handing={entry.number}#line"))


@login_required
@require_POST
def start_over(request: SignedInRequest, pk: int) -> HttpResponse:
    """End a console and open another in its place."""
    return _done_with(
        request, pk, consoles.start_over, "You have a fresh console. Everything in the old one is removed."
    )


@login_required
@require_POST
def end(request: SignedInRequest, pk: int) -> HttpResponse:
    """End a console; one that has ended, as for the second of two clicks, is left as it is."""
    session = _found(request, pk)
    if session.author_id == request.user.pk and not session.is_live:
        return redirect(_lab_address(session))
    return _done_with(request, pk, consoles.end_session, "The console is ended, and everything in it removed.")


def _done_with(request: SignedInRequest, pk: int, service: Callable[..., object], said: str) -> HttpResponse:
    session = _found(request, pk)
    try:
        service(by=request.user, session=session)
    except DrydockError as error:
        return _refused(request, session, error, ("The console is as it was", "Nothing was removed."))
    messages.success(request, said)
    return redirect(_lab_address(session))


@login_required
@require_safe
def console(request: SignedInRequest, pk: int) -> HttpResponse:
    """Look at a console without typing in it: one's own that has ended, or, for staff, a student's."""
    session = _found(request, pk)
    context = context_of(session, journal_now(session), read_only=True) | {
        "course": session.course,
        "activity": session.lab.activity,
        "is_mine": session.author_id == request.user.pk,
        "folder": folder_of(session),
        "folder_is_writable": False,
    }
    return render(request, "portal/console_watch.html", context)


@login_required
@require_safe
def journal(request: SignedInRequest, pk: int) -> HttpResponse:
    """Everything that was typed with what came of it, as plain text to keep."""
    session = _found(request, pk)
    response = HttpResponse(as_text(whole_journal(session)), content_type="text/plain; charset=utf-8")
    name = f"{slugify(session.lab.activity.slug)}-console.txt"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@login_required
@require_safe
def grammar(request: SignedInRequest) -> HttpResponse:
    """What completion goes by: the same for everybody, and kept by browsers until it changes."""
    response = HttpResponse(grammar_text(), content_type="application/json")
    current = request.GET.get("v") == grammar_digest()
    response["Cache-Control"] = f"private, max-age={_A_YEAR}, immutable" if current else "private, no-cache"
    return response

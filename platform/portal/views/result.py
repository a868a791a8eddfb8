"""The page of one submission: live while it is graded, then checks, log, findings and layers."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseNotModified, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import DrydockError
from labs import reading, services
from labs.models import Submission
from labs.place import place_of
from labs.states import State
from portal.result_view import finished_of, live_of, told_events
from portal.stages import in_words
from portal.tries_view import spark
from portal.views.signed_in import SignedInRequest

# How long a page without scripts waits before it loads itself again; it slows down as grading takes longer.
_RELOAD_SECONDS = (2, 15)
_RELOAD_SLOWS_BY = 10


def _found(request: SignedInRequest, pk: int) -> Submission:
    seen = Submission.objects.visible_to(request.user).select_related("lab__activity__course", "version", "author")
    return get_object_or_404(seen, pk=pk)


@login_required
@require_safe
def submission(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show a submission as it stands."""
    found = _found(request, pk)
    told = told_events(found)
    tries = list(
        Submission.objects.visible_to(request.user).filter(lab=found.lab_id, author=found.author_id).hand_ins()[:50]
    )
    previous = next((one for one in tries if one.number < found.number and one.state == State.GRADED), None)
    context = {
        "submission": found,
        "course": found.course,
        "activity": found.lab.activity,
        "is_mine": found.author_id == request.user.pk,
        "live": live_of(found, told),
        "finished": finished_of(found, request.user, previous) if found.is_finished else None,
        "previous": previous,
        "tries": tries,
        "spark": spark(tries, found),
        "reload_seconds": None if found.is_finished else _reload_seconds(found),
    }
    return render(request, "portal/result.html", context)


def _reload_seconds(found: Submission) -> int:
    least, most = _RELOAD_SECONDS
    age = (timezone.now() - found.queued_at).total_seconds()
    return min(most, least + int(age / _RELOAD_SLOWS_BY))


@login_required
@require_safe
def events(request: SignedInRequest, pk: int) -> HttpResponse:
    """What happened after event `after`: the live part as HTML, with only the log steps that changed.

    Carries an ETag over all that the answer shows; asking again with it costs two queries and no body.
    """
    found = _found(request, pk)
    place = place_of(found)
    tag = f'W/"{found.event_count}-{found.state}-{in_words(place) if place else ""}"'
    if request.headers.get("If-None-Match") == tag:
        unchanged = HttpResponseNotModified()
        unchanged["ETag"] = tag
        return unchanged
    after = request.GET.get("after", "")
    live = live_of(found, told_events(found), only_steps_after=int(after) if after.isdecimal() else 0)
    context = {
        "live": live,
        "submission": found,
        "activity": found.lab.activity,
        "course": found.course,
        "is_mine": found.author_id == request.user.pk,
    }
    response = JsonResponse(
        {
            "after": live.last_event,
            "state": found.state,
            "finished": found.is_finished,
            "html": render_to_string("portal/live.html", context, request),
        }
    )
    response["ETag"] = tag
    response["Cache-Control"] = "private, no-cache"
    return response


@login_required
@require_POST
def cancel(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take back a try that waits."""
    found = _found(request, pk)
    try:
        services.cancel(by=request.user, submission=found)
    except DrydockError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "This try is cancelled. It costs you nothing.")
    return redirect("portal:submission", pk=pk)


@login_required
@require_safe
def log(request: SignedInRequest, pk: int) -> HttpResponse:
    """The whole log of the builds, as plain text to keep."""
    found = _found(request, pk)
    return _download(reading.log_of(found).encode(), f"{_file_name(found)}.log", "text/plain; charset=utf-8")


@login_required
@require_safe
def files(request: SignedInRequest, pk: int) -> HttpResponse:
    """The files that were graded, as a tar."""
    found = _found(request, pk)
    return _download(reading.files_of(found).tar(), f"{_file_name(found)}.tar", "application/x-tar")


def _file_name(found: Submission) -> str:
    return f"{slugify(found.lab.activity.slug)}-try-{found.number}"


def _download(content: bytes, name: str, content_type: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response

"""New courses, made from a pack by staff of the site: bringing the files, seeing what they make, confirming it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from authoring.bringing_in import require_author
from authoring.models import CourseImport
from courses.errors import NotAllowed
from portal.teaching.course_files import act, bring, shown, too_long
from portal.views.errors import error_page
from portal.views.signed_in import SignedInRequest

_READ_AND_WRITE = ["GET", "HEAD", "POST"]


def _for_authors(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """For those who may make courses; asked before anything that was sent is read."""

    @wraps(view)
    def inner(request: SignedInRequest, **rest: Any) -> HttpResponseBase:
        try:
            require_author(request.user, None)
        except NotAllowed as error:
            return error_page(request, error)
        return view(request, **rest)

    return login_required(inner)


@csrf_exempt  # only until its length is known: reading the form's token would read the whole of it
@require_http_methods(_READ_AND_WRITE)
@_for_authors
def new_course(request: SignedInRequest) -> HttpResponse:
    """Take the files of a new course; what is too long is not read at all."""
    if request.method == "POST" and (error := too_long(request)) is not None:
        return error_page(request, error)
    return _new_course(request)


@csrf_protect
def _new_course(request: SignedInRequest) -> HttpResponse:
    bringing = bring(request, None)
    if bringing.made is not None:
        return redirect("portal:new-course-import", pk=bringing.made.pk)
    waiting = CourseImport.objects.filter(by=request.user, course=None).order_by("-asked_at", "-pk")[:5]
    context = {"bringing": bringing, "earlier": waiting}
    return render(request, "portal/new_course.html", context, status=422 if bringing.failed else 200)


@_for_authors
@require_http_methods(_READ_AND_WRITE)
def new_course_import(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show what the files make (with `part`, the panel alone); confirm it or throw it away."""
    found = get_object_or_404(CourseImport.objects.select_related("by", "course"), pk=pk, by=request.user)
    if request.method == "POST" and found.course is None:
        act(request, found)
        return redirect("portal:new-course-import", pk=pk)
    if found.course is not None:
        return redirect("portal:teach-files-import", slug=found.course.slug, pk=pk)
    part = "portal/teach/import_panel.html" if request.GET.get("part") else "portal/new_course_import.html"
    reply = render(request, part, shown(request, found))
    reply["Cache-Control"] = "no-store"
    return reply

"""The files of a course: bringing a pack in by zip or from a repository, seeing the difference, confirming it."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from authoring.export import kept_of
from authoring.kept_models import KeptFiles
from authoring.models import CourseImport
from courses.access import may_teach
from courses.errors import DrydockError, not_course_staff
from courses.models import Course
from portal.teaching.course_files import act, bring, shown, too_long
from portal.views.errors import error_page
from portal.views.signed_in import SignedInRequest
from portal.views.teach.access import for_instructors, for_staff
from portal.views.teach.lists import page_of

_READ_AND_WRITE = ["GET", "HEAD", "POST"]


@csrf_exempt  # only until its length is known: reading the form's token would read the whole of it
@require_http_methods(_READ_AND_WRITE)
@for_staff
def course_files(request: SignedInRequest, course: Course) -> HttpResponse:
    """List what was brought in, and take more of it from instructors; what is too long is not read at all."""
    if request.method == "POST":
        error = too_long(request) if may_teach(request.user, course) else not_course_staff()
        if error is not None:
            return error_page(request, error)
    return _course_files(request, course)


@for_instructors
@require_safe
def course_files_zip(request: SignedInRequest, course: Course) -> HttpResponse:
    """The files as they were last brought in, keys and solutions among them, as a zip."""
    try:
        kept = kept_of(course)
    except DrydockError as error:
        return error_page(request, error)
    response = HttpResponse(bytes(kept.archive), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{course.slug}.zip"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


@csrf_protect
def _course_files(request: SignedInRequest, course: Course) -> HttpResponse:
    bringing = bring(request, course)
    if bringing.made is not None:
        return redirect("portal:teach-files-import", slug=course.slug, pk=bringing.made.pk)
    context = {
        "course": course,
        "here": "files",
        "may_teach": may_teach(request.user, course),
        "bringing": bringing,
        "are_kept": KeptFiles.objects.filter(course=course).exists(),
        "page": page_of(
            request,
            CourseImport.objects.visible_to(request.user).filter(course=course).select_related("by").defer("problems"),
        ),
    }
    return render(request, "portal/teach/files.html", context, status=422 if bringing.failed else 200)


@for_staff
@require_http_methods(_READ_AND_WRITE)
def course_import(request: SignedInRequest, course: Course, pk: int) -> HttpResponse:
    """Show an import (with `part`, its panel alone); whoever brought it confirms it or throws it away."""
    found = get_object_or_404(
        CourseImport.objects.visible_to(request.user).select_related("by", "course"), pk=pk, course=course
    )
    if request.method == "POST":
        if not may_teach(request.user, course):
            return error_page(request, not_course_staff())
        act(request, found)
        return redirect("portal:teach-files-import", slug=course.slug, pk=pk)
    part = "portal/teach/import_panel.html" if request.GET.get("part") else "portal/teach/file_import.html"
    reply = render(request, part, {"course": course, "here": "files", **shown(request, found)})
    reply["Cache-Control"] = "no-store"
    return reply
